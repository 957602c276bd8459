package analysis

// batchBlocks bounds the blocks that are kept at a time, 40 bytes each, so that
// long runs over many edge addresses need little memory.
const batchBlocks = 1 << 20

// A detector looks for raised spans of one cause in every scope of a single
// value, and in all.
type detector struct {
	l            *ledger
	cause        cause
	without      []*fault
	left         float64 // 503s that no fault owns
	blockSeconds int
	busy         int // seconds that have samples

	sizes  []float64 // samples of every scope, also of those left out below
	scopes []valueScope
	all    level // the calm of all
}

// A valueScope is one value of one dimension as a scope of its own, given by
// their indices; the scope of all has dimension -1.
type valueScope struct{ dimension, value int }

// newDetector looks at the 503s of a cause that none of the faults owns.
// Scopes with too few of them for a burst are left out.
func newDetector(l *ledger, c cause, without []*fault) *detector {
	d := &detector{l: l, cause: c, without: without, blockSeconds: blockSeconds(l.seconds()), busy: len(l.marks)}
	counts := l.counts(l.whole(), only(c), without)
	n := 0.0
	for _, c := range counts {
		d.left += c.k
		n += c.n
	}
	d.scopes, d.sizes = append(d.scopes, valueScope{-1, 0}), append(d.sizes, n)
	for i := range l.dimensions {
		dim := &l.dimensions[i]
		if len(dim.names) == 1 {
			continue
		}
		for v, c := range dim.sums(counts) {
			if dim.names[v] == "" {
				continue
			}
			d.sizes = append(d.sizes, c.n)
			if c.k >= least503s {
				d.scopes = append(d.scopes, valueScope{i, v})
			}
		}
	}
	return d
}

// runs returns the raised spans of every scope, those that overlap made one but
// for the cores of much longer ones: the severe ones or, where there is none,
// the slight ones.
func (d *detector) runs() []span {
	var severe, slight []span
	var sum sums
	batch := max(1, batchBlocks*d.blockSeconds/max(1, d.l.seconds()))
	for from := 0; from < len(d.scopes); from += batch {
		for i, s := range d.read(d.scopes[from:min(from+batch, len(d.scopes))]) {
			if from+i == 0 {
				sum = newSums(s)
			}
			more, less := d.look(s, from+i)
			severe, slight = append(severe, more...), append(slight, less...)
		}
	}
	if len(severe) > 0 {
		return cores(severe, sum)
	}
	return cores(slight, sum)
}

// look returns the severe and the slight spans of one scope.
func (d *detector) look(s series, scope int) (severe, slight []span) {
	l := d.level(s, scope)
	severe = d.automaton(severeShare).spans(s, l, d.blockSeconds)
	slight = d.automaton(slightShare).spans(s, l, d.blockSeconds)
	return s.bridge(severe, slight), slight
}

// level estimates the calm of a scope. The first one is all, on which the
// others lean.
func (d *detector) level(s series, scope int) level {
	if scope > 0 {
		return s.level(&d.all)
	}
	d.all = s.level(nil)
	return d.all
}

// automaton returns the automaton of a raised share. Entering costs so much
// that all scopes together make no more false alarms than they may.
func (d *detector) automaton(raised float64) automaton {
	sum := 0.0
	for _, n := range d.sizes {
		sum += excursions(raised * n / float64(max(1, d.busy)))
	}
	return automaton{raised, costOf(sum, d.busy)}
}

// read reads the ledger once and returns the series of the given scopes.
func (d *detector) read(scopes []valueScope) []series {
	all := make([]collector, len(scopes))
	for i := range all {
		all[i].blockSeconds = d.blockSeconds
	}
	members := d.members(scopes)
	active := newClaims(d.without)
	for t, entries := range d.l.during(d.l.whole()) {
		active.at(t)
		for _, e := range entries {
			atom := e.atom()
			if len(members[atom]) == 0 || active.claimed(atom) {
				continue
			}
			k := uint32(0)
			if e.cause() == d.cause {
				k = e.n
			}
			for _, i := range members[atom] {
				all[i].count(t, e.n, k)
			}
		}
	}
	made := make([]series, len(scopes))
	for i := range all {
		all[i].close()
		made[i] = all[i].series
	}
	return made
}

// members returns, by atom, the indices of the scopes that it is in.
func (d *detector) members(scopes []valueScope) [][]int32 {
	index := map[valueScope]int32{}
	for i, s := range scopes {
		index[s] = int32(i)
	}
	members := make([][]int32, len(d.l.atoms))
	for i := range members {
		if s, ok := index[valueScope{-1, 0}]; ok {
			members[i] = append(members[i], s)
		}
		for j := range d.l.dimensions {
			if s, ok := index[valueScope{j, int(d.l.dimensions[j].of[i])}]; ok {
				members[i] = append(members[i], s)
			}
		}
	}
	return members
}

// claims tells which atoms belong to a fault, second after second.
type claims struct {
	waiting []*fault // in order of their beginning
	active  []*fault // that own something in the second looked at
}

func newClaims(faults []*fault) *claims {
	return &claims{waiting: inOrder(faults)}
}

// at moves on to second t, which must not be before the last one.
func (c *claims) at(t int) {
	for len(c.waiting) > 0 && c.waiting[0].from <= t {
		c.active = append(c.active, c.waiting[0])
		c.waiting = c.waiting[1:]
	}
	kept := c.active[:0]
	for _, f := range c.active {
		if t < f.to {
			kept = append(kept, f)
		}
	}
	c.active = kept
}

// claimed reports whether the atom belongs to a fault in the second looked at.
func (c *claims) claimed(atom uint32) bool {
	for _, f := range c.active {
		if f.in[atom] {
			return true
		}
	}
	return false
}
