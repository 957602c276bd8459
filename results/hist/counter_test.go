package hist

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func counted(digits int, values []time.Duration) *Counter {
	c := NewCounter(digits)
	for _, v := range values {
		c.Record(v)
	}
	return c
}

// What a counter counted is what a histogram would have recorded itself, at
// either precision.
func TestCounterIsAHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := latencies(t, "a"), latencies(t, "b")
		for _, digits := range []int{2, 3} {
			c := counted(digits, a)
			c.Add(counted(digits, b))
			got, want := c.Histogram(), record(digits, append(append([]time.Duration{}, a...), b...))
			if got.Count() != want.Count() || got.Over() != want.Over() || got.Negative() != want.Negative() {
				t.Fatalf("%d digits: count %d, over %d, negative %d; want %d, %d, %d", digits,
					got.Count(), got.Over(), got.Negative(), want.Count(), want.Over(), want.Negative())
			}
			if string(encode(t, got)) != string(encode(t, want)) {
				t.Fatalf("%d digits: other counts than those of a histogram", digits)
			}
		}
	})
}

func TestCounterKnowsEveryBucket(t *testing.T) {
	for _, digits := range []int{2, 3} {
		c := NewCounter(digits)
		for bucket := range c.bucketOf(Highest) + 1 {
			start := c.start(bucket)
			if got := c.bucketOf(start); got != bucket {
				t.Fatalf("%d digits: bucket %d begins at %v, which lies in bucket %d", digits, bucket, start, got)
			}
			if start > 0 && c.bucketOf(start-1) != bucket-1 {
				t.Fatalf("%d digits: bucket %d begins before %v", digits, bucket, start)
			}
		}
	}
}

func TestCounterResetKeepsMemory(t *testing.T) {
	c := NewCounter(3)
	fill := func() {
		c.Reset()
		for v := time.Millisecond; v < 4*time.Millisecond; v += 10 * time.Microsecond {
			c.Record(v)
		}
	}
	fill()
	if n := testing.AllocsPerRun(20, fill); n != 0 {
		t.Errorf("recording the same again after Reset allocates %v times", n)
	}
	if c.Reset(); c.Count() != 0 || c.Histogram().Count() != 0 {
		t.Errorf("after Reset: count %d, %d in its histogram", c.Count(), c.Histogram().Count())
	}
}

func BenchmarkCounterRecord(b *testing.B) {
	c := NewCounter(3)
	i := time.Duration(0)
	for b.Loop() {
		c.Record(time.Millisecond + i%4096*time.Microsecond)
		i++
	}
}
