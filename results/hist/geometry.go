package hist

import (
	"math/bits"
	"time"
)

// A geometry is HdrHistogram's, for latencies from 1 µs on. They are measured
// in units of 2^unitBits ns. Below 2^(halfBits+1) units each unit is a bucket;
// from there on each doubling has 2^halfBits buckets of equal width: for 2
// digits 128, the power of two above 10^2, and for 3 digits 1024.
type geometry struct{ digits, halfBits int }

const unitBits = 9 // 512 ns, the power of two at or below 1 µs

func geometryOf(digits int) geometry {
	if digits == 3 {
		return geometry{3, 10}
	}
	return geometry{digits, 7}
}

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

// end returns the longest latency of a bucket: that of the last one lies above
// the longest that there can be.
func (g geometry) end(bucket int) time.Duration {
	return min(Highest, g.start(bucket+1)-1)
}
