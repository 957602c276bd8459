package lab

import "time"

// A level is a quantity that has one value during a fault and another outside
// of it: a rate per second, or a number of servers. A fault that never comes
// has start equal to end.
type level struct {
	base, during float64
	start, end   time.Duration // the fault: from start, before end
}

// at returns the value at t.
func (l level) at(t time.Duration) float64 {
	if t >= l.start && t < l.end {
		return l.during
	}
	return l.base
}

// over returns the integral of the level from a to b, in value times seconds.
// It is zero where b is not after a.
func (l level) over(a, b time.Duration) float64 {
	if b <= a {
		return 0
	}
	inside := max(0, min(b, l.end)-max(a, l.start))
	return l.base*(b-a).Seconds() + (l.during-l.base)*inside.Seconds()
}

// A bucket is a token bucket whose rate may change over time. In any span it
// lets out at most burst more than the integral of its rate.
type bucket struct {
	rate   level
	burst  float64
	tokens float64
	last   time.Duration
}

func newBucket(rate level, burst float64) bucket {
	return bucket{rate: rate, burst: burst, tokens: burst}
}

// take takes a token at now, which must not go back, and reports whether
// there was one.
func (b *bucket) take(now time.Duration) bool {
	b.fill(now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// queue takes a token that may come up to most later, and returns how long to
// wait for it. Where the wait would be longer it takes nothing and returns
// false.
func (b *bucket) queue(now, most time.Duration) (time.Duration, bool) {
	b.fill(now)
	rate := b.rate.at(now)
	wait := time.Duration(0)
	if b.tokens < 1 {
		if rate <= 0 {
			return 0, false
		}
		wait = time.Duration((1 - b.tokens) / rate * float64(time.Second))
	}
	if wait > most {
		return 0, false
	}
	b.tokens--
	return wait, true
}

func (b *bucket) fill(now time.Duration) {
	b.tokens = min(b.burst, b.tokens+b.rate.over(b.last, now))
	b.last = max(b.last, now)
}
