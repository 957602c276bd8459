// Package hist holds latencies as HDR histograms: counts in buckets whose width
// is a fixed share of their value, so that quantiles have a known relative
// error and histograms of many seconds and machines add up exactly.
//
// It is hdrhistogram-go with the range that Frontload uses, in nanoseconds
// from 1 µs to 1 hour, and with what that library drops counted. Histograms are
// the library's packed ones: a load generator keeps some hundred of them at
// once, of which each holds a few hundred different values.
package hist

import (
	"errors"
	"fmt"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

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
	h        *hdr.PackedHistogram
	over     int64
	negative int64
}

// New returns an empty histogram that keeps the given number of significant
// decimal digits: 2 (a value is at most 1 % off) or 3 (0.1 %).
func New(digits int) *Histogram {
	return &Histogram{h: hdr.NewPacked(int64(lowest), int64(Highest), digits)}
}

// Digits returns the number of significant decimal digits.
func (h *Histogram) Digits() int { return int(h.h.SignificantFigures()) }

// Count returns how many latencies were recorded.
func (h *Histogram) Count() int64 { return h.h.TotalCount() }

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
	_ = h.h.RecordValue(int64(d)) // fails for values out of range only
}

// Merge adds what o counted. Where o is the finer of the two nothing but its
// precision is lost; where it is the coarser, its latencies count at the lower
// end of their buckets.
func (h *Histogram) Merge(o *Histogram) {
	h.over += o.over
	h.negative += o.negative
	h.h.Merge(o.h) // drops values out of range only
}

// Clone returns a copy that shares nothing with h.
func (h *Histogram) Clone() *Histogram {
	return &Histogram{h: h.h.Clone(), over: h.over, negative: h.negative}
}

// Reset empties h. Its memory is kept, so that recording the like again
// allocates nothing.
func (h *Histogram) Reset() {
	h.h.Reset()
	h.over, h.negative = 0, 0
}

// Quantiles sums h up. Each quantile is the upper end of the bucket that holds
// the latency of that rank, the nearest one.
func (h *Histogram) Quantiles() results.Quantiles {
	q := results.Quantiles{Count: h.Count()}
	if q.Count == 0 {
		return q
	}
	at := h.h.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9, 100})
	q.P50, q.P90, q.P99, q.P999, q.Max = inRange(at[0]), inRange(at[1]), inRange(at[2]), inRange(at[3]), inRange(at[4])
	return q
}

// Quantile returns the latency below which the share p, from 0 to 1, of all
// latencies lie, or zero when there are none.
func (h *Histogram) Quantile(p float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return inRange(h.h.ValueAtPercentile(100 * p))
}

// inRange returns a bucket's upper end as a latency: that of the last bucket
// lies above the highest latency that there can be.
func inRange(v int64) time.Duration { return min(Highest, time.Duration(v)) }

// ErrCorrupt is wrapped by every error of [Decode].
var ErrCorrupt = errors.New("not a stored histogram of this kind")

// Encode returns the stored form: HdrHistogram's compressed V2 in base64, which
// its tools in every language read.
func (h *Histogram) Encode() ([]byte, error) {
	b, err := h.h.EncodeV2()
	if err != nil {
		return nil, fmt.Errorf("encode histogram: %w", err)
	}
	return b, nil
}

// Decode reads what [Histogram.Encode] wrote, or another HdrHistogram V2 writer
// with the same range and 2 or 3 digits. Its errors wrap [ErrCorrupt].
func Decode(b []byte) (*Histogram, error) {
	h, err := hdr.DecodePacked(b)
	if err != nil {
		return nil, fmt.Errorf("decode histogram of %d bytes: %w: %w", len(b), ErrCorrupt, err)
	}
	if got := h.HighestTrackableValue(); got != int64(Highest) {
		return nil, fmt.Errorf("decode histogram: %w: its highest value is %d ns, want %d", ErrCorrupt, got, int64(Highest))
	}
	if n := h.SignificantFigures(); n != 2 && n != 3 {
		return nil, fmt.Errorf("decode histogram: %w: it has %d digits, want 2 or 3", ErrCorrupt, n)
	}
	return &Histogram{h: h}, nil
}
