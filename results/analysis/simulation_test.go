package analysis

import (
	"fmt"
	"testing"

	"frontload/results"
)

// draw returns a fault of the given verdict with everything about it varied.
func (w *world) draw(verdict string, telling bool) worldFault {
	r := w.rnd
	f := worldFault{verdict: verdict, share: 0.1 + 0.8*r.Float64(), wobble: 0.4 * r.Float64(), telling: telling, slower: 1}
	long := 4 + r.IntN(min(56, w.seconds-25))
	f.from = 8 + r.IntN(w.seconds-long-15)
	f.to = f.from + long
	switch verdict {
	case results.VerdictEdgeCapacity:
		f.pop = w.edges[r.IntN(len(w.edges))].pop
	case results.VerdictEdgeCompute:
		f.request = w.requests[r.IntN(len(w.requests))].name
	case results.VerdictOriginSaturation:
		f.kind = []string{originS3, originELB, originGateway, originCustom}[r.IntN(4)]
		f.slower = 1 + 2*r.Float64()
		if r.IntN(2) == 0 {
			f.request = w.requests[r.IntN(len(w.requests))].name
		}
		if r.IntN(3) == 0 {
			f.replay, f.echo = 0.3*r.Float64(), 5+r.IntN(5)
		}
	}
	return f
}

// A score counts how the verdicts on simulated faults came out.
type score struct{ runs, one, right, wrong, undetermined, sure, sureRight int }

func (s *score) add(o score) {
	s.runs += o.runs
	s.one += o.one
	s.right += o.right
	s.wrong += o.wrong
	s.undetermined += o.undetermined
	s.sure += o.sure
	s.sureRight += o.sureRight
}

// try simulates one fault and judges it. Faults of under 40 503s are left out.
func try(t *testing.T, seed uint64, verdict string, telling bool) (s score) {
	w := newWorld(seed)
	w.noise = 0.0005 * w.rnd.Float64()
	f := w.draw(verdict, telling)
	w.faults = []worldFault{f}
	a := analyze(t, w.run())
	if a.Run.Responses503 < 40 {
		return s
	}
	s.runs++
	if len(a.Bursts) != 1 {
		t.Errorf("seed %d, %+v: want one burst, got %s", seed, f, describe(a))
		return s
	}
	s.one++
	b := &a.Bursts[0]
	switch b.Verdict {
	case verdict:
		s.right++
	case results.VerdictUndetermined:
		s.undetermined++
	default:
		s.wrong++
		t.Logf("seed %d, %+v: %s", seed, f, describe(a))
	}
	if b.Confidence >= 0.9 {
		s.sure++
		if b.Verdict == verdict {
			s.sureRight++
		}
	}
	if telling && b.Responses503 >= 100 && b.Confidence < 0.95 {
		t.Errorf("seed %d, %+v: the answers tell, but confidence is below 0.95: %s", seed, f, describe(a))
	}
	if want := f.kind; telling && want != "" && (b.OriginKind == nil || *b.OriginKind != want) {
		t.Errorf("seed %d, %+v: want origin kind %s, got %s", seed, f, want, describe(a))
	}
	return s
}

func TestOneFaultIsOneBurstOfTheRightVerdict(t *testing.T) {
	t.Parallel()
	const seeds = 12
	for _, telling := range []bool{true, false} {
		var all score
		for _, verdict := range verdicts {
			var sum score
			for seed := range uint64(seeds) {
				sum.add(try(t, 1000+seed, verdict, telling))
			}
			t.Logf("telling=%t %s: %+v", telling, verdict, sum)
			all.add(sum)
		}
		if all.runs < 3*seeds {
			t.Fatalf("only %d of %d simulated faults were large enough to judge", all.runs, 4*seeds)
		}
		if telling && all.right != all.runs {
			t.Errorf("where answers tell, %d of %d verdicts are right, want all", all.right, all.runs)
		}
		if !telling && (100*all.right < 80*all.runs || 100*all.wrong > 6*all.runs) {
			t.Errorf("where answers tell nothing, %d of %d verdicts are right and %d wrong; want 80 %% and at most 6 %%", all.right, all.runs, all.wrong)
		}
		if 10*all.sureRight < 9*all.sure {
			t.Errorf("of %d verdicts of confidence 0.9, %d are right, want nine in ten", all.sure, all.sureRight)
		}
	}
}

func TestNoBurstInCalmRuns(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		w := newWorld(seed)
		w.seconds, w.noise = 100, 0.0005
		if a := analyze(t, w.run()); len(a.Bursts) > 0 {
			t.Errorf("seed %d at %.0f requests/s with 0.05 %% noise: want no burst, got %s", seed, w.rate, describe(a))
		}
	}
}

// Steady noise is no burst, however few requests a second it comes among.
func TestNoBurstInSteadyNoise(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{5, 20, 100} {
		for _, noise := range []float64{0.006, 0.009, 0.012} {
			for seed := range uint64(4) {
				w := rig(seed, rate)
				w.seconds, w.noise = 600, noise
				if a := analyze(t, w.run()); len(a.Bursts) > 0 {
					t.Errorf("seed %d, %.1f %% of %.0f requests/s: want no burst, got %s", seed, 100*noise, rate, describe(a))
				}
			}
		}
	}
}

// Nor does a true burst make bursts of the noise before and after it.
func TestNoBurstBesideATrueOne(t *testing.T) {
	for _, rate := range []float64{10, 50} {
		for seed := range uint64(8) {
			w := rig(seed, rate)
			w.seconds, w.noise = 300, 0.012
			w.faults = []worldFault{{verdict: results.VerdictEdgeQuota, from: 120, to: 135, share: 0.3, slower: 1}}
			a := analyze(t, w.run())
			if len(a.Bursts) == 0 {
				t.Errorf("seed %d, %.0f requests/s: the fault is not found", seed, rate)
			}
			for i := range a.Bursts {
				if from, to := seconds(a, i); to <= 120 || from >= 135 {
					t.Errorf("seed %d, %.0f requests/s: want no burst apart from the fault at 120–135 s, got %s", seed, rate, describe(a))
				}
			}
		}
	}
}

func TestSpanOfAFaultIsFoundWithinASecond(t *testing.T) {
	for seed := range uint64(10) {
		w := newWorld(seed)
		w.rate, w.seconds, w.noise = 100, 60, 0.0005
		w.faults = []worldFault{{verdict: results.VerdictEdgeQuota, from: 20, to: 32, share: 0.2, telling: seed%2 == 0, slower: 1}}
		a := analyze(t, w.run())
		if len(a.Bursts) != 1 {
			t.Fatalf("seed %d: want one burst, got %s", seed, describe(a))
		}
		from, to := seconds(a, 0)
		if from < 19 || from > 21 || to < 31 || to > 33 {
			t.Errorf("seed %d: a fault from 20 s to 32 s is found from %d s to %d s", seed, from, to)
		}
	}
}

// seconds returns the span of a burst, counted from the run's start.
func seconds(a *results.Analysis, burst int) (from, to int) {
	b := a.Bursts[burst]
	return int(b.Start.Sub(a.Run.Start).Seconds()), int(b.End.Sub(a.Run.Start).Seconds())
}

// rig returns a world of 12 edge addresses in 3 POPs and 4 request names.
func rig(seed uint64, rate float64) *world {
	w := newWorld(seed)
	w.rate, w.seconds, w.noise = rate, 50, 0.0003
	w.hit, w.miss = 5_000_000, 60_000_000
	w.place(3, 12)
	w.requests = []worldRequest{{"home", 2, 0.8}, {"article", 3, 0.7}, {"image", 3, 0.85}, {"search", 1, 0.05}}
	return w
}

func TestScopes(t *testing.T) {
	t.Parallel()
	origin := worldFault{verdict: results.VerdictOriginSaturation, kind: originS3, from: 15, to: 23, share: 0.3, slower: 2, telling: true}
	capacity := worldFault{verdict: results.VerdictEdgeCapacity, pop: "POP1-P1", from: 15, to: 23, share: 0.5, telling: true, slower: 1}
	later := func(f worldFault, by int) worldFault { f.from += by; f.to += by; return f }
	bare := func(f worldFault) worldFault { f.telling = false; return f }
	of := func(f worldFault, request string) worldFault { f.request = request; return f }
	all := worldFault{verdict: results.VerdictEdgeQuota, from: 15, to: 23, share: 0.3, telling: true, slower: 1}
	gap := capacity
	gap.to, gap.calmGap = 29, span{20, 23}
	cached := of(origin, "article")
	cached.to, cached.replay, cached.echo = 18, 0.25, 9
	shy, shyAll := capacity, all
	shy.shy, shyAll.shy = 0.4, 0.4
	paused := all
	paused.to, paused.calmGap = 30, span{20, 23}
	two := capacity
	two.pop, two.edges = "", rig(1, 400).addresses(0, 1, 5)
	cases := []struct {
		name   string // what happens
		faults []worldFault
		want   []string // scope and verdict of each burst
	}{
		{"one POP", []worldFault{capacity}, []string{"pop [POP1-P1] edge-capacity"}},
		{"one POP, nothing told", []worldFault{bare(capacity)}, []string{"pop [POP1-P1] edge-capacity"}},
		{"three addresses in three POPs", []worldFault{two}, []string{"edge-address [127.1.0.0 127.1.1.1 127.1.2.5] edge-capacity"}},
		{"everything", []worldFault{all}, []string{"all [] edge-quota"}},
		{"one request name", []worldFault{of(origin, "image")}, []string{"request [image] origin-saturation"}},
		{"a gap of three seconds", []worldFault{gap}, []string{"pop [POP1-P1] edge-capacity"}},
		{"a gap of three seconds, nothing told", []worldFault{bare(gap)}, []string{"pop [POP1-P1] edge-capacity"}},
		{"a gap in everything", []worldFault{paused}, []string{"all [] edge-quota"}},
		{"some answers do not tell", []worldFault{shy}, []string{"pop [POP1-P1] edge-capacity"}},
		{"some answers do not tell, everywhere", []worldFault{shyAll}, []string{"all [] edge-quota"}},
		{"a blip and its echo", []worldFault{cached}, []string{"request [article] origin-saturation"}},
		{"a blip and its echo, nothing told", []worldFault{bare(cached)}, []string{"request [article] origin-saturation"}},
		{"two apart", []worldFault{capacity, later(capacity, 16)}, []string{"pop [POP1-P1] edge-capacity", "pop [POP1-P1] edge-capacity"}},
		{"edge, then origin, nothing told", []worldFault{bare(capacity), bare(of(later(origin, 13), "image"))}, []string{"pop [POP1-P1] edge-capacity", "request [image] origin-saturation"}},
		{"two at once", []worldFault{capacity, of(later(origin, 3), "image")}, []string{"pop [POP1-P1] edge-capacity", "request [image] origin-saturation"}},
		{"two at once, nothing told", []worldFault{bare(capacity), bare(of(later(origin, 3), "image"))}, []string{"pop [POP1-P1] edge-capacity", "request [image] origin-saturation"}},
	}
	for _, c := range cases {
		for seed := range uint64(3) {
			w := rig(seed, 400)
			w.faults = c.faults
			a := analyze(t, w.run())
			var got []string
			for _, b := range a.Bursts {
				got = append(got, fmt.Sprintf("%s %v %s", b.Scope.Kind, b.Scope.Values, b.Verdict))
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s, seed %d: want %v, got %s", c.name, seed, c.want, describe(a))
			}
		}
	}
}
