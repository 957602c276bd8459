package guidance

import (
	"cmp"
	"slices"
	"time"

	"frontload/results"
)

// parts tell what one client sends over time, when all those that take part
// send alike. A client takes part from its first answer on, as in a guided load,
// whose clients join as the rate grows; one without look-ups from the start.
type parts struct {
	joined map[uint32]time.Duration // by client, those that did later than at the start
	each   []float64                // requests of one client in each second
	sums   []float64                // sums[i]: those before second i
}

// partsOf shares out what was sent in each second.
func partsOf(run *results.Run, sent []float64) *parts {
	p := &parts{joined: map[uint32]time.Duration{}, sums: []float64{0}}
	clients := map[uint32]bool{}
	for _, l := range run.Lookups {
		if at, known := p.joined[l.Client]; l.Err == "" && (!known || l.At < at) {
			p.joined[l.Client] = l.At
			clients[l.Client] = true
		}
	}
	for _, c := range run.Clients {
		if c.Name != "" && c.Requests > 0 {
			clients[c.Client] = true
		}
	}
	var times []time.Duration
	for client := range clients {
		times = append(times, p.joined[client])
	}
	slices.Sort(times)
	here := 0
	for i, n := range sent {
		for here < len(times) && times[here] < time.Duration(i+1)*time.Second {
			here++
		}
		p.each = append(p.each, n/float64(max(1, here)))
		p.sums = append(p.sums, p.sums[i]+p.each[i])
	}
	return p
}

// end is how long the load lasted.
func (p *parts) end() time.Duration { return time.Duration(len(p.each)) * time.Second }

// until returns how many requests a client that is there from the start has
// sent by a time.
func (p *parts) until(t time.Duration) float64 {
	t = min(max(0, t), p.end())
	i := int(t / time.Second)
	if i == len(p.each) {
		return p.sums[i]
	}
	return p.sums[i] + p.each[i]*(t%time.Second).Seconds()
}

// between returns how many requests a client sends from one time to another.
func (p *parts) between(from, to time.Duration) float64 { return max(0, p.until(to)-p.until(from)) }

// leastPart is over how long a client's requests are counted at least, so that
// a few that came just after it joined make no high rate.
const leastPart = 10 * time.Second

// busiest returns the rate of the client address that sends most, in the second
// in which it does: of its clients' requests each second has as large a part as
// of anybody's.
func (p *parts) busiest(clients []results.Tally) float64 {
	rates := slices.Clone(p.each) // the highest from each second on
	for i := len(rates) - 2; i >= 0; i-- {
		rates[i] = max(rates[i], rates[i+1])
	}
	byAddress := map[string][]results.Tally{}
	for _, c := range clients {
		if c.Name != "" && c.Requests > 0 {
			byAddress[c.Name] = append(byAddress[c.Name], c)
		}
	}
	most := 0.0
	for _, at := range byAddress {
		slices.SortFunc(at, func(a, b results.Tally) int { return cmp.Compare(p.joined[a.Client], p.joined[b.Client]) })
		all := 0.0 // over what one client sends
		for _, c := range at {
			from := max(0, min(p.joined[c.Client], p.end()-leastPart))
			if due := p.between(from, p.end()); due > 0 {
				all += float64(c.Requests) / due
				most = max(most, all*rates[int(from/time.Second)])
			}
		}
	}
	return most
}
