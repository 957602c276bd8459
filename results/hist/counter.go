package hist

import (
	"math/bits"
	"time"
)

// A Counter counts latencies in the buckets of a [Histogram], for a short while
// and many times as fast: it finds a latency's bucket by arithmetic, where a
// packed histogram has to search. It is for recording, and hands what it
// counted to a histogram for everything else. Make one with [NewCounter]; the
// zero value is not ready for use. It must not be used by several goroutines
// at once.
//
// A bucket holds at most 4,294,967,295 latencies.
type Counter struct {
	geometry
	count, over, negative int64
	pages                 []*page // nil where nothing was counted
}

// NewCounter returns an empty counter that keeps 2 or 3 significant decimal
// digits, as [New] does.
func NewCounter(digits int) *Counter {
	g := geometry{digits: digits, halfBits: 7}
	if digits == 3 {
		g.halfBits = 10
	}
	return &Counter{geometry: g, pages: make([]*page, g.bucketOf(Highest)/pageSize+1)}
}

// A page is a run of neighbouring buckets: the latencies of one series lie
// close together.
type page [pageSize]uint32

const pageSize = 256

// A geometry is HdrHistogram's, for latencies from 1 µs on. They are measured
// in units of 2^unitBits ns. Below 2^(halfBits+1) units each unit is a bucket;
// from there on each doubling has 2^halfBits buckets of equal width: for 2
// digits 128, the power of two above 10^2, and for 3 digits 1024.
type geometry struct{ digits, halfBits int }

const unitBits = 9 // 512 ns, the power of two at or below 1 µs

// bucketOf returns the bucket of a latency from 0 to [Highest].
func (g geometry) bucketOf(d time.Duration) int {
	units := uint64(d) >> unitBits
	doublings := max(0, bits.Len64(units)-g.halfBits-1)
	return doublings<<g.halfBits + int(units>>doublings)
}

// start returns the shortest latency of a bucket.
func (g geometry) start(bucket int) time.Duration {
	doublings := max(0, bucket>>g.halfBits-1)
	return time.Duration(bucket-doublings<<g.halfBits) << (doublings + unitBits)
}

// Count returns how many latencies were recorded.
func (c *Counter) Count() int64 { return c.count }

// Over returns how many latencies were above [Highest].
func (c *Counter) Over() int64 { return c.over }

// Negative returns how many latencies were below zero, and recorded as zero.
func (c *Counter) Negative() int64 { return c.negative }

// Record counts one latency.
func (c *Counter) Record(d time.Duration) {
	switch {
	case d < 0:
		c.negative++
		d = 0
	case d > Highest:
		c.over++
		d = Highest
	}
	c.count++
	bucket := c.bucketOf(d)
	c.page(bucket / pageSize)[bucket%pageSize]++
}

func (c *Counter) page(i int) *page {
	p := c.pages[i]
	if p == nil {
		p = new(page)
		c.pages[i] = p
	}
	return p
}

// Add adds what o, of the same precision, counted.
func (c *Counter) Add(o *Counter) {
	c.count += o.count
	c.over += o.over
	c.negative += o.negative
	for i, from := range o.pages {
		if from == nil {
			continue
		}
		to := c.page(i)
		for j, n := range from {
			to[j] += n
		}
	}
}

// Reset empties c. Its memory is kept, so that recording the like again
// allocates nothing.
func (c *Counter) Reset() {
	c.count, c.over, c.negative = 0, 0, 0
	for _, p := range c.pages {
		if p != nil {
			clear(p[:])
		}
	}
}

// Histogram returns what was counted as a histogram of the same precision.
func (c *Counter) Histogram() *Histogram {
	h := New(c.digits)
	h.over, h.negative = c.over, c.negative
	for i, p := range c.pages {
		if p == nil {
			continue
		}
		for j, n := range p {
			if n > 0 {
				_ = h.h.RecordValues(int64(c.start(i*pageSize+j)), int64(n)) // fails for values out of range only
			}
		}
	}
	return h
}
