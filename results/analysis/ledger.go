package analysis

import (
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"

	"frontload/results"
)

// maxSecond bounds the seconds of a run, a little over a year: a larger one is
// a damaged run file, not a long run.
const maxSecond = 400 * 24 * 3600

// An atom is the smallest scope: one edge address in one POP under one
// request name, as one region saw it. Every wider scope is a set of atoms.
type atom struct {
	edge    netip.Addr // invalid when the request reached none
	pop     string     // empty when no answer of the edge address names one
	region  string     // where the load generator stood
	request uint16
}

func atomOfKey(k *results.CellKey) atom { return atom{k.Edge, k.POP, k.Region, k.Request} }

// An entry counts one atom's samples of one second and cause.
type entry struct {
	place uint32 // the atom's index, and its cause in the lowest causeBits
	n     uint32
}

const causeBits = 4

func newEntry(atom uint32, c cause, n uint32) entry { return entry{atom<<causeBits | uint32(c), n} }

func (e entry) atom() uint32 { return e.place >> causeBits }
func (e entry) cause() cause { return cause(e.place & (1<<causeBits - 1)) }

// A ledger counts a run by second, atom and cause. Its size is that of the
// seconds in which something finished times the atoms in use in each, whatever
// the number of cells and however long the run was.
type ledger struct {
	info    *results.RunInfo
	atoms   []atom
	index   map[atom]uint32 // by the atom as the cells have it
	entries []entry         // in order of seconds
	marks   []mark          // of the seconds that have entries, in order
	limited map[int]bool    // seconds in which the generator was the bottleneck

	dimensions []dimension
	popOf      map[netip.Addr]string // by edge address, the POP that it named most
	total      totals
	edgePeak   map[netip.Addr]int64 // most requests of one edge address in one second
	edge503    map[netip.Addr]int64
	edgeCount  map[netip.Addr]int64
}

// A mark says where a second's entries begin; they end where those of the next begin.
type mark struct{ second, first uint32 }

// totals are the sums over all cells.
type totals struct {
	samples, written, responses, status503, bytes int64
	peak                                          int64 // most samples in one second
	outcomes                                      map[string]int64
	statuses                                      map[uint16]int64
	failed                                        map[uint16]int64 // answers that are not ok by their status, by status
	byRequest                                     map[uint16]*requestTotals
	cloudFront                                    bool // some answer had a header of CloudFront's
}

// requestTotals are the sums over the cells of one request name.
type requestTotals struct {
	samples, ok, unexpected, status503 int64
	caches                             [results.CacheError + 1]int64 // good answers by cache result
}

// seconds returns how many seconds the cells cover, 0 where there are none.
func (l *ledger) seconds() int {
	if len(l.marks) == 0 {
		return 0
	}
	return int(l.marks[len(l.marks)-1].second) + 1
}

// whole returns the span of all cells.
func (l *ledger) whole() span { return span{0, l.seconds()} }

// during goes through the seconds of a span that have entries, in order.
func (l *ledger) during(s span) iter.Seq2[int, []entry] {
	return func(yield func(int, []entry) bool) {
		from, _ := slices.BinarySearchFunc(l.marks, s.from, func(m mark, t int) int { return cmp.Compare(int(m.second), t) })
		for i, m := range l.marks[from:] {
			end := uint32(len(l.entries))
			if next := from + i + 1; next < len(l.marks) {
				end = l.marks[next].first
			}
			if int(m.second) >= s.to || !yield(int(m.second), l.entries[m.first:end]) {
				return
			}
		}
	}
}

// isLimited reports whether the generator was the bottleneck in second s.
func (l *ledger) isLimited(s int) bool { return l.limited[s] }

func readLedger(run *results.Run) (*ledger, error) {
	l := &ledger{
		info:      &run.Info,
		index:     map[atom]uint32{},
		limited:   map[int]bool{},
		total:     totals{outcomes: map[string]int64{}, statuses: map[uint16]int64{}, failed: map[uint16]int64{}, byRequest: map[uint16]*requestTotals{}},
		edgePeak:  map[netip.Addr]int64{},
		edge503:   map[netip.Addr]int64{},
		edgeCount: map[netip.Addr]int64{},
	}
	b := builder{ledger: l, edges: map[netip.Addr]int64{}}
	for c, err := range cells(run) {
		if err != nil {
			return nil, err
		}
		if c.Second < b.second || c.Second > maxSecond {
			return nil, fmt.Errorf("cell of second %d after second %d: cells must be in order of seconds", c.Second, b.second)
		}
		b.add(&c)
	}
	b.close()
	if len(run.EdgePeaks) > 0 {
		// After a stall many answers come in one second that were asked for in several.
		l.edgePeak = run.EdgePeaks
	}
	l.namePOPs()
	l.dimensions = l.findDimensions()
	for _, s := range run.Seconds {
		if s.Limited != "" {
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
		if l.atoms[i].pop == "" && l.atoms[i].edge.IsValid() {
			l.atoms[i].pop = l.popOf[l.atoms[i].edge]
		}
	}
}

// mostNamed returns each edge address's POP: the one that most of its answers name.
func (l *ledger) mostNamed() map[netip.Addr]string {
	counts := map[netip.Addr]map[string]int64{}
	for _, e := range l.entries {
		a := l.atoms[e.atom()]
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
	i, ok := l.index[atomOfKey(k)]
	return i, ok
}

// requestName returns the name of a request by its index in the plan.
func (l *ledger) requestName(i uint16) string {
	if int(i) < len(l.info.Requests) {
		return l.info.Requests[i]
	}
	return fmt.Sprintf("request %d", i)
}

// A builder gathers one second after the other into a ledger.
type builder struct {
	*ledger
	second int // the one that is being read: its entries are the last ones, not yet in order
	first  int // index of the first of them
	edges  map[netip.Addr]int64
	count  int64
}

func (b *builder) add(c *results.Cell) {
	if c.Second != b.second {
		b.close()
		b.second = c.Second
	}
	key := atomOfKey(&c.CellKey)
	i, ok := b.index[key]
	if !ok {
		i = uint32(len(b.atoms))
		b.index[key] = i
		b.atoms = append(b.atoms, key)
	}
	b.entries = append(b.entries, newEntry(i, causeOf(&c.CellKey), uint32(c.Count)))
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
	if c.Status >= 400 && c.Outcome != results.OK || c.Outcome == results.Unexpected {
		t.failed[c.Status] += c.Count
	}
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
	if c.Outcome == results.Unexpected {
		r.unexpected += c.Count
	}
	if c.Status == 503 {
		r.status503 += c.Count
	}
}

// close puts the entries of the second that was read in order, one for each
// atom and cause.
func (b *builder) close() {
	if b.first == len(b.entries) {
		return
	}
	b.entries = b.entries[:b.first+len(combine(b.entries[b.first:]))]
	b.marks = append(b.marks, mark{uint32(b.second), uint32(b.first)})
	b.first = len(b.entries)
	for edge, n := range b.edges {
		b.edgePeak[edge] = max(b.edgePeak[edge], n)
		b.edgeCount[edge] += n
	}
	b.total.peak = max(b.total.peak, b.count)
	clear(b.edges)
	b.count = 0
}

// combine sorts the entries and makes one of those that agree.
func combine(e []entry) []entry {
	slices.SortFunc(e, func(x, y entry) int { return cmp.Compare(x.place, y.place) })
	kept := e[:1]
	for _, x := range e[1:] {
		if last := &kept[len(kept)-1]; last.place == x.place {
			last.n += x.n
			continue
		}
		kept = append(kept, x)
	}
	return kept
}
