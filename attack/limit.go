package attack

import (
	"net/netip"
	"sync"
	"time"
)

// A bucket lets out so many arrivals a second, and a tenth of a second's
// worth, at least one, at once (the generic cell rate algorithm). It goes by
// their intended times, so that a generator that is late holds nothing back.
// Its zero value is full.
type bucket struct {
	due time.Duration // when the next arrival conforms exactly
}

// jitter is how much too early an arrival may come: the times of arrivals are
// rounded, and one that waited for a look-up has another.
const jitter = 5 * time.Millisecond

// take reports whether one more arrival may go at its time. A rate of zero
// does not limit.
func (b *bucket) take(perSecond float64, at time.Duration) bool {
	if perSecond <= 0 {
		return true
	}
	if at < b.opens(perSecond) {
		return false
	}
	b.due = max(b.due, at) + interval(perSecond)
	return true
}

// opens returns from when on one more arrival may go, at a rate above zero.
func (b *bucket) opens(perSecond float64) time.Duration {
	return b.due - max(time.Second/10-interval(perSecond), jitter)
}

func interval(perSecond float64) time.Duration {
	return time.Duration(float64(time.Second) / perSecond)
}

// A limiter holds a bucket for each edge address. It may be used by many
// goroutines at once. It holds as many buckets as addresses were ever asked.
type limiter struct {
	rate float64

	mu      sync.Mutex
	buckets map[netip.Addr]*bucket
}

func (l *limiter) take(addr netip.Addr, at time.Duration) bool {
	if l.rate <= 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[addr]
	if b == nil {
		if l.buckets == nil {
			l.buckets = map[netip.Addr]*bucket{}
		}
		b = &bucket{}
		l.buckets[addr] = b
	}
	return b.take(l.rate, at)
}
