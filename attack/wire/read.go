package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unsafe"

	"frontload/results"
)

// An answerReader reads one HTTP/1.1 answer as its bytes come in, in pieces of
// any size, and keeps of it no more than what bears on the sample: the header
// and the start of an error's body. It is strict where two readers could
// disagree on where an answer ends (RFC 9112, section 6.3): then the answer is
// an error, and the connection is never used again.
//
// The zero value is not ready: use begin. Its memory is used again by the next
// begin.
type answerReader struct {
	noBody     bool // the request was HEAD
	marker     string
	mostHeader int64
	mostBody   int64

	state   readState
	head    []byte // the header of the answer under way: the status line to the empty line
	scanned int    // no empty line ends before this offset of head
	heads   int64  // bytes of all headers, trailers and extensions of chunks so far
	size    uint64 // of the chunk whose size is being read
	digits  int    // how many digits of it came
	left    int64  // bytes of the body, or of the chunk, that are still to come
	body    int64  // bytes of the body so far
	page    []byte // the first of them, in an answer of status 500 or more

	list []results.Header // over HTTP/2: the header of the answer under way

	bytes int64 // all that was read of the answer, its framing included
	keep  bool  // the connection can carry another exchange
	reply results.Answer
}

type readState uint8

const (
	inHeader readState = iota
	inLength
	toClose // the body ends with the connection
	inChunkSize
	inChunkSpace // after a chunk's size
	inChunkExtension
	inChunkSizeEnd
	inChunk
	inChunkEnd // the CR after a chunk's data
	inChunkEndLF
	inTrailerStart
	inTrailerLine
	inTrailerLineEnd // the LF after a trailer's CR
	inTrailerEnd     // the LF after the last CR
	whole
)

// begin makes the reader ready for the answer to a request.
func (r *answerReader) begin(cfg *Config, head bool) {
	*r = answerReader{
		noBody: head, marker: cfg.Marker, mostHeader: cfg.MaxHeaderBytes, mostBody: cfg.MaxBodyBytes,
		head: r.head[:0], page: r.page[:0], list: r.list[:0],
	}
}

// reuseList returns the list for another answer, without its texts.
func (r *answerReader) reuseList() []results.Header {
	clear(r.list)
	return r.list[:0]
}

// forgetFields forgets the fields of an informational answer over HTTP/2.
func (r *answerReader) forgetFields() { r.list, r.reply = r.list[:0], results.Answer{} }

// hasHeader reports whether the header of the final answer is complete.
func (r *answerReader) hasHeader() bool { return r.state != inHeader }

// read takes the next bytes and returns how many of them belong to the answer.
// Once state is whole it takes none.
func (r *answerReader) read(p []byte) (int, error) {
	taken := 0
	for taken < len(p) && r.state != whole {
		n, err := r.step(p[taken:])
		taken += n
		r.bytes += int64(n)
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// end tells the reader that the connection ended. The error is nil when the
// answer was whole with it.
func (r *answerReader) end(err error) error {
	if errors.Is(err, io.EOF) && r.state == toClose {
		r.state = whole
		return nil
	}
	if errors.Is(err, io.EOF) && r.bytes > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// step reads p, which is not empty, up to the next change of state.
func (r *answerReader) step(p []byte) (int, error) {
	switch r.state {
	case inHeader:
		return r.readHeader(p)
	case inLength:
		return r.readLength(p)
	case toClose:
		return len(p), r.data(p)
	case inChunk:
		return r.readChunk(p)
	default:
		return 1, r.frame(p[0])
	}
}

func (r *answerReader) readHeader(p []byte) (int, error) {
	p = p[:min(int64(len(p)), r.mostHeader-r.heads)]
	before := len(r.head)
	end := -1
	if before == 0 { // most headers come whole: then no more than the header is copied
		end, _ = headerEnd(p, 0)
	}
	if end >= 0 {
		r.head = append(r.head, p[:end]...)
	} else {
		r.head = append(r.head, p...)
		end, r.scanned = headerEnd(r.head, r.scanned)
	}
	if end < 0 {
		r.heads += int64(len(p))
		return len(p), r.checkPartial()
	}
	r.head = r.head[:end]
	r.heads += int64(end - before)
	return end - before, r.parse()
}

// checkPartial finds what no more bytes can mend.
func (r *answerReader) checkPartial() error {
	if start := text(r.head[:min(len(r.head), len(httpVersion))]); !strings.HasPrefix(httpVersion, start) {
		return malformed("it begins with %q, not with an HTTP version", start)
	}
	if r.heads >= r.mostHeader {
		return ErrHeader
	}
	return nil
}

const httpVersion = "HTTP/1."

// headerEnd returns the offset behind the empty line that ends a header, or -1
// and the offset from which to look when more has come. Lines end with LF; a
// CR before it counts to the line's end (RFC 9112, section 2.2).
func headerEnd(b []byte, from int) (end, scanned int) {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return -1, from
		}
		next := from + i + 1
		switch {
		case next < len(b) && b[next] == '\n':
			return next + 1, 0
		case next+1 < len(b) && b[next] == '\r' && b[next+1] == '\n':
			return next + 2, 0
		case next+1 >= len(b):
			return -1, from + i
		}
		from = next
	}
}

func (r *answerReader) readLength(p []byte) (int, error) {
	n := int(min(int64(len(p)), r.left))
	r.left -= int64(n)
	if r.left == 0 {
		r.state = whole
	}
	return n, r.data(p[:n])
}

func (r *answerReader) readChunk(p []byte) (int, error) {
	n := int(min(int64(len(p)), r.left))
	if r.left -= int64(n); r.left == 0 {
		r.state = inChunkEnd
	}
	return n, r.data(p[:n])
}

// data takes bytes of the body.
func (r *answerReader) data(p []byte) error {
	if r.reply.Status >= 500 && len(r.page) < bodyStart {
		r.page = append(r.page, p[:min(len(p), bodyStart-len(r.page))]...)
	}
	r.body += int64(len(p))
	if r.body > r.mostBody {
		return ErrBody
	}
	return nil
}

// frame takes one byte of what stands between the data of a chunked body
// (RFC 9112, section 7.1). Every line ends with CR and LF, as readers that are
// content with one of them are how requests are smuggled.
func (r *answerReader) frame(b byte) error {
	switch r.state {
	case inChunkSize:
		return r.chunkSize(b)
	case inChunkSpace:
		return r.chunkSpace(b)
	case inChunkExtension:
		switch b {
		case '\r':
			r.state = inChunkSizeEnd
		case '\n':
			return malformed("a chunk's size ends with LF alone")
		}
		return r.countHead()
	case inChunkSizeEnd:
		return r.chunkBegins(b)
	case inChunkEnd:
		return r.expect(b, '\r', inChunkEndLF, "a chunk is longer than its size")
	case inChunkEndLF:
		return r.expect(b, '\n', inChunkSize, "a chunk is longer than its size")
	default:
		return r.trailer(b)
	}
}

// countHead counts one byte that is neither data nor what each chunk has to have.
func (r *answerReader) countHead() error {
	if r.heads++; r.heads > r.mostHeader {
		return ErrHeader
	}
	return nil
}

// expect goes on to the next state after the byte that must come.
func (r *answerReader) expect(got, want byte, next readState, otherwise string) error {
	if got != want {
		return malformed("%s", otherwise)
	}
	r.state = next
	return nil
}

func (r *answerReader) chunkSize(b byte) error {
	digit := hexDigit(b)
	switch {
	case digit >= 0 && r.digits == maxSizeDigits:
		return malformed("a chunk's size has more than %d digits", maxSizeDigits)
	case digit >= 0:
		r.size = r.size<<4 | uint64(digit)
		r.digits++
	case r.digits == 0:
		return malformed("a chunk's size begins with %q", b)
	default:
		return r.chunkSpace(b)
	}
	return nil
}

// chunkSpace takes what may follow a chunk's size: spaces, then an extension or
// the end of the line.
func (r *answerReader) chunkSpace(b byte) error {
	switch b {
	case '\r':
		r.state = inChunkSizeEnd
		return nil
	case ';':
		r.state = inChunkExtension
	case ' ', '\t':
		r.state = inChunkSpace
	default:
		return malformed("a chunk's size holds %q", b)
	}
	return r.countHead()
}

// maxSizeDigits bounds a chunk's size: what has more does not fit 64 bits.
const maxSizeDigits = 16

func hexDigit(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b|0x20 && b|0x20 <= 'f':
		return int(b|0x20-'a') + 10
	}
	return -1
}

func (r *answerReader) chunkBegins(b byte) error {
	if b != '\n' {
		return malformed("a chunk's size ends with CR alone")
	}
	size := r.size
	r.size, r.digits = 0, 0
	switch {
	case size == 0:
		r.state = inTrailerStart
	case size > math.MaxInt64 || int64(size) > r.mostBody-r.body:
		return ErrBody
	default:
		r.left, r.state = int64(size), inChunk
	}
	return nil
}

// trailer passes over trailers. Nothing in them is recorded.
func (r *answerReader) trailer(b byte) error {
	switch r.state {
	case inTrailerLineEnd:
		return r.expect(b, '\n', inTrailerStart, "a trailer's line ends with CR alone")
	case inTrailerEnd:
		return r.expect(b, '\n', whole, "its trailer ends with CR alone")
	}
	switch {
	case b == '\n':
		return malformed("a trailer's line ends with LF alone")
	case b == '\r' && r.state == inTrailerStart:
		r.state = inTrailerEnd
	case b == '\r':
		r.state = inTrailerLineEnd
	default:
		r.state = inTrailerLine
	}
	return r.countHead()
}

// text returns b as a string that shares its memory: it is valid as long as b
// is not written to.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// malformed returns an error for an answer that is no HTTP, or that two
// readers could understand in two ways.
func malformed(format string, args ...any) error {
	return &malformedError{fmt.Errorf(format, args...)}
}
