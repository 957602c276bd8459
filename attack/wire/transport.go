package wire

import (
	"context"
	"crypto/tls"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Transport starts calls. Its methods may be called by many goroutines at
// once.
type Transport struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup // every goroutine of the transport
	ports  ports          // with HTTP/3
	spawn  func(func())   // starts one

	collectors collectors   // of the sockets
	queued     atomic.Int64 // calls that wait for a connection

	mu      sync.Mutex
	pools   map[poolKey]*pool
	retired map[*pool]struct{}     // pools whose address left the answer, while they carry something
	secure  map[uint32]*tls.Config // of each client, with its own session
	closed  bool
}

type poolKey struct {
	client uint32
	edge   netip.AddrPort
}

// New returns a transport. Close it when every call is done, or to end those
// that are not.
func New(cfg Config) *Transport {
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	t := &Transport{
		cfg:     cfg,
		ctx:     ctx,
		cancel:  cancel,
		ports:   ports{bind: cfg.Bind},
		pools:   map[poolKey]*pool{},
		retired: map[*pool]struct{}{},
		secure:  map[uint32]*tls.Config{},
	}
	t.spawn = t.work.Go
	return t
}

// Start begins a call and returns at once. When a permitted connection is
// free the call goes out on it; otherwise it waits for one, first come first
// served.
func (t *Transport) Start(call *Call) {
	call.Sample.Protocol = t.cfg.Protocol
	call.Sample.Edge = call.Edge.Addr()
	p := t.pool(poolKey{call.Sample.Client, call.Edge})
	if p == nil {
		t.fail(call, ErrEnded)
		return
	}
	p.start(call)
}

// Retire closes a client's connections to an edge address that left its DNS
// answer: idle ones now, busy ones after the exchange that they carry. The
// calls that waited for one are the caller's again.
func (t *Transport) Retire(client uint32, edge netip.AddrPort) []*Call {
	key := poolKey{client, edge}
	t.mu.Lock()
	p := t.pools[key]
	if p != nil {
		delete(t.pools, key)
		t.retired[p] = struct{}{}
	}
	t.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.retire()
}

func (t *Transport) forget(p *pool) {
	t.mu.Lock()
	delete(t.retired, p)
	t.mu.Unlock()
}

// Close ends every call that is not done, with [ErrEnded], and returns when
// all have been reported and every connection is closed.
func (t *Transport) Close() {
	t.mu.Lock()
	t.closed = true
	pools := slices.Collect(maps.Values(t.pools))
	pools = slices.AppendSeq(pools, maps.Keys(t.retired))
	t.mu.Unlock()
	t.cancel()
	for _, p := range pools {
		p.abort()
	}
	t.work.Wait()
	t.collectors.close()
}

// Collect takes in the HTTP/1.1 answers that have come, and reports whether
// there were any. Where many come they are otherwise left to gather for up to a
// millisecond, or for a few where it is called each millisecond, so that many
// are read at once; a call that waits for a connection makes that less. Where
// the system tells when bytes came in, as Linux does, this changes no time of an
// answer but its first byte's, if it came in several packets. It must not be
// called while Start, Retire or a function of the configuration is running in
// the same goroutine.
func (t *Transport) Collect() (some bool) { return t.collectors.collect() }

func (t *Transport) pool(key poolKey) *pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	p := t.pools[key]
	if p == nil {
		p = &pool{t: t, client: key.client, queue: callQueue{total: &t.queued}}
		t.pools[key] = p
	}
	return p
}

// fail reports a call for which no connection could be had.
func (t *Transport) fail(call *Call, err error) {
	if t.ctx.Err() != nil {
		err = ErrEnded
	}
	call.Fail(t.cfg.Now(), err)
	t.cfg.Done(call)
}

// finish reports a call that ended with err, or well when err is nil.
func (t *Transport) finish(call *Call, at time.Duration, err error) {
	s := &call.Sample
	s.Done = max(at, s.Intended, s.Sent)
	call.judgeAnswer()
	if err != nil && t.ctx.Err() != nil {
		err = ErrEnded
	}
	if err != nil {
		call.setError(err)
	}
	t.cfg.Done(call)
}

// sent notes that a call's first byte went out at a time; of one that goes out
// again, that it did then. The sink hears of it once.
func (t *Transport) sent(call *Call, at time.Duration) {
	s := &call.Sample
	first := !s.Written
	s.Written, s.Sent = true, at
	if first {
		t.cfg.Sent(call)
	}
}
