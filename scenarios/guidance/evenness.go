package guidance

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"frontload/results"
)

// evenness tells how evenly counts are spread over addresses.
//
//	x_i  what address i got, of n
//	Jain's index = (Σx)² / (n·Σx²)
func evenness(counts map[netip.Addr]float64) SpreadFacts {
	s := SpreadFacts{Addresses: len(counts), Jain: 1}
	var sum, squares, most float64
	for _, addr := range slices.SortedFunc(maps.Keys(counts), netip.Addr.Compare) {
		x := counts[addr]
		sum += x
		squares += x * x
		most = max(most, x)
	}
	if squares > 0 {
		s.Jain = sum * sum / (float64(len(counts)) * squares)
		s.Largest = most * float64(len(counts)) / sum
	}
	return s
}

// leastDue is how many requests an address must be due for it to show whether
// it gets them.
const leastDue = 100

// off returns by how large a part of its due an address got more or less, at
// worst; nil where no address is due enough to tell.
func off(got, due map[netip.Addr]float64) *float64 {
	var total, dueTotal float64
	for _, n := range got {
		total += n
	}
	for _, n := range due {
		dueTotal += n
	}
	if total == 0 || dueTotal == 0 {
		return nil
	}
	worst, told := 0.0, false
	for addr, n := range due {
		if n *= total / dueTotal; n >= leastDue {
			told = true
			worst = max(worst, abs(got[addr]-n)/n)
		}
	}
	if !told {
		return nil
	}
	return &worst
}

func abs(x float64) float64 { return max(x, -x) }

// dueOf returns what each address is due: each client's requests, as they were
// sent over time, evenly over the answer that it had at the time.
func dueOf(run *results.Run, p *parts) map[netip.Addr]float64 {
	requests := map[uint32]int64{}
	for _, c := range run.Clients {
		if c.Name != "" {
			requests[c.Client] += c.Requests
		}
	}
	byClient := map[uint32][]results.Lookup{}
	for _, l := range run.Lookups {
		if l.Err == "" {
			byClient[l.Client] = append(byClient[l.Client], l)
		}
	}
	due := map[netip.Addr]float64{}
	for _, client := range slices.Sorted(maps.Keys(byClient)) {
		p.addDue(due, byClient[client], float64(requests[client]))
	}
	return due
}

// addDue adds one client's requests to what its answers' addresses are due. An
// answer holds until the next of its type comes, and the last one to the end.
func (p *parts) addDue(due map[netip.Addr]float64, lookups []results.Lookup, requests float64) {
	slices.SortStableFunc(lookups, func(a, b results.Lookup) int { return cmp.Compare(a.At, b.At) })
	all := p.between(lookups[0].At, p.end())
	held := map[string][]netip.Addr{} // by record type
	for i, l := range lookups {
		held[l.Type] = l.Answer
		until := p.end()
		if i+1 < len(lookups) {
			until = lookups[i+1].At
		}
		n := 0
		for _, addrs := range held {
			n += len(addrs)
		}
		part := p.between(l.At, until)
		if n == 0 || part == 0 {
			continue
		}
		share := requests * part / all / float64(n)
		for _, addrs := range held {
			for _, a := range addrs {
				due[a] += share
			}
		}
	}
}
