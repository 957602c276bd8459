package analysis

import (
	"cmp"
	"slices"
)

const (
	// A fault that comes and goes at least so often, each time within so many
	// seconds of the last, is one.
	fewestFlickers = 5
	mostPause      = 60
)

// mergeFlicker makes one fault of those that have one scope and follow each
// other often and soon: a fault that comes and goes, such as one that every
// minute's jobs bring about.
func mergeFlicker(l *ledger, faults []*fault) []*fault {
	var kept []*fault
	for _, same := range byScope(faults) {
		for len(same) > 0 {
			n := 1
			for n < len(same) && same[n-1].gap(same[n].span) <= mostPause {
				n++
			}
			if n >= fewestFlickers {
				for _, f := range same[1:n] {
					same[0].span = same[0].union(f.span)
				}
				same[0].count(l)
				kept = append(kept, same[0])
			} else {
				kept = append(kept, same[:n]...)
			}
			same = same[n:]
		}
	}
	return inOrder(kept)
}

// byScope returns the faults of each scope in order of their beginning.
func byScope(faults []*fault) (groups [][]*fault) {
	compare := func(x, y *fault) int { return cmp.Or(cmp.Compare(x.kind, y.kind), slices.Compare(x.values, y.values)) }
	sorted := slices.SortedStableFunc(slices.Values(inOrder(faults)), compare)
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && compare(sorted[from], sorted[to]) == 0 {
			to++
		}
		groups = append(groups, sorted[from:to])
		from = to
	}
	return groups
}
