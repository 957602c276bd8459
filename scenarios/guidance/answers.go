package guidance

import (
	"net/netip"
	"slices"
	"strings"

	"frontload/results"
)

// An asker is by what a client asks: two clients with the same one are likely
// to be given the same answer, out of a cache.
type asker struct{ resolver, subnet string }

// facts tells what the answers of a sample are.
func (s *Sample) facts() DNSFacts {
	d := DNSFacts{Asked: len(s.Answers)}
	askers := map[asker]bool{}
	clients := map[string]map[int]bool{} // by set of addresses
	var sets [][]netip.Addr
	for _, a := range s.Answers {
		askers[asker{a.Resolver, a.Subnet.String()}] = true
		if a.Err == "" {
			d.Lookups++
		}
		if len(a.Addresses) == 0 {
			continue
		}
		set, key := setOf(a.Addresses)
		if clients[key] == nil {
			clients[key] = map[int]bool{}
			sets = append(sets, set)
		}
		clients[key][a.Client] = true
	}
	for _, c := range clients {
		d.Commonest = max(d.Commonest, len(c))
	}
	d.Askers, d.Answers, d.Sets = len(askers), len(sets), separateSets(sets)
	if len(sets) == 1 && len(askers) > 1 {
		d.Static = staticList(sets[0])
	}
	return d
}

// setOf returns addresses in order, each once, and as a text.
func setOf(addrs []netip.Addr) ([]netip.Addr, string) {
	set := slices.Clone(addrs)
	slices.SortFunc(set, netip.Addr.Compare)
	set = slices.Compact(set)
	var b strings.Builder
	for _, a := range set {
		b.WriteString(a.String())
		b.WriteByte(' ')
	}
	return set, b.String()
}

// staticList returns how many addresses an anycast static list has, where the
// one answer that everybody is given looks like that: of 3 or 21 addresses of
// one family. It returns zero otherwise.
func staticList(set []netip.Addr) int {
	v4 := 0
	for _, a := range set {
		if a.Is4() {
			v4++
		}
	}
	for _, n := range []int{v4, len(set) - v4} {
		if n == 3 || n == 21 {
			return n
		}
	}
	return 0
}

// separateSets counts the groups that sets of addresses fall into, where two
// belong together that have an address of one network: the edge addresses of
// one edge location lie in one /24 mostly, or in one /48.
func separateSets(sets [][]netip.Addr) int {
	group := map[netip.Prefix]int{} // by network
	of := make([]int, len(sets))
	find := func(i int) int {
		for of[i] != i {
			i = of[i]
		}
		return i
	}
	for i, set := range sets {
		of[i] = i
		for _, a := range set {
			n := network(a)
			if j, known := group[n]; known {
				of[find(i)] = find(j)
			}
			group[n] = i
		}
	}
	groups := 0
	for i := range of {
		if of[i] == i {
			groups++
		}
	}
	return groups
}

func network(a netip.Addr) netip.Prefix {
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // of the zero Addr, the zero Prefix
	return p
}

// NewSample gathers what the clients of a run were answered by the first answer
// of each that holds an address, both families together.
func NewSample(lookups []results.Lookup, clients int) *Sample {
	s := &Sample{Clients: clients}
	at := map[uint32]int{}
	seen := map[uint32]map[string]bool{} // record types by client
	for _, l := range lookups {
		i, known := at[l.Client]
		if !known {
			i = len(s.Answers)
			at[l.Client] = i
			seen[l.Client] = map[string]bool{}
			s.Answers = append(s.Answers, Answer{Client: int(l.Client), Resolver: l.Resolver, TTL: l.TTL, Took: l.Took, Err: l.Err})
			s.Answers[i].Subnet, _ = netip.ParsePrefix(l.Subnet)
		}
		a := &s.Answers[i]
		if l.Err == "" {
			a.Err = ""
		}
		if len(l.Answer) > 0 && !seen[l.Client][l.Type] {
			seen[l.Client][l.Type] = true
			a.Addresses = append(a.Addresses, l.Answer...)
		}
	}
	return s
}
