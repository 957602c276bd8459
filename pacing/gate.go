package pacing

import (
	"fmt"
	"time"
)

// How late is late. TooLate is the most that the generator may make up for;
// what is later still is dropped and counted. Within grain an arrival counts
// as on time: timers and the scheduler of the system wake a loop a few
// milliseconds late as a matter of course, and several arrivals are then due
// at once.
const (
	TooLate = 100 * time.Millisecond
	grain   = 5 * time.Millisecond
)

// A Decision is what to do with an arrival.
type Decision uint8

// The decisions.
const (
	Send Decision = iota + 1 // go now
	Wait                     // come back after the span that stands beside it
	Miss                     // drop it and count it as missed
)

// String returns "send", "wait" or "miss".
func (d Decision) String() string {
	switch d {
	case Send:
		return "send"
	case Wait:
		return "wait"
	case Miss:
		return "miss"
	}
	return fmt.Sprintf("Decision(%d)", uint8(d))
}

// A Gate decides what becomes of arrivals when the generator itself is late.
// Waiting for the target must never pass through it: an arrival that the gate
// has let through is sent, however long the target keeps it waiting.
//
//   - One that is not yet due waits until it is, never less.
//   - One at most 5 ms late goes.
//   - One more than 100 ms late is missed.
//   - What lies between is a backlog, and leaves at no more than twice the
//     scheduled rate: the rate now, or the one at the arrival's own time where
//     that was higher (after a step down, in a pause, past the end). One that
//     this pace would make more than 100 ms late is missed at once.
//
// A loop that comes back later than it was told may make up for at most 5 ms
// of that. So, for uniform arrivals and with r the highest scheduled rate of a
// span and of the 100 ms before it, no more than 2 r (span + 7.5 ms) + 3
// arrivals leave in that span, whatever the generator has suffered: r (5 ms)
// and 1 that count as on time, 2 r (5 ms) and 1 made up for, 1 at its start.
//
// A Gate belongs to one goroutine, which asks it about arrivals in order, with
// times that never go back. It reads no clock.
type Gate struct {
	s      *Schedule
	share  float64       // of the scheduled rate that passes through this gate
	behind bool          // the last arrival was part of a backlog
	left   time.Duration // when the last of a backlog left, had the loop been on time
}

// NewGate returns a gate for the whole of s.
func NewGate(s *Schedule) *Gate { return NewShardGate(s, 1) }

// NewShardGate returns a gate for one of shards streams of s, through which
// that part of the scheduled rate passes. It panics if shards is not positive.
func NewShardGate(s *Schedule, shards int) *Gate {
	if shards <= 0 {
		panic(fmt.Sprintf("pacing: a gate for %d shards, want 1 or more", shards))
	}
	return &Gate{s: s, share: 1 / float64(shards), left: -TooLate}
}

// Follow goes on with another schedule, one that its [Course] has become.
func (g *Gate) Follow(s *Schedule) { g.s = s }

// Admit decides about the arrival that is intended at at, when it is now. The
// span is positive for Wait and zero otherwise; after it, ask again with the
// same arrival and the new time. Admit does not allocate.
func (g *Gate) Admit(at, now time.Duration) (Decision, time.Duration) {
	late := now - at
	switch {
	case late < 0:
		g.behind = false
		return Wait, -late
	case late <= grain:
		g.behind = false
		return Send, 0
	case late > TooLate:
		return Miss, 0
	}
	return g.catchUp(at, now)
}

// catchUp decides about an arrival of a backlog.
func (g *Gate) catchUp(at, now time.Duration) (Decision, time.Duration) {
	earliest := now
	if g.behind {
		earliest -= grain
	}
	g.behind = true
	free := max(earliest, g.left+g.gap(at, now))
	switch {
	case free-at > TooLate:
		return Miss, 0
	case free > now:
		return Wait, free - now
	}
	g.left = free
	return Send, 0
}

// gap returns how far apart a backlog leaves: at half the scheduled interval,
// or at TooLate where that is shorter or the rate is zero, since nothing that
// is due later than that belongs to the same backlog.
func (g *Gate) gap(at, now time.Duration) time.Duration {
	rate := max(g.s.Rate(at), g.s.Rate(now)) * g.share
	if rate <= 0 {
		return TooLate
	}
	return min(TooLate, Rate(2*rate).Interval())
}
