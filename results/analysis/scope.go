package analysis

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// The kinds of scope that bursts are sought in. What the analysis document
// calls key-prefix is sought as request: see [ledger.kindName].
const (
	kindAll     = "all"
	kindRegion  = "region"
	kindPOP     = "pop"
	kindEdge    = "edge-address"
	kindClient  = "client"
	kindRequest = "request"
	kindPrefix  = "key-prefix"
)

// A scope is a set of atoms that share one of some values in one dimension.
type scope struct {
	kind   string
	values []string // sorted; empty for all
	in     []bool   // by atom
}

// isPlace reports whether the scope is one of regions, POPs or edge addresses.
func (s scope) isPlace() bool { return isPlace(s.kind) }

func isPlace(kind string) bool { return kind == kindRegion || kind == kindPOP || kind == kindEdge }

// sameDimension reports whether the scopes speak of the same thing: both of
// places, both of request names, or at least one of everything.
func (s scope) sameDimension(o scope) bool {
	return s.kind == kindAll || o.kind == kindAll || s.isPlace() == o.isPlace()
}

// all returns the scope of every atom.
func (l *ledger) all() scope {
	in := make([]bool, len(l.atoms))
	for i := range in {
		in[i] = true
	}
	return scope{kind: kindAll, values: []string{}, in: in}
}

// scopeOf returns the scope of the given values of a dimension.
func (l *ledger) scopeOf(dimension string, values []string) scope {
	s := scope{kind: dimension, values: values, in: make([]bool, len(l.atoms))}
	d := l.dimension(dimension)
	listed := make([]bool, len(d.names))
	for i, name := range d.names {
		_, listed[i] = slices.BinarySearch(values, name)
	}
	for i := range l.atoms {
		s.in[i] = listed[d.of[i]]
	}
	return s
}

// A count is a number of samples, and how many of them were 503s.
type count struct{ n, k float64 }

func (c count) share() float64 {
	if c.n == 0 {
		return 0
	}
	return c.k / c.n
}

func (c count) add(o count) count { return count{c.n + o.n, c.k + o.k} }

const (
	// A value is hit when its share of 503s is at least this much of that of
	// the worst value.
	hitShare = 0.15
	// A value is hit lightly when it is at least this much.
	lightShare = 0.03
	// And no value is hit with a lower share than this.
	leastHit = 0.004
	// A scope explains a burst when it holds this much of its 503s, of those
	// that calm would not have brought.
	explained = 0.9
	// And when the likelihood gains this much more than it costs to name the
	// scope's values, a natural logarithm: a chance of 1 in 400.
	scopeMargin = 6
)

// narrow returns the narrowest scope that explains nearly all 503s of the
// given atoms. It returns false where none does, so that the scope is all of
// them.
func (l *ledger) narrow(counts []count) (scope, bool) {
	return l.narrowest(counts, func(string) bool { return true })
}

// narrowPlace is [ledger.narrow] for places only.
func (l *ledger) narrowPlace(counts []count) (scope, bool) { return l.narrowest(counts, isPlace) }

func (l *ledger) narrowest(counts []count, may func(kind string) bool) (best scope, ok bool) {
	gain := 0.0
	for i := range l.dimensions {
		d := &l.dimensions[i]
		if !may(d.kind) {
			continue
		}
		if values, g := d.hits(counts); g > gain {
			best, gain, ok = l.scopeOf(d.kind, values), g, true
		}
	}
	return best, ok
}

// hits returns the values of a dimension that are hit, sorted, and the gain
// in log likelihood of telling them from the others; 0 where they do not
// explain the 503s or the others cannot be said to be spared. Where those hit
// hard do not explain enough, those hit lightly are taken in.
func (d *dimension) hits(counts []count) ([]string, float64) {
	sums := d.sums(counts)
	worst := worstShare(sums)
	hit, gain := d.hitsFrom(sums, max(hitShare*worst, leastHit))
	if gain <= 0 {
		hit, gain = d.hitsFrom(sums, max(lightShare*worst, leastHit))
	}
	return hit, gain
}

// hitsFrom takes the values with at least the given share of 503s to be hit.
func (d *dimension) hitsFrom(sums []count, least float64) ([]string, float64) {
	in, out := count{}, count{}
	var hit []string
	seen := 0
	for i, c := range sums {
		if c.n > 0 {
			seen++
		}
		if d.names[i] != "" && c.k > 0 && c.share() >= least {
			hit = append(hit, d.names[i])
			in = in.add(c)
		} else {
			out = out.add(c)
		}
	}
	total := in.add(out)
	beside := max(0, out.k-leastCalm*out.n) // but for those that come in calm, too
	if len(hit) == 0 || out.n == 0 || in.k < explained*(in.k+beside) || out.share() > hitShare*in.share() {
		return nil, 0
	}
	gain := logLikelihood(in) + logLikelihood(out) - logLikelihood(total)
	return hit, gain - logChoose(seen, len(hit)) - scopeMargin
}

// worstShare returns the largest share of 503s of any value, each shrunk
// towards nothing as if it had been asked five times more in vain.
func worstShare(sums []count) float64 {
	worst := 0.0
	for _, c := range sums {
		worst = max(worst, c.k/(c.n+5))
	}
	return worst
}

// logLikelihood returns that of k failures among n at their own share.
func logLikelihood(c count) float64 {
	if c.k <= 0 || c.k >= c.n {
		return 0
	}
	p := c.share()
	return c.k*math.Log(p) + (c.n-c.k)*math.Log(1-p)
}

// logChoose returns the natural logarithm of the number of ways to choose k of n.
func logChoose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return lg(n) - lg(k) - lg(n-k)
}

// cross seeks two scopes, one of places and one of request names, that
// together explain what no single one does: two faults at once. Each is
// sought where the other cannot be: the places among the answers of the
// request name that fails least, the names outside those places; or the
// other way round.
func (l *ledger) cross(counts []count) (place, request scope, ok bool) {
	requests := l.dimension(kindRequest)
	calm := l.least(kindRequest, counts)
	place, ok = l.narrowPlace(restrict(counts, calm, true))
	if ok {
		if values, gain := requests.hits(restrict(counts, place.in, false)); gain > 0 {
			return place, l.scopeOf(kindRequest, values), true
		}
	}
	calm = l.least(kindPOP, counts)
	values, gain := requests.hits(restrict(counts, calm, true))
	if gain <= 0 {
		return scope{}, scope{}, false
	}
	request = l.scopeOf(kindRequest, values)
	place, ok = l.narrowPlace(restrict(counts, request.in, false))
	return place, request, ok
}

// least returns the atoms of the value with the smallest share of 503s.
func (l *ledger) least(dimension string, counts []count) []bool {
	d := l.dimension(dimension)
	best, least := -1, 0.0
	for i, c := range d.sums(counts) {
		if shrunk := (c.k + 1) / (c.n + 5); c.n > 0 && (best < 0 || shrunk < least) {
			best, least = i, shrunk
		}
	}
	in := make([]bool, len(l.atoms))
	for i := range in {
		in[i] = int(d.of[i]) == best
	}
	return in
}

// restrict returns the counts of the atoms that are in the set, or of those that are not.
func restrict(counts []count, in []bool, want bool) []count {
	r := make([]count, len(counts))
	for i, c := range counts {
		if in[i] == want {
			r[i] = c
		}
	}
	return r
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
