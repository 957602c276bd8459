package pacing

import (
	"testing"
	"testing/synctest"
	"time"
)

// A departure is an arrival and when it was sent.
type departure struct {
	Arrival
	left time.Duration
}

// A clock is what a send loop waits by.
type clock interface {
	now() time.Duration
	sleep(time.Duration)
}

// run is a send loop as the package comment draws it.
func run(st *Stream, gate *Gate, c clock) (sent []departure, missed []Arrival) {
	for a, ok := st.Next(); ok; a, ok = st.Next() {
		for decided := false; !decided; {
			now := c.now()
			decision, wait := gate.Admit(a.At, now)
			switch decision {
			case Wait:
				c.sleep(wait)
				continue
			case Send:
				sent = append(sent, departure{a, now})
			case Miss:
				missed = append(missed, a)
			}
			decided = true
		}
	}
	return sent, missed
}

// A stall is a span in which the generator gets nothing done.
type stall struct{ at, span time.Duration }

// A virtual clock moves only when someone sleeps. Sleeps end at the next tick,
// and after the stall that they end in.
type virtual struct {
	t      time.Duration
	tick   time.Duration // zero: to the nanosecond
	stalls []stall       // in order, apart
}

func (v *virtual) now() time.Duration { return v.t }

func (v *virtual) sleep(d time.Duration) {
	v.t += d
	if v.tick > 0 {
		v.t = (v.t + v.tick - 1) / v.tick * v.tick
	}
	for _, s := range v.stalls {
		if v.t >= s.at && v.t < s.at+s.span {
			v.t = s.at + s.span
		}
	}
}

// A bubble is the clock of a synctest bubble: the time package itself, with
// stalls.
type bubble struct {
	start  time.Time
	stalls []stall
}

func (b *bubble) now() time.Duration { return time.Since(b.start) }

func (b *bubble) sleep(d time.Duration) {
	time.Sleep(d)
	if len(b.stalls) > 0 && b.now() >= b.stalls[0].at {
		time.Sleep(b.stalls[0].span)
		b.stalls = b.stalls[1:]
	}
}

// In virtual time, a loop that is never late sends in every second what the
// integral of the rate says, on the nanosecond that it says, and misses
// nothing.
func TestLoopFollowsTheIntegral(t *testing.T) {
	guided, err := Guided{Start: 5, Peak: 40, Every: 10 * time.Second, Hold: 20 * time.Second}.Segments()
	if err != nil {
		t.Fatal(err)
	}
	for name, segments := range map[string][]Segment{
		"constant":       {{From: 500, To: 500, For: 20 * time.Second}},
		"ramp from zero": {{From: 0, To: 1000, For: 20 * time.Second}},
		"ramp to zero":   {{From: 1000, To: 0, For: 20 * time.Second}},
		"stages": {
			{From: 0, To: 300, For: 2500 * time.Millisecond},
			{From: 300, To: 300, For: 5 * time.Second},
			{For: 3 * time.Second},
			{From: 50, To: 10, For: 3300 * time.Millisecond},
		},
		"guided": guided,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := mustNew(t, segments, Uniform)
				sent, missed := run(s.Stream(0, 1), NewGate(s), &bubble{start: time.Now()})
				if len(missed) != 0 || uint64(len(sent)) != s.Count() {
					t.Fatalf("sent %d and missed %d of %d", len(sent), len(missed), s.Count())
				}
				checkSeconds(t, s, sent)
			})
		})
	}
}

// checkSeconds compares the departures of each second with the integral.
func checkSeconds(t *testing.T, s *Schedule, sent []departure) {
	t.Helper()
	counts := make(map[time.Duration]int)
	for _, d := range sent {
		if d.left != d.At {
			t.Fatalf("arrival %d left at %v, want %v", d.N, d.left, d.At)
		}
		counts[d.left/time.Second]++
	}
	for second := range s.Duration()/time.Second + 1 {
		due := s.Expected((second+1)*time.Second) - s.Expected(second*time.Second)
		if got := float64(counts[second]); got < due-1 || got > due+1 {
			t.Errorf("second %d: sent %v, want %.2f to within 1", second, got, due)
		}
	}
}

// A stall of half a second in a real loop: what is over 100 ms late is missed
// and nothing else, and the rest leaves at twice the rate until none is late.
func TestLoopAfterAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustNew(t, []Segment{{From: 1000, To: 1000, For: 3 * time.Second}}, Uniform)
		c := &bubble{start: time.Now(), stalls: []stall{{time.Second, 500 * time.Millisecond}}}
		sent, missed := run(s.Stream(0, 1), NewGate(s), c)
		if len(missed) != 400 || missed[0].At != time.Second || missed[399].At != 1399*time.Millisecond {
			t.Errorf("missed %d, want the 400 from 1s to 1.399s", len(missed))
		}
		if len(sent) != 2600 {
			t.Errorf("sent %d, want 2600", len(sent))
		}
		var catchUp [3]int // by 50 ms from the end of the stall
		for _, d := range sent {
			if i := (d.left - 1500*time.Millisecond) / (50 * time.Millisecond); d.left >= 1500*time.Millisecond && i < 3 {
				catchUp[i]++
			}
		}
		// 100 at 2000/s, 95 or so until 5 ms late and then the rest at once, 50.
		if catchUp != [3]int{100, 100, 50} {
			t.Errorf("sent %v in each 50 ms after the stall, want 100, 100, 50", catchUp)
		}
	})
}
