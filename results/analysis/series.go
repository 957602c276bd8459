package analysis

// A series counts the samples and the 503s of one scope over time. It keeps
// the seconds that have a 503, since only there a burst can begin or end, and
// sums up those between; so it is as long as the scope has 503s.
type series struct {
	moments []moment
	blocks  []block // in order; those without samples are left out
}

// A moment is a second in which the scope had 503s.
type moment struct {
	second int
	n, k   uint32 // samples, and the 503s among them
	before uint32 // samples since the moment before
}

// A block sums up some seconds of a scope, from which its calm is estimated.
type block struct {
	index   int
	n, k    float64
	squares float64 // sum over the seconds of n²
	pairs   float64 // sum of k(k-1): twice the pairs of 503s in one second
}

func (b block) share() float64 { return b.k / max(1, b.n) }

func (b block) plus(o block) block {
	return block{b.index, b.n + o.n, b.k + o.k, b.squares + o.squares, b.pairs + o.pairs}
}

// A collector makes series of counts that come in order of time.
type collector struct {
	series
	blockSeconds int
	second       int // the one that is being counted
	n, k         uint32
	before       uint32
}

// count adds samples of second t, of which k are 503s.
func (c *collector) count(t int, n, k uint32) {
	if t != c.second {
		c.close()
		c.second = t
	}
	c.n += n
	c.k += k
}

// close ends the second that is being counted.
func (c *collector) close() {
	if c.n == 0 {
		return
	}
	if c.k > 0 {
		c.moments = append(c.moments, moment{c.second, c.n, c.k, c.before})
		c.before = 0
	} else {
		c.before += c.n
	}
	n, k := float64(c.n), float64(c.k)
	b := block{c.second / c.blockSeconds, n, k, n * n, k * (k - 1)}
	if last := len(c.blocks) - 1; last >= 0 && c.blocks[last].index == b.index {
		c.blocks[last] = c.blocks[last].plus(b)
	} else {
		c.blocks = append(c.blocks, b)
	}
	c.n, c.k = 0, 0
}

// in returns the 503s of a span.
func (s series) in(of span) (k float64) {
	for _, m := range s.moments {
		if of.from <= m.second && m.second < of.to {
			k += float64(m.k)
		}
	}
	return k
}
