package guidance

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"frontload/pacing"
	"frontload/results"
	"frontload/scenarios"
)

// A guided load that is carried out just as planned breaks no rule, however
// differently long its clients take part, and however often DNS answers anew.
func TestGuidedLoadAsPlanned(t *testing.T) {
	p := plan(t, `
target: {url: "https://d111111abcdef8.cloudfront.test"}
clients: {count: 200, addresses: ["2001:db8:1::/80"], subnets: [203.0.0.0/16]}
requests: [{path: "/articles/{id}", vars: {id: {uniform: {count: 5000}}}}]
load: {guided: {start: 50/s, peak: 20000/s, growth: 50%, every: 5m, hold: 15m}}
`)
	f, err := Observed(carriedOut(p))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Judge(nil, f) {
		if r.Status == Broken && r.Rule != "regions" {
			t.Errorf("%s: %s", r.Rule, r.Observed)
		}
	}
	if busiest := f.Clients.Busiest; math.Abs(busiest-100) > 5 {
		t.Errorf("the busiest client address sends %v/s, want 100/s", busiest)
	}
}

// carriedOut returns what a run of a guided plan is like: clients send alike from
// when the rate takes them, each evenly over four addresses of 400, others each
// minute.
func carriedOut(p *scenarios.Plan) *results.Run {
	run := &results.Run{Info: results.RunInfo{Source: "attack", Authorization: "loopback"}, ClientsSeen: p.Clients.Count}
	sent, edges, joined := make([]float64, p.Clients.Count), map[netip.Addr]float64{}, 0
	held := make([][]netip.Addr, p.Clients.Count)
	ask := func(client int, at time.Duration) {
		first := client*31 + int(at/time.Minute)*173
		held[client] = nil
		for i := range 4 {
			n := uint16((first + i*97) % 400)
			held[client] = append(held[client], netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)}))
		}
		run.Lookups = append(run.Lookups, results.Lookup{At: at, Client: uint32(client), Type: "A", Answer: held[client]})
	}
	for second := range int(p.Schedule.Duration() / time.Second) {
		at := time.Duration(second) * time.Second
		rate := p.Schedule.Expected(at+time.Second) - p.Schedule.Expected(at)
		run.Seconds = append(run.Seconds, results.Second{Second: second, Sent: int64(rate)})
		before := joined
		for joined = max(joined, p.ClientsFor(pacing.Rate(rate))); before < joined; before++ {
			ask(before, at)
		}
		for i := range joined {
			if second%60 == i%60 {
				ask(i, at)
			}
			each := rate / float64(joined)
			sent[i] += each
			for _, edge := range held[i] {
				edges[edge] += each / 4
			}
		}
	}
	for i, n := range sent {
		source, _ := p.Clients.Source(i)
		run.Clients = append(run.Clients, results.Tally{Name: source.String(), Client: uint32(i), Requests: int64(n)})
	}
	for edge, n := range edges {
		run.Sends = append(run.Sends, results.Send{Edge: edge, Count: int64(n)})
	}
	return run
}
