package pacing

import (
	"sync"
	"time"
)

// Rate returns the rate at elapsed, in requests per second: zero before the
// start and from the end on. Where two segments meet it is that of the later
// one. With Pace it makes a schedule a Pacer of the vegeta library.
func (s *Schedule) Rate(elapsed time.Duration) float64 {
	if elapsed < 0 || elapsed >= s.duration {
		return 0
	}
	return s.pieces[s.pieceAt(elapsed)].rate(elapsed)
}

// Pace returns how long to wait at elapsed, with hits requests already sent,
// until the next is due: zero if it is overdue. Stop is true when no arrival
// is left. Pace does not slow a backlog down and drops nothing: for that the
// send loop has a [Gate].
//
// Poisson arrivals are drawn in order: calls in which hits grows are quick, a
// call in which it falls draws anew from the start.
func (s *Schedule) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	at, ok := s.arrival(hits)
	if !ok {
		return 0, true
	}
	return max(0, at-elapsed), false
}

// arrival returns when arrival n is due, or false when there is none.
func (s *Schedule) arrival(n uint64) (time.Duration, bool) {
	if s.arrivals == Poisson {
		return s.pacing.seek(s, n)
	}
	pos := position{whole: n}
	if !pos.before(s.end) {
		return 0, false
	}
	return s.place(pos), true
}

// A cursor remembers where Pace was in the Poisson arrivals. The zero value
// has read nothing.
type cursor struct {
	mu     sync.Mutex
	stream *Stream
	last   Arrival
	any    bool // last is an arrival; false: there is none at all
}

// seek returns when arrival n of s is due, or false when there is none.
func (c *cursor) seek(s *Schedule, n uint64) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream == nil || n < c.last.N {
		c.stream = s.Stream(0, 1)
		c.last, c.any = c.stream.Next()
	}
	for c.any && c.last.N < n {
		a, ok := c.stream.Next()
		if !ok {
			return 0, false
		}
		c.last = a
	}
	return c.last.At, c.any
}
