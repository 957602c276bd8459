package analysis

import (
	"fmt"
	"net/netip"
	"slices"

	"frontload/results"
)

// maxSecond bounds the seconds of a run, a little over a year: a larger one is
// a damaged run file, not a long run.
const maxSecond = 400 * 24 * 3600

// An atom is the smallest scope: one edge address in one POP under one
// request name. Every wider scope is a set of atoms.
type atom struct {
	edge    netip.Addr // invalid when the request reached none
	pop     string     // empty when no answer of the edge address names one
	request uint16
}

// An entry counts one atom's samples of one second and cause.
type entry struct {
	atom  uint32
	cause cause
	n     uint32
}

// A ledger counts a run by second, atom and cause. Its size is that of the
// seconds times the atoms in use, whatever the number of cells.
type ledger struct {
	info    *results.RunInfo
	atoms   []atom
	index   map[atom]uint32 // by the atom as the cells have it
	entries []entry
	starts  []int // entries of second s are entries[starts[s]:starts[s+1]]
	limited []bool

	popOf     map[netip.Addr]string // by edge address, the POP that it named most
	total     totals
	edgePeak  map[netip.Addr]int64 // most requests of one edge address in one second
	edge503   map[netip.Addr]int64
	edgeCount map[netip.Addr]int64
}

// totals are the sums over all cells.
type totals struct {
	samples, written, responses, status503, bytes int64
	peak                                          int64 // most samples in one second
	outcomes                                      map[string]int64
	statuses                                      map[uint16]int64
	byRequest                                     map[uint16]*requestTotals
	cloudFront                                    bool // some answer had a header of CloudFront's
}

// requestTotals are the sums over the cells of one request name.
type requestTotals struct {
	samples, ok, status503 int64
	caches                 [results.CacheError + 1]int64 // good answers by cache result
}

// seconds returns how many seconds the cells cover, 0 where there are none.
func (l *ledger) seconds() int { return len(l.starts) - 1 }

// second returns the entries of one second.
func (l *ledger) second(s int) []entry { return l.entries[l.starts[s]:l.starts[s+1]] }

// isLimited reports whether the generator was the bottleneck in second s.
func (l *ledger) isLimited(s int) bool { return s < len(l.limited) && l.limited[s] }

func readLedger(run *results.Run) (*ledger, error) {
	l := &ledger{
		info:      &run.Info,
		index:     map[atom]uint32{},
		starts:    []int{0},
		total:     totals{outcomes: map[string]int64{}, statuses: map[uint16]int64{}, byRequest: map[uint16]*requestTotals{}},
		edgePeak:  map[netip.Addr]int64{},
		edge503:   map[netip.Addr]int64{},
		edgeCount: map[netip.Addr]int64{},
	}
	b := builder{ledger: l, now: map[entryKey]uint32{}, edges: map[netip.Addr]int64{}}
	for c, err := range cells(run) {
		if err != nil {
			return nil, err
		}
		if c.Second < b.second || c.Second > maxSecond {
			return nil, fmt.Errorf("cell of second %d after second %d: cells must be in order of seconds", c.Second, b.second)
		}
		b.add(&c)
	}
	if len(l.atoms) > 0 {
		b.advance(b.second + 1)
	}
	if len(run.EdgePeaks) > 0 {
		// After a stall many answers come in one second that were asked for in several.
		l.edgePeak = run.EdgePeaks
	}
	l.namePOPs()
	for _, s := range run.Seconds {
		if s.Limited != "" && s.Second >= 0 && s.Second < l.seconds() {
			l.limited = append(l.limited, make([]bool, max(0, s.Second+1-len(l.limited)))...)
			l.limited[s.Second] = true
		}
	}
	return l, nil
}

// cells returns the run's cells, none where it has none.
func cells(run *results.Run) func(func(results.Cell, error) bool) {
	if run.Cells == nil {
		return func(func(results.Cell, error) bool) {}
	}
	return run.Cells
}

// namePOPs gives the atoms of unnamed POP, such as failed requests, the POP
// that their edge address named most.
func (l *ledger) namePOPs() {
	l.popOf = l.mostNamed()
	for i := range l.atoms {
		if l.atoms[i].pop == "" {
			l.atoms[i].pop = l.popOf[l.atoms[i].edge]
		}
	}
}

// mostNamed returns each edge address's POP: the one that most of its answers name.
func (l *ledger) mostNamed() map[netip.Addr]string {
	counts := map[netip.Addr]map[string]int64{}
	for _, e := range l.entries {
		a := l.atoms[e.atom]
		if a.pop == "" {
			continue
		}
		if counts[a.edge] == nil {
			counts[a.edge] = map[string]int64{}
		}
		counts[a.edge][a.pop] += int64(e.n)
	}
	most := map[netip.Addr]string{}
	for edge, pops := range counts {
		for _, pop := range sortedKeys(pops) {
			if best, ok := most[edge]; !ok || pops[pop] > pops[best] {
				most[edge] = pop
			}
		}
	}
	return most
}

// atomOf returns the index of the cell's atom and whether it has one.
func (l *ledger) atomOf(k *results.CellKey) (uint32, bool) {
	i, ok := l.index[atom{k.Edge, k.POP, k.Request}]
	return i, ok
}

// requestName returns the name of a request by its index in the plan.
func (l *ledger) requestName(i uint16) string {
	if int(i) < len(l.info.Requests) {
		return l.info.Requests[i]
	}
	return fmt.Sprintf("request %d", i)
}

type entryKey struct {
	atom  uint32
	cause cause
}

// A builder gathers one second after the other into a ledger.
type builder struct {
	*ledger
	second int
	now    map[entryKey]uint32 // counts of the second that is being read
	edges  map[netip.Addr]int64
	count  int64
}

func (b *builder) add(c *results.Cell) {
	b.advance(c.Second)
	key := atom{c.Edge, c.POP, c.Request}
	i, ok := b.index[key]
	if !ok {
		i = uint32(len(b.atoms))
		b.index[key] = i
		b.atoms = append(b.atoms, key)
	}
	b.now[entryKey{i, causeOf(&c.CellKey)}] += uint32(c.Count)
	if c.Edge.IsValid() {
		b.edges[c.Edge] += c.Count
	}
	b.count += c.Count
	b.addTotals(c)
}

func (b *builder) addTotals(c *results.Cell) {
	t := &b.total
	t.samples += c.Count
	t.written += c.Written
	t.bytes += c.BytesIn
	t.outcomes[c.Outcome.String()] += c.Count
	t.statuses[c.Status] += c.Count
	t.cloudFront = t.cloudFront || c.POP != "" || c.Cache != results.CacheUnknown ||
		c.Signals&(results.SignalServerCloudFront|results.SignalPageCloudFront|results.SignalUpstream) != 0
	t.request(c)
	if c.Status != 0 {
		t.responses += c.Count
	}
	if c.Status == 503 {
		t.status503 += c.Count
		b.edge503[c.Edge] += c.Count
	}
}

func (t *totals) request(c *results.Cell) {
	r := t.byRequest[c.Request]
	if r == nil {
		r = &requestTotals{}
		t.byRequest[c.Request] = r
	}
	r.samples += c.Count
	if c.Outcome == results.OK {
		r.ok += c.Count
		r.caches[min(c.Cache, results.CacheError)] += c.Count
	}
	if c.Status == 503 {
		r.status503 += c.Count
	}
}

// advance closes the seconds before s.
func (b *builder) advance(s int) {
	for b.second < s {
		for k, n := range b.now {
			b.entries = append(b.entries, entry{k.atom, k.cause, n})
		}
		sortEntries(b.entries[b.starts[b.second]:])
		b.starts = append(b.starts, len(b.entries))
		for edge, n := range b.edges {
			b.edgePeak[edge] = max(b.edgePeak[edge], n)
			b.edgeCount[edge] += n
		}
		b.total.peak = max(b.total.peak, b.count)
		clear(b.now)
		clear(b.edges)
		b.count = 0
		b.second++
	}
}

func sortEntries(e []entry) {
	slices.SortFunc(e, func(x, y entry) int {
		if x.atom != y.atom {
			return int(x.atom) - int(y.atom)
		}
		return int(x.cause) - int(y.cause)
	})
}
