package pacing

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// exactly is the integral of the rate from 0 to t half-nanoseconds, in exact
// rational arithmetic, straight from the definition: slow, and obviously
// right.
func exactly(segments []Segment, halves int64) *big.Rat {
	sum := new(big.Rat)
	for _, g := range segments {
		if halves <= 0 {
			break
		}
		whole := 2 * int64(g.For)
		spent := min(halves, whole)
		from, to := new(big.Rat).SetFloat64(float64(g.From)), new(big.Rat).SetFloat64(float64(g.To))
		rise := new(big.Rat).Sub(to, from)
		rise.Mul(rise, big.NewRat(spent, 2*whole)) // by the middle of what was spent of it
		mean := rise.Add(rise, from)
		sum.Add(sum, mean.Mul(mean, big.NewRat(spent, 2e9)))
		halves -= spent
	}
	return sum
}

// brackets fails the test unless the exact integral reaches n within a
// nanosecond and a half of at. The rounding of the rates, which the package
// documents, is allowed for.
func brackets(t interface{ Fatalf(string, ...any) }, segments []Segment, n uint64, at time.Duration) {
	slack := new(big.Rat).SetFloat64(float64(n+1) * nearWhole)
	want := new(big.Rat).SetInt(new(big.Int).SetUint64(n))
	before := exactly(segments, 2*int64(at)-3)
	after := exactly(segments, 2*int64(at)+3)
	if before.Cmp(new(big.Rat).Add(want, slack)) > 0 || after.Cmp(new(big.Rat).Sub(want, slack)) < 0 {
		t.Fatalf("arrival %d at %v, where the integral is between %s and %s", n, at, before.FloatString(9), after.FloatString(9))
	}
}

func TestAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments := drawSegments(t)
		s, err := New(segments, Uniform, 0)
		if err != nil {
			t.Fatal(err)
		}
		count := s.Count()
		if count == 0 {
			return
		}
		for range 20 {
			n := rapid.Uint64Range(0, count-1).Draw(t, "n")
			at, ok := s.arrival(n)
			if !ok {
				t.Fatalf("no arrival %d of %d", n, count)
			}
			brackets(t, segments, n, at)
		}
	})
}

// After a day at 100,000/s, and through ramps of billions of arrivals, every
// arrival is still right to the nanosecond, down to the last before a rate of
// zero.
func TestLongSchedulesDoNotDrift(t *testing.T) {
	const day = 24 * time.Hour
	third := Rate(100_000.0 / 3)
	for name, segments := range map[string][]Segment{
		"day":          {{From: 1e5, To: 1e5, For: day}},
		"day of third": {{From: third, To: third, For: day}},
		"up and down":  {{From: 0, To: 1e5, For: day}, {For: time.Hour}, {From: 1e5, To: 0, For: day}},
		"down":         {{From: 1e5, To: 0, For: day}, {From: 0, To: 1e5, For: day}},
		"after a slow one": {
			{From: 0.1, To: 0.1, For: day},
			{From: 1e5, To: 2e5, For: 20 * time.Hour},
			{From: 1, To: 1.0000000001, For: day},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, segments, Uniform)
			random := rand.New(rand.NewPCG(1, 2))
			for i := range 400 {
				n := random.Uint64N(s.Count())
				if i < 20 {
					n = s.Count() - 1 - uint64(i)
				}
				at, ok := s.arrival(n)
				if !ok {
					t.Fatalf("no arrival %d of %d", n, s.Count())
				}
				brackets(t, segments, n, at)
				compareStream(t, s, n, at)
			}
		})
	}
}

// The inverse rounds by the integral itself, at the very edges between one
// nanosecond and the next too: so no rounding puts arrivals out of order.
func TestInverseRoundsByTheIntegral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Segment{
			From: Rate(rapid.Float64Range(0, 1e5).Draw(t, "from")),
			To:   Rate(rapid.Float64Range(1, 1e5).Draw(t, "to")),
			For:  time.Duration(rapid.Int64Range(1e9, int64(longest)).Draw(t, "for")),
		}
		p := newPiece(g, 0, position{}, new(big.Rat))
		edge := p.area(float64(rapid.Int64Range(0, int64(g.For)-1).Draw(t, "x")) + 0.5)
		for _, arrivals := range []float64{math.Nextafter(edge, 0), edge, math.Nextafter(edge, math.MaxFloat64)} {
			x := float64(p.distance(arrivals))
			if x > 0 && p.area(x-0.5) > arrivals || x < float64(g.For) && p.area(x+0.5) <= arrivals {
				t.Fatalf("distance(%v) = %.0f, where the integral goes from %v to %v", arrivals, x, p.area(x-0.5), p.area(x+0.5))
			}
		}
	})
}

// compareStream checks that a shard which begins with arrival n says the same
// of it as the direct computation.
func compareStream(t *testing.T, s *Schedule, n uint64, at time.Duration) {
	t.Helper()
	st := s.Stream(int(n), math.MaxInt)
	if a, ok := st.Next(); !ok || a.At != at || a.N != n {
		t.Fatalf("stream says %+v, %v, want arrival %d at %v", a, ok, n, at)
	}
	if a, ok := st.Next(); ok {
		t.Fatalf("stream goes on with %+v", a)
	}
}

// The running sum of Poisson arrivals loses nothing, even where the sum itself
// is far too large for a float64 to hold its fraction.
func TestPositionsDoNotDrift(t *testing.T) {
	const start = uint64(1) << 52
	random := rand.New(rand.NewPCG(3, 4))
	got := position{whole: start}
	want := new(big.Float).SetPrec(200).SetUint64(start)
	step := new(big.Float)
	for range 500_000 {
		x := random.ExpFloat64()
		got = got.plus(x)
		want.Add(want, step.SetFloat64(x))
	}
	if got.fraction < 0 || got.fraction >= 1 {
		t.Fatalf("fraction %v, want 0 to under 1", got.fraction)
	}
	sum := new(big.Float).SetPrec(200).SetUint64(got.whole)
	sum.Add(sum, new(big.Float).SetFloat64(got.fraction))
	if drift, _ := sum.Sub(sum, want).Float64(); math.Abs(drift) > 1e-10 {
		t.Errorf("500,000 steps drifted by %v arrivals", drift)
	}
}
