package wire

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// A conn is one connection. Its pool calls all of its methods under the
// pool's lock; none of them blocks. The connection tells the pool by
// [pool.free] and [pool.lost], from goroutines of its own.
type conn interface {
	reserve() place // takes a place for one exchange, if there is one
	start(*Call)    // begins the exchange for which a place was reserved
	unused() bool   // no exchange is under way or reserved
	close()         // closes it now, whatever it carries
}

// A place is what a connection answers to a request for a place on it.
type place uint8

const (
	taken     place = iota // a place was reserved, and there are more
	takenLast              // the last free place was reserved
	none                   // all places are in use
	dead                   // it can carry no more exchanges
)

// A pool holds the connections of one client to one edge address, and the
// calls that wait for one.
type pool struct {
	t *Transport

	mu      sync.Mutex
	idle    []idleConn // connections with a free place, the last used last
	open    int        // connections that are dialled or being dialled
	all     map[conn]struct{}
	queue   callQueue
	retired bool
	ended   bool
}

type idleConn struct {
	conn
	since time.Duration
}

// start gives the call a connection, or a place in the queue.
func (p *pool) start(call *Call) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		p.t.fail(call, ErrEnded)
		return
	}
	defer p.mu.Unlock()
	if c, since, ok := p.take(); ok {
		call.Sample.Ready = max(since, call.Eligible)
		c.start(call)
		return
	}
	p.queue.push(call)
	p.dialIfAllowed(call)
}

// take reserves a place on the connection that was used last. A connection
// without further places leaves the idle list until it is free again; a dead
// one is dropped.
func (p *pool) take() (conn, time.Duration, bool) {
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		c := p.idle[last]
		got := c.reserve()
		if got != taken {
			p.idle = p.idle[:last]
		}
		if got == dead {
			p.drop(c.conn)
		}
		if got == taken || got == takenLast {
			return c.conn, c.since, true
		}
	}
	return nil, 0, false
}

// dialIfAllowed opens one more connection, as the call would need it.
func (p *pool) dialIfAllowed(call *Call) {
	if p.open >= p.t.cfg.Connections || p.ended {
		return
	}
	p.open++
	from, to := call.Sample.Source, call.Edge
	p.t.work.Go(func() { p.dial(from, to) })
}

func (p *pool) dial(from netip.Addr, to netip.AddrPort) {
	ctx, cancel := context.WithTimeout(p.t.ctx, p.t.cfg.ConnectTimeout)
	defer cancel()
	c, spans, err := p.t.connect(ctx, p, from, to)
	if err != nil {
		p.dialFailed(err)
		return
	}
	p.dialled(c, spans)
}

// dialled puts a new connection to use.
func (p *pool) dialled(c conn, spans dialSpans) {
	now := p.t.cfg.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		c.close()
		return
	}
	if p.all == nil {
		p.all = map[conn]struct{}{}
	}
	p.all[c] = struct{}{}
	call := p.queue.peek()
	if call != nil {
		call.Sample.Fresh = true
		call.Sample.Connect, call.Sample.TLS = spans.connect, spans.tls
		call.Sample.Ready = max(call.Eligible, now-call.Late)
	}
	p.release(c, now)
	if _, usable := p.all[c]; !usable && call != nil && call == p.queue.peek() {
		p.queue.pop()
		p.t.work.Go(func() { p.t.fail(call, ErrNoStreams) })
	}
}

// dialFailed fails the call that has waited longest, and dials again for the
// rest if nothing else serves them.
func (p *pool) dialFailed(err error) {
	p.mu.Lock()
	p.open--
	call := p.queue.pop()
	if next := p.queue.peek(); next != nil && p.open == 0 {
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
func (p *pool) free(c conn) {
	now := p.t.cfg.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.all[c]; known {
		p.release(c, now)
	}
}

// release gives the places of a connection to the calls that wait, and keeps
// it for later if some are left.
func (p *pool) release(c conn, now time.Duration) {
	p.idle = append(without(p.idle, c), idleConn{c, now})
	for call := p.queue.peek(); call != nil; call = p.queue.peek() {
		to, _, ok := p.take()
		if !ok {
			p.dialIfAllowed(call) // what was free may have turned out dead
			return
		}
		p.queue.pop()
		call.Sample.Ready = max(call.Sample.Ready, call.Eligible)
		if !call.Sample.Fresh {
			call.Sample.Ready = now
		}
		to.start(call)
	}
	p.closeUnused()
}

// lost is called by a connection that can carry no more exchanges.
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
	if _, known := p.all[c]; !known {
		return
	}
	delete(p.all, c)
	p.idle = without(p.idle, c)
	p.open--
}

func without(idle []idleConn, c conn) []idleConn {
	for i := range idle {
		if idle[i].conn == c {
			return append(idle[:i], idle[i+1:]...)
		}
	}
	return idle
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
	for c := range p.all {
		if c.unused() {
			p.drop(c)
		}
	}
	p.forgetIfEmpty()
}

// forgetIfEmpty takes a retired pool without connections off the
// transport's list.
func (p *pool) forgetIfEmpty() {
	if p.retired && p.open == 0 && p.queue.peek() == nil {
		p.t.forget(p)
	}
}

// abort ends everything now.
func (p *pool) abort() {
	p.mu.Lock()
	p.ended = true
	waiting := p.queue
	p.queue = callQueue{}
	for c := range p.all {
		c.close()
	}
	p.mu.Unlock()
	for call := waiting.pop(); call != nil; call = waiting.pop() {
		p.t.fail(call, ErrEnded)
	}
}
