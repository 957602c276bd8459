package attack

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"frontload/attack/dns"
	"frontload/attack/wire"
)

// ErrHeld is why an arrival that waited for a look-up was not sent: every
// address of the answer had reached its limit.
var ErrHeld = errors.New("held back by limits.per-edge-address")

// A client is one simulated viewer host.
type client struct {
	engine   *Engine
	index    uint32
	source   netip.Addr
	resolver Resolver
	allowed  bucket      // of the send loop alone
	ready    atomic.Bool // it takes arrivals: it takes part from the start, or has looked the target up

	// mu is held while a call is started and while connections retire, so that
	// no call goes to an address after the connections to it have retired.
	mu        sync.Mutex
	size      int // addresses in the last answer
	resolving bool
	asked     time.Duration // when the last look-up began
	waiting   []*wire.Call  // for the look-up that is under way
	absence   absence       // while it is not ready
}

// prepare looks the target up before the run.
func (c *client) prepare(ctx context.Context) error {
	answer, err := c.resolver.Resolve(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready.Store(err == nil)
	if err != nil {
		c.absence.prolong(0, err)
		return err
	}
	c.size = len(answer.Addrs)
	return nil
}

// take sends the call to the next address of the client's answer, or lets it
// wait for a look-up. It is false when every address has reached its limit.
func (c *client) take(ctx context.Context, call *wire.Call, now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resolving && len(c.waiting) > 0 {
		c.waiting = append(c.waiting, call)
		return true
	}
	edge, known, allowed := c.next(ctx, now, call.Sample.Intended)
	if !known {
		c.waiting = append(c.waiting, call)
		c.lookUp(ctx)
		return true
	}
	if !allowed {
		return false
	}
	call.Edge = edge
	c.engine.transport.Start(call)
	return true
}

// next chooses an edge address: round robin, passing over those that have
// reached their limit.
func (c *client) next(ctx context.Context, now, intended time.Duration) (edge netip.AddrPort, known, allowed bool) {
	wall := c.engine.start.Add(now)
	for range max(1, c.size) {
		addr, refresh, ok := c.resolver.Next(wall)
		if !ok {
			return edge, false, false
		}
		if refresh {
			c.lookUp(ctx)
		}
		if c.engine.edges.take(addr, intended) {
			return netip.AddrPortFrom(addr, c.engine.cfg.Port), true, true
		}
	}
	return edge, true, false
}

// lookUp begins a look-up unless one is under way. The lock is held.
func (c *client) lookUp(ctx context.Context) {
	if c.resolving {
		return
	}
	c.resolving, c.asked = true, c.engine.Now()
	c.engine.lookups.Go(func() {
		answer, err := c.resolver.Resolve(ctx)
		if err != nil && ctx.Err() != nil {
			err = wire.ErrEnded
		}
		c.looked(answer, err)
	})
}

// looked sends the calls that waited for a look-up on their way.
func (c *client) looked(answer *dns.Answer, err error) {
	now := c.engine.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && !c.ready.Load() && !errors.Is(err, wire.ErrEnded) {
		c.absence.prolong(now, err)
	}
	if err == nil {
		c.size = len(answer.Addrs)
		c.ready.Store(true)
		for _, addr := range answer.Left {
			for _, call := range c.engine.transport.Retire(c.index, netip.AddrPortFrom(addr, c.engine.cfg.Port)) {
				call.Elsewhere(now)
				c.start(call, answer, now, nil)
			}
		}
	}
	c.resolving = false
	waiting := c.waiting
	c.waiting = nil
	for _, call := range waiting {
		c.resume(call, answer, now, err)
	}
}

// resume sends a call that waited for a look-up. One for which the look-up
// gave no address that may be asked ends there.
func (c *client) resume(call *wire.Call, answer *dns.Answer, now time.Duration, err error) {
	joined := call.Eligible + call.Late
	waited := max(0, now-joined)
	if err == nil { // the budget of look-ups is the generator's own
		own := min(waited, max(0, c.asked+answer.Waited-joined))
		waited -= own
		call.Late += own
	}
	call.Sample.DNS += waited
	call.Eligible += waited
	c.start(call, answer, now, err)
}

// start sends a call to an address of a fresh answer, if there is one.
func (c *client) start(call *wire.Call, answer *dns.Answer, now time.Duration, err error) {
	if err == nil {
		call.Edge, err = c.choose(answer, now)
	}
	if err != nil {
		call.Fail(now, err)
		call.Sample.Reason = cmp.Or(dns.Reason(err), call.Sample.Reason)
		c.engine.Done(call)
		return
	}
	c.engine.transport.Start(call)
}

// choose takes an address from a fresh answer, passing over those that have
// reached their limit.
func (c *client) choose(answer *dns.Answer, now time.Duration) (netip.AddrPort, error) {
	for range answer.Addrs {
		if addr := answer.Next(); c.engine.edges.take(addr, now) {
			return netip.AddrPortFrom(addr, c.engine.cfg.Port), nil
		}
	}
	return netip.AddrPort{}, ErrHeld
}

// move takes a call back that was for an edge address which has left the
// answer, and sends it to another.
func (c *client) move(call *wire.Call) {
	now := c.engine.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	call.Elsewhere(now)
	edge, known, allowed := c.next(c.engine.ctx, now, now)
	switch {
	case !known:
		c.waiting = append(c.waiting, call)
		c.lookUp(c.engine.ctx)
	case !allowed:
		call.Fail(now, ErrHeld)
		c.engine.Done(call)
	default:
		call.Edge = edge
		c.engine.transport.Start(call)
	}
}
