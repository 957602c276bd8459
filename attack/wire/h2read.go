package wire

import (
	"encoding/binary"
	"math"
	"net/http"
	"time"

	"golang.org/x/net/http2/hpack"

	"frontload/results"
)

// An h2Reader reads the server's frames as their bytes come in, in pieces of
// any size.
type h2Reader struct {
	c       *h2Conn
	partial []byte // a frame that has not come whole
	greeted bool   // the server's settings came
	reads   uint64 // how often something came
	decoder *hpack.Decoder
	unread  int // bytes of all streams that the server was not told of
	replies int // to PING and SETTINGS, since the server last took all that there was

	// A header block that is being read:
	block  []byte // its frames so far, when there are several
	frames int    // how many of them
	of     frame  // the first of them; its stream is zero when there is none
	fields fieldReader

	// For the connection to pass on:
	ended   []endedStream
	streams *int // how many the server allows from now on; nil when that is as before
	leaving bool // the server takes no more
}

// A fieldReader takes the fields of one header block.
type fieldReader struct {
	answer  *answerReader // nil for a block that is nobody's, or for trailers
	size    int64
	status  int
	regular bool // a field that is no pseudo-header came
	length  int64
	err     error
}

func (r *h2Reader) begin(c *h2Conn) {
	r.c = c
	r.decoder = hpack.NewDecoder(4096, r.fields.field)
	r.decoder.SetMaxStringLength(int(min(c.t.cfg.MaxHeaderBytes, math.MaxInt32)))
}

// read takes bytes. Its error ends the connection.
func (r *h2Reader) read(p []byte, now time.Duration) error {
	r.reads++
	for len(p) > 0 {
		if len(r.partial) == 0 && len(p) >= frameHeader {
			f := readFrame(p)
			if err := r.check(f); err != nil {
				return err
			}
			if whole := frameHeader + f.length; len(p) >= whole {
				if err := r.frame(f, p[frameHeader:whole], now); err != nil {
					return err
				}
				p = p[whole:]
				continue
			}
		}
		n, err := r.gather(p, now)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// gather adds to a frame that comes in pieces, and returns how much it took.
func (r *h2Reader) gather(p []byte, now time.Duration) (int, error) {
	want := frameHeader
	if len(r.partial) >= frameHeader {
		want += readFrame(r.partial).length
	}
	n := min(len(p), want-len(r.partial))
	r.partial = append(r.partial, p[:n]...)
	if len(r.partial) < frameHeader {
		return n, nil
	}
	f := readFrame(r.partial)
	if len(r.partial) == frameHeader {
		if err := r.check(f); err != nil || f.length > 0 {
			return n, err
		}
	}
	if len(r.partial) < frameHeader+f.length {
		return n, nil
	}
	err := r.frame(f, r.partial[frameHeader:], now)
	r.partial = reusable(r.partial)
	return n, err
}

// check finds what can be said against a frame by its header alone.
func (r *h2Reader) check(f frame) error {
	switch {
	case !r.greeted && (f.kind != frameSettings || f.has(flagAck)):
		return malformed("it does not begin with the settings of HTTP/2")
	case f.length > firstFrameSize:
		return malformed("a frame has %d bytes, more than %d", f.length, firstFrameSize)
	case r.of.stream != 0 && (f.kind != frameContinuation || f.stream != r.of.stream):
		return malformed("a frame came between those of a header")
	}
	return nil
}

// frame takes a whole frame.
func (r *h2Reader) frame(f frame, p []byte, now time.Duration) error {
	switch f.kind {
	case frameData:
		return r.data(f, p)
	case frameHeaders:
		return r.headers(f, p, now)
	case frameContinuation:
		return r.continuation(f, p, now)
	case frameReset:
		return r.reset(f, p)
	case frameSettings:
		return r.settings(f, p)
	case framePush:
		return malformed("the server pushes, though that is off")
	case framePing:
		if len(p) != 8 {
			return malformed("a PING of %d bytes", len(p))
		}
		if !f.has(flagAck) {
			r.replies++
			r.c.out = append(frame{length: 8, kind: framePing, flags: flagAck}.append(r.c.out), p...)
		}
	case frameGoAway:
		return r.goAway(p)
	case frameWindow:
		return r.window(f, p)
	}
	return nil
}

// stream returns the stream of a frame; nil when it has ended.
func (r *h2Reader) stream(f frame) (*h2Stream, error) {
	if f.stream%2 == 0 || f.stream >= r.c.next {
		return nil, malformed("a frame of kind %d is for stream %d, which was never opened", f.kind, f.stream)
	}
	return r.c.streams[f.stream], nil
}

// unpad takes the padding off a frame's content.
func unpad(f frame, p []byte) ([]byte, error) {
	if !f.has(flagPadded) {
		return p, nil
	}
	if len(p) == 0 || int(p[0]) >= len(p) {
		return nil, malformed("the padding of a frame is longer than the frame")
	}
	return p[1 : len(p)-int(p[0])], nil
}

func (r *h2Reader) data(f frame, p []byte) error {
	st, err := r.stream(f)
	if err != nil {
		return err
	}
	if r.unread += f.length; r.unread >= connWindow/4 {
		r.c.out = appendWindow(r.c.out, 0, r.unread)
		r.unread = 0
	}
	if p, err = unpad(f, p); err != nil || st == nil {
		return err
	}
	a := &st.call.answer
	a.bytes += int64(frameHeader + f.length)
	if !st.answered {
		r.c.reset(st, malformed("its body comes before its header"))
		return nil
	}
	if err := a.data(p); err != nil {
		r.c.reset(st, err)
		return nil
	}
	if f.has(flagEndStream) {
		r.finish(st)
		return nil
	}
	if st.unread += f.length; st.unread >= streamWindow/2 {
		r.c.out = appendWindow(r.c.out, st.id, st.unread)
		st.unread = 0
	}
	return nil
}

// finish ends a stream that the server has ended.
func (r *h2Reader) finish(st *h2Stream) {
	a := &st.call.answer
	err := a.checkLength(st.length)
	switch {
	case err != nil:
		r.c.drop(st, err, false)
	case len(st.body) > 0: // answered before it was asked in full
		r.c.out = appendReset(r.c.out, st.id, codeNone)
		fallthrough
	default:
		a.state = whole
		r.c.drop(st, nil, false)
	}
}

// checkLength compares the body of a whole answer with the length that its
// header announced; -1 when it announced none.
func (r *answerReader) checkLength(announced int64) error {
	bodyless := r.noBody || r.reply.Status == http.StatusNotModified
	if announced >= 0 && announced != r.body && !(bodyless && r.body == 0) {
		return malformed("its body has %d bytes, its content-length is %d", r.body, announced)
	}
	return nil
}

func (r *h2Reader) headers(f frame, p []byte, now time.Duration) error {
	p, err := unpad(f, p)
	if err != nil {
		return err
	}
	if f.has(flagPriority) {
		if len(p) < 5 {
			return malformed("a HEADERS frame of %d bytes with a priority", f.length)
		}
		p = p[5:]
	}
	if f.has(flagEndHeaders) {
		return r.header(f, p, f.length+frameHeader, now)
	}
	r.of, r.block, r.frames = f, append(r.block[:0], p...), 1
	return nil
}

func (r *h2Reader) continuation(f frame, p []byte, now time.Duration) error {
	if r.of.stream == 0 {
		return malformed("a CONTINUATION frame without a header before it")
	}
	r.block = append(r.block, p...)
	if r.frames++; int64(len(r.block)+r.frames*frameHeader) > r.c.t.cfg.MaxHeaderBytes {
		return ErrHeader
	}
	if !f.has(flagEndHeaders) {
		return nil
	}
	of := r.of
	r.of = frame{}
	err := r.header(of, r.block, len(r.block)+frameHeader, now)
	r.block = reusable(r.block)
	return err
}

// header takes a whole header block.
func (r *h2Reader) header(f frame, block []byte, size int, now time.Duration) error {
	st, err := r.stream(f)
	if err != nil {
		return err
	}
	r.fields = fieldReader{length: -1}
	trailer := st != nil && st.answered
	if st != nil {
		st.call.answer.bytes += int64(size)
		if st.call.Sample.FirstByte == 0 {
			st.call.Sample.FirstByte = max(now, st.began)
		}
		if !trailer {
			r.fields.size = st.headers
			r.fields.answer = &st.call.answer
			r.fields.answer.forgetFields()
		}
	}
	// What is nobody's is decoded too: later blocks refer to its fields.
	if _, err := r.decoder.Write(block); err != nil {
		return malformed("its header cannot be decoded: %v", err)
	}
	if err := r.decoder.Close(); err != nil {
		return malformed("its header cannot be decoded: %v", err)
	}
	if st == nil {
		return nil
	}
	st.headers = r.fields.size
	r.headed(st, f.has(flagEndStream), trailer)
	return nil
}

// headed goes on after a header block of a stream.
func (r *h2Reader) headed(st *h2Stream, end, trailer bool) {
	status := r.fields.status
	switch {
	case r.fields.err != nil:
		r.c.reset(st, r.fields.err)
	case trailer && !end:
		r.c.reset(st, malformed("a second header comes before its end"))
	case trailer:
		r.finish(st)
	case status < 100 || status == http.StatusSwitchingProtocols || status < 200 && end:
		r.c.reset(st, malformed("its status is %d", status))
	case status < 200:
		// An informational answer: the next header may be the final one.
	default:
		st.answered, st.length = true, r.fields.length
		st.call.answer.state = toClose
		st.call.answer.reply.Status = status
		if end {
			r.finish(st)
		}
	}
}

// field takes a field as the decoder finds it.
func (r *fieldReader) field(f hpack.HeaderField) {
	a := r.answer
	if a == nil || r.err != nil {
		return
	}
	if r.size += int64(f.Size()); r.size > a.mostHeader {
		r.err = ErrHeader
		return
	}
	if f.IsPseudo() {
		r.status, r.err = r.pseudo(f)
		return
	}
	r.regular = true
	for i := range len(f.Name) {
		if c := f.Name[i]; !tokenBytes[c] || 'A' <= c && c <= 'Z' {
			r.err = malformed("its header holds the name %.80q", f.Name)
			return
		}
	}
	if ofConnection(f.Name) {
		r.err = malformed("its header holds %q, which only HTTP/1.1 has", f.Name)
		return
	}
	if f.Name == "content-length" {
		var length framing
		length.length = r.length
		if r.err = length.contentLength(f.Value); r.err != nil {
			return
		}
		r.length = length.length
	}
	a.note(f.Name, f.Value)
	a.list = append(a.list, results.Header{Name: f.Name, Value: f.Value})
}

func (r *fieldReader) pseudo(f hpack.HeaderField) (int, error) {
	status := 0
	for i := range len(f.Value) {
		if f.Value[i] < '0' || f.Value[i] > '9' || len(f.Value) != 3 {
			status = 0
			break
		}
		status = 10*status + int(f.Value[i]-'0')
	}
	if f.Name != ":status" || r.regular || r.status != 0 || status < 100 {
		return 0, malformed("its header holds %.40q with the value %.40q", f.Name, f.Value)
	}
	return status, nil
}

func (r *h2Reader) reset(f frame, p []byte) error {
	st, err := r.stream(f)
	if err != nil {
		return err
	}
	if len(p) != 4 {
		return malformed("a RST_STREAM of %d bytes", len(p))
	}
	if st == nil {
		return nil
	}
	code := binary.BigEndian.Uint32(p)
	refused := code == codeRefused
	r.leaving = r.leaving || refused
	r.c.drop(st, streamError{uint64(f.stream), uint64(code)}, refused)
	return nil
}

// goAway takes note that the server leaves: it has not processed the streams
// above the one that it names (RFC 9113, section 6.8).
func (r *h2Reader) goAway(p []byte) error {
	if len(p) < 8 {
		return malformed("a GOAWAY of %d bytes", len(p))
	}
	last := binary.BigEndian.Uint32(p) & math.MaxInt32
	r.leaving = true
	for _, st := range r.c.streams {
		if st.id > last {
			r.c.drop(st, errLeft, true)
		}
	}
	return nil
}

func (r *h2Reader) window(f frame, p []byte) error {
	if len(p) != 4 {
		return malformed("a WINDOW_UPDATE of %d bytes", len(p))
	}
	more := int64(binary.BigEndian.Uint32(p) & math.MaxInt32)
	if f.stream == 0 {
		r.c.sendWindow += more
		if more == 0 || r.c.sendWindow > math.MaxInt32 {
			return malformed("a WINDOW_UPDATE by %d to %d", more, r.c.sendWindow)
		}
		r.c.unblock()
		return nil
	}
	st, err := r.stream(f)
	if err != nil || st == nil {
		return err
	}
	st.sendWindow += more
	if more == 0 || st.sendWindow > math.MaxInt32 {
		r.c.reset(st, malformed("a WINDOW_UPDATE by %d to %d", more, st.sendWindow))
		return nil
	}
	r.c.unblock()
	return nil
}

// manyStreams is how many streams a server allows that does not say.
const manyStreams = 1000

func (r *h2Reader) settings(f frame, p []byte) error {
	if f.stream != 0 || len(p)%6 != 0 || f.has(flagAck) && len(p) > 0 {
		return malformed("a SETTINGS frame of %d bytes for stream %d", len(p), f.stream)
	}
	if f.has(flagAck) {
		return nil
	}
	if !r.greeted {
		r.greeted = true
		streams := manyStreams
		r.streams = &streams
	}
	for ; len(p) > 0; p = p[6:] {
		if err := r.setting(binary.BigEndian.Uint16(p), binary.BigEndian.Uint32(p[2:])); err != nil {
			return err
		}
	}
	r.replies++
	r.c.out = frame{kind: frameSettings, flags: flagAck}.append(r.c.out)
	r.c.unblock()
	return nil
}

func (r *h2Reader) setting(id uint16, value uint32) error {
	switch id {
	case settingStreams:
		streams := int(min(value, manyStreams))
		r.streams = &streams
	case settingWindow:
		if value > math.MaxInt32 {
			return malformed("settings with a window of %d", value)
		}
		more := int64(value) - r.c.peer.window
		r.c.peer.window = int64(value)
		for _, st := range r.c.streams {
			if st.sendWindow += more; st.sendWindow > math.MaxInt32 {
				return malformed("settings that widen a window to %d", st.sendWindow)
			}
		}
	case settingFrameSize:
		if value < firstFrameSize || value > 1<<24-1 {
			return malformed("settings with frames of %d", value)
		}
		r.c.peer.frameSize = int(min(value, 1<<20))
	}
	return nil
}

// mostReplies is how many of its PING and SETTINGS a server may leave without
// reading that they were answered.
const mostReplies = 10_000

// overdrawn finds a server that asks for replies and does not take them, of
// which any number would have to be kept. Waiting is how much could not be
// written.
func (r *h2Reader) overdrawn(waiting int) error {
	if waiting == 0 {
		r.replies = 0
	}
	if r.replies > mostReplies {
		return malformed("it asks for replies and does not read them")
	}
	return nil
}
