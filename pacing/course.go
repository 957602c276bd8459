package pacing

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Course is a schedule under way, whose rate a governor may hold, lower, let
// grow again and stop. Each such change makes it another [Schedule], the same
// until then:
//
//	plan      ramp ─────────────▶ peak
//	hold      ramp ──┤ the rate of that moment, until something else is decided
//	back off  ramp ──┤───┤ a share of it
//	resume    ramp ──┤───┤───┤ the plan, from where it had the rate that was held
//	stop      ramp ──┤ nothing
//
// Positions on the integrated rate stay, and arrival n stands at the same
// position whatever is decided: so none is lost or doubled, with the same
// decisions all have the same times on any machine, and a shard finds its own
// without asking another.
//
// A change should be made for a moment a little ahead of now, since the
// arrivals before it keep their times and those after it move. Times of changes
// that go back count as that of the change before.
//
// The methods may be called by many goroutines at once. Whoever sends asks for
// [Course.Schedule] before each arrival and has its [Stream] and [Gate] follow
// when that is another one.
type Course struct {
	plan    *Schedule
	current atomic.Pointer[Schedule]

	mu struct {
		sync.Mutex
		changed time.Duration // the last change
		late    time.Duration // while it follows the plan: how much later than planned
		kept    Rate          // the rate that is kept now, where the plan was left
		left    time.Duration // when that was, by the plan
		held    bool          // the plan was left
		over    bool          // nothing can be changed any more
	}
}

// NewCourse returns a course that follows plan.
func NewCourse(plan *Schedule) *Course {
	c := &Course{plan: plan}
	c.current.Store(plan)
	return c
}

// Schedule returns what the course is now. It is another one after each change.
func (c *Course) Schedule() *Schedule { return c.current.Load() }

// Hold keeps the rate that the course has at a time, from then on. It returns
// that rate; or false when the course is over by then, or held already.
func (c *Course) Hold(at time.Duration) (Rate, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.held {
		return 0, false
	}
	return c.keep(at, 1, "held at ")
}

// BackOff keeps a share, from 0 to 1, of the rate that the course has at a
// time, from then on. It returns the new rate, or false when the course is over
// by then.
func (c *Course) BackOff(at time.Duration, share float64) (Rate, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keep(at, min(max(share, 0), 1), "backed off to ")
}

func (c *Course) keep(at time.Duration, share float64, name string) (Rate, bool) {
	s := c.Schedule()
	if at = max(at, c.mu.changed); c.mu.over || at >= s.Duration() {
		return 0, false
	}
	if !c.mu.held {
		c.mu.left, c.mu.held = at-c.mu.late, true
	}
	c.mu.kept = Rate(s.Rate(at) * share)
	c.change(at, []Segment{{Name: name + c.mu.kept.Rounded(), From: c.mu.kept, To: c.mu.kept, For: longest - at}})
	return c.mu.kept, true
}

// Resume goes on with the plan, from the last moment before it was left at
// which it had no more than the rate that is kept now, so that the rate grows
// from there as it was planned to. Where the plan was never that low it goes on
// from where it was lowest. What would be beyond 100 days is cut. It returns
// false when the course is over, or follows the plan already.
func (c *Course) Resume(at time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.over || !c.mu.held {
		return false
	}
	at = max(at, c.mu.changed)
	from := c.plan.lastAtMost(c.mu.kept, c.mu.left)
	c.mu.late, c.mu.held = at-from, false
	c.change(at, within(c.plan.after(from), longest-at))
	return true
}

// Stop ends the course at a time, after which nothing can be changed any more.
// It returns false when it was over already.
func (c *Course) Stop(at time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at = max(at, c.mu.changed)
	if c.mu.over || at >= c.Schedule().Duration() {
		return false
	}
	c.change(at, nil)
	c.mu.over = true
	return true
}

// Finish says that no arrival of s is left to be sent. It returns false when
// there may be more of them later: when the course has become another schedule
// meanwhile, or its rate is kept, at zero. Else nothing can be changed any more.
func (c *Course) Finish(s *Schedule) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s != c.Schedule() || c.mu.held && !c.mu.over {
		return false
	}
	c.mu.over = true
	return true
}

// Duration returns how long the course is going to last, as far as that is
// known now: while a rate is kept, as if the plan went on at once.
func (c *Course) Duration(now time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.mu.held || c.mu.over {
		return c.Schedule().Duration()
	}
	return now + c.plan.Duration() - c.plan.lastAtMost(c.mu.kept, c.mu.left)
}

// change makes the course run through segments from at on.
func (c *Course) change(at time.Duration, segments []Segment) {
	c.mu.changed = at
	c.current.Store(c.Schedule().changed(at, segments))
}
