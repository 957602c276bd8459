// Package lookout watches a run while it goes on: once a second it analyses
// the latest minutes of it, by the very code that analyses a run that is over,
// and tells of the bursts of 503s that go on.
//
// What it keeps and what one look costs are bounded, however long the run and
// however many its cells: see [window].
package lookout

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"frontload/results"
	"frontload/results/analysis"
	"frontload/results/record"
)

// A Lookout takes what a recorder cuts, and says which bursts go on. Its
// methods may be called by many goroutines at once, but for Look and End, which
// are for one at a time.
type Lookout struct {
	info results.RunInfo

	mu      sync.Mutex
	window  window
	fresh   int64 // 503s since the last look
	bursts  []tracked
	over    []tracked // those that ended lately
	numbers int       // bursts so far
}

// New returns a Lookout for the run that info describes: its start, request
// names and limits are used.
func New(info results.RunInfo) *Lookout {
	return &Lookout{info: info}
}

// Add takes what was cut at a moment of the run's clock: all seconds before
// the one in which it lies are cut. It costs little, and keeps the interval's
// cells, which must not change afterwards.
func (l *Lookout) Add(iv *record.Interval, now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh += l.window.add(iv, int(now/time.Second))
}

// Current returns the bursts that go on as of the last look, in order of their
// ids; nil when there are none.
func (l *Lookout) Current() []Burst {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Burst
	for i := range l.bursts {
		list = append(list, l.bursts[i].Burst)
	}
	return list
}

// Look analyses what was added, and returns what is new as events of the given
// moment: that a burst began, has another verdict, or ended. It does nothing
// where there is nothing to see: no 503 came since the last look and no burst
// goes on. The error is the analysis's.
func (l *Lookout) Look(now time.Duration) ([]results.Event, error) {
	seen := l.snapshot()
	var found []results.Burst
	if seen != nil {
		a, err := analysis.Analyze(seen.run(l.info))
		if err != nil {
			return nil, fmt.Errorf("look for bursts at %v of the run: %w", now, err)
		}
		found = a.Bursts
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.follow(seen.sightings(l.info.Start, found), now), nil
}

// snapshot returns what is to be analysed now, nil for nothing.
func (l *Lookout) snapshot() snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window.prune(l.bursts)
	look := len(l.bursts) > 0 || l.fresh > 0 && l.window.failures >= least503s
	l.fresh = 0
	if !look {
		return nil
	}
	return slices.Clone(l.window.kept)
}

// least503s is how many 503s a burst has at least. Fewer are not looked at.
const least503s = 5

// End returns the events of bursts that go on when the run ends. Nothing may
// be looked at afterwards.
func (l *Lookout) End(now time.Duration) []results.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var events []results.Event
	for i := range l.bursts {
		events = append(events, event(now, "burst %d went on when the run ended: %s", l.bursts[i].ID, l.bursts[i].told()))
	}
	return events
}

func event(now time.Duration, format string, args ...any) results.Event {
	return results.Event{At: now, Kind: "burst", Text: fmt.Sprintf(format, args...)}
}
