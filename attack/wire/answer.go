package wire

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"frontload/results"
)

// bodyStart is how much of an error's body is looked at.
const bodyStart = 4 << 10

// readBody reads an answer's body to its end and judges the answer. It
// returns the body's size.
func (c *Call) readBody(res *http.Response, marker string, most int64) (int64, error) {
	c.header = res.Header
	a := answerOf(res, marker)
	body := &boundedReader{r: res.Body, left: most}
	var start [bodyStart]byte
	var n int
	if a.Status >= 500 {
		var err error
		n, err = io.ReadFull(body, start[:])
		a.Body = start[:n]
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			c.judge(a)
			return int64(n), err
		}
		if body.err != nil && !errors.Is(body.err, io.EOF) { // a true early end, not ReadFull's own
			c.judge(a)
			return int64(n), body.err
		}
	}
	buf := buffers.Get().(*[]byte)
	rest, err := io.CopyBuffer(onlyWriter{}, onlyReader{body}, *buf)
	buffers.Put(buf)
	c.judge(a)
	return int64(n) + rest, err
}

// judgeAnswer fills in what an answer over HTTP/1.1 says, if its header came.
func (c *Call) judgeAnswer() {
	a := &c.answer
	if a.bytes > 0 {
		c.Sample.BytesIn = a.bytes
	}
	if a.hasHeader() {
		a.reply.Body = a.page
		c.judge(&a.reply)
	}
}

// judge fills in what the answer says.
func (c *Call) judge(a *results.Answer) {
	s := &c.Sample
	s.Status = uint16(a.Status)
	s.Cache = a.Cache()
	s.Signals = a.Signals()
	s.Outcome = a.Outcome(s.Signals)
	if results.ValidPOP(a.POP) {
		s.POP = a.POP
	}
	c.id = a.RequestID
}

func answerOf(res *http.Response, marker string) *results.Answer {
	h := res.Header
	first := func(names ...string) string {
		for _, name := range names {
			if v := h.Get(name); v != "" {
				return v
			}
		}
		return ""
	}
	return &results.Answer{
		Status:       res.StatusCode,
		Server:       first("Server"),
		XCache:       first("X-Cache"),
		POP:          first("X-Amz-Cf-Pop"),
		RequestID:    first("X-Amz-Cf-Id"),
		Age:          first("Age"),
		ServerTiming: strings.Join(h.Values("Server-Timing"), ","),
		S3ID:         first("X-Amz-Request-Id", "X-Amz-Id-2"),
		GatewayID:    first("X-Amzn-Requestid", "X-Amz-Apigw-Id"),
		Marked:       marker != "" && first(marker) != "",
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

type onlyWriter struct{}

func (onlyWriter) Write(p []byte) (int, error) { return len(p), nil }

// onlyReader hides every method but Read, so that io.CopyBuffer uses its buffer.
type onlyReader struct{ io.Reader }

// A boundedReader fails with ErrBody once more than left bytes came, and
// remembers the error that ended it.
type boundedReader struct {
	r    io.Reader
	left int64
	err  error
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		err = ErrBody
	}
	b.err = err
	return n, err
}
