package run

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"frontload/attack"
	"frontload/results"
)

// ErrGuard is returned by [Run] when the guard ended the load: the run file is
// whole all the same.
var ErrGuard = errors.New("stopped by the guard")

// newGuard returns the guard of the run, nil for none: guided loads have one,
// rehearsals do not.
func (r *runner) newGuard() *edgeGuard {
	if !r.plan.Guided || r.opt.Source == "rehearsal" {
		return nil
	}
	return &edgeGuard{rule: cmp.Or(r.opt.rule, defaultRule)}
}

// govern asks the guard what to do, once a second, and does it.
func (r *runner) govern() {
	if r.guard == nil {
		return
	}
	now := r.engine.Now()
	looked, bursts := r.watch.current()
	d, any := r.guard.decide(now, looked, bursts)
	if !any {
		return
	}
	said, done := r.act(d, now+attack.ChangeAhead)
	if !done { // the last arrival has been sent
		return
	}
	reason := said + ", since " + d.reason
	r.recorder.Event(results.GuardEvent(now, d.action, reason))
	r.say("%5s  guard, %s: %s", now.Truncate(time.Second), d.action, reason)
	if d.action == results.GuardStop {
		r.stopped = fmt.Errorf("%w after %s: %s", ErrGuard, now.Round(time.Second), d.reason)
	}
}

// act changes the course of the load from a time on, and says in words what
// comes of it. It returns false where nothing is left to change.
func (r *runner) act(d decision, at time.Duration) (said string, done bool) {
	course := r.engine.Course()
	switch d.action {
	case results.GuardHold:
		rate, done := course.Hold(at)
		return fmt.Sprintf("the rate stays at %s", rate.Rounded()), done
	case results.GuardBackOff:
		rate, done := course.BackOff(at, d.share)
		return fmt.Sprintf("the rate falls to %s", rate.Rounded()), done
	case results.GuardResume:
		done := course.Resume(at)
		return fmt.Sprintf("the ramp goes on from %.4g/s", course.Schedule().Rate(at)), done
	}
	return "the load ends", course.Stop(at)
}
