package wire

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An h1Conn carries one HTTP/1.1 exchange at a time.
type h1Conn struct {
	t      *Transport
	pool   *pool
	raw    net.Conn // the TCP connection
	c      net.Conn // raw, or the TLS connection on it
	in     countingReader
	r      *bufio.Reader
	out    []byte
	busy   bool // under the pool's lock
	served bool // an exchange has ended well on it
}

func (t *Transport) newH1(p *pool, raw, carried net.Conn) *h1Conn {
	c := &h1Conn{t: t, pool: p, raw: raw, c: carried}
	c.in.r = carried
	c.r = bufio.NewReaderSize(&c.in, 4<<10)
	return c
}

func (c *h1Conn) reserve() place {
	if c.busy {
		return none
	}
	if c.served && hungUp(c.raw) {
		return dead
	}
	c.busy = true
	return takenLast
}

func (c *h1Conn) unused() bool { return !c.busy }
func (c *h1Conn) close()       { c.raw.Close() }

func (c *h1Conn) start(call *Call) {
	c.t.work.Go(func() {
		keep, err := c.exchange(call)
		done := c.t.cfg.Now()
		if err != nil && c.mayRetry(call, err) {
			c.pool.lost(c)
			c.pool.start(call)
			return
		}
		c.giveBack(keep && err == nil)
		c.t.finish(call, done, err)
	})
}

func (c *h1Conn) giveBack(keep bool) {
	if !keep || c.c.SetDeadline(time.Time{}) != nil {
		c.pool.lost(c)
		return
	}
	c.served = true
	c.pool.mu.Lock()
	c.busy = false
	c.pool.mu.Unlock()
	c.pool.free(c)
}

// mayRetry reports whether the connection had died idle before the request
// reached the server: then the request goes out again, once, as every HTTP
// client does (RFC 9112, section 9.3.1).
func (c *h1Conn) mayRetry(call *Call, err error) bool {
	idempotent := call.Request.Method == http.MethodGet || call.Request.Method == http.MethodHead
	return c.served && idempotent && call.Sample.FirstByte == 0 &&
		!isTimeout(err) && !errors.Is(err, ErrHeader) && c.t.ctx.Err() == nil && call.mayRetry(1)
}

// exchange writes the request and reads the answer; keep tells whether the
// connection can carry another.
func (c *h1Conn) exchange(call *Call) (keep bool, err error) {
	s := &call.Sample
	call.from(c.raw)
	c.out = appendRequest(c.out[:0], &call.Request)
	sent := c.t.cfg.Now()
	if err := c.c.SetDeadline(time.Now().Add(c.t.cfg.Timeout)); err != nil {
		return false, err
	}
	n, err := c.c.Write(c.out)
	if n > 0 && !s.Written {
		s.Written, s.Sent = true, sent
		s.BytesOut = int64(len(c.out))
		c.t.cfg.Sent(call)
	}
	if err != nil {
		return false, err
	}
	before := c.in.n - int64(c.r.Buffered())
	res, err := c.readHeader(call)
	if err == nil {
		_, err = call.readBody(res, c.t.cfg.Marker, c.t.cfg.MaxBodyBytes)
		keep = !res.Close && res.StatusCode != http.StatusSwitchingProtocols
	}
	s.BytesIn = c.in.n - int64(c.r.Buffered()) - before
	if c.r.Buffered() > 0 {
		keep = false // bytes that nobody asked for: what follows cannot be trusted
	}
	return keep, err
}

// readHeader reads up to the end of the final answer's header, skipping 1xx.
func (c *h1Conn) readHeader(call *Call) (*http.Response, error) {
	c.in.left = c.t.cfg.MaxHeaderBytes
	defer func() { c.in.left = 0 }()
	if _, err := c.r.Peek(1); err != nil {
		return nil, err
	}
	call.Sample.FirstByte = c.t.cfg.Now()
	method := &http.Request{Method: call.Request.Method}
	for {
		res, err := http.ReadResponse(c.r, method)
		if err != nil {
			return nil, c.headerError(err)
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, nil
		}
	}
}

// headerError tells an answer that broke off from one that is no HTTP: the
// parser speaks of what it lacks where the connection has failed.
func (c *h1Conn) headerError(err error) error {
	if c.in.err != nil {
		return c.in.err
	}
	return &malformedError{err}
}

// appendRequest appends the request as HTTP/1.1 has it.
func appendRequest(b []byte, r *Request) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.Target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Host...)
	b = append(b, "\r\n"...)
	for _, h := range r.Header {
		b = append(b, h.Name...)
		b = append(b, ": "...)
		b = append(b, h.Value...)
		b = append(b, "\r\n"...)
	}
	if len(r.Body) > 0 || takesBody(r.Method) {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.Body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	return append(b, r.Body...)
}

func takesBody(method string) bool {
	switch strings.ToUpper(method) {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return true
	}
	return false
}

// A countingReader counts what it reads and, while left is positive, fails
// with ErrHeader beyond so many bytes.
type countingReader struct {
	r    io.Reader
	n    int64
	left int64
	err  error // the last read's
}

func (c *countingReader) Read(p []byte) (int, error) {
	if errors.Is(c.err, ErrHeader) {
		return 0, c.err
	}
	if c.left > 0 && int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.left > 0 {
		if c.left -= int64(n); c.left <= 0 && err == nil {
			err = ErrHeader
		}
	}
	c.err = err
	return n, err
}
