package lab

import (
	"math/rand/v2"
	"time"
)

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

	share float64 // what the fault leaves, as a share of what was asked for before; zero for none
	asked int     // until then
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
	b.settle(now)
	b.tokens = min(b.burst, b.tokens+b.rate.over(b.last, now))
	b.last = max(b.last, now)
}

// settle gives the fault the rate that it leaves, once it has begun, where that
// is a share of what was asked for until then. Nor may a small rate save much up.
func (b *bucket) settle(now time.Duration) {
	if b.share == 0 || now < b.rate.start {
		b.asked++
		return
	}
	b.rate.during = b.share * float64(b.asked) / max(0.5, b.rate.start.Seconds())
	b.share = 0
	b.burst = min(b.burst, max(5, b.rate.during/4))
	b.tokens = min(b.tokens, 1)
}

// A limit refuses requests: beyond a rate, or some at random during a fault.
type limit struct {
	bucket
	random level // share that is refused at random
}

func newLimit(f fault, base, burst float64) limit {
	l := limit{bucket: newBucket(f.limit(base), burst), random: f.refusals()}
	l.share = f.share()
	return l
}

// refuses reports whether a request at now, which must not go back, is refused.
func (l *limit) refuses(now time.Duration, rng *rand.Rand) bool {
	return chance(rng, l.random.at(now)) || !l.take(now)
}
