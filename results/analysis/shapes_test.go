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

// Odd traffic: one fault is one burst however it comes and goes, faults of
// different scope are told apart however long each is, and noise that comes in
// clumps is none.
func TestShapes(t *testing.T) {
	t.Parallel()
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
	brokenURL := func(bad func(t, pop int) bool) func(int, int, int) float64 {
		return func(t, pop, request int) float64 {
			switch {
			case request == 3:
				return 1
			case 1200 <= t && t < 1260 && bad(t, pop):
				return 0.5
			}
			return calm
		}
	}
	pop1 := func(_, pop int) bool { return pop == 1 }
	everywhere := func(int, int) bool { return true }
	for _, s := range []shape{
		{"clumps of ten", 3600, 100, 0, 10, steady(0.002), nil},
		{"five seconds in fifteen", 1800, 100, 0, 1, comesAndGoes(5, 15), []string{"all []"}},
		{"a second in eleven", 1800, 100, 0, 1, comesAndGoes(1, 11), []string{"all []"}},
		{"a second a minute", 1800, 100, 0, 1, comesAndGoes(1, 60), []string{"all []"}},
		{"one POP at a tenth throughout", 7200, 100, 0, 1, func(_, pop, _ int) float64 {
			if pop == 3 {
				return 0.1
			}
			return calm
		}, []string{"pop [POP3-P1]"}},
		{"5 % for half an hour", 3600, 30, 0, 1, func(t, _, _ int) float64 {
			if 900 <= t && t < 2700 {
				return 0.05
			}
			return calm
		}, []string{"all []"}},
		{"a URL that always fails", 3600, 100, 0.001, 1, brokenURL(func(int, int) bool { return false }), []string{"key-prefix [/r3/*]"}},
		{"and a POP that fails for a minute", 3600, 100, 0.001, 1, brokenURL(pop1), []string{"key-prefix [/r3/*]", "pop [POP1-P1]"}},
		{"and all that fails for a minute", 3600, 100, 0.01, 1, brokenURL(everywhere), []string{"key-prefix [/r3/*]", "all []"}},
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

// A slight fault that lasts is one, or a few where by chance it is near to
// nothing for a while: not one for each of its worst minutes.
func TestASlightFaultThatLasts(t *testing.T) {
	t.Parallel()
	total := 0
	for seed := range uint64(6) {
		d := rigged(20, 4*3600, drawnFault{from: 3600, to: 3 * 3600, share: 0.03, in: func(_, request int) bool { return request < 2 }, signals: tellsS3})
		a := analyze(t, d.draw(seed))
		total += len(a.Bursts)
	}
	if total < 6 || total > 30 {
		t.Errorf("six slight faults of two hours are %d bursts, want 6 to 30", total)
	}
}

// Two faults with calm between them stay two.
func TestTwoFaultsWithCalmBetweenThem(t *testing.T) {
	t.Parallel()
	apart := rigged(20, 3*3600,
		drawnFault{from: 4000, to: 4060, share: 0.3, signals: tellsS3},
		drawnFault{from: 4400, to: 4460, share: 0.3, signals: tellsS3})
	if a := analyze(t, apart.draw(1)); len(a.Bursts) != 2 {
		t.Errorf("want two bursts, got %s", describe(a))
	}
}
