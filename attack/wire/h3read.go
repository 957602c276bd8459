package wire

import (
	"io"
	"net/http"

	"golang.org/x/net/http2/hpack"

	"frontload/internal/quic"
)

// An h3Reader reads the answer on one stream as its bytes come in, in pieces of
// any size. It is strict: what is no HTTP/3 is an error. The zero value is not
// ready: use begin.
type h3Reader struct {
	answer *answerReader

	head   []byte // of a frame's header, what has come of it while it is not whole
	within bool   // a frame's content is due
	kind   uint64 // of that frame
	left   uint64 // bytes of it that are still to come
	block  []byte // a header block that comes in pieces

	answered bool  // the final header came
	trailed  bool  // the trailer came
	length   int64 // that the header announced; -1 when it did not

	fields fieldReader
	take   func(name, value string) bool // of fields
}

// begin makes the reader ready for an answer.
func (r *h3Reader) begin(a *answerReader) {
	*r = h3Reader{answer: a, length: -1, head: r.head[:0], block: reusable(r.block), take: r.take}
	if r.take == nil {
		r.take = func(name, value string) bool {
			r.fields.field(hpack.HeaderField{Name: name, Value: value})
			return r.fields.err == nil
		}
	}
}

// read takes the next bytes. Its error ends the stream.
func (r *h3Reader) read(p []byte) error {
	r.answer.bytes += int64(len(p))
	for len(p) > 0 {
		if !r.within {
			n, err := r.frame(p)
			if err != nil {
				return err
			}
			p = p[n:]
			continue
		}
		n := int(min(r.left, uint64(len(p))))
		if err := r.content(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// frame reads the header of a frame, or as much of it as there is, and returns
// how much it took.
func (r *h3Reader) frame(p []byte) (int, error) {
	from, before := p, len(r.head)
	if before > 0 {
		const longest = 16 // two numbers
		from = append(r.head, p[:min(len(p), longest-before)]...)
	}
	kind, k := varint(from)
	length, l := varint(from[k:])
	if k == 0 || l == 0 {
		if before == 0 {
			r.head = append(r.head, p...)
		} else {
			r.head = from
		}
		return len(p), nil
	}
	r.head = r.head[:0]
	r.within, r.kind, r.left = true, kind, length
	if err := r.check(); err != nil || length > 0 {
		return k + l - before, err
	}
	return k + l - before, r.content(nil)
}

// check finds what can be said against a frame by its header alone.
func (r *h3Reader) check() error {
	a := r.answer
	switch {
	case r.kind == h3Data && !r.answered:
		return malformed("its body comes before its header")
	case r.trailed && (r.kind == h3Data || r.kind == h3Headers):
		return malformed("more comes after its trailer")
	case r.kind == h3PushPromise:
		return malformed("the server pushes, though that is off")
	case r.kind == h3CancelPush, r.kind == h3Settings, r.kind == h3GoAway, r.kind == h3MaxPush, ofHTTP2(r.kind):
		return malformed("a frame of kind %d, which is not for answers", r.kind)
	case r.kind == h3Data:
		return nil
	case r.left > uint64(a.mostHeader-a.heads):
		return ErrHeader
	}
	a.heads += int64(r.left)
	return nil
}

// content takes the next bytes of a frame's content, no more than are left.
func (r *h3Reader) content(p []byte) error {
	r.left -= uint64(len(p))
	r.within = r.left > 0
	switch r.kind {
	case h3Data:
		return r.answer.data(p)
	case h3Headers:
		if r.within || len(r.block) > 0 {
			r.block = append(r.block, p...)
			p = r.block
		}
		if r.within {
			return nil
		}
		r.block = r.block[:0]
		return r.header(p)
	}
	return nil // a frame of a kind that is not known means nothing
}

// header takes a whole header block.
func (r *h3Reader) header(block []byte) error {
	r.fields = fieldReader{length: -1}
	if !r.answered {
		r.fields.answer = r.answer
		r.answer.forgetFields()
	}
	if err := quic.Fields(block, r.take); err != nil {
		return malformed("its header cannot be decoded: %v", err)
	}
	status := r.fields.status
	switch {
	case r.fields.err != nil:
		return r.fields.err
	case r.answered:
		r.trailed = true
	case status < 100 || status == http.StatusSwitchingProtocols:
		return malformed("its status is %d", status)
	case status >= 200: // else an informational answer: the final one is still to come
		r.answered, r.length = true, r.fields.length
		r.answer.state = toClose
		r.answer.reply.Status = status
	}
	return nil
}

// end tells the reader that the server has ended the stream. The error is nil
// when the answer is whole.
func (r *h3Reader) end() error {
	if !r.answered || r.within || len(r.head) > 0 {
		return io.ErrUnexpectedEOF
	}
	if err := r.answer.checkLength(r.length); err != nil {
		return err
	}
	r.answer.state = whole
	return nil
}
