package analysis

import "math"

const (
	// Between two parts of a fault that smoulders on lie at most so many
	// seconds, and at least so many 503s.
	mostSmoulder   = 600
	fewestBetween  = 2
	smoulderMargin = 4 // natural logarithm: a chance of 1 in 50
	// Where the fault would have had so few 503s between them, had it gone on,
	// that there are none says little.
	fewestMissed = 5
)

// mergeSmoulder makes one fault of those of one cause between which 503s go
// on, fewer than in them but far more than where no fault is near: a slight
// fault that lasts, of which only the worst seconds stand out.
func mergeSmoulder(l *ledger, c cause, faults []*fault) []*fault {
	faults = inOrder(faults)
	calm, known := l.away(c, faults)
	if len(faults) < 2 || !known {
		return faults
	}
	merged := faults[:1]
	for _, f := range faults[1:] {
		last := merged[len(merged)-1]
		if last.sameDimension(f.scope) && l.smoulders(c, last, f, calm) {
			last.absorb(l, f)
			last.count(l)
			continue
		}
		merged = append(merged, f)
	}
	return merged
}

// smoulders reports whether the 503s between two faults are better explained
// by a quarter of the faults' own share than by what is usual elsewhere.
func (l *ledger) smoulders(c cause, a, b *fault, calm []count) bool {
	between := span{a.to, b.from}
	if between.to <= between.from || between.to-between.from > mostSmoulder {
		return false
	}
	scope := make([]bool, len(l.atoms))
	for i := range scope {
		scope[i] = a.in[i] || b.in[i]
	}
	in := func(counts []count) (sum count) {
		for i, one := range counts {
			if scope[i] {
				sum = sum.add(one)
			}
		}
		return sum
	}
	usual, gap := in(calm), in(l.counts(between, only(c), nil))
	worst := in(l.counts(a.span, only(c), nil)).add(in(l.counts(b.span, only(c), nil)))
	if gap.n*worst.share() < fewestMissed {
		return true
	}
	if gap.k < fewestBetween || usual.n < gap.n {
		return false
	}
	low, high := (usual.k+0.5)/(usual.n+1), worst.share()/4
	return high > low && gap.at(high)-gap.at(low) > smoulderMargin
}

// at returns the log likelihood of the count where a share p fails.
func (c count) at(p float64) float64 { return c.k*math.Log(p) + (c.n-c.k)*math.Log(1-p) }

// away counts, by atom, the samples and the 503s of a cause in the seconds that
// are far from every fault, and tells whether there are any.
func (l *ledger) away(c cause, faults []*fault) (counts []count, any bool) {
	counts = make([]count, len(l.atoms))
	from := 0
	for _, s := range append(faultSpans(faults), span{l.seconds() + mostSmoulder, l.seconds() + mostSmoulder}) {
		if to := min(s.from-mostSmoulder, l.seconds()); to > from {
			any = true
			for i, one := range l.counts(span{from, to}, only(c), nil) {
				counts[i] = counts[i].add(one)
			}
		}
		from = max(from, s.to+mostSmoulder)
	}
	return counts, any
}

func faultSpans(faults []*fault) []span {
	spans := make([]span, len(faults))
	for i, f := range faults {
		spans[i] = f.span
	}
	return spans
}
