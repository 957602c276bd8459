package lab

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// oracle sums a level in steps of a millisecond.
func oracle(l level, a, b time.Duration) float64 {
	sum := 0.0
	for t := a; t < b; t += time.Millisecond {
		sum += l.at(t) * min(time.Millisecond, b-t).Seconds()
	}
	return sum
}

func drawLevel(t *rapid.T) level {
	start := time.Duration(rapid.IntRange(0, 3000).Draw(t, "start")) * time.Millisecond
	return level{
		base: rapid.Float64Range(0, 200).Draw(t, "base"), during: rapid.Float64Range(0, 200).Draw(t, "during"),
		start: start, end: start + time.Duration(rapid.IntRange(0, 3000).Draw(t, "lasts"))*time.Millisecond,
	}
}

func TestLevelIntegral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLevel(t)
		a := time.Duration(rapid.IntRange(0, 5000).Draw(t, "a")) * time.Millisecond
		b := time.Duration(rapid.IntRange(0, 5000).Draw(t, "b")) * time.Millisecond
		if got, want := l.over(a, b), oracle(l, a, b); got-want > 1e-6 || want-got > 1e-6 {
			t.Errorf("%+v.over(%v, %v) = %v, want %v", l, a, b, got, want)
		}
	})
}

// In any span a bucket lets out no more than its burst and its rate allow, and
// refuses only when it has let out nearly as much since it was last full.
func TestBucketKeepsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLevel(t)
		burst := float64(rapid.IntRange(1, 20).Draw(t, "burst"))
		b := newBucket(l, burst)
		var let []time.Duration
		now := time.Duration(0)
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 40), 1, 200).Draw(t, "gaps") {
			now += time.Duration(gap) * time.Millisecond
			if b.take(now) {
				let = append(let, now)
			}
		}
		for i := range let {
			for j := i; j < len(let); j++ {
				if n, most := float64(j-i+1), burst+l.over(let[i], let[j]); n > most+1e-6 {
					t.Fatalf("%v taken from %v to %v, want %v at most", n, let[i], let[j], most)
				}
			}
		}
	})
}

// A request that queues is let out at its own turn, never later than it may.
func TestBucketQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(1, 200).Draw(t, "rate")
		most := time.Duration(rapid.IntRange(0, 2000).Draw(t, "most")) * time.Millisecond
		b := newBucket(level{base: rate}, 5)
		var turns []time.Duration
		now := time.Duration(0)
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 40), 1, 200).Draw(t, "gaps") {
			now += time.Duration(gap) * time.Millisecond
			wait, ok := b.queue(now, most)
			if !ok {
				continue
			}
			if wait < 0 || wait > most {
				t.Fatalf("queue(%v, %v) waits %v", now, most, wait)
			}
			turns = append(turns, now+wait)
		}
		for i := range turns {
			for j := i; j < len(turns); j++ {
				if n, most := float64(j-i+1), 5+rate*(turns[j]-turns[i]).Seconds(); n > most+1e-3 {
					t.Fatalf("%v turns from %v to %v, want %v at most", n, turns[i], turns[j], most)
				}
			}
		}
	})
}
