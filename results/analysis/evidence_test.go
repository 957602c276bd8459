package analysis

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"frontload/results"
)

// evidence returns the first burst's evidence of a signal, and whether it is there.
func evidence(t *testing.T, run *results.Run, signal string) (results.Evidence, bool) {
	t.Helper()
	a := analyze(t, run)
	if len(a.Bursts) != 1 {
		t.Fatalf("want one burst, got %s", describe(a))
	}
	for _, e := range a.Bursts[0].Evidence {
		if e.Signal == signal {
			return e, true
		}
	}
	return results.Evidence{}, false
}

// bareCapacity is a world in which one POP fails from 20 to 30 s, and nothing tells why.
func bareCapacity(seed uint64) *world {
	w := rig(seed, 300)
	w.faults = []worldFault{{verdict: results.VerdictEdgeCapacity, pop: "POP0-P1", from: 20, to: 30, share: 0.5, slower: 1}}
	return w
}

// Every row of the table is of a verdict or family, and has a reason; none is
// there twice; every sign has a row.
func TestTheTableIsSound(t *testing.T) {
	seen := map[[2]string]bool{}
	for _, w := range Weights() {
		key := [2]string{w.Signal, w.Favours}
		if seen[key] || w.Odds == 0 || math.Abs(w.Odds) > 12 || w.Why == "" {
			t.Errorf("row %+v is double, weightless, beyond measure or without a reason", w)
		}
		seen[key] = true
		if f := family(w.Favours); f != results.FamilyEdge && f != results.FamilyOrigin {
			t.Errorf("row %+v favours neither a verdict nor a family", w)
		}
	}
	for _, s := range signs {
		if len(bySignal[s.name()]) == 0 {
			t.Errorf("the sign %s has no weight", s.name())
		}
	}
}

func TestControlRequests(t *testing.T) {
	ok := func(at int) results.Control {
		return results.Control{At: time.Duration(at) * time.Second, Status: 200, Took: 20 * time.Millisecond}
	}
	for _, c := range []struct {
		name   string
		during func(at int) results.Control
		want   string
	}{
		{"fine throughout", ok, "control-fine"},
		{"503 meanwhile", func(at int) results.Control { c := ok(at); c.Status = 503; return c }, "control-fails"},
		{"no answer meanwhile", func(at int) results.Control { c := ok(at); c.Status, c.Err = 0, "timeout"; return c }, "control-fails"},
		{"slow meanwhile", func(at int) results.Control { c := ok(at); c.Took *= 5; return c }, "control-slow"},
	} {
		run := bareCapacity(4).run()
		for at := range 50 {
			if at >= 20 && at < 30 {
				run.Control = append(run.Control, c.during(at))
			} else {
				run.Control = append(run.Control, ok(at))
			}
		}
		for _, signal := range []string{"control-fine", "control-fails", "control-slow"} {
			if e, found := evidence(t, run, signal); found != (signal == c.want) {
				t.Errorf("%s: %s found = %t (%+v), want %s only", c.name, signal, found, e, c.want)
			}
		}
	}
	if e, found := evidence(t, bareCapacity(4).run(), "control-fine"); found {
		t.Errorf("without control requests: %+v", e)
	}
}

// marked gives the owner's header to good answers, and to 503s where they have it.
func marked(run *results.Run, errors bool) *results.Run {
	var list []results.Cell
	for c := range run.Cells {
		if c.Outcome == results.OK || errors && c.Status == 503 {
			c.Signals |= results.SignalMarker
		}
		list = append(list, c)
	}
	run.Cells = stream(list)
	return run
}

func TestTheOwnersMarker(t *testing.T) {
	if e, found := evidence(t, marked(bareCapacity(5).run(), false), "marker-absent"); !found || e.Favours != results.FamilyEdge {
		t.Errorf("good answers have the marker and 503s do not: %+v, %t", e, found)
	}
	if e, found := evidence(t, marked(bareCapacity(5).run(), true), "origin-marker"); !found || e.Favours != results.FamilyOrigin {
		t.Errorf("503s have the marker: %+v, %t", e, found)
	}
	if e, found := evidence(t, bareCapacity(5).run(), "marker-absent"); found {
		t.Errorf("nothing has the marker: %+v", e)
	}
}

func TestFewClients(t *testing.T) {
	tallies := func(busy, of int) (list []results.Tally) {
		for i := range of {
			n := results.Tally{Name: netip.AddrFrom4([4]byte{127, 9, 0, byte(i)}).String(), Requests: 100}
			if i < busy {
				n.Requests, n.Status503 = 5000/int64(busy), 1500/int64(busy)
			}
			list = append(list, n)
		}
		return list
	}
	all := rig(6, 300)
	all.faults = []worldFault{{verdict: results.VerdictEdgeQuota, from: 20, to: 30, share: 0.4, slower: 1}}
	for _, c := range []struct {
		name string
		list []results.Tally
		want bool
	}{
		{"one of forty", tallies(1, 40), true},
		{"three of forty", tallies(3, 40), true},
		{"all four", tallies(4, 4), false},
		{"twenty of forty", tallies(20, 40), false},
		{"nobody", nil, false},
	} {
		run := all.run()
		run.Clients = c.list
		if e, found := evidence(t, run, "few-clients"); found != c.want {
			t.Errorf("503s of %s: found = %t (%+v), want %t", c.name, found, e, c.want)
		}
	}
}

// A limit lets the same number through each second; chance does not.
func TestCapped(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	arrivals := func(mean float64) float64 { return math.Round(mean + math.Sqrt(mean)*rng.NormFloat64()) }
	var limit, chance, waves []count
	for i := range 20 {
		n := arrivals(100)
		limit = append(limit, count{n, n - 40 + float64(i%2)})
		chance = append(chance, count{n, math.Round(n*0.6 + math.Sqrt(n*0.24)*rng.NormFloat64())})
		n = arrivals(60 + 80*float64(i%4))
		waves = append(waves, count{n, max(0, n-40)})
	}
	if got := capped(limit); got < leastCapped+mostCapped {
		t.Errorf("a limit of 40 a second has a log likelihood of %.1f over chance", got)
	}
	if got := capped(waves); got < leastCapped+mostCapped {
		t.Errorf("a limit of 40 a second under a changing load has %.1f", got)
	}
	if got := capped(chance); got > leastCapped {
		t.Errorf("chance has %.1f", got)
	}
	if got := capped(limit[:5]); got != 0 {
		t.Errorf("five seconds have %.1f, want nothing of so few", got)
	}
}

func TestMissesThatSlowDownFirst(t *testing.T) {
	slow := func(from int) *results.Run {
		w := rig(7, 300)
		w.faults = []worldFault{{verdict: results.VerdictOriginSaturation, kind: originELB, from: 25, to: 33, share: 0.3, slower: 2}}
		run := w.run()
		var list []results.Cell
		for c := range run.Cells {
			if c.Second >= from && c.Second < 25 && c.Cache == results.CacheMiss {
				c.TTFB *= 2
			}
			list = append(list, c)
		}
		run.Cells = stream(list)
		return run
	}
	if e, found := evidence(t, slow(20), "misses-slow-before"); !found || e.LogOdds <= 0 {
		t.Errorf("misses slow down 5 s before: %+v, %t", e, found)
	}
	if e, found := evidence(t, slow(25), "misses-slow-before"); found {
		t.Errorf("misses slow down with the first 503: %+v", e)
	}
}

// Headers that contradict the spread are told, and leave less confidence.
func TestContradictionIsTold(t *testing.T) {
	told := func(signals results.Signals) (*results.Burst, bool) {
		run := bareCapacity(8).run()
		var list []results.Cell
		answer := results.Answer{Status: 503}
		for c := range run.Cells {
			if c.Status == 503 {
				c.Signals = signals
				c.Outcome = answer.Outcome(signals)
			}
			list = append(list, c)
		}
		run.Cells = stream(list)
		a := analyze(t, run)
		if len(a.Bursts) != 1 {
			t.Fatalf("want one burst, got %s", describe(a))
		}
		b := &a.Bursts[0]
		return b, slices.ContainsFunc(b.Evidence, func(e results.Evidence) bool { return e.Signal == "contradiction" })
	}
	contradicted, found := told(results.SignalServerS3 | results.SignalS3IDs)
	if !found {
		t.Errorf("S3's headers on 503s of one POP alone: no contradiction is told: %+v", contradicted.Evidence)
	}
	agreed, found := told(results.SignalServerCloudFront | results.SignalXCacheCapacity)
	if found || agreed.Confidence <= contradicted.Confidence {
		t.Errorf("agreeing headers: contradiction = %t, confidence %.3f; contradicting: %.3f", found, agreed.Confidence, contradicted.Confidence)
	}
}

// CloudFront's own errors have result types of their own in a log.
func TestAnErrorInALogIsLikelierAnOrigins(t *testing.T) {
	run := bareCapacity(9).run()
	run.Info.Source = sourceLog
	if e, found := evidence(t, run, "log-error"); !found || e.Favours != results.FamilyOrigin {
		t.Errorf("result type Error: %+v, %t", e, found)
	}
	run.Info.Source = "attack"
	if e, found := evidence(t, run, "log-error"); found {
		t.Errorf("of a run of our own: %+v", e)
	}
}

// Elsewhere latencies vary more than in any lab: 503s that are now fast, now
// slow, without two kinds of them, tell nothing of replayed errors.
func TestWideLatenciesTellNothing(t *testing.T) {
	for seed := range uint64(6) {
		w := bareCapacity(20 + seed)
		run := w.run()
		for i := range 300 {
			run.Exemplars = append(run.Exemplars, results.Exemplar{
				At: 20*time.Second + time.Duration(i)*33*time.Millisecond, POP: "POP0-P1", Edge: w.edges[0].addr, Request: "home",
				Status: 503, Outcome: results.UnknownError, Signals: results.SignalServerAbsent,
				Service: time.Duration(w.rnd.ExpFloat64() * float64(20*time.Millisecond)),
			})
		}
		a := analyze(t, run)
		if len(a.Bursts) != 1 || a.Bursts[0].Verdict != results.VerdictEdgeCapacity {
			t.Errorf("seed %d: a POP that fails alone, with 503s of any latency: %s", seed, describe(a))
		}
	}
}
