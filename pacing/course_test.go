package pacing

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// mustGuided returns a guided ramp from 10/s to 40/s: 10 s to 20/s, 10 s to
// 40/s, and 10 s of that.
func mustGuided(t *testing.T) *Schedule {
	t.Helper()
	segments, err := Guided{Start: 10, Peak: 40, Growth: 1, Every: 10 * time.Second, Hold: 10 * time.Second}.Segments()
	if err != nil {
		t.Fatal(err)
	}
	return mustNew(t, segments, Uniform)
}

func TestCourseHoldsBacksOffAndResumes(t *testing.T) {
	c := NewCourse(mustGuided(t))
	if rate, ok := c.Hold(15 * time.Second); !ok || rate != 30 {
		t.Fatalf("Hold at 15s = %v, %v, want 30/s", rate, ok)
	}
	if got := c.Duration(20 * time.Second); got != 35*time.Second {
		t.Errorf("Duration at 20s = %v, want 20s and the 15s that are left of the plan", got)
	}
	if rate, ok := c.BackOff(25*time.Second, 0.5); !ok || rate != 15 {
		t.Fatalf("BackOff at 25s = %v, %v, want 15/s", rate, ok)
	}
	if !c.Resume(45 * time.Second) {
		t.Fatal("Resume at 45s = false")
	}
	want := "uniform: 10/s to 20/s in 10s, 20/s to 30/s in 5s, held at 30/s: 30/s for 10s, " +
		"backed off to 15/s: 15/s for 20s, 15/s to 20/s in 5s, 20/s to 40/s in 10s, 40/s for 10s"
	s := c.Schedule()
	if got := s.String(); got != want {
		t.Errorf("the course is\n%s, want\n%s", got, want)
	}
	if got := c.Duration(0); got != 70*time.Second || s.Duration() != got {
		t.Errorf("Duration() = %v and %v, want 1m10s", got, s.Duration())
	}
	if got, want := s.Expected(70*time.Second), 150+125+300+300+87.5+300+400.0; got != want {
		t.Errorf("Expected at the end = %v, want %v", got, want)
	}
	if got := s.Stage(20 * time.Second); got != "held at 30/s" {
		t.Errorf("Stage at 20s = %q", got)
	}
	if !c.Stop(60*time.Second) || c.Schedule().Duration() != time.Minute {
		t.Errorf("Stop leaves a course of %v, want 1m0s", c.Schedule().Duration())
	}
}

// What is held at the peak leaves the rest of the peak for later.
func TestCourseHeldAtThePeak(t *testing.T) {
	c := NewCourse(mustGuided(t))
	c.Hold(24 * time.Second)
	c.Resume(50 * time.Second)
	if got := c.Schedule().Duration(); got != 56*time.Second {
		t.Errorf("held from 24s to 50s, it lasts %v, want 56s", got)
	}
	c.Hold(51 * time.Second)
	c.BackOff(52*time.Second, 0.1) // below the start: it begins anew
	c.Resume(60 * time.Second)
	if s := c.Schedule(); s.Rate(60*time.Second) != 10 || s.Duration() != 90*time.Second {
		t.Errorf("after a back-off below the start: %v, want the whole plan from 60s on", s)
	}
}

func TestCourseRefuses(t *testing.T) {
	c := NewCourse(mustGuided(t))
	if c.Resume(time.Second) {
		t.Error("Resume of a course that was never held = true")
	}
	if _, ok := c.Hold(30 * time.Second); ok {
		t.Error("Hold at the end = true")
	}
	c.Hold(5 * time.Second)
	if _, ok := c.Hold(6 * time.Second); ok {
		t.Error("Hold of a course that is held = true")
	}
	if c.Finish(c.plan) {
		t.Error("Finish of the plan that was left = true")
	}
	if c.Finish(c.Schedule()) {
		t.Error("Finish while the rate is kept = true")
	}
	c.Resume(7 * time.Second)
	if !c.Finish(c.Schedule()) {
		t.Error("Finish of the course as it is = false")
	}
	_, backed := c.BackOff(7*time.Second, 0.5)
	if backed || c.Resume(8*time.Second) || c.Stop(9*time.Second) {
		t.Error("a course that is over was changed")
	}
}

// Whatever is decided and when, what a sender that follows has sent is in the
// end exactly what the course has come to: no arrival is lost, doubled or out
// of order, and those before a change had the times that they have after it.
func TestCourseLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := drawSchedule(t)
		shards := rapid.IntRange(1, 3).Draw(t, "shards")
		c := NewCourse(plan)
		n := sender{course: c, s: plan, stream: plan.Stream(0, shards)}
		n.a, n.more = n.stream.Next()
		at := time.Duration(0)
		for range rapid.IntRange(0, 6).Draw(t, "decisions") {
			at += time.Duration(rapid.Int64Range(1, int64(plan.Duration())).Draw(t, "span"))
			n.send(at)
			before := c.Schedule()
			decide(t, c, at)
			checkPast(t, before, c.Schedule(), at)
		}
		c.Resume(at + 1)
		n.send(longest)
		if want := all(c.Schedule(), 0, shards); !slices.Equal(n.sent, want) {
			t.Fatalf("sent %d arrivals\n%v, and the course has %d\n%v", len(n.sent), n.sent, len(want), want)
		}
	})
}

// A sender sends the arrivals of a course, and follows its changes.
type sender struct {
	course *Course
	s      *Schedule
	stream *Stream
	a      Arrival
	more   bool
	sent   []Arrival
}

// send sends what is due before now.
func (n *sender) send(now time.Duration) {
	if s := n.course.Schedule(); s != n.s {
		n.s = s
		n.a, n.more = n.stream.Follow(s)
	}
	for n.more && n.a.At < now {
		n.sent = append(n.sent, n.a)
		n.a, n.more = n.stream.Next()
	}
}

func decide(t *rapid.T, c *Course, at time.Duration) {
	switch rapid.IntRange(0, 9).Draw(t, "decision") {
	case 0, 1, 2:
		c.Hold(at)
	case 3, 4, 5:
		c.BackOff(at, rapid.Float64Range(0, 1).Draw(t, "share"))
	case 6, 7, 8:
		c.Resume(at)
	case 9:
		c.Stop(at)
	}
}

// checkPast asserts that a change at a time leaves what was before it.
func checkPast(t *rapid.T, before, after *Schedule, at time.Duration) {
	for i := range time.Duration(9) {
		past := at * i / 8
		got, want := after.Expected(past), before.Expected(past)
		if diff := got - want; diff > 1e-6 || diff < -1e-6 {
			t.Fatalf("Expected(%v) is %v after a change at %v, was %v", past, got, at, want)
		}
		if past < at && after.Rate(past) != before.Rate(past) {
			t.Fatalf("Rate(%v) is %v after a change at %v, was %v", past, after.Rate(past), at, before.Rate(past))
		}
	}
}

// However it is held, backed off and resumed, a guided course never grows
// faster than planned but for what it had before, and ends with the whole peak.
func TestCourseOfAGuidedRamp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const every = 10 * time.Second
		segments, err := Guided{Start: 10, Peak: 100, Growth: 0.5, Every: every, Hold: every}.Segments()
		if err != nil {
			t.Fatal(err)
		}
		plan, err := New(segments, Uniform, 0)
		if err != nil {
			t.Fatal(err)
		}
		c, at := NewCourse(plan), time.Duration(0)
		for range rapid.IntRange(0, 5).Draw(t, "decisions") {
			at += time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "span"))
			c.Hold(at)
			at += time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "held"))
			if rapid.Bool().Draw(t, "back off") {
				c.BackOff(at, 0.5)
				at += time.Second
			}
			if want := c.Duration(at); !c.Resume(at) || c.Schedule().Duration() != want {
				break // it is over
			}
		}
		s := c.Schedule()
		for past := time.Duration(0); past < s.Duration(); past += time.Second / 4 {
			from, to := s.Rate(past), s.Rate(min(past+every, s.Duration()-1))
			if to > max(10, from)*1.5*(1+1e-6) {
				t.Fatalf("%v: rate %v, and %v %v later", past, from, to, every)
			}
		}
		if got := s.Rate(s.Duration() - 1); got != 100 {
			t.Fatalf("it ends at %v/s, want the peak", got)
		}
	})
}

// In a real loop, beside a governor, each second has what the course says.
func TestLoopFollowsACourse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCourse(mustGuided(t))
		start := time.Now()
		go func() {
			const ahead = 200 * time.Millisecond
			time.Sleep(15 * time.Second)
			c.Hold(time.Since(start) + ahead)
			time.Sleep(10 * time.Second)
			c.BackOff(time.Since(start)+ahead, 0.5)
			time.Sleep(10 * time.Second)
			c.Resume(time.Since(start) + ahead)
		}()
		sent, missed := runCourse(c, &bubble{start: start})
		s := c.Schedule()
		if len(missed) != 0 || uint64(len(sent)) != s.Count() {
			t.Fatalf("sent %d and missed %d of %d", len(sent), len(missed), s.Count())
		}
		checkSeconds(t, s, sent)
	})
}

// runCourse is a send loop that follows a course.
func runCourse(c *Course, clock clock) (sent []departure, missed []Arrival) {
	s := c.Schedule()
	stream, gate := s.Stream(0, 1), NewGate(s)
	a, more := stream.Next()
	for {
		now := clock.now()
		if changed := c.Schedule(); changed != s {
			s = changed
			gate.Follow(s)
			a, more = stream.Follow(s)
		}
		if !more {
			if c.Finish(s) {
				return sent, missed
			}
			clock.sleep(100 * time.Millisecond)
			continue
		}
		switch decision, wait := gate.Admit(a.At, now); decision {
		case Wait:
			clock.sleep(min(wait, 100*time.Millisecond))
			continue
		case Send:
			sent = append(sent, departure{a, now})
		case Miss:
			missed = append(missed, a)
		}
		a, more = stream.Next()
	}
}

func TestReaches(t *testing.T) {
	s := mustGuided(t)
	for _, tt := range []struct {
		rate Rate
		want time.Duration
		ever bool
	}{{5, 0, true}, {15, 5 * time.Second, true}, {30, 15 * time.Second, true}, {40, 0, false}} {
		if got, ever := s.Reaches(tt.rate); (got-tt.want).Abs() > time.Microsecond || ever != tt.ever {
			t.Errorf("Reaches(%v) = %v, %v, want %v, %v", tt.rate, got, ever, tt.want, tt.ever)
		}
	}
}
