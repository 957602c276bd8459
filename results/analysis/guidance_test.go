package analysis

import (
	"net/netip"
	"strings"
	"testing"

	"frontload/results"
)

func rule(a *results.Analysis, name string) results.Rule {
	for _, r := range a.Guidance {
		if r.Rule == name {
			return r
		}
	}
	return results.Rule{}
}

func TestGuidance(t *testing.T) {
	a := analyze(t, fullRun())
	want := []struct{ rule, status, observed string }{
		{"regions", "unknown", ""},
		{"client-addresses", "kept", "2 client addresses; the busiest sent 59% of the requests, 12/s on the average"},
		{"independent-dns", "kept", "2 clients made 3 lookups, 1.5 each, for 2 clients that sent"},
		{"spread", "kept", "12 edge addresses, evenness 1.00 of 1 (Jain's index)"},
		{"ramp", "unknown", ""},
		{"url-variety", "unknown", ""},
		{"quotas", "unknown", ""},
		{"no-viewer-lambda", "unknown", ""},
		{"no-origin-shield", "unknown", ""},
		{"authorised", "kept", "every address was loopback"},
	}
	if len(a.Guidance) != len(want) {
		t.Fatalf("%d rules, want %d", len(a.Guidance), len(want))
	}
	for i, w := range want {
		if g := a.Guidance[i]; g.Rule != w.rule || g.Status != w.status || g.Observed != w.observed {
			t.Errorf("rule %d = %+v, want %+v", i, g, w)
		}
	}
}

func TestBrokenRules(t *testing.T) {
	edge := func(i byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 1, 0, i}) }
	run := limitedRun(0)
	run.Sends = []results.Send{{Edge: edge(1), Count: 9000}, {Edge: edge(2), Count: 500}}
	run.Clients = []results.Tally{{Name: "127.9.0.1", Requests: 2400}, {Name: "127.9.0.2", Client: 1, Requests: 100}}
	run.Lookups = []results.Lookup{{Client: 0}}
	run.Cells = stream([]results.Cell{{Second: 4, CellKey: results.CellKey{Edge: edge(1)}, Counts: results.Counts{Count: 501}}})
	a := analyze(t, run)
	for _, name := range []string{"spread", "client-addresses", "independent-dns"} {
		if r := rule(a, name); r.Status != ruleBroken || r.Fix == "" {
			t.Errorf("%s = %+v, want it broken, with what to do", name, r)
		}
	}
	if r := rule(a, "authorised"); r.Status != ruleUnknown {
		t.Errorf("authorised = %+v of a run that does not say, want unknown", r)
	}
}

// A client may have two addresses, and more clients may have sent than have a
// row of their own.
func TestIndependentDNSCountsClients(t *testing.T) {
	run := limitedRun(0)
	for client := range uint32(5) {
		for _, source := range []string{"192.0.2.9", "2001:db8::9"} {
			run.Clients = append(run.Clients, results.Tally{Name: source, Client: client, Requests: 10})
		}
		run.Lookups = append(run.Lookups, results.Lookup{Client: client})
	}
	if r := independentDNS(run); r.Status != ruleKept {
		t.Errorf("five clients of two addresses and a lookup each: %+v, want it kept", r)
	}
	run.ClientsSeen = 6
	if r := independentDNS(run); r.Status != ruleBroken {
		t.Errorf("six clients, five lookups: %+v, want it broken", r)
	}
}

// The rate is that of an address: to CloudFront, clients behind one are one.
func TestClientsOfOneAddressAreJudgedTogether(t *testing.T) {
	run := limitedRun(0)
	for client := range uint32(10) {
		name := []string{"192.0.2.1", "192.0.2.2"}[client%2]
		run.Clients = append(run.Clients, results.Tally{Name: name, Client: client, Requests: 600})
	}
	run.Clients = append(run.Clients, results.Tally{Requests: 50_000}) // the rest, of many addresses
	if r := rule(analyze(t, run), "client-addresses"); r.Status != ruleBroken || !strings.Contains(r.Observed, "150/s") {
		t.Errorf("two addresses of 150 requests/s, 30 by each client: %+v, want it broken", r)
	}
}

// What an edge address got is what was sent to it, second by second: after a
// stall the answers of several seconds come in one.
func TestSpreadCountsRequestsNotAnswers(t *testing.T) {
	edge := netip.AddrFrom4([4]byte{127, 1, 0, 1})
	run := limitedRun(0)
	run.Cells = stream([]results.Cell{{Second: 12, CellKey: results.CellKey{Edge: edge}, Counts: results.Counts{Count: 900, Written: 900}}})
	run.EdgePeaks = map[netip.Addr]int64{edge: 300}
	if r := rule(analyze(t, run), "spread"); r.Status == ruleBroken {
		t.Errorf("300 requests/s at most, 900 answers in one second: %+v, want it not broken", r)
	}
	run.EdgePeaks[edge] = 501
	if r := rule(analyze(t, run), "spread"); r.Status != ruleBroken || !strings.Contains(r.Observed, "127.1.0.1 with 501 requests/s") {
		t.Errorf("501 requests in one second: %+v, want it broken", r)
	}
}
