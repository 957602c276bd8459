package scenarios

import (
	"fmt"
	"math"
	"time"

	"frontload/pacing"
)

// headroom is how much of its limit a client is given at most, while there are
// others who could join: arrivals do not come evenly.
const headroom = 0.9

// ClientsFor returns how many clients a rate takes, from 1 to all of them: in a
// guided load as many as give each the rate that it has at the peak, and no
// more than nine tenths of its limit where there are enough; in any other all.
func (p *Plan) ClientsFor(rate pacing.Rate) int {
	if !p.Guided {
		return p.Clients.Count
	}
	needs := float64(p.Clients.Count) * float64(rate/p.Schedule.Peak())
	if limit := p.Limits.PerClient; limit > 0 {
		needs = max(needs, float64(rate/(headroom*limit)))
	}
	return min(max(1, up(needs)), p.Clients.Count)
}

// up rounds up, but for what rounding added.
func up(x float64) int { return int(min(math.Ceil(x*(1-1e-12)), math.MaxInt32)) }

// AddressesNeeded returns how many edge addresses it takes at least for none to
// go over its limit at the peak; zero where there is no such limit.
func (p *Plan) AddressesNeeded() int {
	if p.Limits.PerEdgeAddress <= 0 {
		return 0
	}
	return up(float64(p.Schedule.Peak() / p.Limits.PerEdgeAddress))
}

// A Shortfall is a limit that a plan cannot keep without holding arrivals back,
// since it has too few of those whom the limit is for.
type Shortfall struct {
	Limit string        // the key, such as load.limits.per-client
	Each  pacing.Rate   // the limit itself
	At    time.Duration // from when on the planned rate is over what all together may have
	Rate  pacing.Rate   // the highest planned rate
	Has   int           // clients, or edge addresses
	Needs int           // of them, for that rate
	Fix   string        // what to change, in words
}

// The limits, by their keys.
const (
	limitClient  = "load.limits.per-client"
	limitAddress = "load.limits.per-edge-address"
)

// Shortfalls foresees where the plan's limits would hold arrivals back, when
// load goes to so many edge addresses in all; zero for as many as it takes.
func (p *Plan) Shortfalls(addresses int) []Shortfall {
	var list []Shortfall
	add := func(key string, each pacing.Rate, has int, fix string) {
		if each <= 0 || has < 1 {
			return
		}
		at, over := p.Schedule.Reaches(each * pacing.Rate(has))
		if !over {
			return
		}
		peak := p.Schedule.Peak()
		needs := up(float64(peak / each))
		list = append(list, Shortfall{
			Limit: key, Each: each, At: at, Rate: peak, Has: has, Needs: needs,
			Fix: fmt.Sprintf(fix, needs, each*pacing.Rate(has)),
		})
	}
	add(limitClient, p.Limits.PerClient, p.Clients.Count,
		"raise clients.count to %d, lower the peak to %s, or raise "+limitClient)
	add(limitAddress, p.Limits.PerEdgeAddress, addresses,
		"have DNS answer with %d edge addresses or more, by clients.subnets and clients.resolvers in more networks, lower the peak to %s, or raise "+limitAddress)
	return list
}

// String says what cannot be kept, from when on, and what would help.
func (s Shortfall) String() string {
	who := "clients"
	if s.Limit == limitAddress {
		who = "edge addresses"
	}
	there := fmt.Sprintf("there are %d", s.Has)
	if s.Has == 1 {
		there = "there is 1"
	}
	return fmt.Sprintf("%s of %s is going to hold arrivals back from %s on: the peak of %s takes %d %s, and %s; %s",
		s.Limit, s.Each, s.At.Round(time.Second), s.Rate, s.Needs, who, there, s.Fix)
}
