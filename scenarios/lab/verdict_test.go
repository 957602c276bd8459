package lab

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/analysis"
	"frontload/results/record"
	"frontload/results/store"
)

// analyze carries a case out, from its scenario to the analysis document.
func analyze(t testing.TB, c Case, seed uint64, length time.Duration) (*results.Analysis, Truth) {
	t.Helper()
	m := New(c, seed, length)
	plan := planOf(t, c, Place{URL: simURL, For: length, Seed: seed})
	recorder := record.New(record.Config{Requests: plan.Requests, Shards: 1})
	info := results.RunInfo{Name: plan.Name, Source: "rehearsal", Start: m.Epoch, Target: simURL, Seed: seed, Authorization: "loopback", Requests: plan.Requests}
	memory := store.NewMemory(info)
	keep := func(iv *record.Interval) {
		if err := memory.Append(iv); err != nil {
			t.Fatal(err)
		}
	}
	end := time.Duration(0)
	tick := func(now time.Duration) {
		end = now
		keep(recorder.Cut(now, record.Gauges{Asked: plan.Schedule.Rate(now - 1)}))
	}
	if err := Simulate(context.Background(), m, plan, recorder, tick); err != nil {
		t.Fatal(err)
	}
	keep(recorder.Finish(end+time.Second, record.Gauges{}))
	info.End = m.Epoch.Add(length)
	if err := memory.Close(info); err != nil {
		t.Fatal(err)
	}
	run, err := memory.Run()
	if err != nil {
		t.Fatal(err)
	}
	a, err := analysis.Analyze(run)
	if err != nil {
		t.Fatal(err)
	}
	return a, m.Truth()
}

// A rehearsal names the cause of each fault, once, and finds nothing else.
func TestVerdictsAreRight(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			wrong := 0
			for seed := uint64(1); seed <= 5; seed++ {
				a, truth := analyze(t, c, seed, 30*time.Second)
				if a.Run.Requests != truth.Requests || a.Run.Responses503 != truth.Responses503 {
					t.Errorf("seed %d: the analysis counts %d requests and %d 503s, want %v", seed, a.Run.Requests, a.Run.Responses503, truth.Count)
				}
				wrong += checkBursts(t, a, truth, seed)
			}
			// Replayed errors come as fast as a function's failures, and both
			// lie on one request name: with no telling header the spread
			// cannot always tell the two apart.
			if allowed := map[string]int{"origin-cached-bare": 2, "edge-compute-bare": 1}[c.Name]; wrong > allowed {
				t.Errorf("%d verdicts of 5 seeds are wrong, want %d at most", wrong, allowed)
			}
		})
	}
}

// checkBursts checks that each fault has its burst, and returns how many of
// them have another verdict than the truth.
func checkBursts(t *testing.T, a *results.Analysis, truth Truth, seed uint64) int {
	t.Helper()
	if len(a.Bursts) != len(truth.Faults) {
		t.Errorf("seed %d: bursts %s, want one for each of %+v", seed, describe(a), truth.Faults)
		return 0
	}
	wrong := 0
	for i, f := range truth.Faults {
		b := a.Bursts[i]
		start, end := b.Start.Sub(a.Run.Start), b.End.Sub(a.Run.Start)
		if start < f.Start-time.Second || start > f.End || end < f.End-time.Second || end > f.Echo+3*time.Second {
			t.Errorf("seed %d: burst from %v to %v, want one of %+v", seed, start, end, f)
		}
		if b.Verdict != f.Verdict {
			t.Logf("seed %d: %s, want %s", seed, describe(a), f.Verdict)
			wrong++
		}
		if kind := b.OriginKind; f.OriginKind != "" && !strings.HasSuffix(truth.Case, bareSuffix) && (kind == nil || *kind != f.OriginKind) {
			t.Errorf("seed %d: another kind of origin than %s: %s", seed, f.OriginKind, describe(a))
		}
	}
	return wrong
}

func describe(a *results.Analysis) string {
	var all []string
	for _, b := range a.Bursts {
		all = append(all, fmt.Sprintf("%v-%v %s (%.2f) %v %d of %d",
			b.Start.Sub(a.Run.Start), b.End.Sub(a.Run.Start), b.Verdict, b.Confidence, b.Scope, b.Responses503, b.Requests))
	}
	return strings.Join(all, "; ")
}
