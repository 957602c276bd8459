package analysis

import "slices"

// mergeSame makes one fault of those of one cause that one fault explains.
func mergeSame(l *ledger, faults []*fault) []*fault {
	return mergeAll(faults, sameFault, func(a, b *fault) { a.absorb(l, b) })
}

// mergeWeak joins faults whose answers do not tell their writer to those
// beside them whose answers do.
func mergeWeak(l *ledger, faults []*fault) []*fault {
	return mergeAll(faults, echoes, func(a, b *fault) { a.absorb(l, b) })
}

// mergeAll merges pairs until none is left to merge, and returns the faults in
// order of their beginning. Faults that match lie at most [mostGap] apart.
func mergeAll(faults []*fault, match func(a, b *fault) bool, merge func(a, b *fault)) []*fault {
	for merged := true; merged; {
		merged = false
		faults = inOrder(faults)
		for i := 0; i < len(faults); i++ {
			for j := i + 1; j < len(faults) && faults[j].from <= faults[i].to+mostGap; j++ {
				if match(faults[i], faults[j]) {
					merge(faults[i], faults[j])
					faults = slices.Delete(faults, j, j+1)
					merged, j = true, i
				}
			}
		}
	}
	return faults
}

// sameFault reports whether two faults of one cause are one: in scopes of the
// same dimension, and overlapping or a short gap apart.
func sameFault(a, b *fault) bool {
	if !a.sameDimension(b.scope) {
		return false
	}
	if a.overlaps(b.span) {
		return !a.apart(b) && !b.apart(a)
	}
	return a.gap(b.span) <= mostGap && (a.kind == b.kind || !a.main.weak() || !a.isPlace() && !b.isPlace())
}

// apart reports whether b is a fault of its own beside f, one of two that last
// so differently long that they began for different reasons: one of everything,
// one of a place or a request name.
func (f *fault) apart(b *fault) bool {
	return f.kind != b.kind && (f.kind == kindAll || b.kind == kindAll) && f.length() >= muchLonger*b.length()
}

// echoes reports whether one of two faults of different cause only says less
// of what the other says.
func echoes(a, b *fault) bool {
	strong, weak := a, b
	if strong.main.weak() && (!weak.main.weak() || weak.main < strong.main) {
		strong, weak = weak, strong
	}
	if !weak.main.weak() || strong.main == weak.main || !strong.sameDimension(weak.scope) {
		return false
	}
	if strong.isPlace() && weak.kind == kindAll {
		return false
	}
	return strong.overlaps(weak.span) || strong.gap(weak.span) <= mostGap
}

// absorb makes b a part of f: the span of both, the scope that explains both.
func (f *fault) absorb(l *ledger, b *fault) {
	for c, has := range b.causes {
		f.causes[c] = f.causes[c] || has
	}
	larger, smaller := f, b
	if b.k > f.k {
		larger, smaller = b, f
	}
	where := larger.scope
	if smaller.k > (1-explained)*larger.k {
		where = f.wider(l, b)
	}
	apart, k := !f.overlaps(b.span), f.k+b.k
	f.span, f.scope = f.union(b.span), where
	f.main = min(f.main, b.main)
	if f.k = k; !apart {
		f.count(l)
	}
}

// wider returns the narrowest scope that explains the 503s of both faults.
func (f *fault) wider(l *ledger, b *fault) scope {
	if f.kind == kindAll || b.kind == kindAll {
		return l.all()
	}
	counts := l.counts(f.union(b.span), f.causes, nil)
	both := make([]bool, len(l.atoms))
	for i := range both {
		both[i] = f.in[i] || b.in[i]
	}
	if narrow, ok := l.narrow(counts); ok && narrow.isPlace() == f.isPlace() && narrow.explains(f, counts) && narrow.explains(b, counts) {
		return narrow
	}
	return l.named(f, b, both)
}

// explains reports whether nearly all of a fault's 503s lie in the scope.
func (s scope) explains(f *fault, counts []count) bool {
	all, in := 0.0, 0.0
	for i, c := range counts {
		if f.in[i] {
			all += c.k
			if s.in[i] {
				in += c.k
			}
		}
	}
	return in >= explained*all
}

// named returns the scope that lists the values of both.
func (l *ledger) named(a, b *fault, in []bool) scope {
	kind := a.kind
	if a.kind != b.kind {
		kind = kindEdge
	}
	values := map[string]bool{}
	for i, has := range in {
		if v := l.value(kind, uint32(i)); has && v != "" {
			values[v] = true
		}
	}
	return l.scopeOf(kind, sortedKeys(values))
}
