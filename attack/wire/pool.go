package wire

import (
	"cmp"
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
	load() int                                   // exchanges under way or reserved
	close()                                      // closes it now, whatever it carries
	start(*Call)                                 // begins the exchange for which room was reserved
	serve()                                      // does the connection's work, until it ends
}

// A place is what a pool notes of a connection, under its lock.
type place struct {
	known bool          // the pool gives it calls
	used  bool          // it was given a call
	idle  bool          // it is in the pool's list of those with room
	since time.Duration // when room became free, had the generator been on time
	freed time.Duration // when an exchange last ended on it
	turn  uint64        // when it was last given a call, in calls of the pool
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
	t      *Transport
	client uint32

	mu      sync.Mutex
	idle    []conn // connections with room, the last used last
	all     []conn // those that have not ended
	known   int    // of all: those that are given calls
	dialing int
	own     int // dialled for new viewers at the moment
	queue   callQueue
	turns   uint64        // calls that were given a connection
	growAt  time.Duration // not before that are more connections dialled than calls wait for
	retired bool
	ended   bool
}

// start gives the call a connection, or a place in the queue.
func (p *pool) start(call *Call) {
	p.mu.Lock()
	switch {
	case p.ended:
		p.mu.Unlock()
		p.t.finish(call, p.t.cfg.Now(), ErrEnded)
		return
	case p.retired:
		p.mu.Unlock()
		p.t.cfg.Moved(call)
		return
	}
	if call.NewViewer {
		p.dialOwn(call)
		p.mu.Unlock()
		return
	}
	if p.queue.peek() == nil {
		if c, since := p.take(call); c != nil {
			call.ready(since)
			p.grow(call)
			p.mu.Unlock()
			c.start(call)
			return
		}
	}
	call.queued = p.t.cfg.Now()
	p.queue.push(call)
	p.t.collectors.hurry()
	serve := len(p.idle) > 0
	if !serve {
		p.dialIfAllowed(call)
	}
	p.mu.Unlock()
	if serve {
		p.serveQueue(call.queued)
	}
}

// take reserves room for a call, and tells since when there was room on any
// connection. A connection without more room leaves the idle list until some
// is free again; a dead one is dropped.
func (p *pool) take(call *Call) (conn, time.Duration) {
	for len(p.idle) > 0 {
		since := p.idle[0].in().since
		i := p.choose()
		c := p.idle[i]
		idle := call.Eligible + call.Late - c.in().freed
		got := c.reserve(call, idle)
		if got != taken {
			p.idle = slices.Delete(p.idle, i, i+1)
			c.in().idle = false
		}
		if got == dead {
			p.drop(c)
		}
		if got == taken || got == takenLast {
			call.Sample.Fresh = !c.in().used
			p.turns++
			c.in().used, c.in().turn = true, p.turns
			return c, since
		}
	}
	return nil, 0
}

// choose returns the index of the idle connection that a call goes out on.
// With HTTP/1.1 it is the one that was used last, so that no more stay in use
// than are needed; with the others the one that carries least, and of several the
// one whose turn is longest ago, so that all that were asked for are used.
func (p *pool) choose() int {
	best := len(p.idle) - 1
	if !multiplexed(p.t.cfg.Protocol) {
		return best
	}
	for i, c := range p.idle[:best] {
		b := p.idle[best]
		if order := cmp.Or(cmp.Compare(c.load(), b.load()), cmp.Compare(c.in().turn, b.in().turn)); order < 0 {
			best = i
		}
	}
	return best
}

// grow dials one more connection beside those that the calls have, until
// there are as many as HTTP/2 or HTTP/3 is asked to have. One at a time, and when one
// could not be had, none for a while.
func (p *pool) grow(call *Call) {
	if multiplexed(p.t.cfg.Protocol) && p.dialing == 0 && !p.retired && p.t.cfg.Now() >= p.growAt {
		p.dialIfAllowed(call)
	}
}

// growPause is how long no connection is dialled that no call waits for, after
// one that could not be had.
const growPause = time.Second

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
		c, since := p.take(call)
		if c == nil {
			p.dialIfAllowed(call) // what was free may have turned out dead
			p.mu.Unlock()
			return
		}
		p.queue.pop()
		call.ready(max(since, now-call.Late))
		p.mu.Unlock()
		c.start(call)
	}
}

// dialIfAllowed opens one more connection, as the call would need it. It could
// have done so earlier by what the call is late.
func (p *pool) dialIfAllowed(call *Call) {
	if p.open() >= p.t.cfg.Connections || p.ended || p.retired {
		return
	}
	p.dialing++
	from, to, late := call.Sample.Source, call.Edge, call.Late
	p.t.work.Go(func() { p.dial(from, to, late) })
}

// open is how many connections are there to be given calls, or being dialled.
func (p *pool) open() int { return p.known + p.dialing }

func (p *pool) dial(from netip.Addr, to netip.AddrPort, late time.Duration) {
	begin := p.t.cfg.Now()
	ctx, cancel := context.WithTimeout(p.t.ctx, p.t.cfg.ConnectTimeout)
	c, spans, err := p.t.connect(ctx, p, from, to)
	cancel()
	if err != nil {
		p.dialFailed(err, begin)
		return
	}
	p.dialled(c, spans, late)
	p.t.serve(c) // with a stack that dialling has not made larger
}

// dialled puts a new connection to use, whose dial began so late.
func (p *pool) dialled(c conn, spans dialSpans, late time.Duration) {
	now := p.t.cfg.Now()
	p.mu.Lock()
	p.dialing--
	if p.ended {
		p.mu.Unlock()
		c.close()
		return
	}
	p.all = append(p.all, c)
	p.known++
	c.in().known = true
	c.in().freed = now
	call := p.queue.peek()
	if call != nil {
		call.Sample.Connect, call.Sample.TLS = spans.connect, spans.tls
	}
	p.list(c, now-late)
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

// dialFailed fails the call that has waited longest and, when no other
// connection stands or is being dialled, all those that had waited since
// before this one was. For the rest it dials again if nothing else serves
// them.
func (p *pool) dialFailed(err error, begin time.Duration) {
	p.mu.Lock()
	p.dialing--
	p.growAt = p.t.cfg.Now() + growPause
	failed := []*Call{p.queue.pop()}
	for next := p.queue.peek(); next != nil && p.open() == 0; next = p.queue.peek() {
		if next.queued > begin {
			p.dialIfAllowed(next)
			break
		}
		failed = append(failed, p.queue.pop())
	}
	p.forgetIfEmpty()
	p.mu.Unlock()
	if word, generator := reason(err); generator && failed[0] == nil && p.t.cfg.Trouble != nil {
		p.t.cfg.Trouble(word)
	}
	for _, call := range failed {
		if call != nil {
			p.t.fail(call, err)
		}
	}
}

// free is called by a connection that has finished a call and could carry
// another.
func (p *pool) free(c conn, call *Call, now time.Duration) {
	p.mu.Lock()
	c.release()
	c.in().freed = now
	if c.in().known {
		p.list(c, now-call.Sample.Lag())
	} else if c.unused() {
		c.close()
	}
	p.mu.Unlock()
	p.serveQueue(now)
}

// list makes a connection with room one that can be taken.
func (p *pool) list(c conn, since time.Duration) {
	if at := c.in(); !at.idle {
		at.idle, at.since = true, since
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
}

// gone is called by a connection that has ended.
func (p *pool) gone(c conn) {
	p.lost(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = without(p.all, c)
	p.forgetIfEmpty()
}

// drop lets a connection end, and gives it no more calls.
func (p *pool) drop(c conn) {
	c.close()
	at := c.in()
	if at.known {
		p.known--
	}
	if at.idle {
		p.idle = without(p.idle, c)
	}
	at.known, at.idle = false, false
}

func without(list []conn, c conn) []conn {
	if i := slices.Index(list, c); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// retire lets the connections go as they become unused, and returns the calls
// that waited for one.
func (p *pool) retire() []*Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retired = true
	var waiting []*Call
	for call := p.queue.pop(); call != nil; call = p.queue.pop() {
		waiting = append(waiting, call)
	}
	p.closeUnused()
	p.forgetIfEmpty()
	return waiting
}

// closeUnused closes what a retired pool no longer needs.
func (p *pool) closeUnused() {
	if !p.retired {
		return
	}
	for _, c := range p.all {
		if c.in().known && c.unused() {
			p.drop(c)
		}
	}
}

// forgetIfEmpty takes a retired pool without connections off the
// transport's list.
func (p *pool) forgetIfEmpty() {
	if p.retired && len(p.all) == 0 && p.dialing == 0 && p.own == 0 {
		p.t.forget(p)
	}
}

// abort ends everything now.
func (p *pool) abort() {
	p.mu.Lock()
	p.ended = true
	waiting := p.queue
	p.queue = callQueue{total: &p.t.queued}
	for _, c := range p.all {
		c.close()
	}
	p.mu.Unlock()
	for call := waiting.pop(); call != nil; call = waiting.pop() {
		p.t.fail(call, ErrEnded)
	}
}

// restart gives a call another connection, as the one that it was given had
// ended before the call began on it.
func (p *pool) restart(call *Call) {
	call.Elsewhere(p.t.cfg.Now())
	p.start(call)
}
