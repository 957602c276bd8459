package analysis

import (
	"math/bits"
	"net/netip"
	"time"

	"frontload/results"
)

// answers sums up answers of one kind and how long their first byte took.
type answers struct {
	n    int64
	ttfb time.Duration
}

func (a *answers) add(c *results.Counts) {
	a.n += c.Count
	a.ttfb += waited(c)
}

func (a answers) plus(b answers) answers { return answers{a.n + b.n, a.ttfb + b.ttfb} }

// mean returns the mean time to first byte in microseconds, 0 for none.
func (a answers) mean() float64 {
	if a.n == 0 {
		return 0
	}
	return float64(a.ttfb.Microseconds()) / float64(a.n)
}

// A view sums up the answers of some atoms in some seconds.
type view struct {
	n       int64   // samples, whatever came of them
	fail    answers // 503s of the fault that is looked at
	stray   int64   // 503s of no fault
	hit     answers // good answers from the cache
	miss    answers // good answers for which the origin was asked
	gateway int64   // 502s and 504s
}

func (v *view) add(c *results.Cell, own bool) {
	v.n += c.Count
	switch {
	case own:
		v.fail.add(&c.Counts)
	case c.Status == 503:
		v.stray += c.Count
	case c.Status == 502 || c.Status == 504:
		v.gateway += c.Count
	case c.Outcome == results.OK && c.Cache == results.CacheHit:
		v.hit.add(&c.Counts)
	case isMiss(c):
		v.miss.add(&c.Counts)
	}
}

func (v view) plus(w view) view {
	return view{v.n + w.n, v.fail.plus(w.fail), v.stray + w.stray, v.hit.plus(w.hit), v.miss.plus(w.miss), v.gateway + w.gateway}
}

// An observation is all that the second reading of the cells tells of one
// fault. Seconds in which the generator was the bottleneck are left out of
// everything but the counts that the document prints.
type observation struct {
	*fault
	size                int   // atoms in its scope
	requests, status503 int64 // of the burst

	inside []view                      // by atom: during the fault, in its scope and outside it
	first  []view                      // the same of its first seconds
	recent []view                      // by atom: the seconds before it, where near no other fault
	lately struct{ seconds, last int } // how many seconds recent covers, and the last one

	took      speeds // of its 503s
	tookFirst speeds // of those in its first seconds

	signals [32]int64
	cached  int64
	missed  int64 // 503s that the edge calls misses
	plain   int64 // 503s of result Error, with nothing in their log that names the edge
	others  int64 // 503s of other faults outside the scope
	heard   int64 // 503s that count as evidence

	seconds []count               // of the scope, by second from the fault's first
	load    []int64               // samples of the whole run in these seconds
	origin  int64                 // good answers of the scope that no cache had, amid the fault
	asked   map[int]bool          // its seconds with a 503 that was not replayed
	began   map[string]int        // by POP, the second of its first 503
	before  answers               // misses of the scope in the seconds before it
	edges   map[netip.Addr]*track // of the scope, by edge address
}

// A track follows one edge address through a fault.
type track struct {
	second    int    // the last that was counted
	now, most uint32 // samples in it, and the most in one second
	all       count
	seconds   []count // the first seconds, up to mostTracked
}

// mostTracked is how many seconds of a fault are kept by edge address.
const mostTracked = 60

// A watcher holds the observations, and the rest of the run for comparison.
type watcher struct {
	*ledger
	observed []*observation
	good     []int64            // by atom: good answers of the whole run
	marked   []int64            // by atom: those of them with the owner's marker
	quiet    []view             // by atom: seconds near no fault
	hits     map[uint16]*speeds // by request name: hits in these seconds
	hitsEver map[uint16]*speeds // by request name: hits of the whole run

	firstByte bool // the run tells first bytes apart from last ones: what answers took is the time to first byte
}

// margin is how many seconds around a fault are not taken for quiet.
const margin = 2

// eve is how many seconds before a fault are looked at for what announces it,
// and lately how many show best what is usual.
const (
	eve    = 5
	lately = 20
)

// watch reads the run's cells again and observes the faults.
func watch(run *results.Run, l *ledger, faults []*fault) (*watcher, error) {
	w := &watcher{ledger: l, good: make([]int64, len(l.atoms)), marked: make([]int64, len(l.atoms)), quiet: make([]view, len(l.atoms)), hits: map[uint16]*speeds{}, hitsEver: map[uint16]*speeds{}}
	if len(faults) == 0 {
		return w, nil
	}
	for _, f := range faults {
		w.observed = append(w.observed, newObservation(l, f))
	}
	for c, err := range cells(run) {
		if err != nil {
			return nil, err
		}
		if atom, ok := l.atomOf(&c.CellKey); ok {
			w.see(&c, atom)
		}
	}
	return w, nil
}

func newObservation(l *ledger, f *fault) *observation {
	size := 0
	for _, in := range f.in {
		if in {
			size++
		}
	}
	return &observation{
		fault: f, size: size, inside: make([]view, len(l.atoms)),
		seconds: make([]count, f.to-f.from), load: make([]int64, f.to-f.from),
		asked: map[int]bool{}, began: map[string]int{}, first: make([]view, len(l.atoms)), recent: make([]view, len(l.atoms)), edges: map[netip.Addr]*track{},
	}
}

func (w *watcher) see(c *results.Cell, atom uint32) {
	owner := w.owner(c, atom)
	if c.Outcome == results.OK {
		w.good[atom] += c.Count
		if c.Signals.Has(results.SignalMarker) {
			w.marked[atom] += c.Count
		}
	}
	w.firstByte = w.firstByte || 0 < c.TTFB && c.TTFB < c.Service
	limited, near := w.isLimited(c.Second), false
	for _, o := range w.observed {
		if o.from-margin <= c.Second && c.Second < o.to+margin {
			near = true
		}
		if o.from-eve <= c.Second && c.Second < o.from && o.in[atom] && !limited && isMiss(c) {
			o.before.add(&c.Counts)
		}
		if o.from <= c.Second && c.Second < o.to {
			o.count(c, atom, o == owner)
			if !limited {
				o.see(&w.atoms[atom], c, atom, owner)
			}
		}
	}
	if limited {
		return
	}
	hit := c.Outcome == results.OK && c.Cache == results.CacheHit
	if hit {
		addSpeed(w.hitsEver, c)
	}
	if near {
		return
	}
	w.quiet[atom].add(c, false)
	if hit {
		addSpeed(w.hits, c)
	}
	for _, o := range w.observed {
		if o.from-lately <= c.Second && c.Second < o.from {
			if c.Second != o.lately.last || o.lately.seconds == 0 {
				o.lately.last = c.Second
				o.lately.seconds++
			}
			o.recent[atom].add(c, false)
		}
	}
}

func addSpeed(of map[uint16]*speeds, c *results.Cell) {
	s := of[c.Request]
	if s == nil {
		s = new(speeds)
		of[c.Request] = s
	}
	s.add(&c.Counts)
}

// owner returns the fault whose 503 the cell is, nil when it is none's. A 503
// that does not tell its writer belongs to the one fault around it; where
// several may own one, it is that of the narrowest scope.
func (w *watcher) owner(c *results.Cell, atom uint32) *observation {
	why := causeOf(&c.CellKey)
	if why == causeNone {
		return nil
	}
	var around, owner *observation
	several := false
	for _, o := range w.observed {
		if !(o.from <= c.Second && c.Second < o.to && o.in[atom]) {
			continue
		}
		if o.causes[why] && (owner == nil || o.size < owner.size) {
			owner = o
		}
		several = around != nil
		around = o
	}
	if owner == nil && why.weak() && !several {
		return around
	}
	return owner
}

// count counts what the document prints of the burst.
func (o *observation) count(c *results.Cell, atom uint32, own bool) {
	t := c.Second - o.from
	o.load[t] += c.Count
	if !o.in[atom] {
		return
	}
	o.requests += c.Count
	o.seconds[t].n += float64(c.Count)
	if c.Outcome == results.OK && c.Cache != results.CacheHit && o.amid(t) {
		o.origin += c.Count
	}
	if own {
		o.status503 += c.Count
		o.seconds[t].k += float64(c.Count)
	}
	e := o.edges[c.Edge]
	if e == nil {
		e = &track{second: c.Second}
		o.edges[c.Edge] = e
	}
	e.add(c, t, own)
}

// amid reports whether a second of the fault, counted from its first, is neither
// its first nor its last: in these, answers of before and after it come too. Of a
// fault of one or two seconds each is.
func (o *observation) amid(t int) bool {
	n := len(o.seconds)
	return n <= 2 || 0 < t && t < n-1
}

func (e *track) add(c *results.Cell, t int, own bool) {
	if c.Second != e.second {
		e.second, e.now = c.Second, 0
	}
	e.now += uint32(c.Count)
	e.most = max(e.most, e.now)
	one := count{n: float64(c.Count)}
	if own {
		one.k = one.n
	}
	e.all = e.all.add(one)
	if t < mostTracked {
		for len(e.seconds) <= t {
			e.seconds = append(e.seconds, count{})
		}
		e.seconds[t] = e.seconds[t].add(one)
	}
}

// isMiss reports whether the cell's are good answers for which the origin was asked.
func isMiss(c *results.Cell) bool {
	return c.Outcome == results.OK && (c.Cache == results.CacheMiss || c.Cache == results.CacheRefresh)
}

// logEdge are the signals by which an access log names the edge.
const logEdge = results.SignalLogCapacity | results.SignalLogLimit | results.SignalLogCompute

// see takes a cell as evidence. What another fault at the same time did to
// the cell's atom must not be held against this one.
func (o *observation) see(place *atom, c *results.Cell, i uint32, owner *observation) {
	own := owner == o
	if owner != nil && !own {
		if !o.in[i] {
			o.others += c.Count
		}
		return
	}
	early := c.Second < o.from+onset
	o.inside[i].add(c, own)
	if early {
		o.first[i].add(c, own)
	}
	if !own {
		return
	}
	o.took.add(&c.Counts)
	if early {
		o.tookFirst.add(&c.Counts)
	}
	o.heard += c.Count
	for s := uint32(c.Signals); s != 0; s &= s - 1 {
		o.signals[bits.TrailingZeros32(s)] += c.Count
	}
	replayed := c.Signals.Has(results.SignalAge) || c.Outcome == results.CachedOriginError || c.Cache == results.CacheHit
	if !replayed {
		o.asked[c.Second] = true
	}
	switch {
	case replayed:
		o.cached += c.Count
	case c.Cache == results.CacheMiss || c.Cache == results.CacheRefresh:
		o.missed += c.Count
	case c.Cache == results.CacheError && c.Signals&logEdge == 0:
		o.plain += c.Count
	}
	if _, ok := o.began[place.pop]; !ok {
		o.began[place.pop] = c.Second
	}
}

// peakShare returns the largest share of 503s in one second of the scope.
func (o *observation) peakShare() float64 {
	peak := 0.0
	for _, s := range o.seconds {
		peak = max(peak, s.share())
	}
	return peak
}

// sum adds up the views of the atoms for which want says so.
func sum(views []view, want func(atom int) bool) view {
	var v view
	for i := range views {
		if want(i) {
			v = v.plus(views[i])
		}
	}
	return v
}

// inScope sums up the views of the fault's scope.
func (o *observation) inScope(views []view) view {
	return sum(views, func(i int) bool { return o.in[i] })
}
