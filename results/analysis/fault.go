package analysis

import (
	"cmp"
	"slices"
)

// A fault is one span of 503s, the scope that explains them, and the causes
// that their answers name. It becomes one burst of the document.
type fault struct {
	span
	scope
	causes [causes]bool
	main   cause   // the strongest of them
	k      float64 // 503s in it
}

const (
	// Spans of one fault may be this many calm seconds apart.
	mostGap = 3
	// An edge's cache replays an origin's error for 10 s by default, so what
	// follows an origin's fault within that time may be its echo.
	errorCaching = 10
	// Faults of one cause are sought until nothing is left, at most so often.
	mostRounds = 8
)

// findFaults returns the faults of a run in order of time.
func findFaults(l *ledger) []*fault {
	var faults []*fault
	for c := causeNone + 1; c < causes; c++ {
		faults = append(faults, findCause(l, c)...)
	}
	faults = mergeWeak(l, faults)
	slices.SortStableFunc(faults, func(x, y *fault) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to), cmp.Compare(x.main, y.main))
	})
	return faults
}

// findCause returns the faults whose answers all say the same of the cause.
// Each round takes what is raised, explains it, and leaves the rest to the
// next, in which a weaker fault beside it may show.
func findCause(l *ledger, c cause) []*fault {
	var faults []*fault
	var first *detector
	for range mostRounds {
		d := newDetector(l, c, faults)
		if d.left < least503s {
			break
		}
		runs := d.runs()
		if len(runs) == 0 {
			break
		}
		first = cmp.Or(first, d)
		var found []*fault
		for _, r := range runs {
			found = append(found, explain(l, c, r, faults)...)
		}
		faults = mergeSame(l, append(faults, found...))
	}
	for _, f := range faults {
		f.refine(first, faults)
	}
	return mergeSmoulder(l, c, mergeFlicker(l, mergeSame(l, faults)))
}

// explain returns the fault, or the two at once, behind one raised span.
func explain(l *ledger, c cause, s span, before []*fault) []*fault {
	counts := l.counts(s, only(c), before)
	if narrow, ok := l.narrow(counts); ok {
		return []*fault{newFault(l, c, s, narrow)}
	}
	if place, request, ok := l.cross(counts); ok {
		return []*fault{newFault(l, c, s, place), newFault(l, c, s, request)}
	}
	return []*fault{newFault(l, c, s, l.all())}
}

func only(c cause) (set [causes]bool) {
	set[c] = true
	return set
}

func newFault(l *ledger, c cause, s span, where scope) *fault {
	f := &fault{span: s, scope: where, causes: only(c), main: c}
	f.count(l)
	return f
}

// count counts the fault's 503s anew.
func (f *fault) count(l *ledger) {
	f.k = 0
	for i, c := range l.counts(f.span, f.causes, nil) {
		if f.in[i] {
			f.k += c.k
		}
	}
}

// counts returns, by atom, the samples of a span and the 503s of the given
// causes, without those that the faults own.
func (l *ledger) counts(s span, of [causes]bool, without []*fault) []count {
	counts := make([]count, len(l.atoms))
	active := newClaims(without)
	for t, entries := range l.during(s) {
		active.at(t)
		for _, e := range entries {
			atom := e.atom()
			if active.claimed(atom) {
				continue
			}
			counts[atom].n += float64(e.n)
			if of[e.cause()] {
				counts[atom].k += float64(e.n)
			}
		}
	}
	return counts
}

// inOrder returns the faults in order of their beginning.
func inOrder(faults []*fault) []*fault {
	return slices.SortedStableFunc(slices.Values(faults), func(x, y *fault) int { return cmp.Compare(x.from, y.from) })
}

// refine sets the fault's span to what its own scope shows, where it shows
// anything: beside another fault its seconds could not be told apart before.
// The severe raised state tells the ends best; the slight one is asked where
// that leaves some of the fault out.
func (f *fault) refine(d *detector, all []*fault) {
	var others []*fault
	for _, o := range all {
		if o != f && o.overlaps(f.span) && !f.sameDimension(o.scope) {
			others = append(others, o)
		}
	}
	s := f.series(d, others)
	for _, share := range []float64{severeShare, slightShare} {
		refined := f.near(d.automaton(share).spans(s, d.all, d.blockSeconds))
		if refined.to == 0 || share == severeShare && s.in(refined) < mostOfIt*s.in(f.span) {
			continue
		}
		f.span = refined
		f.count(d.l)
		return
	}
}

// mostOfIt is the share of a fault's 503s that lie between its ends.
const mostOfIt = 0.95

// near returns the spans, in order, that overlap the fault and lie no further
// apart than its echo may be, made one.
func (f *fault) near(spans []span) (near span) {
	for _, r := range spans {
		switch {
		case !r.overlaps(f.span):
		case near.to == 0:
			near = r
		case near.gap(r) <= errorCaching:
			near = near.union(r)
		}
	}
	return near
}

// series returns the fault's scope around its span, without what belongs to others.
func (f *fault) series(d *detector, others []*fault) series {
	c := collector{blockSeconds: d.blockSeconds}
	active := newClaims(others)
	for t, entries := range d.l.during(span{f.from - mostGap, f.to + mostGap}) {
		active.at(t)
		for _, e := range entries {
			if !f.in[e.atom()] || active.claimed(e.atom()) {
				continue
			}
			k := uint32(0)
			if f.causes[e.cause()] {
				k = e.n
			}
			c.count(t, e.n, k)
		}
	}
	c.close()
	return c.series
}
