package scenarios

import (
	"strings"
	"testing"
	"time"

	"frontload/pacing"
)

// guidedPlan returns the plan of a guided load with so many clients, from 50/s
// to a peak.
func guidedPlan(t *testing.T, clients, load string) *Plan {
	t.Helper()
	return parse(t, "version: 1\ntarget: {url: 'http://[::1]'}\nclients: {count: "+clients+"}\nrequests: [{path: /}]\nload: "+load+"\n")
}

// Clients join with the rate, so that none has more than nine tenths of its
// limit as long as there are others.
func TestClientsFor(t *testing.T) {
	roomy := guidedPlan(t, "200", "{guided: {start: 50/s, peak: 1000/s}}")
	tight := guidedPlan(t, "200", "{guided: {start: 50/s, peak: 20000/s}}")
	steady := guidedPlan(t, "200", "{rate: 1000/s, for: 1m}")
	for _, tt := range []struct {
		name string
		plan *Plan
		rate pacing.Rate
		want int
	}{
		{"before the start", roomy, 0, 1},
		{"at the start, 5/s each", roomy, 50, 10},
		{"in between", roomy, 501, 101},
		{"at the peak", roomy, 1000, 200},
		{"beyond it", roomy, 2000, 200},
		{"90/s each where there are clients left", tight, 9000, 100},
		{"until all take part", tight, 18000, 200},
		{"at the peak all are at their limit", tight, 20000, 200},
		{"a load that is not guided has all of them", steady, 10, 200},
	} {
		if got := tt.plan.ClientsFor(tt.rate); got != tt.want {
			t.Errorf("%s: ClientsFor(%v) = %d, want %d", tt.name, tt.rate, got, tt.want)
		}
	}
}

func TestShortfalls(t *testing.T) {
	p := guidedPlan(t, "30", "{guided: {start: 500/s, peak: 3000/s, growth: 100%, every: 1m}}")
	if got := p.AddressesNeeded(); got != 6 {
		t.Errorf("AddressesNeeded() = %d, want 6", got)
	}
	for _, addresses := range []int{0, 6, 60} {
		if got := p.Shortfalls(addresses); got != nil {
			t.Errorf("Shortfalls(%d) = %v, want none", addresses, got)
		}
	}
	got := p.Shortfalls(4)
	if len(got) != 1 || got[0].Limit != "load.limits.per-edge-address" || got[0].At != 2*time.Minute || got[0].Needs != 6 || got[0].Has != 4 {
		t.Fatalf("Shortfalls(4) = %+v, want one of 4 edge addresses instead of 6, from 2m on", got)
	}
	want := "load.limits.per-edge-address of 500/s is going to hold arrivals back from 2m0s on: the peak of 3000/s takes 6 edge addresses, and there are 4; " +
		"have DNS answer with 6 edge addresses or more, by clients.subnets and clients.resolvers in more networks, lower the peak to 2000/s, or raise load.limits.per-edge-address"
	if text := got[0].String(); text != want {
		t.Errorf("String() = %q, want %q", text, want)
	}
	p.Clients.Count = 20 // which a scenario is refused for
	got = p.Shortfalls(1)
	if len(got) != 2 || got[0].Needs != 30 || got[0].At != 2*time.Minute || !strings.Contains(got[0].Fix, "raise clients.count to 30, lower the peak to 2000/s") || got[1].At != 0 {
		t.Errorf("Shortfalls(1) of 20 clients = %+v, want clients from 2m on, and the one address from 0s on", got)
	}
	if none := guidedPlan(t, "1", "{rate: 9000/s, for: 1m}").Shortfalls(1); none != nil {
		t.Errorf("without limits: %v, want none", none)
	}
}
