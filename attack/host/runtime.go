package host

import (
	"math"
	"runtime/metrics"
	"time"

	"frontload/results"
)

// runtimeMetrics reads what the Go runtime counts: how long garbage collection
// stopped the program, and how long goroutines waited for a CPU. The runtime
// keeps both in buckets, of which the upper end is told: what was measured is
// at most that, and at least three quarters of it.
type runtimeMetrics struct {
	samples []metrics.Sample
	pauses  []uint64 // counts at the last reading
	waits   []uint64
}

func newRuntimeMetrics() *runtimeMetrics {
	r := &runtimeMetrics{samples: []metrics.Sample{
		{Name: "/sched/pauses/total/gc:seconds"},
		{Name: "/sched/latencies:seconds"},
	}}
	r.read(&results.Host{})
	return r
}

// read tells what was counted since the last call.
func (r *runtimeMetrics) read(h *results.Host) {
	metrics.Read(r.samples)
	if pauses := histogramOf(&r.samples[0]); pauses != nil {
		longest, total := pausesOf(pauses.Buckets, r.pauses, pauses.Counts)
		h.GCLongest, h.GCTotal = &longest, &total
		r.pauses = append(r.pauses[:0], pauses.Counts...)
	}
	if waits := histogramOf(&r.samples[1]); waits != nil {
		if p99, ok := quantileOf(waits.Buckets, r.waits, waits.Counts, 0.99); ok {
			h.RunQueueP99 = &p99
		}
		r.waits = append(r.waits[:0], waits.Counts...)
	}
}

// histogramOf returns the sample's histogram, or nil where this version of the
// runtime has none of that name.
func histogramOf(s *metrics.Sample) *metrics.Float64Histogram {
	if s.Value.Kind() != metrics.KindFloat64Histogram {
		return nil
	}
	return s.Value.Float64Histogram()
}

// since returns what bucket i counted since an earlier reading, which is empty
// for the first.
func since(before, now []uint64, i int) uint64 {
	if i < len(before) {
		return rise(now[i], before[i])
	}
	return now[i]
}

// pausesOf returns the longest of the pauses since an earlier reading, and
// their sum. Bucket i lies between bounds i and i + 1, in seconds.
func pausesOf(bounds []float64, before, now []uint64) (longest, total time.Duration) {
	for i := range now {
		if n := since(before, now, i); n > 0 {
			longest = seconds(upper(bounds, i))
			middle := (lower(bounds, i) + upper(bounds, i)) / 2
			total += seconds(float64(n) * middle)
		}
	}
	return longest, max(longest, total)
}

// quantileOf returns a quantile of what was counted since an earlier reading.
// It is not ok when that was nothing.
func quantileOf(bounds []float64, before, now []uint64, q float64) (time.Duration, bool) {
	var count uint64
	for i := range now {
		count += since(before, now, i)
	}
	if count == 0 {
		return 0, false
	}
	rank := uint64(math.Ceil(q * float64(count)))
	for i := range now {
		n := since(before, now, i)
		if n >= rank {
			return seconds(upper(bounds, i)), true
		}
		rank -= n
	}
	return 0, false
}

// lower and upper return the ends of a bucket; where it has no end the other.
func lower(bounds []float64, i int) float64 {
	if math.IsInf(bounds[i], -1) {
		return min(0, bounds[i+1])
	}
	return bounds[i]
}

func upper(bounds []float64, i int) float64 {
	if math.IsInf(bounds[i+1], 1) {
		return lower(bounds, i)
	}
	return bounds[i+1]
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
