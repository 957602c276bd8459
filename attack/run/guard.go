package run

import (
	"fmt"
	"time"

	"frontload/results"
	"frontload/results/lookout"
)

// A decision is what a guard wants done to a run, and why.
type decision struct {
	action string  // such as [results.GuardHold]
	share  float64 // back-off: of the rate, that is left
	reason string  // in words, such as "burst 1 (edge capacity at FRA56-P1, 97% sure) has gone on for 3s"
}

// An edgeRule says when the default guard of a guided load acts on bursts of
// edge capacity.
type edgeRule struct {
	sure    float64       // how sure a verdict must be before anything is done, 0 to 1
	lasts   time.Duration // and for how long: then the rate is held
	held    time.Duration // what goes on so long after that makes the rate fall
	share   float64       // to this share of what it was
	backed  time.Duration // what goes on so long after that ends the load
	calm    time.Duration // after so long without a burst the ramp goes on
	mostFor int           // bursts that the rate is held for; one more ends the load
}

// defaultRule is that of every guided load. Verdicts are calibrated, so that
// one of 80 % is wrong one time in five; three looks in a row, one each second,
// have to agree. CloudFront answers look-ups for 60 s: in half of that many a
// client has new addresses, which may be all it takes, and after a whole one
// that a halved rate did not help, more load does no good to anyone. A rate
// that was too much twice is going to be again.
var defaultRule = edgeRule{
	sure: 0.8, lasts: 3 * time.Second,
	held: 30 * time.Second, share: 0.5,
	backed: 60 * time.Second,
	calm:   30 * time.Second, mostFor: 2,
}

// An edgeGuard watches a load for bursts of edge capacity: it holds the rate,
// then backs off, then stops. It reads no clock and belongs to one goroutine.
type edgeGuard struct {
	rule edgeRule

	phase  string        // what was done last; empty while the load goes as planned
	since  time.Duration // when that was
	sure   time.Duration // since when a burst is sure
	isSure bool
	seen   time.Duration // the end of the last second with a 503 of a burst
	holds  int           // so far
}

// decide returns what to do now, in view of the bursts that went on at the last
// look; false for nothing. It should be called once a second, be the look a new
// one or not: looks take long on a busy machine, and a time that was not looked
// at is neither calm nor a burst.
func (g *edgeGuard) decide(now, looked time.Duration, bursts []lookout.Burst) (decision, bool) {
	b := g.look(looked, bursts)
	d := decision{}
	switch {
	case g.phase == "" && g.isSure && looked-g.sure >= g.rule.lasts:
		d = g.begin(looked, b)
	case g.phase == results.GuardHold && b != nil && looked-g.since >= g.rule.held:
		d = decision{action: results.GuardBackOff, share: g.rule.share}
		d.reason = fmt.Sprintf("%s went on for %s after the rate was held", named(b), span(looked-g.since))
	case g.phase == results.GuardBackOff && b != nil && looked-g.since >= g.rule.backed:
		d.action = results.GuardStop
		d.reason = fmt.Sprintf("%s went on for %s after the rate was lowered", named(b), span(looked-g.since))
	case g.paused() && b == nil && looked-g.seen >= g.rule.calm:
		d = decision{action: results.GuardResume}
		d.reason = fmt.Sprintf("no burst of edge capacity was seen for %s", span(looked-g.seen))
	default:
		return d, false
	}
	g.since, g.phase = now, d.action
	if d.action == results.GuardResume {
		g.phase = ""
	}
	return d, true
}

// begin decides about a burst while the load goes as planned.
func (g *edgeGuard) begin(looked time.Duration, b *lookout.Burst) decision {
	if g.holds == g.rule.mostFor {
		return decision{
			action: results.GuardStop,
			reason: fmt.Sprintf("%s came after the rate was held %d times for such bursts", named(b), g.holds),
		}
	}
	g.holds++
	return decision{action: results.GuardHold, reason: fmt.Sprintf("%s has gone on for %s", named(b), span(looked-g.sure))}
}

// A burst is known to go on until some seconds after its last 503. One whose
// last is older than this has probably ended: a look is at the second before.
const fresh = 3 * time.Second

// look takes note of the bursts that go on, and returns the surest of edge
// capacity, or nil.
func (g *edgeGuard) look(looked time.Duration, bursts []lookout.Burst) *lookout.Burst {
	var surest *lookout.Burst
	for i, b := range bursts {
		if b.Verdict != results.VerdictEdgeCapacity {
			continue
		}
		g.seen = max(g.seen, b.Until)
		if looked-b.Until < fresh && (surest == nil || b.Confidence > surest.Confidence) {
			surest = &bursts[i]
		}
	}
	sure := surest != nil && surest.Confidence >= g.rule.sure
	if sure && !g.isSure {
		g.sure = looked
	}
	g.isSure = sure
	return surest
}

func (g *edgeGuard) paused() bool {
	return g.phase == results.GuardHold || g.phase == results.GuardBackOff
}

func named(b *lookout.Burst) string { return fmt.Sprintf("burst %d (%s)", b.ID, b) }

func span(d time.Duration) string { return d.Round(time.Second).String() }
