package wire

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A conn is one connection. Its pool calls reserve, release, unused and close
// under the pool's lock, and none of them blocks or calls back. The connection
// tells the pool by [pool.free] and [pool.lost].
type conn interface {
	in() *place
	reserve(call *Call, idle time.Duration) room // takes room for one exchange, if there is any; idle is for how long there was
	release()                                    // gives the room of one exchange back
	unused() bool                                // no exchange is under way or reserved
	close()                                      // closes it now, whatever it carries
	start(*Call)                                 // begins the exchange for which room was reserved
	serve()                                      // does the connection's work, until it ends
}

// A place is what a pool notes of a connection, under its lock.
type place struct {
	known bool          // the connection is one of the pool's
	used  bool          // it was given a call
	idle  bool          // it is in the pool's list of those with room
	since time.Duration // when room became free
}

func (p *place) in() *place { return p }

// A room is what a connection answers to a request for room on it.
type room uint8

const (
	taken     room = iota // room was reserved, and there is more
	takenLast             // the last room was reserved
	none                  // all room is in use
	dead                  // it can carry no more exchanges
)

// A pool holds the connections of one client to one edge address, and the
// calls that wait for one.
type pool struct {
	t *Transport

	mu      sync.Mutex
	idle    []conn // connections with room, the last used last
	all     []conn
	dialing int
	queue   callQueue
	retired bool
	ended   bool
}

// start gives the call a connection, or a place in the queue.
func (p *pool) start(call *Call) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		p.t.fail(call, ErrEnded)
		return
	}
	if p.queue.peek() == nil {
		if c := p.take(call); c != nil {
			call.Sample.Ready = max(c.in().since, call.Eligible)
			p.mu.Unlock()
			c.start(call)
			return
		}
	}
	p.queue.push(call)
	serve := len(p.idle) > 0
	if !serve {
		p.dialIfAllowed(call)
	}
	p.mu.Unlock()
	if serve {
		p.serveQueue(p.t.cfg.Now())
	}
}

// take reserves room for a call on the connection that was used last. A
// connection without more room leaves the idle list until some is free again;
// a dead one is dropped.
func (p *pool) take(call *Call) conn {
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		c := p.idle[last]
		got := c.reserve(call, call.Eligible+call.Late-c.in().since)
		if got != taken {
			p.idle[last] = nil
			p.idle = p.idle[:last]
			c.in().idle = false
		}
		if got == dead {
			p.drop(c)
		}
		if got == taken || got == takenLast {
			c.in().used = true
			return c
		}
	}
	return nil
}

// serveQueue gives connections with room to the calls that wait.
func (p *pool) serveQueue(now time.Duration) {
	for {
		p.mu.Lock()
		call := p.queue.peek()
		if call == nil {
			p.closeUnused()
			p.mu.Unlock()
			return
		}
		c := p.take(call)
		if c == nil {
			p.dialIfAllowed(call) // what was free may have turned out dead
			p.mu.Unlock()
			return
		}
		p.queue.pop()
		call.Sample.Ready = max(call.Sample.Ready, call.Eligible)
		if !call.Sample.Fresh {
			call.Sample.Ready = max(now, call.Eligible)
		}
		p.mu.Unlock()
		c.start(call)
	}
}

// dialIfAllowed opens one more connection, as the call would need it.
func (p *pool) dialIfAllowed(call *Call) {
	if p.open() >= p.t.cfg.Connections || p.ended {
		return
	}
	p.dialing++
	from, to := call.Sample.Source, call.Edge
	p.t.work.Go(func() { p.dial(from, to) })
}

// open is how many connections are dialled or being dialled.
func (p *pool) open() int { return len(p.all) + p.dialing }

func (p *pool) dial(from netip.Addr, to netip.AddrPort) {
	ctx, cancel := context.WithTimeout(p.t.ctx, p.t.cfg.ConnectTimeout)
	defer cancel()
	c, spans, err := p.t.connect(ctx, p, from, to)
	if err != nil {
		p.dialFailed(err)
		return
	}
	p.dialled(c, spans)
	c.serve()
}

// dialled puts a new connection to use.
func (p *pool) dialled(c conn, spans dialSpans) {
	now := p.t.cfg.Now()
	p.mu.Lock()
	p.dialing--
	if p.ended {
		p.mu.Unlock()
		c.close()
		return
	}
	p.all = append(p.all, c)
	c.in().known = true
	call := p.queue.peek()
	if call != nil {
		call.Sample.Fresh = true
		call.Sample.Connect, call.Sample.TLS = spans.connect, spans.tls
		call.Sample.Ready = max(call.Eligible, now-call.Late)
	}
	p.list(c, now)
	p.mu.Unlock()
	p.serveQueue(now)

	p.mu.Lock()
	useless := !c.in().known && !c.in().used
	if useless {
		call = p.queue.pop()
	}
	p.mu.Unlock()
	if useless && call != nil {
		p.t.fail(call, ErrNoStreams)
	}
}

// dialFailed fails the call that has waited longest, and dials again for the
// rest if nothing else serves them.
func (p *pool) dialFailed(err error) {
	p.mu.Lock()
	p.dialing--
	call := p.queue.pop()
	if next := p.queue.peek(); next != nil && p.open() == 0 {
		p.dialIfAllowed(next)
	}
	p.forgetIfEmpty()
	p.mu.Unlock()
	if call != nil {
		p.t.fail(call, err)
	}
}

// free is called by a connection that has finished an exchange and could
// carry another.
func (p *pool) free(c conn, now time.Duration) {
	p.mu.Lock()
	c.release()
	if c.in().known {
		p.list(c, now)
	}
	p.mu.Unlock()
	p.serveQueue(now)
}

// list makes a connection with room one that can be taken.
func (p *pool) list(c conn, now time.Duration) {
	at := c.in()
	at.since = now
	if !at.idle {
		at.idle = true
		p.idle = append(p.idle, c)
	}
}

// lost is called by a connection that can carry no more exchanges. It may be
// called more than once.
func (p *pool) lost(c conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(c)
	if next := p.queue.peek(); next != nil {
		p.dialIfAllowed(next)
	}
	p.forgetIfEmpty()
}

// drop closes and forgets a connection.
func (p *pool) drop(c conn) {
	c.close()
	at := c.in()
	if at.known {
		p.all = without(p.all, c)
	}
	if at.idle {
		p.idle = without(p.idle, c)
	}
	at.known, at.idle = false, false
}

func without(list []conn, c conn) []conn {
	i := slices.Index(list, c)
	return slices.Delete(list, i, i+1)
}

// retire lets the connections go as they become unused.
func (p *pool) retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retired = true
	p.closeUnused()
	p.forgetIfEmpty()
}

// closeUnused closes what a retired pool no longer needs.
func (p *pool) closeUnused() {
	if !p.retired || p.queue.peek() != nil {
		return
	}
	for _, c := range slices.Clone(p.all) {
		if c.unused() {
			p.drop(c)
		}
	}
	p.forgetIfEmpty()
}

// forgetIfEmpty takes a retired pool without connections off the
// transport's list.
func (p *pool) forgetIfEmpty() {
	if p.retired && p.open() == 0 && p.queue.peek() == nil {
		p.t.forget(p)
	}
}

// abort ends everything now.
func (p *pool) abort() {
	p.mu.Lock()
	p.ended = true
	waiting := p.queue
	p.queue = callQueue{}
	for _, c := range p.all {
		c.close()
	}
	p.mu.Unlock()
	for call := waiting.pop(); call != nil; call = waiting.pop() {
		p.t.fail(call, ErrEnded)
	}
}
