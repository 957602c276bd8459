package wire

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An h1Conn carries one HTTP/1.1 exchange at a time. Whoever starts a call
// writes its request; what reads the link reports the calls, and the goroutine in
// serve alone ends the connection.
type h1Conn struct {
	place
	pool *pool
	link link

	// mu is held from before a request is written until Sent was told, so that
	// its answer is not read before. The pool's lock is never taken under it.
	mu      sync.Mutex
	busy    bool          // an exchange is reserved or under way; under the pool's lock
	armed   bool          // the link has a deadline
	closing bool          // serve is to end
	call    *Call         // the exchange under way
	began   time.Duration // when it began on this connection
	broken  error         // why nothing more can be sent
}

func (c *h1Conn) reserve(call *Call, idle time.Duration) room {
	if c.busy {
		return none
	}
	if (idle > trusted || c.used && call.retries > 0) && !c.link.open() {
		return dead
	}
	c.busy = true
	return takenLast
}

// trusted is how long an idle connection is taken to be open without looking.
// The look costs a system call; without it a request that finds the connection
// closed goes out again on another.
const trusted = time.Second

func (c *h1Conn) release()     { c.busy = false }
func (c *h1Conn) unused() bool { return !c.busy }

func (c *h1Conn) load() int {
	if c.busy {
		return 1
	}
	return 0
}

func (c *h1Conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	c.link.deadline(longAgo)
}

func (c *h1Conn) start(call *Call) {
	c.mu.Lock()
	if c.closing { // it has ended since it was reserved
		c.mu.Unlock()
		c.pool.restart(call)
		return
	}
	defer c.mu.Unlock()
	s := &call.Sample
	if !s.Source.IsValid() {
		s.Source = c.link.local()
	}
	call.out = appendRequest(call.out[:0], &call.Request)
	call.answer.begin(&c.pool.t.cfg, call.Request.Method == http.MethodHead)
	c.call, c.began = call, c.pool.t.cfg.Now()
	if !c.armed {
		c.armed = true
		c.link.deadline(time.Now().Add(c.pool.t.cfg.Timeout))
	}
	if err := c.link.send(call.out); err != nil {
		c.broken = err
		c.link.deadline(longAgo)
		return
	}
	s.BytesOut += int64(len(call.out))
	c.pool.t.sent(call, c.began)
}

// serve has answers read until the connection ends.
func (c *h1Conn) serve() {
	err := c.link.read(c.take)
	for isTimeout(err) && c.goOn() {
		err = c.link.read(c.take)
	}
	c.end(err)
}

// take reads what has come at a time.
func (c *h1Conn) take(p []byte, at time.Duration) {
	c.mu.Lock()
	call := c.call
	if call == nil { // bytes that nobody asked for: what follows cannot be trusted
		c.mu.Unlock()
		c.pool.lost(c)
		return
	}
	at = max(at, c.began)
	if call.Sample.FirstByte == 0 {
		call.Sample.FirstByte = at
	}
	n, err := call.answer.read(p)
	if err == nil && call.answer.state != whole {
		if at-c.began < c.pool.t.cfg.Timeout {
			c.mu.Unlock()
			return
		}
		err = os.ErrDeadlineExceeded // without a pause in which the link could see that
	}
	c.call = nil
	c.mu.Unlock()
	if call.answer.keep && err == nil && n == len(p) {
		c.pool.free(c, call, at)
	} else {
		c.pool.lost(c)
	}
	c.pool.t.finish(call, at, err)
}

// goOn decides whether reading goes on after a deadline. There is one deadline
// for many exchanges: an exchange that has time left gets what is left.
func (c *h1Conn) goOn() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.broken != nil {
		return false
	}
	if c.call == nil {
		c.armed = false
		c.link.deadline(time.Time{})
		return true
	}
	left := c.began + c.pool.t.cfg.Timeout - c.pool.t.cfg.Now()
	if left > 0 {
		c.link.deadline(time.Now().Add(left))
	}
	return left > 0
}

// end takes the connection away, for the given reason.
func (c *h1Conn) end(err error) {
	c.mu.Lock()
	call := c.call
	c.call, c.closing = nil, true
	if c.broken != nil {
		err = c.broken
	}
	c.mu.Unlock()
	now, missed := c.pool.t.cfg.Now(), call != nil && c.link.unseen(len(call.out))
	c.pool.gone(c)
	unsent := c.link.close()
	if call == nil {
		return
	}
	call.Sample.BytesOut -= int64(unsent)
	if err = call.answer.end(err); err != nil && missed && call.missed(err) && c.pool.t.ctx.Err() == nil && call.again(now) {
		c.pool.start(call)
		return
	}
	c.pool.t.finish(call, now, err)
}

// appendRequest appends the request as HTTP/1.1 has it.
func appendRequest(b []byte, r *Request) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.Target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Host...)
	b = append(b, "\r\n"...)
	for i := range r.Header {
		b = append(b, r.Header[i].Name...)
		b = append(b, ": "...)
		b = append(b, r.Header[i].Value...)
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
