package dns

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// failureSpan is how long a failed look-up is remembered, so that arrivals do
// not flood a resolver that is in trouble: the least that RFC 9520 asks for.
const failureSpan = time.Second

// A Client resolves one name for one client. Its methods may be called by
// many goroutines at once.
type Client struct {
	cfg      Config
	name     dnsmessage.Name
	system   bool     // the servers are those of resolv.conf
	server   endpoint // unless it is the system
	invalid  error    // what Resolve fails with always
	files    systemFiles
	ask      asker
	rotation atomic.Uint64 // look-ups of the system's that began with another server each

	current atomic.Pointer[Answer] // the newest answer, live or not
	turn    atomic.Uint64

	mu struct {
		sync.Mutex
		flight      *flight
		known       []netip.Addr // addresses that were answered and have not left
		failure     error        // of the last look-up
		failedUntil time.Time
		absent      map[absence]absent
	}
}

// A flight is a look-up under way and those who wait for it.
type flight struct {
	done    chan struct{} // closed once answer and err are set
	answer  *Answer
	err     error
	waiters int // guarded by the client's lock
	cancel  context.CancelFunc
}

// New returns a client. It asks nothing yet. Where cfg is not valid, each
// [Client.Resolve] returns what [Config.Validate] says.
func New(cfg Config) *Client {
	c := &Client{invalid: cfg.Validate(), cfg: cfg.withDefaults(), files: systemFiles{hostsPath, resolvPath}}
	c.turn.Store(uint64(max(0, cfg.Offset)))
	c.ask = c.cfg.Pool.ask
	if c.invalid != nil {
		return c
	}
	c.server, _ = parseResolver(c.cfg.Resolver)
	c.system = c.cfg.Resolver == System
	if addr := literal(cfg.Hostname); !addr.IsValid() {
		c.name, _ = parseName(cfg.Hostname)
	} else if !c.cfg.Families.has(addr) {
		c.invalid = c.noAddress("it is an address of the other family")
	} else {
		c.current.Store(&Answer{Addrs: []netip.Addr{addr}, turn: &c.turn})
	}
	return c
}

// Next returns the address whose turn it is, round robin over the whole
// answer, if the cached answer may still be used at the given time; ok is
// false when a look-up is needed first. When the answer's TTL is about to end,
// one caller gets refresh too, and should have [Client.Resolve] called in the
// background. Next never blocks and allocates nothing.
func (c *Client) Next(now time.Time) (addr netip.Addr, refresh, ok bool) {
	a := c.current.Load()
	if a == nil || !a.live(now) {
		return netip.Addr{}, false, false
	}
	refresh = a.stale(now) && a.asked.CompareAndSwap(false, true)
	return a.Next(), refresh, true
}

// Resolve looks the name up, unless the cached answer is fresh: neither
// expired nor about to. Callers that come while a look-up is under way share
// it; it is given up when ctx ends for all of them. Take the address to use
// from [Answer.Next].
//
// A failed look-up is remembered for a second. A cached answer is kept to the
// end of its TTL, whatever happens to the look-ups meanwhile.
func (c *Client) Resolve(ctx context.Context) (*Answer, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	f, answer, err := c.join(ctx)
	if f == nil {
		return answer, err
	}
	select {
	case <-f.done:
		return f.answer, f.err
	case <-ctx.Done():
		return c.leave(ctx, f)
	}
}

// join returns the flight to wait for, or else what is known without one.
func (c *Client) join(ctx context.Context) (*flight, *Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.mu.flight; f != nil {
		f.waiters++
		return f, nil, nil
	}
	now := time.Now()
	if a := c.current.Load(); a != nil && a.live(now) && !a.stale(now) {
		return nil, a, nil
	}
	if now.Before(c.mu.failedUntil) {
		return nil, nil, c.mu.failure
	}
	lookupCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), waiters: 1, cancel: cancel}
	c.mu.flight = f
	go c.fly(lookupCtx, f)
	return f, nil, nil
}

func (c *Client) fly(ctx context.Context, f *flight) {
	defer close(f.done)
	defer f.cancel()
	found, err := c.lookup(ctx)
	if err == nil && c.cfg.Judge != nil {
		begin := time.Now()
		c.cfg.Judge(ctx, found.addrs)
		found.waited += time.Since(begin) // the generator's own doing, as the budget is
	}
	c.land(ctx, f, found, err)
}

// leave gives up waiting. The last one to leave ends the flight and sees it
// end, so that no goroutine outlives its callers, and takes what it found, so
// that no news of addresses that left is lost.
func (c *Client) leave(ctx context.Context, f *flight) (*Answer, error) {
	c.mu.Lock()
	f.waiters--
	last := f.waiters == 0
	if last && c.mu.flight == f {
		c.mu.flight = nil
	}
	c.mu.Unlock()
	if last {
		f.cancel()
		<-f.done
		if f.err == nil {
			return f.answer, nil
		}
	}
	return nil, context.Cause(ctx)
}

// land stores what a flight came back with.
func (c *Client) land(ctx context.Context, f *flight, found *finding, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.flight == f {
		c.mu.flight = nil
	}
	if f.err = err; err == nil {
		f.answer = c.install(found)
		return
	}
	until := time.Now()
	if ctx.Err() == nil { // else given up by its callers: says nothing about the resolver
		until = until.Add(failureSpan)
		c.mu.failure, c.mu.failedUntil = err, until
	}
	if a := c.current.Load(); a != nil {
		c.current.Store(a.postponed(until))
	}
}

// install makes what was found the current answer. The lock must be held.
func (c *Client) install(found *finding) *Answer {
	a := newAnswer(found.addrs, found.expires, found.ttl, max(0, c.cfg.Offset))
	a.Waited = found.waited
	a.turn = &c.turn
	known := slices.Clone(a.Addrs)
	for _, old := range c.mu.known {
		switch {
		case slices.Contains(a.Addrs, old):
		case found.failed.has(old):
			known = append(known, old)
		default:
			a.Left = append(a.Left, old)
		}
	}
	c.mu.known, c.mu.failure, c.mu.failedUntil = known, nil, time.Time{}
	c.current.Store(a)
	return a
}
