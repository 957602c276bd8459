// Package attack is the load generator's engine: clients and the send loop.
//
// A client is one simulated viewer host, with a source address, a resolver
// and a DNS cache of its own, and its own connections to each edge address.
// The send loop takes arrivals from a schedule, gives each to a client at its
// intended time, and never waits for an answer: what the target is slow to do
// shows in the response time, and what the generator is slow to do shows as
// lag or as missed arrivals, never the one as the other.
package attack

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"frontload/attack/dns"
	"frontload/attack/wire"
	"frontload/pacing"
	"frontload/results"
)

// A Transport carries calls. It is the one thing that the send loop knows of
// protocols. [wire.Transport] is one.
type Transport interface {
	// Start begins a call and returns at once; the finished call goes to the
	// engine's [Engine.Done].
	Start(*wire.Call)
	// Retire lets go of a client's connections to an address that left its
	// DNS answer, and returns the calls that waited for one.
	Retire(client uint32, edge netip.AddrPort) []*wire.Call
	// Collect takes in the answers that have come and were left to gather, and
	// reports whether there were any.
	Collect() (some bool)
	// Close ends every call that is not done and returns when all have been
	// reported.
	Close()
}

// A Resolver is one client's own DNS cache. [dns.Client] is one.
type Resolver interface {
	// Next returns the next address of a live answer, round robin. It is not
	// ok when a look-up is needed first; refresh asks for one ahead of time.
	Next(now time.Time) (addr netip.Addr, refresh, ok bool)
	// Resolve looks the target up.
	Resolve(ctx context.Context) (*dns.Answer, error)
}

// A Requester says what to send. Next is called by one goroutine, with n
// increasing, and fills in r; it returns the index of the request name and
// the key prefix.
type Requester interface {
	Next(n uint64, r *wire.Request) (request uint16, prefix string)
}

// A ClientConfig is one client of an [Engine].
type ClientConfig struct {
	Source   netip.Addr // not valid: the system picks
	Resolver Resolver
}

// Config says what an [Engine] does. Schedule, Requests, Clients and Sink are
// required.
type Config struct {
	Schedule *pacing.Schedule // which [Engine.Course] may change while it is carried out
	Requests Requester
	Clients  []ClientConfig
	Port     uint16
	Sink     results.Sink
	Pace     Pace

	// ClientsFor returns how many clients a rate takes. They join as the rate
	// grows, each once it has looked the target up, and none leaves. Nil means
	// that all take part from the start.
	ClientsFor func(pacing.Rate) int

	// NewViewer reports of arrival n whether it goes out on a fresh connection,
	// as [wire.Call] says. Nil means none does.
	NewViewer func(n uint64) bool

	// PerClient and PerEdge are the most requests/s that one client may send
	// and that one edge address may get. An arrival that they do not let out
	// is held back and counted. Zero: not enforced.
	PerClient, PerEdge pacing.Rate

	// Budget ends the run once it is spent, though the schedule goes on.
	Budget Budget

	// MaxInFlight bounds the arrivals that are queued or await an answer. One
	// beyond it is counted as unsent. Zero means 10,000.
	MaxInFlight int

	// Drain is how long outstanding answers are awaited after the last
	// arrival. Zero means 100 s.
	Drain time.Duration
}

// An Engine carries out one schedule, once.
type Engine struct {
	cfg       Config
	course    *pacing.Course
	transport Transport
	start     time.Time
	joined    int // clients that take part, of the send loop alone
	clients   []*client
	edges     limiter
	inFlight  atomic.Int64
	spent     spent
	answered  atomic.Bool           // some answer came, whatever it said
	failure   atomic.Pointer[error] // the first call that got none
	troubles  troubles
	full      struct { // so many clients have all reached their limit, until then
		clients int
		until   time.Duration
	}
	calls   sync.Pool // of *wire.Call that are not in use
	lookups sync.WaitGroup
	done    chan struct{}   // has one entry whenever nothing is in flight
	ctx     context.Context // of the run
	fatal   context.CancelCauseFunc
}

// New returns an engine. Its clock starts with [Engine.Run].
func New(cfg Config) *Engine {
	if cfg.MaxInFlight <= 0 {
		cfg.MaxInFlight = 10_000
	}
	if cfg.Drain <= 0 {
		cfg.Drain = 100 * time.Second
	}
	e := &Engine{
		cfg: cfg, course: pacing.NewCourse(cfg.Schedule), done: make(chan struct{}, 1), edges: limiter{rate: float64(cfg.PerEdge)},
	}
	e.calls.New = func() any { return new(wire.Call) }
	for i, c := range cfg.Clients {
		e.clients = append(e.clients, &client{
			engine: e, index: uint32(i), source: c.Source, resolver: c.Resolver,
		})
	}
	e.joined = e.clientsAt(0)
	for _, c := range e.clients[:e.joined] {
		c.ready.Store(true)
	}
	return e
}

// Prepare looks the target up for every client that takes part from the
// start, within the budget of look-ups. A client that fails to is tried again
// during the run, and takes part once it succeeds; see [Engine.Absent]. The
// error is that of the first failure, when all failed or ctx ended.
func (e *Engine) Prepare(ctx context.Context) error {
	work := new(errgroup.Group)
	work.SetLimit(mostPreparing)
	first := e.clients[:e.joined]
	for _, c := range first {
		work.Go(func() error { return c.prepare(ctx) })
	}
	err := work.Wait()
	if ctx.Err() == nil && slices.ContainsFunc(first, func(c *client) bool { return c.ready.Load() }) {
		return nil
	}
	return err
}

// mostPreparing is how many first look-ups go on at once: as many as the usual
// budget lets a resolver that does not answer have, so that it is the budget
// that decides how long they all take.
const mostPreparing = 256

// Course returns the course of the load, by which it can be held, slowed down
// and stopped while it is carried out.
func (e *Engine) Course() *pacing.Course { return e.course }

// Begin starts the run's clock and returns when that was. It must be called
// once, after Prepare and before Run.
func (e *Engine) Begin() time.Time {
	e.start = time.Now()
	return e.start
}

// Now is how long the run's clock has run; zero before it was started.
func (e *Engine) Now() time.Duration {
	if e.start.IsZero() {
		return 0
	}
	return time.Since(e.start)
}

// InFlight is how many arrivals are queued or await an answer.
func (e *Engine) InFlight() int64 { return e.inFlight.Load() }

// Addresses is how many edge addresses the longest answer has that a client
// has got; zero before [Engine.Prepare].
func (e *Engine) Addresses() int {
	most := 0
	for _, c := range e.clients {
		c.mu.Lock()
		most = max(most, c.size)
		c.mu.Unlock()
	}
	return most
}

// Troubles returns what hindered the generator itself since the last call, in
// order of time: of one kind, the first of each second.
func (e *Engine) Troubles() []results.Trouble { return e.troubles.take() }

// Verdict returns an error that is [ErrNothingAnswers] when requests were
// tried and not one was answered.
func (e *Engine) Verdict() error {
	first := e.failure.Load()
	if first == nil || e.answered.Load() {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNothingAnswers, *first)
}
