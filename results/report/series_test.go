package report

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"frontload/results"
)

// However a run's seconds are cut, no 503 gets lost, and none is counted twice.
func TestGatherKeepsEvery503(t *testing.T) {
	for _, seconds := range []int{1, 30, 299, 301, 2000} {
		in := sample(shape{seconds: seconds, edges: 6, rate: 60, bursts: true})
		g, err := in.gather()
		if err != nil {
			t.Fatal(err)
		}
		var byTime float64
		for _, c := range g.verdicts {
			for _, v := range c.values {
				byTime += v
			}
		}
		var byPOP int64
		for _, p := range g.pops {
			byPOP += p.answered
		}
		if want := in.Analysis.Run.Responses503; int64(byTime) != want || byPOP != want {
			t.Errorf("%d s: %v 503s over time and %d by POP, want %d", seconds, byTime, byPOP, want)
		}
	}
}

func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBuckets(rapid.IntRange(-5, 3_000_000).Draw(t, "seconds"))
		if b.n < 1 || b.n > maxPoints || b.n*b.step < b.seconds {
			t.Fatalf("%+v has not between 1 and %d buckets that hold its seconds", b, maxPoints)
		}
		if i := b.of(rapid.Int().Draw(t, "second")); i < 0 || i >= b.n {
			t.Fatalf("%+v puts a second in bucket %d", b, i)
		}
	})
}

func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := rapid.Float64Range(1e-3, 1e12).Draw(t, "top")
		marks := ticks(top)
		if n := len(marks); n < 3 || n > 7 || marks[0] != 0 || marks[n-1] < top {
			t.Fatalf("ticks(%v) = %v", top, marks)
		}
	})
	for _, top := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if marks := ticks(top); len(marks) < 3 {
			t.Errorf("ticks(%v) = %v", top, marks)
		}
	}
}

func TestMatcher(t *testing.T) {
	at := func(s int) time.Time { return sampleStart.Add(time.Duration(s) * time.Second) }
	edge, pop := edgeOf(0)
	burst := func(from, to int, kind, value, family, verdict string) results.Burst {
		return results.Burst{
			Start: at(from), End: at(to), Scope: results.Scope{Kind: kind, Values: []string{value}}, Family: family, Verdict: verdict,
		}
	}
	says := func(b results.Burst, signals ...string) results.Burst {
		for _, s := range signals {
			b.Evidence = append(b.Evidence, results.Evidence{Signal: s})
		}
		return b
	}
	m := newMatcher(Input{
		Analysis: &results.Analysis{Bursts: []results.Burst{
			burst(5, 10, "all", "", results.FamilyOrigin, results.VerdictOriginSaturation),
			burst(5, 10, "edge-address", edge.String(), results.FamilyEdge, results.VerdictEdgeQuota),
			burst(20, 25, "pop", pop, results.FamilyEdge, results.VerdictEdgeCapacity),
			burst(30, 35, "request", "search", results.FamilyUndetermined, results.VerdictUndetermined),
			burst(40, 45, "client", "192.0.2.1", results.FamilyEdge, results.VerdictEdgeQuota),
			says(burst(50, 55, "pop", pop, results.FamilyEdge, results.VerdictEdgeCapacity), "x-cache-capacity", "server-cloudfront"),
			says(burst(60, 65, "all", "", results.FamilyOrigin, results.VerdictOriginSaturation), "server-s3", "misses-slow"),
		}, Run: results.RunSummary{Edges: []results.AddressCount{{Address: edge.String(), POP: pop}}}},
		Run: &results.Run{Info: results.RunInfo{Start: sampleStart, Requests: []string{"article", "search"}}},
	})
	for _, row := range []struct {
		about   string
		second  int
		edge    int
		request uint16
		outcome results.Outcome
		want    string
	}{
		{"before any burst", 4, 0, 0, results.UnknownError, ""},
		{"a burst's end is exclusive", 10, 0, 0, results.UnknownError, ""},
		{"elsewhere in the wide one", 5, 1, 0, results.UnknownError, results.VerdictOriginSaturation},
		{"the narrower one goes first", 9, 0, 0, results.UnknownError, results.VerdictEdgeQuota},
		{"the answer names the family", 9, 0, 0, results.OriginS3, results.VerdictOriginSaturation},
		{"a cached error is the origin's", 9, 0, 0, results.CachedOriginError, results.VerdictOriginSaturation},
		{"in the POP", 20, 0, 0, results.EdgeCapacity, results.VerdictEdgeCapacity},
		{"in another POP", 20, 1, 0, results.EdgeCapacity, ""},
		{"of the request", 30, 1, 1, results.UnknownError, results.VerdictUndetermined},
		{"of another request", 30, 1, 0, results.UnknownError, ""},
		{"of a request that has no name", 30, 1, 9, results.UnknownError, ""},
		{"clients are matched by time", 40, 1, 0, results.UnknownError, results.VerdictEdgeQuota},
		{"by the writer", 50, 0, 0, results.EdgeCapacity, results.VerdictEdgeCapacity},
		{"by another writer", 50, 0, 0, results.OriginS3, ""},
		{"by another writer of the family", 50, 0, 0, results.EdgeQuota, ""},
		{"by a writer not told", 50, 0, 0, results.UnknownError, results.VerdictEdgeCapacity},
		{"by the origin that is replayed", 60, 0, 0, results.CachedOriginError, results.VerdictOriginSaturation},
		{"by another origin", 60, 0, 0, results.OriginELB, ""},
	} {
		addr, at := edgeOf(row.edge)
		c := results.Cell{Second: row.second, CellKey: results.CellKey{Edge: addr, POP: at, Request: row.request, Outcome: row.outcome}}
		if got := m.verdict(&c); got != row.want {
			t.Errorf("%s: verdict = %q, want %q", row.about, got, row.want)
		}
		if c.POP = ""; row.edge == 0 && m.verdict(&c) != row.want {
			t.Errorf("%s, without a POP: verdict = %q, want %q", row.about, m.verdict(&c), row.want)
		}
	}
	elb := results.Cell{Second: 60, CellKey: results.CellKey{Outcome: results.CachedOriginError, Signals: results.SignalAge | results.SignalServerELB}}
	if got := m.verdict(&elb); got != "" {
		t.Errorf("replayed by another origin: verdict = %q, want none", got)
	}
}

func TestTopBarsSumTheOthers(t *testing.T) {
	var bars []bar
	for i := range 30 {
		bars = append(bars, bar{name: "x", requests: 10, answered: int64(i)})
	}
	top := topBars(bars)
	last := top[len(top)-1]
	if len(top) != 25 || last != (bar{name: "6 others", requests: 60, answered: 15}) || top[0].answered != 29 {
		t.Errorf("topBars gave %d bars, the first %+v, the last %+v", len(top), top[0], last)
	}
}

func TestAxisLabels(t *testing.T) {
	for s, want := range map[int]string{0: "0", 5: "5 s", 60: "1 min", 90: "1:30", 605: "10:05", 3600: "1 h", 4200: "1:10 h", 9000: "2:30 h"} {
		if got := timeTick(s); got != want {
			t.Errorf("timeTick(%d) = %q, want %q", s, got, want)
		}
	}
	for us, want := range map[float64]string{1: "1 µs", 100: "100 µs", 1e3: "1 ms", 1e5: "100 ms", 1e6: "1 s", 1e9: "1000 s"} {
		if got := spanTick(us); got != want {
			t.Errorf("spanTick(%v) = %q, want %q", us, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 2.5: "2.5", 250: "250", 15000: "15k", 2e6: "2M"} {
		if got := countTick(v); got != want {
			t.Errorf("countTick(%v) = %q, want %q", v, got, want)
		}
	}
}
