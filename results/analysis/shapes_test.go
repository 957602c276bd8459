package analysis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"frontload/results"
)

// A shape is traffic whose 503s are drawn by counts, of five POPs and four
// request names, of which the last is asked for as often as rare says.
type shape struct {
	name    string
	seconds int
	rate    float64
	rare    float64 // share of the requests
	clump   int     // 503s that come together; zero for one
	share   func(t, pop, request int) float64
	want    []string
}

func (s shape) run(seed uint64) *results.Run {
	rnd := rand.New(rand.NewPCG(seed, 99))
	requests := []float64{0.5, 0.3, 0.2, s.rare}
	var list []results.Cell
	for t := range s.seconds {
		for p, pop := range []float64{0.4, 0.3, 0.2, 0.07, 0.03} {
			for q, request := range requests {
				n := drawPoisson(rnd, s.rate*pop*request)
				share, clump, k := s.share(t, p, q), max(1, s.clump), 0
				for range n {
					if rnd.Float64() < share/float64(clump) {
						k = min(n, k+clump)
					}
				}
				key := results.CellKey{POP: fmt.Sprintf("POP%d-P1", p), Request: uint16(q), Status: 200, Outcome: results.OK, Cache: results.CacheHit}
				list = append(list, results.Cell{Second: t, CellKey: key, Counts: results.Counts{Count: int64(n - k), Written: int64(n - k)}})
				key.Status, key.Outcome, key.Cache = 503, results.UnknownError, results.CacheError
				list = append(list, results.Cell{Second: t, CellKey: key, Counts: results.Counts{Count: int64(k), Written: int64(k)}})
			}
		}
	}
	list = slices.DeleteFunc(list, func(c results.Cell) bool { return c.Count == 0 })
	info := results.RunInfo{Source: "access-log", Requests: []string{"/r0/*", "/r1/*", "/r2/*", "/r3/*"}}
	return &results.Run{Info: info, Cells: stream(list)}
}

func drawPoisson(rnd *rand.Rand, mean float64) (n int) {
	for t := rnd.ExpFloat64(); t < mean; t += rnd.ExpFloat64() {
		n++
	}
	return n
}

// One fault is one burst however it comes and goes, and noise that comes in
// clumps is none.
func TestShapes(t *testing.T) {
	const calm = 0.0005
	steady := func(share float64) func(int, int, int) float64 {
		return func(int, int, int) float64 { return share }
	}
	comesAndGoes := func(on, every int) func(int, int, int) float64 {
		return func(t, _, _ int) float64 {
			if 600 <= t && t < 1200 && t%every < on {
				return 0.5
			}
			return calm
		}
	}
	for _, s := range []shape{
		{"clumps of ten", 3600, 100, 0, 10, steady(0.002), nil},
		{"five seconds in fifteen", 1800, 100, 0, 1, comesAndGoes(5, 15), []string{"all []"}},
		{"a second in eleven", 1800, 100, 0, 1, comesAndGoes(1, 11), []string{"all []"}},
		{"a second a minute", 1800, 100, 0, 1, comesAndGoes(1, 60), []string{"all []"}},
	} {
		for seed := range uint64(2) {
			a := analyze(t, s.run(seed+1))
			var got []string
			for _, b := range a.Bursts {
				got = append(got, fmt.Sprint(b.Scope.Kind, " ", b.Scope.Values))
			}
			if !slices.Equal(got, s.want) {
				t.Errorf("%s, seed %d: %q, want %q", s.name, seed, got[:min(len(got), 5)], s.want)
			}
		}
	}
}
