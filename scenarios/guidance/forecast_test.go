package guidance_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontload/scenarios"
	"frontload/scenarios/guidance"
)

func planOf(t *testing.T, clients, load string) *scenarios.Plan {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", fmt.Appendf(nil,
		"version: 1\ntarget: {url: http://test.example}\nclients: {%s}\nrequests: [{path: /}]\nload: {%s}\n", clients, load))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// answer is what a client was told: the last bytes of addresses in 192.0.2.0/24.
func answer(client int, addresses ...byte) guidance.Answer {
	a := guidance.Answer{Client: client}
	for _, b := range addresses {
		a.Addresses = append(a.Addresses, netip.AddrFrom4([4]byte{192, 0, 2, b}))
	}
	return a
}

func TestForecast(t *testing.T) {
	const twoResolvers = "resolvers: [192.0.2.53, 192.0.2.54]"
	for _, c := range []struct {
		name          string
		clients, load string
		answers       []guidance.Answer
		want          []string
		requests      float64
		perEdge       float64
		atLeast       bool
	}{
		{
			"a constant rate is one point at either end", "count: 10", "rate: 100/s, for: 10s",
			[]guidance.Answer{answer(0, 1, 2, 3, 4)},
			[]string{"0s 100/s 10 clients 4 addresses 10 25", "10s 100/s 10 clients 4 addresses 10 25"},
			1000, 25, false,
		},
		{
			"a jump is two points of one time", "count: 2", "stages: [{for: 1s, at: 10/s}, {for: 1s, at: 50/s}]",
			[]guidance.Answer{answer(0, 1, 2)},
			[]string{
				"0s 10/s 2 clients 2 addresses 5 5", "1s 10/s 2 clients 2 addresses 5 5",
				"1s 50/s 2 clients 2 addresses 25 25", "2s 50/s 2 clients 2 addresses 25 25",
			},
			60, 25, false,
		},
		{
			"guided clients join, and bring addresses", "count: 4, " + twoResolvers, "guided: {start: 25/s, peak: 100/s, growth: 100%, every: 1m, hold: 1m}",
			[]guidance.Answer{answer(0, 1, 2), answer(1, 3, 4)},
			[]string{
				"0s 25/s 1 clients 2 addresses 25 12.5", "1m0s 50/s 2 clients 4 addresses 25 12.5",
				"2m0s 100/s 4 clients 4 addresses 25 25", "3m0s 100/s 4 clients 4 addresses 25 25",
			},
			12750, 25, false,
		},
		{
			"three clients in one kind of two: its addresses get more", "count: 3, " + twoResolvers, "rate: 90/s, for: 1s",
			[]guidance.Answer{answer(0, 1, 2), answer(1, 3, 4)},
			[]string{"0s 90/s 3 clients 4 addresses 30 30", "1s 90/s 3 clients 4 addresses 30 30"},
			90, 30, false,
		},
		{
			"clients alike with different answers share them", "count: 4", "rate: 80/s, for: 1s",
			[]guidance.Answer{answer(0, 1, 2), answer(1, 3, 4)},
			[]string{"0s 80/s 4 clients 4 addresses 20 20", "1s 80/s 4 clients 4 addresses 20 20"},
			80, 20, false,
		},
		{
			"a resolver that did not answer: there may be more", "count: 2, " + twoResolvers, "rate: 10/s, for: 1s",
			[]guidance.Answer{answer(0, 1, 2), answer(1)},
			[]string{"0s 10/s 2 clients 2 addresses 5 5", "1s 10/s 2 clients 2 addresses 5 5"},
			10, 5, true,
		},
		{
			"nobody was answered", "count: 2", "rate: 10/s, for: 1s", nil,
			[]string{"0s 10/s 2 clients 0 addresses 5 0", "1s 10/s 2 clients 0 addresses 5 0"},
			10, 0, true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := planOf(t, c.clients, c.load)
			f := guidance.NewForecast(plan, &guidance.Sample{Answers: c.answers, Clients: plan.Clients.Count})
			var got []string
			for _, p := range f.Points {
				got = append(got, fmt.Sprintf("%v %v/s %d clients %d addresses %v %v", p.At, p.Rate, p.Clients, p.Addresses, p.PerClient, p.PerEdge))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("points differ (-want +got):\n%s", diff)
			}
			if f.Requests != c.requests || f.PerEdge != c.perEdge || f.AtLeast != c.atLeast {
				t.Errorf("%v requests, %v/s per edge address, at least %v; want %v, %v, %v", f.Requests, f.PerEdge, f.AtLeast, c.requests, c.perEdge, c.atLeast)
			}
		})
	}
}

// A million clients with a thousand kinds cost no more than their answers.
// A target that is an address has no more addresses, whoever was not asked.
func TestForecastOfAnAddress(t *testing.T) {
	plan := planOf(t, "count: 2, resolvers: [192.0.2.53, 192.0.2.54]", "rate: 10/s, for: 1s")
	plan.Target.Hostname = "127.0.0.1"
	s := &guidance.Sample{Answers: []guidance.Answer{answer(0, 1)}, Clients: 2}
	if f := guidance.NewForecast(plan, s); f.AtLeast {
		t.Errorf("there may be more addresses than %d", f.Points[0].Addresses)
	}
}

func TestForecastOfAMillionClients(t *testing.T) {
	plan := planOf(t, "count: 1000000, subnets: [10.0.0.0/14]", "guided: {start: 1/s, peak: 100000000/s, growth: 1%, every: 1s}")
	var answers []guidance.Answer
	for i := range 50 {
		answers = append(answers, answer(i, byte(i), byte(i+100)))
	}
	f := guidance.NewForecast(plan, &guidance.Sample{Answers: answers, Clients: 1_000_000})
	last := f.Points[len(f.Points)-1]
	if last.Addresses != 100 || last.Clients != 1_000_000 || !f.AtLeast {
		t.Errorf("at the end %d addresses, %d clients, at least: %v; want 100, a million, true", last.Addresses, last.Clients, f.AtLeast)
	}
}
