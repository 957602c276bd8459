package wire

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"frontload/internal/quic"
)

// An h3Conn carries as many exchanges at once as the server allows streams.
// Whoever starts a call writes its request; a goroutine for each exchange
// reads the answer. The goroutine in serve alone ends the connection.
type h3Conn struct {
	place
	t    *Transport
	pool *pool
	quic *quic.Conn
	port *port

	// Under the pool's lock:
	active  int           // exchanges reserved or under way
	spare   []quic.Stream // opened after waiting for the server to allow it
	waiting bool          // a goroutine waits for the server to allow a stream
	leaving bool          // no more exchanges begin

	reads atomic.Uint64 // how often something came on a stream
	stop  chan struct{} // closed when serve is to end

	// The pool's lock is never taken under mu.
	mu       sync.Mutex
	underWay []*h3Exchange
	idle     []*h3Exchange // for use again
	timer    *time.Timer   // when the time of an exchange may be up
	armed    bool          // it is set
	gone     bool          // the server takes no more requests
	greeted  bool          // the server's control stream came
	closing  bool          // stop is closed
	broken   error         // what the server did wrong
}

// newH3 begins HTTP/3 on a connection.
func (t *Transport) newH3(p *pool, q *quic.Conn, at *port) (*h3Conn, error) {
	if err := q.OpenUni(h3Hello(t.cfg.MaxHeaderBytes)); err != nil {
		return nil, malformed("the server takes no settings: %v", err)
	}
	return &h3Conn{t: t, pool: p, quic: q, port: at, stop: make(chan struct{}), timer: time.NewTimer(t.cfg.Timeout)}, nil
}

// reserve opens a stream, if the server allows one.
func (c *h3Conn) reserve(call *Call, _ time.Duration) room {
	if c.leaving {
		return dead
	}
	if last := len(c.spare) - 1; last >= 0 {
		call.stream, c.spare = c.spare[last], c.spare[:last]
		c.active++
		return taken
	}
	s, err := c.quic.Open()
	switch {
	case quic.AtLimit(err):
		c.await()
		return none
	case err != nil:
		c.leaving = true
		return dead
	}
	call.stream = s
	c.active++
	return taken
}

// await waits for the server to allow one more stream. The pool's lock is held.
func (c *h3Conn) await() {
	if c.waiting {
		return
	}
	c.waiting = true
	c.t.work.Go(func() {
		s, err := c.quic.OpenWait()
		now := c.t.cfg.Now()
		c.pool.mu.Lock()
		c.waiting = false
		if err == nil {
			c.spare = append(c.spare, s)
		}
		if c.known {
			c.pool.list(c, now)
		}
		c.pool.mu.Unlock()
		c.pool.serveQueue(now)
	})
}

func (c *h3Conn) release()     { c.active-- }
func (c *h3Conn) unused() bool { return c.active == 0 }
func (c *h3Conn) load() int    { return c.active }

// close lets the connection end: now when nothing is under way or the run is
// over, else after the last exchange.
func (c *h3Conn) close() {
	c.leaving = true
	if c.active > 0 && c.t.ctx.Err() == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
}

// end makes serve end. The lock is held.
func (c *h3Conn) end() {
	if !c.closing {
		c.closing = true
		close(c.stop)
	}
}

// fail ends the connection for what the server did wrong.
func (c *h3Conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.broken = err
	}
	c.end()
}

func (c *h3Conn) start(call *Call) {
	c.mu.Lock()
	if c.closing || c.gone { // it has ended since it was reserved
		c.mu.Unlock()
		call.stream.Cancel(h3CodeCancelled)
		c.goElsewhere(call, c.t.cfg.Now(), errLeft)
		return
	}
	x := c.open(call)
	c.mu.Unlock()
	if s := &call.Sample; !s.Source.IsValid() {
		s.Source = c.port.key.local
	}
	call.answer.begin(&c.t.cfg, call.Request.Method == http.MethodHead)
	x.reader.begin(&call.answer)
	x.send()
	c.t.work.Go(x.receive)
}

// goElsewhere starts a call again that the connection's server has not
// processed, and will not.
func (c *h3Conn) goElsewhere(call *Call, now time.Duration, why error) {
	c.pool.lost(c)
	c.pool.free(c, call, now)
	if c.t.ctx.Err() == nil && call.again(now) {
		c.pool.start(call)
	} else {
		c.t.finish(call, now, why)
	}
}

// open makes an exchange of a call. The lock is held.
func (c *h3Conn) open(call *Call) *h3Exchange {
	var x *h3Exchange
	if n := len(c.idle); n > 0 {
		x, c.idle = c.idle[n-1], c.idle[:n-1]
	} else {
		x = &h3Exchange{c: c}
		x.receive = x.run
	}
	x.call, x.stream = call, call.stream
	x.began, x.after = c.t.cfg.Now(), c.reads.Load()
	x.fate, x.written, x.at = onItsWay, nil, len(c.underWay)
	c.underWay = append(c.underWay, x)
	if !c.armed {
		c.armed = true
		c.timer.Reset(c.t.cfg.Timeout)
	}
	return x
}

// remove takes an exchange away, and returns what became of it and what the
// server did wrong. The exchange may be used again at once.
func (c *h3Conn) remove(x *h3Exchange) (h3Fate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.underWay) - 1
	c.underWay[x.at] = c.underWay[last]
	c.underWay[x.at].at = x.at
	c.underWay[last] = nil
	c.underWay = c.underWay[:last]
	fate := x.fate
	x.call, x.stream = nil, quic.Stream{}
	c.idle = append(c.idle, x)
	return fate, c.broken
}

// serve waits for the connection's end, and watches the time of its exchanges.
func (c *h3Conn) serve() {
	c.t.work.Go(c.accept)
	for open := true; open; {
		select {
		case <-c.timer.C:
			c.sweep()
		case <-c.stop:
			open = false
		case <-c.quic.Done():
			open = false
		}
	}
	c.timer.Stop()
	c.mu.Lock()
	c.end()
	code, why := uint64(h3CodeNone), ""
	if c.broken != nil {
		code, why = h3CodeProtocol, c.broken.Error()
	}
	c.mu.Unlock()
	c.pool.gone(c)
	c.quic.Close(code, why)
	c.t.ports.leave(c.port)
}

// sweep ends the exchanges whose time is up. A server that has said nothing at
// all meanwhile is taken to be gone.
func (c *h3Conn) sweep() {
	now := c.t.cfg.Now()
	c.mu.Lock()
	first := time.Duration(-1)
	for _, x := range c.underWay {
		left := x.began + c.t.cfg.Timeout - now
		switch {
		case left <= 0:
			c.gone = c.gone || c.reads.Load() == x.after
			x.abandon(tooLate)
		case first < 0 || left < first:
			first = left
		}
	}
	if c.armed = first >= 0; c.armed {
		c.timer.Reset(first)
	}
	gone := c.gone
	c.mu.Unlock()
	if gone {
		c.pool.lost(c)
	}
}
