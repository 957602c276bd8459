package guidance

import (
	"net/netip"
	"time"

	"frontload/scenarios"
)

// A Forecast is what a plan is going to send, as far as it can be told before.
type Forecast struct {
	Points   []Point // in order of time; where the rate jumps there are two of one time
	Requests float64 // in all, on the average of all seeds
	Bytes    float64 // that are going to be received; zero where nothing tells

	PeakRate  float64 // requests/s
	PerClient float64 // the highest rate of one client, requests/s
	PerEdge   float64 // the highest rate of one edge address; zero where no answer is known
}

// A Point is the plan at one time.
type Point struct {
	At        time.Duration
	Rate      float64 // requests/s
	Clients   int     // that share the load
	Addresses int     // distinct edge addresses that they send to; zero where no answer is known
	PerClient float64 // requests/s of one client
	PerEdge   float64 // of the busiest edge address; zero where no answer is known
}

// NewForecast tells what a plan is going to send, to the addresses that the
// sample was answered; nil for no sample.
func NewForecast(plan *scenarios.Plan, s *Sample) *Forecast {
	f := &Forecast{Requests: float64(plan.Schedule.Mean())}
	shares := s.shares()
	at := time.Duration(0)
	for _, g := range plan.Schedule.Segments() {
		f.add(at, float64(g.From), plan.Clients.Count, shares)
		at += g.For
		f.add(at, float64(g.To), plan.Clients.Count, shares)
	}
	return f
}

// add adds a point, unless the last one is the same.
func (f *Forecast) add(at time.Duration, rate float64, clients int, shares map[netip.Addr]float64) {
	p := Point{At: at, Rate: rate, Clients: clients, Addresses: len(shares), PerClient: rate / float64(clients)}
	for _, share := range shares {
		p.PerEdge = max(p.PerEdge, rate*share)
	}
	if n := len(f.Points); n > 0 && f.Points[n-1] == p {
		return
	}
	f.Points = append(f.Points, p)
	f.PeakRate = max(f.PeakRate, p.Rate)
	f.PerClient = max(f.PerClient, p.PerClient)
	f.PerEdge = max(f.PerEdge, p.PerEdge)
}
