package analysis

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"frontload/results"
)

// mute returns a run in which a fifth of the requests is answered with a 503
// that says nothing of its writer, from 10 s to 20 s, and its 503s kept whole.
func mute() *results.Run {
	run := &results.Run{Info: results.RunInfo{
		Source: "attack", Requests: []string{"page"}, Start: time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 3, 12, 0, 30, 0, time.UTC),
	}}
	edge := netip.MustParseAddr("192.0.2.1")
	key := results.CellKey{Edge: edge, POP: "FRA56-P1", Status: 200, Outcome: results.OK}
	bad := results.CellKey{Edge: edge, POP: "FRA56-P1", Status: 503, Outcome: results.UnknownError}
	var cells []results.Cell
	for s := range 30 {
		run.Sends = append(run.Sends, results.Send{Edge: edge, Count: 100})
		cells = append(cells, results.Cell{Second: s, CellKey: key, Counts: results.Counts{Count: 80, Written: 80}})
		if s < 10 || s >= 20 {
			cells = append(cells, results.Cell{Second: s, CellKey: key, Counts: results.Counts{Count: 20, Written: 20}})
			continue
		}
		cells = append(cells, results.Cell{Second: s, CellKey: bad, Counts: results.Counts{Count: 20, Written: 20}})
		for i := range 20 {
			run.Exemplars = append(run.Exemplars, results.Exemplar{
				At: time.Duration(s)*time.Second + time.Duration(i)*time.Millisecond, Edge: edge, POP: "FRA56-P1", Request: "page",
				Status: 503, Outcome: results.UnknownError, RequestID: fmt.Sprintf("id-%d-%d", s, i),
			})
		}
	}
	run.Cells = func(yield func(results.Cell, error) bool) {
		for _, c := range cells {
			if !yield(c, nil) {
				return
			}
		}
	}
	return run
}

// joinedTo adds what a log tells of one in n of the run's exemplars.
func joinedTo(run *results.Run, n int, s results.Signals) *results.Run {
	run.Joined = &results.Joined{
		Signals: map[string]results.Signals{}, Rows: 4000, Within: 3300, IDs: true, From: run.Info.Start, Latest: run.Info.End.Add(time.Minute),
	}
	for i := range run.Exemplars {
		if i%n == 0 {
			run.Joined.Signals[run.Exemplars[i].RequestID] = s
		}
	}
	return run
}

// What access logs know decides where answers say nothing.
func TestLogsDecide(t *testing.T) {
	for signal, verdict := range map[results.Signals]string{
		results.SignalLogCapacity:                          results.VerdictEdgeCapacity,
		results.SignalLogLimit:                             results.VerdictEdgeQuota,
		results.SignalLogCompute:                           results.VerdictEdgeCompute,
		results.SignalLogOrigin | results.SignalLogFetched: results.VerdictOriginSaturation,
	} {
		for _, n := range []int{1, 4} {
			a, err := Analyze(joinedTo(mute(), n, signal))
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Bursts) != 1 || a.Bursts[0].Verdict != verdict || a.Bursts[0].Confidence < 0.9 {
				t.Errorf("%v on one in %d: bursts %+v, want %s", signal.Names(), n, a.Bursts, verdict)
				continue
			}
			want := fmt.Sprintf("on %d of %d rows that were joined", 200/n, 200/n)
			for _, name := range signal.Names() {
				if !slices.ContainsFunc(a.Bursts[0].Evidence, func(e results.Evidence) bool { return e.Signal == name && strings.Contains(e.Observed, want) }) {
					t.Errorf("%s on one in %d: evidence %+v", name, n, a.Bursts[0].Evidence)
				}
			}
			if j := a.Join; j.Exemplars != 200 || j.Joined != int64(200/n) || j.Joined503 != j.Joined || j.Signals[signal.Names()[0]] != j.Joined {
				t.Errorf("join: %+v", j)
			}
		}
	}
	a, err := Analyze(mute())
	if err != nil {
		t.Fatal(err)
	}
	if a.Join != nil {
		t.Errorf("without logs there is a join: %+v", a.Join)
	}
}

// Rows of seconds that are generator-limited are no evidence.
func TestLimitedSecondsAreNotJoined(t *testing.T) {
	run := joinedTo(mute(), 1, results.SignalLogCapacity)
	for s := range 30 {
		run.Seconds = append(run.Seconds, results.Second{Second: s, Sent: 100, Scheduled: 100})
		if 10 <= s && s < 15 {
			run.Seconds[s].Limited = "the generator stood still"
		}
	}
	a, err := Analyze(run)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(a.Bursts[0].Evidence, func(e results.Evidence) bool {
		return e.Signal == "log-capacity" && strings.Contains(e.Observed, "on 100 of 100 rows")
	}) {
		t.Errorf("evidence: %+v", a.Bursts[0].Evidence)
	}
}

// Other viewers' rows are estimated, and it is told why rows are missing.
func TestWhyNotJoined(t *testing.T) {
	start, end := mute().Info.Start, mute().Info.End
	for name, c := range map[string]struct {
		joined int // one in so many
		change func(run *results.Run)
		others int64
		why    string
	}{
		"all joined":           {1, func(*results.Run) {}, 300, ""},
		"half is there":        {2, func(r *results.Run) { r.Joined.Within = 1600 }, 100, "rows are still to come"},
		"logs end early":       {2, func(r *results.Run) { r.Joined.Latest = end.Add(-12 * time.Second) }, 1800, "the logs end 12s before the run does"},
		"logs begin late":      {2, func(r *results.Run) { r.Joined.From = start.Add(5 * time.Second) }, 1800, "the logs begin at 2026-11-03 12:00:05 UTC, after the run did"},
		"another time":         {1000, func(r *results.Run) { clear(r.Joined.Signals); r.Joined.Latest = start.Add(-time.Hour) }, 3300, "the logs end before the run began"},
		"a later time":         {1000, func(r *results.Run) { clear(r.Joined.Signals); r.Joined.From = end.Add(time.Hour) }, 3300, "the logs begin after the run's end"},
		"another distribution": {1000, func(r *results.Run) { clear(r.Joined.Signals) }, 3300, "another distribution's"},
		"no ids in the logs":   {1000, func(r *results.Run) { clear(r.Joined.Signals); r.Joined.IDs = false }, 3300, "x-edge-request-id"},
		"no rows":              {1000, func(r *results.Run) { *r.Joined = results.Joined{} }, 0, "the logs have no rows"},
		"no ids in the run": {1, func(r *results.Run) {
			for i := range r.Exemplars {
				r.Exemplars[i].RequestID = ""
			}
		}, 0, "did not come from CloudFront"},
	} {
		run := joinedTo(mute(), c.joined, results.SignalLogOrigin)
		c.change(run)
		j := joined(run)
		if j.OtherRows != c.others || !strings.Contains(j.Why, c.why) || (c.why == "") != (j.Why == "") {
			t.Errorf("%s: %d other rows, %q, want %d, %q", name, j.OtherRows, j.Why, c.others, c.why)
		}
	}
}
