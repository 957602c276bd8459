package lab

import (
	"net/netip"
	"sync"
	"time"
)

// live runs a model on the real, monotonic clock. Its time is zero until the
// first ask, and counts from there. Time is read under the lock, so that the
// model never sees it go back.
type live struct {
	mu    sync.Mutex
	model Behaviour
	zero  time.Time // of the first ask; the zero Time before it
}

// ask returns the model's reply to a that arrives now, and the instant from
// which the reply's times count.
func (l *live) ask(a Ask) (Reply, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.zero.IsZero() {
		l.zero = time.Now()
		if m, ok := l.model.(starter); ok {
			m.start(l.zero)
		}
	}
	return l.model.Ask(time.Since(l.zero), a), l.zero
}

// resolve returns what the model's DNS says now. The answer is the caller's.
func (l *live) resolve(subnet netip.Prefix, ipv6 bool) ([]netip.Addr, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var now time.Duration
	if !l.zero.IsZero() {
		now = time.Since(l.zero)
	}
	answer, ttl := l.model.Resolve(now, subnet, ipv6)
	return append([]netip.Addr(nil), answer...), ttl
}

// A starter is told the wall time of its zero, before its first ask.
type starter interface{ start(at time.Time) }

// start makes Date headers and the access log tell the real time.
func (m *Model) start(at time.Time) { m.Epoch = at }
