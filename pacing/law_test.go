package pacing

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Arrivals are numbered from 0, in order, all within the schedule, none where
// the rate is zero, and as many as Count says.
func TestArrivalsLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		arrivals := all(s, 0, 1)
		if got := s.Count(); got != uint64(len(arrivals)) {
			t.Fatalf("Count() = %d, and %d arrivals", got, len(arrivals))
		}
		last := time.Duration(0)
		for i, a := range arrivals {
			if a.N != uint64(i) || a.At < last || a.At >= s.Duration() {
				t.Fatalf("arrival %d is %+v, after %v and within %v", i, a, last, s.Duration())
			}
			if p := s.pieces[s.pieceAt(a.At)]; p.from == 0 && p.to == 0 {
				t.Fatalf("arrival %d at %v, where the rate is zero", i, a.At)
			}
			last = a.At
		}
	})
}

// The integral at the time of uniform arrival n is n, but for the nanosecond
// that the time is rounded to; and the count is the integral, rounded up.
func TestUniformFollowsTheIntegral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawSegments(t), Uniform, 0)
		if err != nil {
			t.Fatal(err)
		}
		total := s.Expected(s.Duration())
		if got := float64(s.Count()); got < total || got >= total+1 {
			t.Fatalf("Count() = %v, want %v rounded up", got, total)
		}
		for _, a := range all(s, 0, 1) {
			slack := (float64(s.Peak())*1.01 + 1) * 1e-9
			if got := s.Expected(a.At); math.Abs(got-float64(a.N)) > slack {
				t.Fatalf("Expected(%v) = %v, want %d to within %v", a.At, got, a.N, slack)
			}
		}
	})
}

func TestExpectedNeverFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		span := rapid.Int64Range(-10, int64(s.Duration())+10)
		from, to := time.Duration(span.Draw(t, "from")), time.Duration(span.Draw(t, "to"))
		from, to = min(from, to), max(from, to)
		low, high := s.Expected(from), s.Expected(to)
		most := float64(s.Peak())*(to-from).Seconds() + 1e-9
		if low < 0 || high < low-1e-9 || high-low > most {
			t.Fatalf("Expected(%v) = %v and Expected(%v) = %v, want a growth of 0 to %v", from, low, to, high, most)
		}
	})
}

// However many shards there are, each has what is due to it, and together
// they have the very same schedule.
func TestShardsAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		shards := rapid.IntRange(1, 9).Draw(t, "shards")
		var union []Arrival
		for shard := range shards {
			part := all(s, shard, shards)
			for _, a := range part {
				if a.N%uint64(shards) != uint64(shard) {
					t.Fatalf("shard %d of %d has arrival %d", shard, shards, a.N)
				}
			}
			union = append(union, part...)
		}
		slices.SortFunc(union, func(a, b Arrival) int { return int(a.N) - int(b.N) })
		if whole := all(s, 0, 1); !slices.Equal(union, whole) {
			t.Fatalf("%d shards have %d arrivals, which are not the %d of the whole", shards, len(union), len(whole))
		}
	})
}

func TestStreamPanicsOutsideTheShards(t *testing.T) {
	s := mustNew(t, []Segment{{From: 1, To: 1, For: time.Second}}, Uniform)
	for _, tt := range []struct{ shard, shards int }{{0, 0}, {-1, 1}, {2, 2}, {0, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Stream(%d, %d) does not panic", tt.shard, tt.shards)
				}
			}()
			s.Stream(tt.shard, tt.shards)
		}()
	}
}

// Poisson counts have the mean and the variance of Poisson counts, along a
// ramp too, and depend on the seed and on nothing else.
func TestPoissonCounts(t *testing.T) {
	segments := []Segment{{From: 0, To: 200, For: time.Second}, {From: 100, To: 100, For: time.Second}}
	const seeds = 2000
	var first, second, squares float64
	for seed := range uint64(seeds) {
		s, err := New(segments, Poisson, seed)
		if err != nil {
			t.Fatal(err)
		}
		n := perSecond(times(s), 2)
		first, second = first+float64(n[0]), second+float64(n[1])
		squares += float64((n[0] - 100) * (n[0] - 100))
	}
	// Five standard errors: of a mean √(100/2000), of a variance 100·√(2/2000).
	for name, mean := range map[string]float64{"ramp": first / seeds, "hold": second / seeds} {
		if math.Abs(mean-100) > 5*0.224 {
			t.Errorf("mean count of the %s is %.2f, want about 100", name, mean)
		}
	}
	if variance := squares / seeds; math.Abs(variance-100) > 5*3.17 {
		t.Errorf("variance of the count is %.1f, want about 100", variance)
	}
}

func TestPoissonSeeds(t *testing.T) {
	segments := []Segment{{From: 0, To: 100, For: time.Second}}
	var runs [3][]time.Duration
	for i, seed := range []uint64{7, 7, 8} {
		s, err := New(segments, Poisson, seed)
		if err != nil {
			t.Fatal(err)
		}
		runs[i] = times(s)
	}
	if !slices.Equal(runs[0], runs[1]) {
		t.Error("the same seed gives other times")
	}
	if slices.Equal(runs[0], runs[2]) {
		t.Error("another seed gives the same times")
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	for _, arrivals := range []Arrivals{Uniform, Poisson} {
		st := mustNew(t, benchSegments(), arrivals).Stream(1, 3)
		if n := testing.AllocsPerRun(1000, func() { st.Next() }); n != 0 {
			t.Errorf("%v: Next allocates %v times", arrivals, n)
		}
	}
}

func benchSegments() []Segment {
	return []Segment{{From: 0, To: 1e5, For: time.Hour}, {From: 1e5, To: 1e5, For: 24 * time.Hour}}
}

func BenchmarkNext(b *testing.B) {
	hold := []Segment{{From: 1e5, To: 1e5, For: 24 * time.Hour}}
	for _, bb := range []struct {
		name     string
		segments []Segment
		arrivals Arrivals
	}{
		{"hold/uniform", hold, Uniform},
		{"hold/poisson", hold, Poisson},
		{"ramp/uniform", benchSegments(), Uniform},
		{"ramp/poisson", benchSegments(), Poisson},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s := mustNew(b, bb.segments, bb.arrivals)
			st := s.Stream(0, 1)
			for b.Loop() {
				if _, ok := st.Next(); !ok {
					st = s.Stream(0, 1)
				}
			}
		})
	}
}
