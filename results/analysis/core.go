package analysis

import (
	"cmp"
	"slices"
)

const (
	// A span that lasts so many times as long as another lasts much longer.
	muchLonger = 10
	// And in the core of one 503s are so many times as dense as in the rest.
	muchDenser = 3
	// A raised state that is left while the share of 503s stays at least this
	// much of what it was has not ended.
	goesOn = 1.0 / 3
)

func (s span) length() int { return s.to - s.from }

// sums tell a series' samples and 503s up to each of its moments.
type sums struct {
	seconds []int
	n, k    []float64
	own     []count // of each moment alone
}

func newSums(s series) sums {
	var t sums
	n, k := 0.0, 0.0
	for _, m := range s.moments {
		n += float64(m.before) + float64(m.n)
		k += float64(m.k)
		t.seconds, t.n, t.k = append(t.seconds, m.second), append(t.n, n), append(t.k, k)
		t.own = append(t.own, count{float64(m.n), float64(m.k)})
	}
	return t
}

// in returns the samples and 503s of a span; of samples those since the last
// second with a 503 before it, too.
func (t sums) in(s span) (c count) {
	i, _ := slices.BinarySearch(t.seconds, s.from)
	j, _ := slices.BinarySearch(t.seconds, s.to)
	if j > 0 {
		c = count{t.n[j-1], t.k[j-1]}
	}
	if i > 0 {
		c.n, c.k = c.n-t.n[i-1], c.k-t.k[i-1]
	}
	return c
}

// between returns the share of 503s between two spans, the second of which
// begins with a second that has one.
func (t sums) between(a, b span) float64 {
	c := t.in(span{a.to, b.from + 1})
	i, _ := slices.BinarySearch(t.seconds, b.from)
	return count{c.n - t.own[i].n, c.k - t.own[i].k}.share()
}

// bridge joins severe spans that lie in one slight one, where 503s between
// them are much as many as in them: a fault of a share at which the severe
// state is entered and left by chance is one.
func (s series) bridge(severe, slight []span) []span {
	if len(severe) < 2 {
		return severe
	}
	t := newSums(s)
	joined := severe[:1:1]
	for _, next := range severe[1:] {
		last := &joined[len(joined)-1]
		both := last.union(next)
		within := slices.ContainsFunc(slight, func(o span) bool { return o.from <= last.to && next.from <= o.to })
		if within && t.between(*last, next) >= goesOn*min(t.in(*last).share(), t.in(next).share()) {
			*last = both
			continue
		}
		joined = append(joined, next)
	}
	return joined
}

// cores returns the spans, those that overlap made one. Where in a much longer
// one 503s are much denser for a while, it returns that while alone: it is a
// fault of its own, such as one of a POP while one URL fails all day. What is
// left is the next round's.
func cores(spans []span, t sums) []span {
	var runs []span
	spans = slices.SortedFunc(slices.Values(spans), func(x, y span) int { return cmp.Compare(x.from, y.from) })
	for _, whole := range join(slices.Clone(spans)) {
		n := 0
		for n < len(spans) && spans[n].from < whole.to {
			n++
		}
		var short []span
		for _, s := range spans[:n] {
			if s.length()*muchLonger <= whole.length() {
				short = append(short, s)
			}
		}
		spans = spans[n:]
		dense := slices.DeleteFunc(join(short), func(s span) bool { return !s.isCore(whole, t) })
		if len(dense) == 0 {
			dense = []span{whole}
		}
		runs = append(runs, dense...)
	}
	return runs
}

// isCore reports whether 503s are much denser in s than in the rest of the whole.
func (s span) isCore(whole span, t sums) bool {
	if s.length()*muchLonger > whole.length() {
		return false
	}
	in, all := t.in(s).k, t.in(whole).k
	return in/float64(s.length()) >= muchDenser*(all-in)/float64(whole.length()-s.length())
}
