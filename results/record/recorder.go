// Package record counts what a load generator tells, by second and cell, with
// histograms, and hands it out second by second for the run file.
//
// It holds no clock: all it knows of time are the offsets in what it is told,
// so that a real run and a simulation that is thousands of times faster than
// real time use the same code. Recording a sample takes one short lock and
// allocates nothing once its cell, client and prefix are known.
package record

import (
	"cmp"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"frontload/results"
)

// Config says how to record.
type Config struct {
	Region   string   // where the generator stands; empty when not said
	Requests []string // request names, by index

	// Secrets are texts that exemplars must not hold: where one stands in a URL
	// or in a header, "(not stored)" takes its place.
	Secrets []string

	// Shards is how many locks share the work. Zero means one per CPU, at most
	// 16; a negative value is taken as zero.
	Shards int

	// SuccessExemplarEvery keeps one in so many of the samples that are no
	// server's error whole, at most 50 a second. Zero means 1,000; a negative
	// value keeps none.
	SuccessExemplarEvery int

	// WholeRunEvery says with which cuts the histograms of the whole run come:
	// the first and then one in so many, and [Recorder.Finish] in any case. Zero
	// means 2, since each takes about a millisecond to encode; a negative value
	// leaves them to Finish.
	WholeRunEvery int

	// NoTens leaves the histograms of ten seconds out, for whoever needs those of
	// each second and of the whole run only.
	NoTens bool

	// MaxCells bounds the cells of one second. Samples beyond it are counted
	// without their POP, edge address and signals, and in [Interval.Folded].
	// Zero or less means 10,000.
	MaxCells int
}

const (
	defaultMaxCells      = 10_000
	defaultExemplarEvery = 1_000
	defaultWholeRunEvery = 2
	mostShards           = 16
)

func (c Config) withDefaults() Config {
	if c.Shards <= 0 {
		c.Shards = min(mostShards, runtime.GOMAXPROCS(0))
	}
	if c.MaxCells <= 0 {
		c.MaxCells = defaultMaxCells
	}
	c.SuccessExemplarEvery = cmp.Or(c.SuccessExemplarEvery, defaultExemplarEvery)
	c.WholeRunEvery = cmp.Or(c.WholeRunEvery, defaultWholeRunEvery)
	return c
}

// A Recorder takes samples and arrivals from many goroutines at once and hands
// them out by [Recorder.Cut]. Its memory depends on how many cells, clients and
// prefixes a second has and on how often it is cut, at best each second; it
// does not depend on how many samples there are.
type Recorder struct {
	cfg    Config
	names  series
	shards []*shard
	pops   popNames
	notes  notes

	cut struct { // used by Cut and Finish
		sync.Mutex
		state
	}
}

var _ results.Sink = (*Recorder)(nil)

// New returns a Recorder.
func New(cfg Config) *Recorder {
	cfg = cfg.withDefaults()
	r := &Recorder{cfg: cfg, names: newSeries(cfg)}
	for range cfg.Shards {
		r.shards = append(r.shards, newShard(cfg, &r.pops, r.names))
	}
	r.cut.state = newState(cfg.Shards)
	return r
}

// Arrival counts n arrivals. It is of [results.Sink].
func (r *Recorder) Arrival(intended time.Duration, fate results.Fate, n int64) {
	s := r.shards[uint64(max(0, intended)/time.Millisecond)%uint64(len(r.shards))]
	s.mu.Lock()
	s.bin(secondOf(intended)).arrival(fate, n)
	s.mu.Unlock()
}

// Sent counts a request whose first byte was written. It is of [results.Sink].
func (r *Recorder) Sent(at time.Duration, edge netip.Addr, request uint16) {
	a := edge.As16()
	s := r.shards[uint(a[15]^a[14]^a[13])%uint(len(r.shards))]
	s.mu.Lock()
	s.bin(secondOf(at)).sent(sendKey{edge, request}, r.cfg.MaxCells)
	s.mu.Unlock()
}

// Record counts a finished sample. It is of [results.Sink]; the strings of s
// may be reused by the caller afterwards.
func (r *Recorder) Record(s *results.Sample, d results.Detail) {
	sh := r.shards[uint(s.Client)%uint(len(r.shards))]
	sh.mu.Lock()
	sh.record(s)
	why := sh.keep(s)
	sh.mu.Unlock()
	if why != keepNot && r.notes.allow(why, secondOf(s.Done)) {
		r.notes.exemplar(s, d, r.requestName(s.Request), r.cfg.Secrets)
	}
}

// Lookup keeps the result of a DNS look-up, and counts how long it took. It is
// of [results.Sink].
func (r *Recorder) Lookup(l results.Lookup) {
	s := r.shards[uint(l.Client)%uint(len(r.shards))]
	s.mu.Lock()
	s.fine(secondOf(l.At)).waited(idDNS, l.Took)
	s.mu.Unlock()
	r.notes.lookup(l)
}

// Event keeps an event. It is of [results.Sink].
func (r *Recorder) Event(e results.Event) { r.notes.event(e) }

// Control keeps the answer to a control request.
func (r *Recorder) Control(c results.Control) { r.notes.controlled(c) }

func (r *Recorder) requestName(i uint16) string {
	if int(i) < len(r.cfg.Requests) {
		return r.cfg.Requests[i]
	}
	return ""
}

// fineStart returns the first second of those that a second's fine histograms
// are kept together with.
func (c Config) fineStart(second int) int {
	if c.NoTens {
		return 0
	}
	return second / SpanTen * SpanTen
}

// secondOf returns the second in which an offset lies; the first for those
// before the start.
func secondOf(at time.Duration) int { return int(max(0, at) / time.Second) }
