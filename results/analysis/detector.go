package analysis

// batchCells bounds the seconds × scopes that are counted at a time, 8 bytes
// each, so that long runs over many edge addresses need little memory.
const batchCells = 4 << 20

// A detector looks for raised spans of one cause in every scope of a single
// value, and in all.
type detector struct {
	l       *ledger
	cause   cause
	without []*fault
	left    float64 // 503s that no fault owns
	scopes  []valueScope
}

// A valueScope is one value of one dimension as a scope of its own.
type valueScope struct{ dimension, value string }

// newDetector looks at the 503s of a cause that none of the faults owns.
// Scopes with too few of them for a burst are left out.
func newDetector(l *ledger, c cause, without []*fault) *detector {
	d := &detector{l: l, cause: c, without: without}
	counts := l.counts(span{0, l.seconds()}, only(c), without)
	for _, c := range counts {
		d.left += c.k
	}
	d.scopes = append(d.scopes, valueScope{kindAll, ""})
	for _, dimension := range dimensions {
		sums := l.byValue(dimension, counts)
		for _, v := range sortedKeys(sums) {
			if v != "" && sums[v].k >= least503s && len(sums) > 1 {
				d.scopes = append(d.scopes, valueScope{dimension, v})
			}
		}
	}
	return d
}

// whole returns the series of all atoms.
func (d *detector) whole() series { return d.count(d.scopes[:1])[0] }

// calm returns the share of 503s outside bursts. At a few requests a second
// most seconds of steady noise have no 503 at all, so that [calmShare] is far
// too low: what is left outside the spans that it gives raises it.
func (d *detector) calm() float64 {
	whole := d.whole()
	calm := calmShare(whole)
	in, out := d.runs(calm), count{}
	for t := range whole.n {
		for len(in) > 0 && in[0].to <= t {
			in = in[1:]
		}
		if len(in) == 0 || t < in[0].from {
			out = out.add(count{float64(whole.n[t]), float64(whole.k[t])})
		}
	}
	return max(calm, out.share())
}

// runs returns the raised spans of every scope, those that overlap made one.
func (d *detector) runs(calm float64) []span {
	a := newAutomaton(calm, d.l.seconds(), len(d.scopes))
	batch := max(1, batchCells/max(1, d.l.seconds()))
	var runs []span
	for from := 0; from < len(d.scopes); from += batch {
		for _, s := range d.count(d.scopes[from:min(from+batch, len(d.scopes))]) {
			runs = append(runs, a.spans(s)...)
		}
	}
	return join(runs)
}

// count reads the ledger once and returns the series of the given scopes.
func (d *detector) count(scopes []valueScope) []series {
	all := make([]series, len(scopes))
	for i := range all {
		all[i] = newSeries(d.l.seconds())
	}
	members := d.members(scopes)
	for t := range d.l.seconds() {
		for _, e := range d.l.second(t) {
			if len(members[e.atom]) == 0 || claimed(d.without, t, e.atom) {
				continue
			}
			for _, i := range members[e.atom] {
				all[i].n[t] += e.n
				if e.cause == d.cause {
					all[i].k[t] += e.n
				}
			}
		}
	}
	return all
}

// members returns, by atom, the indices of the scopes that it is in.
func (d *detector) members(scopes []valueScope) [][]int {
	index := map[valueScope]int{}
	for i, s := range scopes {
		index[s] = i
	}
	members := make([][]int, len(d.l.atoms))
	for i := range members {
		if s, ok := index[valueScope{kindAll, ""}]; ok {
			members[i] = append(members[i], s)
		}
		for _, dimension := range dimensions {
			if s, ok := index[valueScope{dimension, d.l.value(dimension, uint32(i))}]; ok {
				members[i] = append(members[i], s)
			}
		}
	}
	return members
}
