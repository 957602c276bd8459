package analysis

import (
	"math"
	"net/netip"
	"strings"
	"testing"

	"frontload/results"
)

func TestProbabilities(t *testing.T) {
	p := probabilities(nil)
	sum := 0.0
	for _, v := range verdicts {
		sum += p[v]
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("they sum to %v", sum)
	}
	if p[results.VerdictOriginSaturation] <= 0.5 || p[results.VerdictOriginSaturation] >= certain {
		t.Errorf("with no evidence the origin has %v: want it likely, by AWS's prior, yet not certain", p[results.VerdictOriginSaturation])
	}
}

func TestPronounce(t *testing.T) {
	mix := func(origin, capacity, quota, compute float64) map[string]float64 {
		return map[string]float64{
			results.VerdictOriginSaturation: origin, results.VerdictEdgeCapacity: capacity,
			results.VerdictEdgeQuota: quota, results.VerdictEdgeCompute: compute,
		}
	}
	cases := []struct {
		name string
		p    map[string]float64
		want string
	}{
		{"the origin is certain", mix(0.85, 0.1, 0.03, 0.02), results.VerdictOriginSaturation},
		{"nothing is certain", mix(0.6, 0.3, 0.05, 0.05), results.VerdictUndetermined},
		{"the edge is certain, and one verdict leads", mix(0.1, 0.6, 0.2, 0.1), results.VerdictEdgeCapacity},
		{"the edge is certain, and no verdict leads", mix(0.1, 0.4, 0.35, 0.15), results.VerdictUndetermined},
		{"a tie", mix(0, 0.5, 0.5, 0), results.VerdictUndetermined},
	}
	for _, c := range cases {
		if got, confidence := pronounce(c.p); got != c.want || confidence <= 0 {
			t.Errorf("%s: pronounce(%v) = %s, %v, want %s", c.name, c.p, got, confidence, c.want)
		}
	}
}

// confidence judges a fault and returns the probability of a verdict.
func confidence(t *testing.T, w *world, f worldFault, verdict string) float64 {
	t.Helper()
	w.faults = []worldFault{f}
	a := analyze(t, w.run())
	if len(a.Bursts) != 1 {
		t.Fatalf("want one burst, got %s", describe(a))
	}
	return a.Bursts[0].Probabilities[verdict]
}

func TestFewerErrorsAreWeakerEvidence(t *testing.T) {
	f := worldFault{verdict: results.VerdictOriginSaturation, kind: originELB, from: 20, to: 28, share: 0.4, slower: 1.5, telling: true}
	many := confidence(t, rig(4, 300), f, results.VerdictOriginSaturation)
	f.verdict, f.share, f.to = results.VerdictEdgeCapacity, 0.35, 22
	few := confidence(t, rig(4, 14), f, results.VerdictEdgeCapacity)
	if many < 0.99 || few >= many-0.001 {
		t.Errorf("confidence %.3f from hundreds of 503s, %.3f from a handful", many, few)
	}
}

// A header can be rewritten: one that the spread contradicts convinces less.
func TestAContradictingSpreadLowersConfidence(t *testing.T) {
	told := func(spread string) results.Evidence {
		return results.Evidence{Signal: spread, Favours: results.FamilyEdge, LogOdds: 2.5}
	}
	headers := told("server-cloudfront")
	weight := func(signal string) float64 { return bySignal[signal][0].Odds }
	agree := probabilities([]results.Evidence{headers, {Favours: results.VerdictEdgeCapacity, LogOdds: weight("concentrated")}})
	contradict := probabilities([]results.Evidence{headers, {Favours: results.FamilyOrigin, LogOdds: weight("misses-lacking")}, {Favours: results.VerdictEdgeCapacity, LogOdds: weight("even-over-places")}})
	if a, c := agree[results.VerdictEdgeCapacity], contradict[results.VerdictEdgeCapacity]; a < 0.9 || c > 0.3 {
		t.Errorf("edge capacity is %.2f where the spread agrees and %.2f where it does not", a, c)
	}
}

func TestSignsThatComeTogetherAreNoIndependentWitnesses(t *testing.T) {
	w := rig(9, 300)
	w.faults = []worldFault{{verdict: results.VerdictOriginSaturation, kind: originS3, from: 20, to: 28, share: 0.4, slower: 1.5, telling: true}}
	a := analyze(t, w.run())
	sum, full := 0.0, 0.0
	for _, e := range a.Bursts[0].Evidence {
		for _, s := range signs {
			if s.name() == e.Signal {
				sum += e.LogOdds
				full += bySignal[e.Signal][0].Odds
			}
		}
	}
	if sum == 0 || sum > 0.6*full {
		t.Errorf("headers are worth %.1f together, want well below their sum of %.1f", sum, full)
	}
	if e := a.Bursts[0].Evidence[0]; !strings.Contains(e.Observed, " on ") {
		t.Errorf("the first evidence is %+v, want a header with its count", e)
	}
}

// That a POP fails alone speaks for the edge only as far as others were spared.
func TestFailuresElsewhereWeakenThatAPOPFailsAlone(t *testing.T) {
	concentrated := func(elsewhere int64) results.Evidence {
		ten := span{10, 20}
		var list []results.Cell
		for s := range 40 {
			list = append(list, answered(s, "POP0-P1", ten, 10)...)
			list = append(list, answered(s, "POP1-P1", ten, elsewhere)...)
		}
		a := analyze(t, &results.Run{Cells: stream(list)})
		if len(a.Bursts) != 1 || a.Bursts[0].Scope.Kind != kindPOP {
			t.Fatalf("%d 503s a second elsewhere: want one burst of one POP, got %s", elsewhere, describe(a))
		}
		for _, e := range a.Bursts[0].Evidence {
			if e.Signal == "concentrated" {
				return e
			}
		}
		return results.Evidence{}
	}
	none, some := concentrated(0), concentrated(1)
	if want := "only at POP0-P1: of 1,000 requests elsewhere meanwhile none got a 503"; none.Observed != want {
		t.Errorf("with no 503 elsewhere: %q, want %q", none.Observed, want)
	}
	if want := "mostly at POP0-P1: of 1,000 requests elsewhere meanwhile 10 got a 503 too"; some.Observed != want {
		t.Errorf("with 10 503s elsewhere: %q, want %q", some.Observed, want)
	}
	if some.LogOdds > none.LogOdds/2 {
		t.Errorf("log odds %.2f with no 503 elsewhere and %.2f where their share is a tenth: want less than half", none.LogOdds, some.LogOdds)
	}
}

// answered returns the cells of a second in which a POP, of one edge address,
// answers 100 requests, some of them with 503 while it fails.
func answered(second int, pop string, fails span, bad int64) []results.Cell {
	if second < fails.from || second >= fails.to {
		bad = 0
	}
	key := results.CellKey{Edge: netip.AddrFrom4([4]byte{127, 1, 0, pop[3]}), POP: pop, Status: 200, Outcome: results.OK, Cache: results.CacheHit}
	list := []results.Cell{{Second: second, CellKey: key, Counts: results.Counts{Count: 100 - bad, Written: 100 - bad}}}
	if bad > 0 {
		key.Status, key.Outcome, key.Cache, key.Signals = 503, results.UnknownError, results.CacheError, results.SignalServerAbsent
		list = append(list, results.Cell{Second: second, CellKey: key, Counts: results.Counts{Count: bad, Written: bad}})
	}
	return list
}

func TestCausedByTest(t *testing.T) {
	w := rig(2, 1500)
	w.place(1, 2)
	w.faults = []worldFault{{verdict: results.VerdictEdgeCapacity, pop: "POP0-P1", from: 20, to: 26, share: 0.5, slower: 1, telling: true}}
	a := analyze(t, w.run())
	if len(a.Bursts) != 1 || !a.Bursts[0].CausedByTest {
		t.Errorf("750 requests/s at each edge address: want the test to be the cause, got %s", describe(a))
	}
	stalled := w.result()
	stalled.EdgePeaks = map[netip.Addr]int64{w.edges[0].addr: 300, w.edges[1].addr: 300}
	if a = analyze(t, stalled); a.Bursts[0].CausedByTest {
		t.Error("300 requests/s sent to each edge address: the test is called the cause")
	}
	run := rig(2, 300)
	run.faults = []worldFault{{verdict: results.VerdictEdgeQuota, from: 20, to: 26, share: 0.5, slower: 1, telling: true}}
	r := run.run()
	r.Clients = []results.Tally{{Name: "127.9.0.1", Requests: 14000}, {Name: "127.9.0.2", Requests: 1000}}
	if a = analyze(t, r); len(a.Bursts) != 1 || !a.Bursts[0].CausedByTest {
		t.Errorf("280 requests/s from one client: want the test to be the cause, got %s", describe(a))
	}
	r.Clients[0].Requests = 1000
	if a = analyze(t, r); a.Bursts[0].CausedByTest {
		t.Error("20 requests/s from each client: the test is called the cause")
	}
}

// An edge address has too much when it has half of all and twice its even
// share; what reached no address has no part in it.
func TestUnevenShareIsCausedByTest(t *testing.T) {
	for _, c := range []struct {
		name      string
		unreached int64
		at        []int64 // requests of a second by edge address, of which the first fails
		want      bool
	}{
		{"two addresses, even but for one request", 0, []int64{21, 20}, false},
		{"two addresses, and requests that reached none", 1, []int64{21, 20}, false},
		{"one address, and requests that reached none", 1, []int64{20}, false},
		{"three addresses, somewhat over half at one", 0, []int64{20, 8, 8}, false},
		{"three addresses, nearly all at one", 0, []int64{40, 5, 5}, true},
		{"five addresses, over half at one", 0, []int64{40, 5, 5, 5, 5}, true},
	} {
		if a := analyze(t, capacityRun(c.unreached, c.at)); len(a.Bursts) != 1 || a.Bursts[0].CausedByTest != c.want {
			t.Errorf("%s: want one burst, caused by the test = %t, got %s", c.name, c.want, describe(a))
		}
	}
}

// capacityRun returns a run in which the first edge address has no capacity
// for half of its requests from 10 to 20 s.
func capacityRun(unreached int64, at []int64) *results.Run {
	var list []results.Cell
	add := func(second int, key results.CellKey, n int64) {
		if n > 0 {
			list = append(list, results.Cell{Second: second, CellKey: key, Counts: results.Counts{Count: n, Written: n}})
		}
	}
	for s := range 40 {
		add(s, results.CellKey{Outcome: results.Transport}, unreached)
		for i, n := range at {
			key := results.CellKey{Edge: netip.AddrFrom4([4]byte{127, 1, 0, byte(i)}), POP: "POP0-P1", Status: 200, Outcome: results.OK}
			bad := int64(0)
			if i == 0 && s >= 10 && s < 20 {
				bad = n / 2
			}
			add(s, key, n-bad)
			key.Status, key.Outcome, key.Signals = 503, results.EdgeCapacity, results.SignalXCacheCapacity
			add(s, key, bad)
		}
	}
	return &results.Run{Cells: stream(list)}
}
