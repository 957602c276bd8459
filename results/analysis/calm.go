package analysis

import (
	"cmp"
	"math"
	"slices"
)

const (
	// The least share of 503s that the calm state allows. Noise of 0.05 % at
	// any rate stays far below it.
	leastCalm = 0.002
	// The calm share is taken to be at most this, so that a run that is bad
	// from end to end is still one long burst.
	mostCalm = 0.02
	// What the calm share is taken to be of a run with too few requests to tell.
	likelyCalm = 0.005
	// The calm share is estimated anew along the run, from this many blocks
	// around each, of this many seconds at most: of some 20 minutes. What
	// lasts longer is a level and not a burst, unless it is over mostCalm.
	window       = 8
	longestBlock = 150
	// 503s of noise that come together more than chance has it are believed
	// less, at most so many times.
	mostClumped = 8
)

// blockSeconds returns how long blocks are in a run of so many seconds.
func blockSeconds(run int) int { return min(max(1, (run+window-1)/window), longestBlock) }

// A level is the calm share of 503s in a scope along a run.
type level struct {
	index   []int     // of the blocks that have 503s
	share   []float64 // in each of them
	clumped float64   // variance of 503s in a calm second over what chance makes it; 1 at least
}

// level estimates the calm share of the series: that of the half of each
// stretch that has the least 503s. Where a series has few requests it is that
// of the wider scope, or of the whole run.
func (s series) level(wider *level) level {
	l := level{clumped: 1}
	whole := estimate(leastHalf(s.groups()), 2, likelyCalm)
	for i, b := range s.blocks {
		if b.k == 0 {
			continue // nobody asks for it: only where 503s are, something may be raised
		}
		around := s.blocks[max(0, min(i-window/2, len(s.blocks)-window)):]
		prior := whole
		if wider != nil {
			prior = wider.at(b.index)
		}
		share := estimate(leastHalf(around[:min(window, len(around))]), 6, prior)
		l.index, l.share = append(l.index, b.index), append(l.share, min(max(share, leastCalm), mostCalm))
	}
	l.clumped = clumping(s.blocks)
	if wider != nil {
		l.clumped = max(l.clumped, wider.clumped) // of few 503s it cannot be told
	}
	return l
}

// at returns the calm share in a block, or in the last one before it.
func (l *level) at(index int) float64 {
	i, ok := slices.BinarySearch(l.index, index)
	if !ok {
		i--
	}
	if i < 0 {
		return leastCalm
	}
	return l.share[i]
}

// groups returns the blocks of the series summed up to as many as a window has.
func (s series) groups() []block {
	each := max(1, (len(s.blocks)+window-1)/window)
	var sums []block
	for group := range slices.Chunk(s.blocks, each) {
		sum := block{}
		for _, b := range group {
			sum = sum.plus(b)
		}
		sums = append(sums, sum)
	}
	return sums
}

// leastHalf sums up the blocks with the smallest shares of 503s that together
// have half of all samples.
func leastHalf(blocks []block) block {
	var room [window]block
	sorted := append(room[:0], blocks...)
	slices.SortFunc(sorted, func(x, y block) int { return cmp.Compare(x.share(), y.share()) })
	all, least := 0.0, block{}
	for _, b := range sorted {
		all += b.n
	}
	for _, b := range sorted {
		if least.n >= all/2 {
			break
		}
		least = least.plus(b)
	}
	return least
}

// estimate returns the share of 503s behind those of the least half of some
// blocks, as if so many 503s had been seen before at the prior share. The half
// with the least has fewer than half of all by about 1.6 standard deviations.
func estimate(least block, strength, prior float64) float64 {
	return (least.k + 1.6*math.Sqrt(least.k) + strength) / (least.n + strength/prior)
}

// clumping returns the variance of the 503s of a second over what chance makes
// it, in the half of the blocks that have the least 503s.
func clumping(blocks []block) float64 {
	sorted := slices.Clone(blocks)
	slices.SortFunc(sorted, func(x, y block) int { return cmp.Compare(x.share(), y.share()) })
	all, n, k, excess := 0.0, 0.0, 0.0, 0.0
	for _, b := range sorted {
		all += b.n
	}
	for _, b := range sorted {
		if n >= all/2 {
			break
		}
		n += b.n
		k += b.k
		excess += b.pairs - b.squares*b.share()*b.share()
	}
	const few = 5 // 503s by which the estimate is drawn towards chance
	return min(max(1, 1+excess/(k+few)), mostClumped)
}
