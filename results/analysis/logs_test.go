package analysis

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"frontload/results"
)

// viewers returns a run as an access log tells of it: 503s of one second in
// five for requests of very many clients, of which 1,000 are counted by name.
func viewers() *results.Run {
	run := &results.Run{Info: results.RunInfo{
		Source: sourceLog, Start: time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC), End: time.Date(2026, 11, 21, 0, 0, 50, 0, time.UTC),
		Requests: []string{"/a/*", "/b"},
	}}
	var cells []results.Cell
	for second := range 110 {
		cell := func(pop string, request, status uint16, outcome results.Outcome, n int64) {
			cells = append(cells, results.Cell{Second: second, CellKey: results.CellKey{
				POP: pop, Request: request, Status: status, Outcome: outcome, Cache: results.CacheMiss,
			}, Counts: results.Counts{Count: n, Written: n, TTFB: time.Duration(n) * time.Millisecond}})
		}
		for _, pop := range []string{"FRA56-P1", "IAD89-C2", ""} {
			cell(pop, 0, 200, results.OK, 100)
			cell(pop, 1, 200, results.OK, 100)
			cell(pop, 1, 0, results.ClientError, 3)
			if second >= 55 && second < 65 {
				cell(pop, 0, 503, results.UnknownError, 60)
			}
		}
	}
	run.Cells = stream(cells)
	for i := range 1000 {
		run.Clients = append(run.Clients, results.Tally{Name: fmt.Sprintf("10.0.%d.%d", i/256, i%256), Client: uint32(i), Requests: 30 - int64(i)/50})
	}
	run.Clients = append(run.Clients, results.Tally{Requests: 40_000})
	run.ClientsSeen = 40_000
	for i := range 500 {
		run.Exemplars = append(run.Exemplars, results.Exemplar{
			At: 55*time.Second + time.Duration(i)*20*time.Millisecond, Source: netip.AddrFrom4([4]byte{10, 1, byte(i / 256), byte(i)}),
			Status: 503, Outcome: results.UnknownError, Request: "/a/*",
		})
	}
	return run
}

// Nobody tested anything: no rule applies, no advice is for testers, and times
// are those of the day.
func TestAccessLog(t *testing.T) {
	a := analyze(t, viewers())
	validate(t, a)
	for _, r := range a.Guidance {
		if r.Status != "not-applicable" || r.Fix != "" || r.Planned != "" {
			t.Errorf("rule %+v, want not-applicable without advice", r)
		}
	}
	if len(a.Bursts) != 1 || a.Bursts[0].CausedByTest || a.Bursts[0].Scope.Kind != "key-prefix" {
		t.Fatalf("bursts %+v, want one of a key prefix", a.Bursts)
	}
	if got := a.Headline; !strings.Contains(got, "at 23:59:55–2026-11-21 00:00:05 UTC") || strings.Contains(got, "test") {
		t.Errorf("headline %q, want times of the day and nothing of tests", got)
	}
	if a.Trust.SendLagP99 != nil || !a.Trust.OK || len(a.Run.POPs) != 2 || a.Run.EdgeAddresses != 0 || a.Run.Responses503 != 1800 {
		t.Errorf("trust %+v, run %+v", a.Trust, a.Run)
	}
	if a.Run.Statuses["none"] != 990 || a.Run.Outcomes["client-error"] != 990 {
		t.Errorf("statuses %v, outcomes %v, want 990 viewers that left", a.Run.Statuses, a.Run.Outcomes)
	}
}

// What a run says against itself is told, and what could not be read.
func TestUnreadAndDoubts(t *testing.T) {
	run := viewers()
	run.Unread = results.Unread{Lines: 3, Reasons: map[string]int64{"no valid sc-status": 3}}
	run.Doubts = []string{"3 lines could not be read"}
	a := analyze(t, run)
	validate(t, a)
	if a.Unread.Lines != 3 || a.Unread.Reasons["no valid sc-status"] != 3 || len(a.Trust.Reasons) != 1 || !a.Trust.OK {
		t.Errorf("unread %+v, trust %+v", a.Unread, a.Trust)
	}
}
