package host

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontload/results"
)

// In virtual time nothing is ever late, so the clock jumps while the watchdog
// sleeps, as it does for a process that is stopped.
func TestWatchdog(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name string
		jump time.Duration
		want []results.Stall
	}{
		{"on time", 0, nil},
		{"as late as an arrival may be", 100 * ms, nil},
		{"stopped for 300 ms", 300 * ms, []results.Stall{{From: 1020 * ms, To: 1320 * ms}}},
		{"suspended for an hour", time.Hour, []results.Stall{{From: 1020 * ms, To: 1020*ms + time.Hour}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var jumped atomic.Int64
				w := NewWatchdog(func() time.Duration { return time.Since(start) + time.Duration(jumped.Load()) })
				ctx, cancel := context.WithCancel(t.Context())
				var watching sync.WaitGroup
				watching.Go(func() { w.Run(ctx) })
				time.Sleep(1010 * ms)
				jumped.Store(int64(c.jump))
				time.Sleep(500 * ms)
				if got := w.Take(); !cmp.Equal(got, c.want) {
					t.Errorf("Take() = %v, want %v", got, c.want)
				}
				if got := w.Take(); got != nil {
					t.Errorf("taken again: %v", got)
				}
				cancel()
				watching.Wait()
			})
		})
	}
}

// Who takes the stalls may run before the watchdog does.
func TestTakeSeesTheStallThatHasJustEnded(t *testing.T) {
	now := time.Second
	w := NewWatchdog(func() time.Duration { return now })
	now += 400 * time.Millisecond
	want := []results.Stall{{From: 1020 * time.Millisecond, To: 1400 * time.Millisecond}}
	if got := w.Take(); !cmp.Equal(got, want) || Longest(got) != 380*time.Millisecond {
		t.Errorf("Take() = %v, the longest %v, want %v", got, Longest(got), want)
	}
}
