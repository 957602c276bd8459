package lookout

import (
	"cmp"
	"slices"
	"time"

	"frontload/results"
)

// A tracked burst is one that is followed from look to look.
type tracked struct {
	Burst
	changes int // of its verdict that were told
	returns int // times that it went on after it was taken to be over
}

// start and end return the burst's first second and the one after its last.
func (t *tracked) start() int { return int(t.Since / time.Second) }
func (t *tracked) end() int   { return int(t.Until / time.Second) }

const (
	// A burst is over once it had no 503 for more than so many seconds: spans
	// of one fault may be as far apart.
	settle = 3
	// Of one burst, so many changes of the verdict are told at most.
	mostChanges = 20
	// And so many times that it went on after all.
	mostReturns = 5
	// So many bursts that are over are remembered, in case one goes on again.
	mostOver = 16
)

// follow matches what an analysis found to the bursts that went on before, and
// returns what is new.
func (l *Lookout) follow(found []sighting, now time.Duration) []results.Event {
	end := l.window.end
	found = slices.DeleteFunc(found, func(s sighting) bool { return s.to < end-settle })
	var events []results.Event
	for _, m := range matches(l.bursts, found) {
		if e, told := l.bursts[m.burst].update(found[m.sighting], now); told {
			events = append(events, e)
		}
		found[m.sighting].to = -1 // taken
	}
	found = slices.DeleteFunc(found, func(s sighting) bool { return s.to < 0 })
	for _, s := range found {
		if e, told := l.begin(s, now); told {
			events = append(events, e)
		}
	}
	l.bursts = slices.DeleteFunc(l.bursts, func(t tracked) bool {
		if t.end() >= end-settle {
			return false
		}
		if t.returns < mostReturns {
			events = append(events, event(now, "burst %d ended, from %s to %s: %s", t.ID, clock(t.Since), clock(t.Until), t.told()))
		}
		l.over = append(l.over, t)
		return true
	})
	if n := len(l.over) - mostOver; n > 0 {
		l.over = slices.Delete(l.over, 0, n)
	}
	return events
}

// begin follows a burst that did not go on before: a new one, or one that was
// taken to be over. It returns an event, unless it told of that one's coming
// and going often enough.
func (l *Lookout) begin(s sighting, now time.Duration) (results.Event, bool) {
	for i, t := range l.over {
		if alike(t, s) >= sameScope && s.from < t.end() {
			l.over = slices.Delete(l.over, i, i+1)
			t.update(s, now)
			t.returns++
			l.insert(t)
			if t.returns == mostReturns {
				return event(now, "burst %d comes and goes, which is not told any more: %s", t.ID, t.told()), true
			}
			return event(now, "burst %d goes on: %s", t.ID, t.told()), t.returns < mostReturns
		}
	}
	l.numbers++
	t := tracked{Burst: Burst{ID: l.numbers, Known: now, Since: time.Duration(s.from) * time.Second}}
	t.set(s)
	l.insert(t)
	return event(now, "burst %d began at %s: %s", t.ID, clock(t.Since), t.told()), true
}

// insert keeps the bursts in order of their ids.
func (l *Lookout) insert(t tracked) {
	i, _ := slices.BinarySearchFunc(l.bursts, t.ID, func(b tracked, id int) int { return cmp.Compare(b.ID, id) })
	l.bursts = slices.Insert(l.bursts, i, t)
}

// update takes in what is known of the burst now. It returns an event where
// that is another verdict.
func (t *tracked) update(s sighting, now time.Duration) (results.Event, bool) {
	before := t.Verdict
	t.set(s)
	if t.Verdict == before || t.changes >= mostChanges {
		return results.Event{}, false
	}
	t.changes++
	return event(now, "burst %d is now %s; it was %s", t.ID, t.told(), results.VerdictWords(before)), true
}

func (t *tracked) set(s sighting) {
	t.Scope, t.Verdict, t.Family, t.Confidence = s.Scope, s.Verdict, s.Family, s.Confidence
	if from := time.Duration(s.from) * time.Second; from < t.Since+settle*time.Second {
		t.Since = from // a later one is that of a part: the middle of a long burst is not kept
	}
	t.Requests, t.Responses503 = s.Requests, s.Responses503
	t.Share = float64(s.Responses503) / float64(max(1, s.Requests))
	t.Until = time.Duration(s.to) * time.Second
}

// A match says which sighting is one of which burst.
type match struct{ burst, sighting, like int }

// matches gives each burst at most one sighting, the likest first.
func matches(bursts []tracked, found []sighting) []match {
	var all, best []match
	for b := range bursts {
		for s := range found {
			if like := alike(bursts[b], found[s]); like > 0 {
				all = append(all, match{b, s, like})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y match) int { return cmp.Compare(y.like, x.like) })
	for _, m := range all {
		if !slices.ContainsFunc(best, func(t match) bool { return t.burst == m.burst || t.sighting == m.sighting }) {
			best = append(best, m)
		}
	}
	return best
}

// How like a burst and a sighting are, at least.
const (
	sameStart  = 2 // they began together, whatever their scope
	otherScope = 4 // their scopes have something in common
	sameScope  = 6 // some of their values are the same
)

// alike returns how like a burst and a sighting are; 0 when they are not the
// same. What is known of a burst's scope grows with it, so that another one
// may be the same burst's.
func alike(t tracked, s sighting) int {
	since := t.start()
	if s.from >= t.end()+settle || s.to <= since {
		return 0
	}
	like := 0
	switch {
	case t.Scope.Kind == s.Scope.Kind && (t.Scope.Kind == "all" || common(t.Scope.Values, s.Scope.Values)):
		like = sameScope
	case t.Scope.Kind == "all" || s.Scope.Kind == "all" || t.Scope.Kind != s.Scope.Kind && place(t.Scope) && place(s.Scope):
		like = otherScope
	case t.Scope.Kind != s.Scope.Kind && since-1 <= s.from && s.from <= since+1:
		like = sameStart
	default:
		return 0
	}
	if t.Verdict == s.Verdict {
		like++
	}
	return like
}

func place(s results.Scope) bool { return s.Kind == "pop" || s.Kind == "edge-address" }

func common(a, b []string) bool {
	return slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}
