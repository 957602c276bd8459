package analysis

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"frontload/results"
)

// A world is a small simulated CloudFront that writes cells: traffic over
// edge addresses, POPs and request names, and faults of known cause in it.
type world struct {
	rnd      *rand.Rand
	rate     float64
	seconds  int
	edges    []worldEdge
	requests []worldRequest
	hit      time.Duration // mean time to first byte of a hit
	miss     time.Duration
	noise    float64 // share of answers that are 503 for no reason
	faults   []worldFault
	cells    map[int]map[results.CellKey]*results.Counts
}

type worldEdge struct {
	addr   netip.Addr
	pop    string
	weight float64
}

type worldRequest struct {
	name   string
	weight float64
	hits   float64 // share of would-be hits
}

// A worldFault makes requests fail between two seconds.
type worldFault struct {
	verdict  string
	kind     string // of the origin
	from, to int
	share    float64 // of the requests in its scope
	wobble   float64 // by which the share varies from second to second
	pop      string  // empty for all
	edges    []netip.Addr
	request  string  // empty for all
	slower   float64 // by how much an origin's misses slow down
	replay   float64 // share of would-be hits that an origin's cached errors take
	echo     int     // seconds for which they go on afterwards
	telling  bool    // whether the answers say who wrote them
	shy      float64 // share of the answers that do not, even so
	calmGap  span    // seconds in which the fault pauses
	now      float64 // the share of this second
}

func newWorld(seed uint64) *world {
	rnd := rand.New(rand.NewPCG(seed, 7))
	w := &world{rnd: rnd, cells: map[int]map[results.CellKey]*results.Counts{}}
	w.rate = math.Exp(math.Log(60) + rnd.Float64()*math.Log(2000/60.0))
	w.seconds = 40 + rnd.IntN(40)
	w.place(1+rnd.IntN(6), 4+rnd.IntN(47))
	w.hit = time.Duration(2+rnd.IntN(15)) * time.Millisecond
	w.miss = time.Duration(float64(w.hit) * (3 + 10*rnd.Float64()))
	base := 0.2 + 0.75*rnd.Float64()
	for i := range 2 + rnd.IntN(4) {
		hits := min(0.97, max(0.05, base+0.2*(rnd.Float64()-0.5)))
		if i == 3 {
			hits = 0
		}
		w.requests = append(w.requests, worldRequest{fmt.Sprintf("r%d", i), 0.5 + rnd.Float64(), hits})
	}
	return w
}

// place deals edge addresses to POPs, at least one each.
func (w *world) place(pops, edges int) {
	w.edges = nil
	for i := range max(pops, edges) {
		w.edges = append(w.edges, worldEdge{
			addr: netip.AddrFrom4([4]byte{127, 1, byte(i % pops), byte(i)}), pop: fmt.Sprintf("POP%d-P1", i%pops), weight: 0.7 + 0.6*w.rnd.Float64(),
		})
	}
}

func pick[T any](rnd *rand.Rand, of []T, weight func(T) float64) T {
	total := 0.0
	for _, x := range of {
		total += weight(x)
	}
	at := rnd.Float64() * total
	for _, x := range of {
		if at -= weight(x); at < 0 {
			return x
		}
	}
	return of[len(of)-1]
}

// poisson draws a number of arrivals.
func (w *world) poisson(mean float64) int {
	n, t := 0, w.rnd.ExpFloat64()
	for ; t < mean; t += w.rnd.ExpFloat64() {
		n++
	}
	return n
}

func (w *world) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.6 + 0.8*w.rnd.Float64()))
}

// run lets the world turn and returns what it left behind.
func (w *world) run() *results.Run {
	for s := range w.seconds {
		for i := range w.faults {
			f := &w.faults[i]
			f.now = f.share * (1 - f.wobble + 2*f.wobble*w.rnd.Float64())
			f.now = min(0.98, f.now)
		}
		for range w.poisson(w.rate) {
			w.request(time.Duration((float64(s) + w.rnd.Float64()) * float64(time.Second)))
		}
	}
	return w.result()
}

func (w *world) request(at time.Duration) {
	e := pick(w.rnd, w.edges, func(e worldEdge) float64 { return e.weight })
	r := pick(w.rnd, w.requests, func(r worldRequest) float64 { return r.weight })
	key := results.CellKey{Edge: e.addr, POP: e.pop, Status: 200, Outcome: results.OK, Cache: results.CacheMiss}
	key.Request = uint16(slices.IndexFunc(w.requests, func(q worldRequest) bool { return q.name == r.name }))
	hit := w.rnd.Float64() < r.hits
	ttfb := w.jitter(w.miss)
	if hit {
		key.Cache, ttfb = results.CacheHit, w.jitter(w.hit)
	}
	if w.rnd.Float64() < w.noise {
		key.Status, key.Outcome, key.Cache, key.Signals = 503, results.UnknownError, results.CacheError, results.SignalServerAbsent
	}
	for i := range w.faults {
		if key.Status == 200 {
			ttfb = w.faults[i].strike(w, at, &key, r, hit, ttfb)
		}
	}
	second := int((at + ttfb) / time.Second)
	if w.cells[second] == nil {
		w.cells[second] = map[results.CellKey]*results.Counts{}
	}
	c := w.cells[second][key]
	if c == nil {
		c = &results.Counts{}
		w.cells[second][key] = c
	}
	c.Add(results.Counts{Count: 1, Written: 1, BytesIn: 900, Response: ttfb, Service: ttfb, TTFB: ttfb})
}

// strike lets a fault act on one request that would have been answered well.
func (f *worldFault) strike(w *world, at time.Duration, key *results.CellKey, r worldRequest, hit bool, ttfb time.Duration) time.Duration {
	s := int(at / time.Second)
	in := f.from <= s && s < f.to && !(f.calmGap.from <= s && s < f.calmGap.to)
	echo := f.to <= s && s < f.to+f.echo
	if !in && !echo || f.pop != "" && key.POP != f.pop || f.request != "" && r.name != f.request ||
		len(f.edges) > 0 && !slices.Contains(f.edges, key.Edge) {
		return ttfb
	}
	if f.verdict != results.VerdictOriginSaturation {
		if w.rnd.Float64() < f.now {
			f.mark(w, key, false)
			return w.jitter(w.hit * 8 / 10)
		}
		return ttfb
	}
	if hit {
		if s > f.from && w.rnd.Float64() < f.replay {
			f.mark(w, key, true)
		}
		return ttfb
	}
	if echo {
		return ttfb
	}
	if w.rnd.Float64() < min(1, f.now/(1-r.hits)) {
		f.mark(w, key, false)
		return time.Duration(float64(ttfb) * (0.5 + 0.5*f.slower))
	}
	return time.Duration(float64(ttfb) * f.slower)
}

// mark makes an answer the 503 of the fault's cause.
func (f *worldFault) mark(w *world, key *results.CellKey, replayed bool) {
	key.Status, key.Cache = 503, results.CacheError
	answer := results.Answer{Status: 503}
	key.Signals = results.SignalServerAbsent
	if f.telling && w.rnd.Float64() >= f.shy {
		key.Signals = tellingSignals(f, replayed)
	}
	key.Outcome = answer.Outcome(key.Signals)
}

func tellingSignals(f *worldFault, replayed bool) results.Signals {
	own := results.SignalServerCloudFront | results.SignalPageCloudFront
	var s results.Signals
	switch f.verdict {
	case results.VerdictEdgeCapacity:
		return own | results.SignalXCacheCapacity
	case results.VerdictEdgeQuota:
		return own | results.SignalXCacheLimit
	case results.VerdictEdgeCompute:
		return own | results.SignalXCacheLambda | results.SignalPageCompute
	}
	switch f.kind {
	case originS3:
		s = results.SignalServerS3 | results.SignalS3IDs | results.SignalPageS3
	case originELB:
		s = results.SignalServerELB | results.SignalPageELB
	case originGateway:
		s = results.SignalServerAbsent | results.SignalAPIGatewayIDs | results.SignalPageAPIGateway
	default:
		s = results.SignalServerOther | results.SignalPageOther
	}
	if replayed {
		return s | results.SignalAge
	}
	return s | results.SignalUpstream
}

// result makes a run of the cells.
func (w *world) result() *results.Run {
	run := &results.Run{Info: results.RunInfo{
		Name: "world", Source: "attack", Authorization: "loopback",
		Start: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}}
	run.Info.End = run.Info.Start.Add(time.Duration(w.seconds) * time.Second)
	for _, r := range w.requests {
		run.Info.Requests = append(run.Info.Requests, r.name)
	}
	var list []results.Cell
	for second, keys := range w.cells {
		for k, c := range keys {
			list = append(list, results.Cell{Second: second, CellKey: k, Counts: *c})
		}
	}
	slices.SortFunc(list, func(x, y results.Cell) int {
		return cmp.Or(cmp.Compare(x.Second, y.Second), x.Edge.Compare(y.Edge), cmp.Compare(x.Request, y.Request),
			cmp.Compare(x.Status, y.Status), cmp.Compare(x.Cache, y.Cache), cmp.Compare(x.Signals, y.Signals), cmp.Compare(x.POP, y.POP))
	})
	run.Cells = stream(list)
	for s := range w.seconds {
		run.Seconds = append(run.Seconds, results.Second{Second: s, Scheduled: int64(w.rate), Sent: int64(w.rate)})
	}
	return run
}

func stream(list []results.Cell) iter.Seq2[results.Cell, error] {
	return func(yield func(results.Cell, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func analyze(t *testing.T, run *results.Run) *results.Analysis {
	t.Helper()
	a, err := Analyze(run)
	if err != nil {
		t.Fatalf("Analyze() = %v", err)
	}
	return a
}

// describe tells the bursts of an analysis for a failure's message.
func describe(a *results.Analysis) string {
	s := fmt.Sprintf("%d bursts", len(a.Bursts))
	for _, b := range a.Bursts {
		s += fmt.Sprintf("\n  %.0f-%.0f s %s %v: %s %.3f, %d of %d %v", b.Start.Sub(a.Run.Start).Seconds(), b.End.Sub(a.Run.Start).Seconds(),
			b.Scope.Kind, b.Scope.Values, b.Verdict, b.Confidence, b.Responses503, b.Requests, b.Probabilities)
		for _, e := range b.Evidence {
			s += fmt.Sprintf("\n    %s → %s %+.2f: %s", e.Signal, e.Favours, e.LogOdds, e.Observed)
		}
	}
	return s
}

// addresses returns some edge addresses of the world by number.
func (w *world) addresses(of ...int) []netip.Addr {
	var list []netip.Addr
	for _, i := range of {
		list = append(list, w.edges[i].addr)
	}
	return list
}
