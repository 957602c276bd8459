package pacing

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

func hold(rate Rate, span time.Duration) Segment { return Segment{From: rate, To: rate, For: span} }

func TestAdmitOnce(t *testing.T) {
	s := mustNew(t, []Segment{hold(100, time.Minute)}, Uniform)
	for _, tt := range []struct {
		late time.Duration
		want Decision
		wait time.Duration
	}{
		{-time.Hour, Wait, time.Hour},
		{-1, Wait, 1}, // never early, not by a nanosecond
		{0, Send, 0},
		{grain, Send, 0},
		{grain + 1, Send, 0}, // the first of a backlog has nothing to keep its distance from
		{TooLate, Send, 0},
		{TooLate + 1, Miss, 0},
		{time.Hour, Miss, 0},
	} {
		at := 10 * time.Second
		if got, wait := NewGate(s).Admit(at, at+tt.late); got != tt.want || wait != tt.wait {
			t.Errorf("%v late: Admit() = %v, %v, want %v, %v", tt.late, got, wait, tt.want, tt.wait)
		}
	}
}

// A backlog at 100/s leaves 5 ms apart.
func TestAdmitBacklog(t *testing.T) {
	s := mustNew(t, []Segment{hold(100, time.Minute)}, Uniform)
	g := NewGate(s)
	for i, tt := range []struct {
		at, now time.Duration
		want    Decision
		wait    time.Duration
	}{
		{1000 * ms, 1090 * ms, Send, 0},
		{1010 * ms, 1090 * ms, Wait, 5 * ms},
		{1010 * ms, 1092 * ms, Wait, 3 * ms}, // asked too soon
		{1010 * ms, 1095 * ms, Send, 0},
		{1020 * ms, 1107 * ms, Send, 0}, // 7 ms late for 1100: 5 of them are made up for
		{1030 * ms, 1107 * ms, Send, 0}, // at 1107, as if the last had left at 1102
		{1040 * ms, 1107 * ms, Wait, 5 * ms},
		{1105 * ms, 1107 * ms, Send, 0},      // on time: goes
		{1100 * ms, 1108 * ms, Wait, 4 * ms}, // a new backlog does not forget the old one
		{1100 * ms, 1112 * ms, Send, 0},
	} {
		if got, wait := g.Admit(tt.at, tt.now); got != tt.want || wait != tt.wait {
			t.Fatalf("step %d: Admit(%v, %v) = %v, %v, want %v, %v", i, tt.at, tt.now, got, wait, tt.want, tt.wait)
		}
	}
}

// Once the loop has caught up, what it had saved up for its backlog is gone:
// the next backlog begins with one and then keeps the pace.
func TestAdmitForgetsCredit(t *testing.T) {
	s := mustNew(t, []Segment{hold(1000, time.Minute)}, Uniform)
	for name, between := range map[string]time.Duration{"not yet due": 1200 * ms, "on time": 1100 * ms} {
		g := NewGate(s)
		g.Admit(1000*ms, 1090*ms)
		g.Admit(between, 1100*ms)
		if got, _ := g.Admit(1201*ms, 1250*ms); got != Send {
			t.Errorf("%s between: first of the next backlog: %v, want send", name, got)
		}
		if got, wait := g.Admit(1202*ms, 1250*ms); got != Wait || wait != ms/2 {
			t.Errorf("%s between: second of the next backlog: %v, %v, want wait, 500µs", name, got, wait)
		}
	}
}

// However low the rate, what became due after the last of a backlog had left
// is not held back for its sake.
func TestAdmitAtLowRates(t *testing.T) {
	g := NewGate(mustNew(t, []Segment{hold(0.01, time.Minute)}, Poisson))
	for i, tt := range []struct{ at, now time.Duration }{{1000 * ms, 1050 * ms}, {1051 * ms, 1150 * ms}, {1151 * ms, 1250 * ms}} {
		if got, wait := g.Admit(tt.at, tt.now); got != Send {
			t.Errorf("step %d: Admit(%v, %v) = %v, %v, want send", i, tt.at, tt.now, got, wait)
		}
	}
}

// Where the rate steps up, an old backlog does not hold up the new arrivals at
// its own slow pace.
func TestBacklogFollowsAStepUp(t *testing.T) {
	s := mustNew(t, []Segment{hold(100, time.Second), hold(1000, time.Second)}, Uniform)
	sent, missed := run(s.Stream(0, 1), NewGate(s), &virtual{stalls: []stall{{945 * ms, 65 * ms}}})
	if len(missed) != 0 {
		t.Errorf("missed %d, want none", len(missed))
	}
	if old := sent[99]; old.At != 990*ms || old.left != 1012*ms {
		t.Errorf("the fifth and last of the slow ones, due at %v, left at %v, want 1.012s", old.At, old.left)
	}
}

// What the pace would make too late is missed at once, and does not hold up
// what comes after it.
func TestAdmitMissesWithoutWaiting(t *testing.T) {
	g := NewGate(mustNew(t, []Segment{hold(10, time.Minute)}, Poisson))
	for i, tt := range []struct {
		at   time.Duration
		want Decision
		wait time.Duration
	}{
		{1000 * ms, Send, 0},
		{1039 * ms, Miss, 0},       // 51 ms late; may leave at 1140, 101 ms late
		{1040 * ms, Wait, 50 * ms}, // 100 ms late then, and that is still in time
		{1089 * ms, Send, 0},
	} {
		if got, wait := g.Admit(tt.at, 1090*ms); got != tt.want || wait != tt.wait {
			t.Fatalf("step %d: Admit(%v) = %v, %v, want %v, %v", i, tt.at, got, wait, tt.want, tt.wait)
		}
	}
}

// Timers that wake the loop only every few milliseconds slow nothing down:
// what is due by a tick leaves at that tick.
func TestCoarseTimersAreNotLate(t *testing.T) {
	for _, arrivals := range []Arrivals{Uniform, Poisson} {
		s := mustNew(t, []Segment{{From: 0, To: 10_000, For: time.Second}, hold(10_000, time.Second)}, arrivals)
		sent, missed := run(s.Stream(0, 1), NewGate(s), &virtual{tick: 4 * ms})
		if len(missed) != 0 || uint64(len(sent)) != s.Count() {
			t.Errorf("%v: sent %d and missed %d of %d", arrivals, len(sent), len(missed), s.Count())
		}
		for _, d := range sent {
			if late := d.left - d.At; late < 0 || late >= 4*ms {
				t.Fatalf("%v: arrival %d left %v late, want under a tick", arrivals, d.N, late)
			}
		}
	}
}

// Coarse timers do not keep the loop from catching up either: 80 ms of backlog
// are gone 80 ms after the stall.
func TestCoarseTimersCatchUp(t *testing.T) {
	s := mustNew(t, []Segment{hold(10_000, time.Second)}, Uniform)
	c := &virtual{tick: 2 * ms, stalls: []stall{{300 * ms, 80 * ms}}}
	sent, missed := run(s.Stream(0, 1), NewGate(s), c)
	if len(missed) != 0 {
		t.Errorf("missed %d, want none", len(missed))
	}
	for _, d := range sent {
		if late := d.left - d.At; d.left > 464*ms && late > grain {
			t.Fatalf("arrival %d left at %v, %v late, want the backlog gone by 464ms", d.N, d.left, late)
		}
	}
}

// Where the rate falls just as the generator stalls, the backlog still leaves
// at twice the rate that it was due at.
func TestBacklogOutlivesItsRate(t *testing.T) {
	for name, rest := range map[string][]Segment{
		"end":       nil,
		"pause":     {{For: time.Second}, hold(1000, time.Second)},
		"step down": {hold(10, time.Second)},
		"to zero":   {{From: 10, To: 0, For: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, append([]Segment{hold(1000, time.Second)}, rest...), Uniform)
			c := &virtual{stalls: []stall{{950 * ms, 60 * ms}}}
			sent, missed := run(s.Stream(0, 1), NewGate(s), c)
			if len(missed) != 0 {
				t.Errorf("missed %d, the first at %v, want none", len(missed), missed[0].At)
			}
			var late []time.Duration
			for _, d := range sent {
				if d.left >= 1010*ms && d.At < time.Second {
					late = append(late, d.left)
				}
			}
			if len(late) != 50 || late[49] > 1035*ms {
				t.Errorf("%d left after the stall, want 50 by 1.035s", len(late))
			}
		})
	}
}

// A single stall under a constant rate: exactly what is over 100 ms late at
// its end is missed.
func TestStallMissesWhatIsTooLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := New([]Segment{hold(Rate(rapid.Float64Range(1, 3000).Draw(t, "rate")), 2*time.Second)}, Uniform, 0)
		if err != nil {
			t.Fatal(err)
		}
		st := stall{
			at:   time.Duration(rapid.Int64Range(1, int64(time.Second)).Draw(t, "at")),
			span: time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "span")),
		}
		_, missed := run(s.Stream(0, 1), NewGate(s), &virtual{stalls: []stall{st}})
		var want []Arrival
		for _, a := range all(s, 0, 1) {
			if a.At >= st.at && st.at+st.span-a.At > TooLate {
				want = append(want, a)
			}
		}
		if !slices.Equal(missed, want) {
			t.Fatalf("missed %d, want %d", len(missed), len(want))
		}
	})
}

// Whatever the generator suffers: every arrival is either sent, 0 to 100 ms
// late and in order, or missed; and no span sees more than the bound that Gate
// documents.
func TestGateLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawSegments(t), Uniform, 0)
		if err != nil {
			t.Fatal(err)
		}
		sent, missed := run(s.Stream(0, 1), NewGate(s), drawClock(t))
		if got := uint64(len(sent) + len(missed)); got != s.Count() {
			t.Fatalf("sent %d and missed %d of %d", len(sent), len(missed), s.Count())
		}
		for _, d := range sent {
			if late := d.left - d.At; late < 0 || late > TooLate {
				t.Fatalf("arrival %d left %v late", d.N, late)
			}
		}
		if len(sent) == 0 {
			return
		}
		for range 5 {
			first := rapid.IntRange(0, len(sent)-1).Draw(t, "first")
			for last := first; last < len(sent); last++ {
				checkBound(t, s, sent[first:last+1])
			}
		}
	})
}

// drawClock draws a clock that ticks coarsely and stalls often.
func drawClock(t *rapid.T) *virtual {
	c := &virtual{tick: time.Duration(rapid.SampledFrom([]int{0, 1, 1e5, 3e6, 12e6}).Draw(t, "tick"))}
	at := time.Duration(0)
	for range rapid.IntRange(0, 8).Draw(t, "stalls") {
		at += time.Duration(rapid.Int64Range(0, 3e8).Draw(t, "apart"))
		span := time.Duration(rapid.Int64Range(1, 2e8).Draw(t, "span"))
		c.stalls = append(c.stalls, stall{at, span})
		at += span
	}
	return c
}

// checkBound compares a run of departures with the bound that Gate documents.
func checkBound(t *rapid.T, s *Schedule, sent []departure) {
	first, last := sent[0].left, sent[len(sent)-1].left
	most := max(highest(s, first-TooLate, last), 0)
	bound := 2*most*(last-first+7500*time.Microsecond).Seconds() + 3
	if float64(len(sent)) > bound+1e-6 {
		t.Fatalf("%d left from %v to %v, want at most %.2f", len(sent), first, last, bound)
	}
}

// highest returns the highest rate from one time to another.
func highest(s *Schedule, from, to time.Duration) float64 {
	most := max(s.Rate(from), s.Rate(to))
	begin := time.Duration(0)
	for _, g := range s.Segments() {
		end := begin + g.For
		if begin >= from && begin <= to {
			most = max(most, float64(g.From))
		}
		if end > from && end <= to {
			most = max(most, float64(g.To))
		}
		begin = end
	}
	return most
}

// The gates of all shards together keep to the pace of the whole.
func TestShardGates(t *testing.T) {
	s := mustNew(t, []Segment{hold(4000, time.Second)}, Uniform)
	after := 0
	for shard := range 4 {
		c := &virtual{stalls: []stall{{300 * ms, 90 * ms}}}
		sent, missed := run(s.Stream(shard, 4), NewShardGate(s, 4), c)
		if len(missed) != 0 {
			t.Errorf("shard %d missed %d", shard, len(missed))
		}
		for _, d := range sent {
			if d.left >= 390*ms && d.left < 440*ms {
				after++
			}
		}
	}
	if after != 400 { // 50 ms at 8000/s
		t.Errorf("sent %d in the 50 ms after the stall, want 400", after)
	}
}

func TestShardGatePanicsWithoutShards(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("NewShardGate(s, 0) does not panic")
		}
	}()
	NewShardGate(mustNew(t, []Segment{hold(1, 1)}, Uniform), 0)
}

// Where the schedule has no rate to pace by, a backlog does not become a
// blast: one goes, and the next is too late by the time it may.
func TestBacklogWithoutARate(t *testing.T) {
	s := mustNew(t, []Segment{{From: 0, To: 1e9, For: 4}, {For: time.Minute}}, Uniform)
	g := NewGate(s)
	if got, _ := g.Admit(0, 50*ms); got != Send {
		t.Errorf("first of the backlog: %v, want send", got)
	}
	if got, wait := g.Admit(0, 50*ms); got != Miss {
		t.Errorf("second of the backlog: %v, %v, want miss", got, wait)
	}
}

func TestAdmitDoesNotAllocate(t *testing.T) {
	s := mustNew(t, []Segment{{From: 0, To: 1000, For: time.Minute}, hold(1000, time.Minute)}, Uniform)
	g := NewGate(s)
	now := time.Duration(0)
	if n := testing.AllocsPerRun(1000, func() {
		now += 10 * ms
		g.Admit(now+ms, now)
		g.Admit(now-ms, now)
		g.Admit(now-50*ms, now)
		g.Admit(now-time.Second, now)
	}); n != 0 {
		t.Errorf("Admit allocates %v times", n)
	}
}

func BenchmarkAdmit(b *testing.B) {
	s := mustNew(b, []Segment{hold(1000, time.Hour)}, Uniform)
	for name, late := range map[string]time.Duration{"on time": ms, "backlog": 50 * ms} {
		b.Run(name, func(b *testing.B) {
			g, now := NewGate(s), time.Second
			for b.Loop() {
				g.Admit(now-late, now)
				now += 1000
			}
		})
	}
}
