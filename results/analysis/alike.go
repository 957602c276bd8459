package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"frontload/results"
)

// mostTold is how many bursts, or bursts that are alike, the headline tells:
// those with the most 503s.
const mostTold = 3

// alike are bursts of the same verdict, scope and remedy, in order of time.
type alike struct {
	list      []*results.Burst
	status503 int64
}

// burstFindings tells the bursts with the most 503s, in order of time; those
// that are alike are told once.
func burstFindings(a *results.Analysis) (list []results.Finding) {
	groups := groupAlike(a.Bursts)
	order := slices.Clone(groups)
	slices.SortStableFunc(order, func(x, y *alike) int { return cmp.Compare(y.status503, x.status503) })
	told, rest := order[:min(mostTold, len(order))], order[min(mostTold, len(order)):]
	for _, g := range groups {
		if slices.Contains(told, g) {
			list = append(list, g.tell(a))
		}
	}
	more := 0
	for _, g := range rest {
		more += len(g.list)
	}
	if more > 0 {
		list = append(list, results.Finding{Say: many(more, "burst", "bursts") + " more with fewer 503s", Burst: rest[0].list[0].ID})
	}
	return list
}

// groupAlike puts bursts that are alike together, in order of the first of each.
func groupAlike(bursts []results.Burst) (groups []*alike) {
	by := map[string]*alike{}
	for i := range bursts {
		b := &bursts[i]
		key := fmt.Sprintf("%s\x00%s\x00%t\x00%q", what(b), todo(b), b.NeverGood, b.Scope.Values)
		if b.Verdict == results.VerdictUndetermined {
			key += likeliest(b.Probabilities)
		}
		g := by[key]
		if g == nil {
			g = &alike{}
			by[key] = g
			groups = append(groups, g)
		}
		g.list = append(g.list, b)
		g.status503 += b.Responses503
	}
	return groups
}

// tell says what one burst was, or several that are alike.
func (g *alike) tell(a *results.Analysis) results.Finding {
	first := g.list[0]
	if len(g.list) == 1 {
		return results.Finding{Say: tell(a, first), Do: todo(first), Burst: first.ID}
	}
	least := slices.MinFunc(g.list, func(x, y *results.Burst) int { return cmp.Compare(x.Confidence, y.Confidence) })
	how := sure(least)
	if sure(first) != how || sure(g.list[len(g.list)-1]) != how {
		how = "the least sure: " + how
	}
	say := fmt.Sprintf("%s %d times, the first %s (%s)", what(first), len(g.list), when(a, first), how)
	return results.Finding{Say: say, Do: todo(first), Burst: first.ID}
}

// many returns a number with its noun.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
