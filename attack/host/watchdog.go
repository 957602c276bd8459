package host

import (
	"context"
	"sync"
	"time"

	"frontload/results"
)

// A Watchdog finds the spans in which the process stood still: stopped by a
// signal, suspended with its machine, or without a CPU for its goroutines. The
// send lag does not show such a span when no arrival was due in it. The answers
// that came meanwhile were read after it, so that they seem to have taken
// longer than they did.
//
// It wakes up every 20 ms, as a goroutine like those that read answers. When
// that is over 100 ms late, the span by which it is late is a stall: an arrival
// due at its beginning would have been missed.
type Watchdog struct {
	now func() time.Duration

	mu     sync.Mutex
	awake  time.Duration // when it was last
	stalls []results.Stall
}

const (
	wakesEvery = 20 * time.Millisecond
	mostLate   = 100 * time.Millisecond
	mostStalls = 1024 // that are kept until they are taken
)

// NewWatchdog returns a watchdog that is awake now, by the run's clock, which
// may be read by several goroutines at once.
func NewWatchdog(now func() time.Duration) *Watchdog {
	return &Watchdog{now: now, awake: now()}
}

// Run watches until ctx ends.
func (w *Watchdog) Run(ctx context.Context) {
	tick := time.NewTicker(wakesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.wake()
		case <-ctx.Done():
			return
		}
	}
}

// wake takes note that the process runs.
func (w *Watchdog) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, due := w.now(), w.awake+wakesEvery
	if now-due > mostLate && len(w.stalls) < mostStalls {
		w.stalls = append(w.stalls, results.Stall{From: due, To: now})
	}
	w.awake = now
}

// Take returns the stalls since the last call, one that has just ended among
// them.
func (w *Watchdog) Take() []results.Stall {
	w.wake()
	w.mu.Lock()
	defer w.mu.Unlock()
	stalls := w.stalls
	w.stalls = nil
	return stalls
}

// Longest returns the longest of the stalls, or zero when there is none.
func Longest(stalls []results.Stall) time.Duration {
	var longest time.Duration
	for _, s := range stalls {
		longest = max(longest, s.To-s.From)
	}
	return longest
}
