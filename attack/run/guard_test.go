package run

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/lookout"
)

// A seen burst goes on from one second to another, both of them, so sure.
type seen struct {
	from, to int
	verdict  string
	sure     float64
}

func TestGuardHoldsBacksOffAndStops(t *testing.T) {
	edge := results.VerdictEdgeCapacity
	for _, tt := range []struct {
		name  string
		seen  []seen
		until int
		want  string
	}{
		{"a calm run", nil, 100, ""},
		{"one that goes on", []seen{{10, 999, edge, 0.9}}, 300, "13 hold, 43 back-off, 103 stop"},
		{"one that the hold helps", []seen{{10, 20, edge, 0.9}}, 300, "13 hold, 50 resume"},
		{"one that backing off helps", []seen{{10, 50, edge, 0.9}}, 300, "13 hold, 43 back-off, 80 resume"},
		{"too short a one", []seen{{10, 12, edge, 0.99}}, 100, ""},
		{"one that is not sure", []seen{{10, 90, edge, 0.79}}, 100, ""},
		{"one that is sure at times", []seen{{10, 12, edge, 0.9}, {13, 13, edge, 0.7}, {14, 16, edge, 0.9}}, 100, ""},
		{"one that is less sure once the rate is held", []seen{{10, 20, edge, 0.9}, {21, 99, edge, 0.5}}, 99, "13 hold, 43 back-off"},
		{"an origin's", []seen{{10, 99, results.VerdictOriginSaturation, 0.99}}, 100, ""},
		{"two at once", []seen{{5, 99, results.VerdictOriginSaturation, 0.99}, {10, 20, edge, 0.9}}, 100, "13 hold, 50 resume"},
		{"one that comes and goes", []seen{{10, 20, edge, 0.9}, {40, 50, edge, 0.9}}, 100, "13 hold, 43 back-off, 80 resume"},
		{"one that comes back", []seen{{10, 20, edge, 0.9}, {100, 110, edge, 0.9}}, 200, "13 hold, 50 resume, 103 hold, 140 resume"},
		{"the third", []seen{{10, 20, edge, 0.9}, {100, 110, edge, 0.9}, {200, 210, edge, 0.9}}, 300, "13 hold, 50 resume, 103 hold, 140 resume, 203 stop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &edgeGuard{rule: defaultRule}
			var got []string
			for second := range tt.until {
				var bursts []lookout.Burst
				for _, s := range tt.seen {
					if s.from <= second && second <= s.to {
						bursts = append(bursts, lookout.Burst{ID: 1, Until: time.Duration(second) * time.Second, Verdict: s.verdict, Confidence: s.sure, Scope: results.Scope{Kind: "all"}})
					}
				}
				if d, any := g.decide(time.Duration(second)*time.Second, time.Duration(second)*time.Second, bursts); any {
					got = append(got, fmt.Sprint(second, " ", d.action))
					if d.reason == "" || d.action == results.GuardBackOff && d.share != 0.5 {
						t.Errorf("decision %+v has no reason or no share", d)
					}
				}
			}
			if list := strings.Join(got, ", "); list != tt.want {
				t.Errorf("decisions: %s, want %s", list, tt.want)
			}
		})
	}
}

// Where a look takes long, what it saw is old when it is acted on: a burst has
// not ended for that, and the ramp does not go on before a look saw that it has.
func TestGuardGoesByLooks(t *testing.T) {
	w := &watch{lookout: lookout.New(results.RunInfo{})}
	g, last := &edgeGuard{rule: defaultRule}, time.Duration(0)
	var got []string
	for second := range 200 {
		now := time.Duration(second) * time.Second
		if second%7 == 0 && second < 160 { // none later
			w.looked.Store(int64(now))
		}
		at, _ := w.current()
		if at > 20*time.Second && at < 60*time.Second {
			last = at
		}
		var bursts []lookout.Burst
		if at-last < 10*time.Second && last > 0 {
			bursts = []lookout.Burst{{ID: 1, Until: last, Verdict: results.VerdictEdgeCapacity, Confidence: 0.9}}
		}
		if d, any := g.decide(now, at, bursts); any {
			got = append(got, fmt.Sprint(second, " ", d.action))
		}
	}
	if list, want := strings.Join(got, ", "), "28 hold, 91 resume"; list != want {
		t.Errorf("decisions: %s, want %s", list, want)
	}
}

// A reason says which burst, how sure, and how long.
func TestGuardReasons(t *testing.T) {
	g := &edgeGuard{rule: defaultRule}
	bursts := []lookout.Burst{{ID: 4, Verdict: results.VerdictEdgeCapacity, Confidence: 0.97, Scope: results.Scope{Kind: "pop", Values: []string{"FRA56-P1"}}}}
	var got []string
	for second := range 120 {
		bursts[0].Until = time.Duration(second-1) * time.Second
		if d, any := g.decide(time.Duration(second)*time.Second, time.Duration(second)*time.Second, bursts); any {
			got = append(got, d.reason)
		}
	}
	want := []string{
		"burst 4 (edge capacity at FRA56-P1, 97% sure) has gone on for 3s",
		"burst 4 (edge capacity at FRA56-P1, 97% sure) went on for 30s after the rate was held",
		"burst 4 (edge capacity at FRA56-P1, 97% sure) went on for 1m0s after the rate was lowered",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("reasons:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
