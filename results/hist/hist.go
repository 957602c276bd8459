// Package hist holds latencies as HDR histograms: counts in buckets whose width
// is a fixed share of their value, so that quantiles have a known relative
// error and histograms of many seconds and machines add up exactly.
//
// Buckets, quantiles and the stored form are those of hdrhistogram-go with the
// range that Frontload uses, in nanoseconds from 1 µs to 1 hour; tests compare
// each with the library's own. A load generator records some ten latencies per
// request and stores some ten histograms per second, so both are done here,
// without a search and without garbage; reading is left to the library.
package hist

import (
	"math"
	"time"

	"frontload/results"
)

// The range of latencies that are told apart. Shorter ones share the first
// bucket; longer ones are recorded as Highest and counted by [Histogram.Over].
const (
	lowest  = time.Microsecond
	Highest = time.Hour
)

// A Histogram counts latencies. Make one with [New]; the zero value is not
// ready for use. It must not be used by several goroutines at once while one
// of them changes it.
type Histogram struct {
	geometry
	count, over, negative int64
	pages                 []*page // nil where nothing was counted
}

// A page is a run of neighbouring buckets: the latencies of one series lie
// close together.
type page [pageSize]int64

const pageSize = 64

// New returns an empty histogram that keeps the given number of significant
// decimal digits: 2 (a value is at most 1 % off) or 3 (0.1 %).
func New(digits int) *Histogram {
	g := geometryOf(digits)
	return &Histogram{geometry: g, pages: make([]*page, g.bucketOf(Highest)/pageSize+1)}
}

// Digits returns the number of significant decimal digits.
func (h *Histogram) Digits() int { return h.digits }

// Count returns how many latencies were recorded.
func (h *Histogram) Count() int64 { return h.count }

// Over returns how many latencies were above [Highest]. It is not part of the
// stored form: a decoded histogram has none.
func (h *Histogram) Over() int64 { return h.over }

// Negative returns how many latencies were below zero, and recorded as zero.
// It is not part of the stored form: a decoded histogram has none.
func (h *Histogram) Negative() int64 { return h.negative }

// Record counts one latency.
func (h *Histogram) Record(d time.Duration) {
	switch {
	case d < 0:
		h.negative++
		d = 0
	case d > Highest:
		h.over++
		d = Highest
	}
	h.add(h.bucketOf(d), 1)
}

// add counts n latencies in a bucket.
func (h *Histogram) add(bucket int, n int64) {
	h.count += n
	p := h.pages[bucket/pageSize]
	if p == nil {
		p = new(page)
		h.pages[bucket/pageSize] = p
	}
	p[bucket%pageSize] += n
}

// Merge adds what o counted. Where o is the finer of the two nothing but its
// precision is lost; where it is the coarser, its latencies count at the lower
// end of their buckets.
func (h *Histogram) Merge(o *Histogram) {
	h.over += o.over
	h.negative += o.negative
	if h.geometry != o.geometry {
		for bucket, n := range o.buckets {
			h.add(h.bucketOf(o.start(bucket)), n)
		}
		return
	}
	h.count += o.count
	for i, from := range o.pages {
		if from == nil {
			continue
		}
		if h.pages[i] == nil {
			h.pages[i] = new(page)
		}
		to := h.pages[i]
		for j, n := range from {
			to[j] += n
		}
	}
}

// buckets yields the buckets that hold anything, in order, with their counts.
func (h *Histogram) buckets(yield func(bucket int, n int64) bool) {
	for i, p := range h.pages {
		if p == nil {
			continue
		}
		for j, n := range p {
			if n > 0 && !yield(i*pageSize+j, n) {
				return
			}
		}
	}
}

// Clone returns a copy that shares nothing with h.
func (h *Histogram) Clone() *Histogram {
	c := New(h.digits)
	c.Merge(h)
	return c
}

// Reset empties h. The memory that was in use since the last Reset is kept, so
// that recording the like again allocates nothing; the rest is let go, so that
// rare latencies do not add up over a long run.
func (h *Histogram) Reset() {
	h.count, h.over, h.negative = 0, 0, 0
	for i, p := range h.pages {
		switch {
		case p == nil:
		case *p == page{}:
			h.pages[i] = nil
		default:
			*p = page{}
		}
	}
}

// Quantiles sums h up. Each quantile is the upper end of the bucket that holds
// the latency of that rank, the nearest one.
func (h *Histogram) Quantiles() results.Quantiles {
	q := results.Quantiles{Count: h.count}
	shares := [...]float64{0.5, 0.9, 0.99, 0.999, 1}
	into := [...]*time.Duration{&q.P50, &q.P90, &q.P99, &q.P999, &q.Max}
	next, below := 0, int64(0)
	for bucket, n := range h.buckets {
		below += n
		for next < len(shares) && below >= h.rank(shares[next]) {
			*into[next] = h.end(bucket)
			next++
		}
	}
	return q
}

// Quantile returns the latency below which the share p, from 0 to 1, of all
// latencies lie, or zero when there are none.
func (h *Histogram) Quantile(p float64) time.Duration {
	below, rank := int64(0), h.rank(p)
	for bucket, n := range h.buckets {
		if below += n; below >= rank {
			return h.end(bucket)
		}
	}
	return 0
}

// rank returns the rank, from 1 on, of the latency at a share of all.
func (h *Histogram) rank(p float64) int64 {
	return max(1, min(h.count, int64(math.Floor(p*float64(h.count)+0.5))))
}
