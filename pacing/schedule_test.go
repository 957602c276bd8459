package pacing

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustNew(t testing.TB, segments []Segment, arrivals Arrivals) *Schedule {
	t.Helper()
	s, err := New(segments, arrivals, 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// all returns every arrival of one shard.
func all(s *Schedule, shard, shards int) []Arrival {
	var arrivals []Arrival
	st := s.Stream(shard, shards)
	for a, ok := st.Next(); ok; a, ok = st.Next() {
		arrivals = append(arrivals, a)
	}
	return arrivals
}

// times returns when every arrival of s is due.
func times(s *Schedule) []time.Duration {
	var at []time.Duration
	for _, a := range all(s, 0, 1) {
		at = append(at, a.At)
	}
	return at
}

// perSecond counts arrivals by the second that they are due in.
func perSecond(at []time.Duration, seconds int) []int {
	counts := make([]int, seconds)
	for _, t := range at {
		counts[t/time.Second]++
	}
	return counts
}

// drawSegments draws a short list of segments with everything that is awkward
// in it: zero rates, ramps from and to zero, flat and nearly flat ones.
func drawSegments(t *rapid.T) []Segment {
	rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(1e-6, 5), rapid.Float64Range(5, 2000))
	span := rapid.OneOf(rapid.Int64Range(1, 1000), rapid.Int64Range(1, 4e9))
	var segments []Segment
	for range rapid.IntRange(1, 5).Draw(t, "segments") {
		g := Segment{From: Rate(rate.Draw(t, "from")), For: time.Duration(span.Draw(t, "for"))}
		switch rapid.IntRange(0, 2).Draw(t, "shape") {
		case 0:
			g.To = g.From
		case 1:
			g.To = g.From * (1 + 1e-14)
		case 2:
			g.To = Rate(rate.Draw(t, "to"))
		}
		segments = append(segments, g)
	}
	return segments
}

func drawSchedule(t *rapid.T) *Schedule {
	arrivals := rapid.SampledFrom([]Arrivals{Uniform, Poisson}).Draw(t, "arrivals")
	s, err := New(drawSegments(t), arrivals, rapid.Uint64().Draw(t, "seed"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConstantIsExact(t *testing.T) {
	s := mustNew(t, []Segment{{From: 100, To: 100, For: 10 * time.Second}}, Uniform)
	if got := s.Count(); got != 1000 {
		t.Errorf("Count() = %d, want 1000", got)
	}
	for i, a := range all(s, 0, 1) {
		if want := time.Duration(i) * 10 * time.Millisecond; a.At != want || a.N != uint64(i) {
			t.Fatalf("arrival %d is %+v, want it at %v", i, a, want)
		}
	}
}

// A rate that no float64 holds still gives whole counts.
func TestCountsThatRatesRound(t *testing.T) {
	for _, tt := range []struct {
		rate string
		span time.Duration
		want uint64
	}{
		{"20/m", time.Minute, 20},
		{"0.1/s", 10 * time.Second, 1},
		{"1/h", 24 * time.Hour, 24},
		{"7/m", 60 * 24 * time.Hour, 7 * 60 * 24 * 60},
		{"0.3/s", 24 * time.Hour, 25_920},
		{"33333.3/s", 10 * time.Hour, 1_199_998_800},
		{"1/s", 1500 * time.Millisecond, 2}, // a part counts as one: its first instant is due
	} {
		rate, err := ParseRate(tt.rate)
		if err != nil {
			t.Fatal(err)
		}
		if got := mustNew(t, []Segment{{From: rate, To: rate, For: tt.span}}, Uniform).Count(); got != tt.want {
			t.Errorf("%s for %v: Count() = %d, want %d", tt.rate, tt.span, got, tt.want)
		}
	}
}

// Another pacer sends 1, 0 and 451 in the first three seconds of a low start,
// where 51, 151 and 251 are due, and starts from zero with an endless blast.
func TestRampFromALowStart(t *testing.T) {
	at := times(mustNew(t, []Segment{{From: 1, To: 301, For: 3 * time.Second}}, Uniform))
	if got, want := perSecond(at, 3), []int{51, 151, 251}; !slices.Equal(got, want) {
		t.Errorf("ramp from 1/s to 301/s in 3s sends %v a second, want %v", got, want)
	}
}

func TestRampFromZero(t *testing.T) {
	at := times(mustNew(t, []Segment{{From: 0, To: 300, For: 3 * time.Second}}, Uniform))
	if got, want := perSecond(at, 3), []int{50, 150, 250}; !slices.Equal(got, want) {
		t.Errorf("ramp from 0/s to 300/s in 3s sends %v a second, want %v", got, want)
	}
	if at[0] != 0 || at[1] != 141_421_356 { // √(2/100) s
		t.Errorf("first arrivals at %v and %v, want 0s and 141.421356ms", at[0], at[1])
	}
}

func TestRampToZeroMirrorsRampFromZero(t *testing.T) {
	up := times(mustNew(t, []Segment{{From: 0, To: 300, For: 3 * time.Second}}, Uniform))
	down := times(mustNew(t, []Segment{{From: 300, To: 0, For: 3 * time.Second}}, Uniform))
	if len(up) != len(down) {
		t.Fatalf("%d arrivals up, %d down", len(up), len(down))
	}
	for i := 1; i < len(up); i++ {
		if got, want := down[len(down)-i], 3*time.Second-up[i]; got != want {
			t.Fatalf("arrival %d down at %v, want %v", len(down)-i, got, want)
		}
	}
}

// What is due as the rate falls to zero waits for the rate to rise again; a
// pause itself sends nothing.
func TestPauses(t *testing.T) {
	hold, pause := Segment{From: 2, To: 2, For: time.Second}, Segment{For: time.Second}
	s := mustNew(t, []Segment{pause, hold, pause, pause, hold, pause}, Uniform)
	want := []time.Duration{1000, 1500, 4000, 4500}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if got := times(s); !slices.Equal(got, want) {
		t.Errorf("arrivals at %v, want %v", got, want)
	}
	if got := mustNew(t, []Segment{pause}, Poisson).Count(); got != 0 {
		t.Errorf("a rate of zero sends %d", got)
	}
}

// The rounding of a rate does not reach what comes after it: 20/m for a minute
// is 20 arrivals, and the ramp after it begins with the next.
func TestRoundingStaysInItsSegment(t *testing.T) {
	third := Rate(20.0 / 60)
	s := mustNew(t, []Segment{hold(third, time.Minute), {To: 1, For: 10 * time.Second}}, Uniform)
	if got, _ := s.arrival(20); got != time.Minute {
		t.Errorf("arrival 20 at %v, want 1m0s", got)
	}
}

// Arrivals that lie within half a nanosecond of the end stay before it.
func TestArrivalsStayBeforeTheEnd(t *testing.T) {
	for _, g := range []Segment{{From: 6e8, To: 6e8, For: 2}, {From: 7e8, To: 4.2e8, For: 2}} {
		s := mustNew(t, []Segment{g}, Uniform)
		if got, want := times(s), []time.Duration{0, 1}; !slices.Equal(got, want) {
			t.Errorf("%v: arrivals at %v, want %v", g, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	ok := Segment{From: 1, To: 1, For: time.Second}
	for _, tt := range []struct {
		name     string
		segments []Segment
		arrivals Arrivals
		want     []string
	}{
		{"nothing", nil, Uniform, []string{"no segments"}},
		{"arrivals of zero", []Segment{ok}, 0, []string{"arrivals are Arrivals(0), want uniform or poisson"}},
		{"no time", []Segment{{Name: "warm", From: 1, To: 1}}, Uniform, []string{"segment 1 (warm): lasts 0s"}},
		{"too fast", []Segment{ok, {From: 1, To: 2e9, For: 1}}, Uniform, []string{"segment 2: its last rate, 2000000000/s, is too fast"}},
		{"too long", []Segment{{To: 1, For: math.MaxInt64}, {To: 1, For: math.MaxInt64}}, Uniform, []string{"more than 100 days with segment 1"}},
		{"too long together", []Segment{{To: 1, For: longest}, ok}, Uniform, []string{"more than 100 days with segment 2"}},
		{
			"all faults at once",
			[]Segment{{From: -1, To: Rate(math.NaN()), For: -1}, {From: Rate(math.Inf(1)), For: 1}},
			9,
			[]string{"first rate, -1/s, is negative", "last rate, NaN/s, is not", "lasts -1ns", "segment 2: its first rate", "Arrivals(9)"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := New(tt.segments, tt.arrivals, 0)
			if err == nil {
				t.Fatalf("New() = %v, want an error", s)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("New() says %q, want %q in it", err, want)
				}
			}
		})
	}
}

func TestStages(t *testing.T) {
	s := mustNew(t, []Segment{
		{Name: "warm-up", From: 0, To: 50, For: time.Second},
		{From: 50, To: 4810.83984375, For: time.Second},
		{From: 0.33333333333, To: 0.33333333333, For: time.Second},
		{For: time.Second},
	}, Poisson)
	for _, tt := range []struct {
		at   time.Duration
		want string
	}{
		{-1, "warm-up"},
		{0, "warm-up"},
		{time.Second, "ramp 50/s to 4811/s"}, // the later one where two meet
		{3*time.Second - 1, "hold 0.3333/s"},
		{3 * time.Second, "pause"},
		{4 * time.Second, "done"},
	} {
		if got := s.Stage(tt.at); got != tt.want {
			t.Errorf("Stage(%v) = %q, want %q", tt.at, got, tt.want)
		}
	}
	want := "poisson, seed 1: warm-up: 0/s to 50/s in 1s, 50/s to 4810.83984375/s in 1s, 0.33333333333/s for 1s, 0/s for 1s"
	if got := s.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestScheduleKeepsItsOwnSegments(t *testing.T) {
	segments := []Segment{{From: 5, To: 5, For: time.Second}}
	s := mustNew(t, segments, Uniform)
	segments[0].From = 0
	s.Segments()[0].To = 0
	if got, want := s.Segments()[0], (Segment{From: 5, To: 5, For: time.Second}); got != want {
		t.Errorf("Segments()[0] = %v, want %v", got, want)
	}
}
