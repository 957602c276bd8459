package guidance

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"frontload/pacing"
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

	// AtLeast reports that some clients are of a kind that nobody asked for, or
	// whose look-up failed: there may be more addresses than are known, and
	// none gets more than is said, as long as those clients are answered as
	// evenly as the others. Of a target that is an address there is but one.
	AtLeast bool
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
// sample was answered; nil for no sample. Between two points the rate is a
// straight line.
//
// A client that was not asked is taken to be told what another one with its
// resolver and subnet was told; one without such another, what the others are
// told together. A budget of requests is the most that is sent.
func NewForecast(plan *scenarios.Plan, s *Sample) *Forecast {
	f := &Forecast{Requests: float64(plan.Schedule.Mean())}
	if most := float64(plan.Budget.Requests); most > 0 {
		f.Requests = min(f.Requests, most)
	}
	known := newKinds(plan, s)
	_, err := netip.ParseAddr(plan.Target.Hostname)
	f.AtLeast = err != nil && len(known.known) < min(plan.Clients.Kinds(), plan.Clients.Count)
	at := time.Duration(0)
	for _, g := range plan.Schedule.Segments() {
		f.add(at, g.From, plan.ClientsFor(g.From), known)
		at += g.For
		f.add(at, g.To, plan.ClientsFor(g.To), known)
	}
	return f
}

// Weigh sets what is going to be received, by the bytes of one answer.
func (f *Forecast) Weigh(perRequest float64) { f.Bytes = f.Requests * perRequest }

// add adds a point, unless the last one is the same.
func (f *Forecast) add(at time.Duration, rate pacing.Rate, clients int, known kinds) {
	p := Point{At: at, Rate: float64(rate), Clients: clients, PerClient: float64(rate) / float64(clients)}
	var share float64
	p.Addresses, share = known.spread(clients)
	p.PerEdge = p.Rate * share
	if n := len(f.Points); n > 0 && f.Points[n-1] == p {
		return
	}
	f.Points = append(f.Points, p)
	f.PeakRate = max(f.PeakRate, p.Rate)
	f.PerClient = max(f.PerClient, p.PerClient)
	f.PerEdge = max(f.PerEdge, p.PerEdge)
}

// kinds are the clients of a plan by their resolver and subnet, with what those
// that were asked were told.
type kinds struct {
	period int // client i is of kind i mod period
	known  []kind
}

// A kind is one of them of which some client was told an address.
type kind struct {
	first int                    // its first client, by which kinds are sorted
	share map[netip.Addr]float64 // of its clients' requests, by address; the sum is 1
}

func newKinds(plan *scenarios.Plan, s *Sample) kinds {
	k := kinds{period: plan.Clients.Kinds()}
	if s == nil {
		return k
	}
	answers := map[int][][]netip.Addr{}
	for _, a := range s.Answers {
		if len(a.Addresses) > 0 {
			first := plan.Clients.Alike(a.Client)
			answers[first] = append(answers[first], a.Addresses)
		}
	}
	for _, first := range slices.Sorted(maps.Keys(answers)) {
		k.known = append(k.known, kind{first, sharesOf(answers[first])})
	}
	return k
}

// sharesOf returns the share of requests that each address gets, when each of
// the answers is one client's, and clients send alike.
func sharesOf(answers [][]netip.Addr) map[netip.Addr]float64 {
	shares := map[netip.Addr]float64{}
	for _, addrs := range answers {
		for _, a := range addrs {
			shares[a] += 1 / float64(len(addrs))
		}
	}
	for a := range shares {
		shares[a] /= float64(len(answers))
	}
	return shares
}

// spread returns how many addresses the first clients of the plan send to, and
// the share of all requests that the busiest of them gets. Both are zero where
// no answer is known.
func (k kinds) spread(clients int) (addresses int, busiest float64) {
	shares := map[netip.Addr]float64{}
	sum := 0.0
	for _, kind := range k.known {
		if kind.first >= clients {
			break
		}
		of := float64((clients - kind.first + k.period - 1) / k.period) // clients of this kind
		sum += of
		for addr, share := range kind.share {
			shares[addr] += share * of
		}
	}
	for _, share := range shares {
		busiest = max(busiest, share/sum)
	}
	return len(shares), busiest
}
