package attack

import (
	"context"
	"runtime"
	"time"

	"frontload/internal/processor"
)

// A Pace is how the send loop waits for the next arrival. With none of them
// does an arrival leave early.
type Pace uint8

// The paces.
const (
	// PaceMillisecond wakes up at whole milliseconds of the run's clock and
	// sends what has become due. It costs little, and an arrival leaves up to
	// two milliseconds late.
	PaceMillisecond Pace = iota

	// PacePrecise wakes up for each arrival, on a thread of its own, within
	// about a tenth of a millisecond. That takes up to a third of a CPU at
	// 10,000 arrivals/s, and should have one to spare. Where the system cannot
	// sleep so exactly it is as good as its timers.
	PacePrecise
)

// A sleeper waits for the send loop, in the goroutine that made it.
type sleeper struct {
	pace    Pace
	timer   *time.Timer
	release func() // of the processor
}

func newSleeper(pace Pace) *sleeper {
	s := &sleeper{pace: pace, timer: time.NewTimer(0)}
	if pace == PacePrecise {
		s.release = processor.Reserve()
		runtime.LockOSThread()
		sharpen()
	}
	return s
}

// close ends the sleeper. It must be called by the goroutine that made it.
func (s *sleeper) close() {
	s.timer.Stop()
	if s.pace == PacePrecise {
		blunt()
		runtime.UnlockOSThread()
		s.release()
	}
}

// wait returns when span has passed since now, a time of the run; or sooner,
// when ctx ends or to look at the clock again.
func (s *sleeper) wait(ctx context.Context, now, span time.Duration) {
	switch {
	case s.pace == PaceMillisecond:
		due := now + span
		span += (time.Millisecond - due%time.Millisecond) % time.Millisecond
	case span <= longestNap:
		nap(span)
		return
	default:
		span -= longestNap
	}
	s.timer.Reset(span)
	select {
	case <-s.timer.C:
	case <-ctx.Done():
	}
}

// longestNap is the longest sleep that nothing can end early.
const longestNap = 3 * time.Millisecond
