package lab

import (
	"cmp"
	"hash/fnv"
	"net/netip"
	"time"
)

// An Edge is one address of one edge location.
type Edge struct {
	Addr netip.Addr
	POP  string
}

// perPOP is how many addresses a POP has. CloudFront's answers hold four A
// records of one edge location.
const perPOP = 4

// lookupTTL is the TTL of the lab's DNS answers. CloudFront's is 60 s; a
// shorter one lets a run of 30 s see several look-ups of each client.
const lookupTTL = 5 * time.Second

// A popConfig is one edge location: its name, how long a round trip to the
// origins takes from there, and the viewers' network that is nearest to it.
type popConfig struct {
	name     string
	upstream time.Duration
	near     netip.Prefix
}

// locations are the POPs of [Cases].
func locations() []popConfig { return allLocations()[:usualPOPs] }

// usualPOPs is how many of the lab's POPs a case uses that says nothing of them.
const usualPOPs = 4

// locations returns the POPs of a case.
func (c Case) locations() []popConfig { return allLocations()[:cmp.Or(c.pops, usualPOPs)] }

// allLocations are the lab's POPs. The networks are those that RFC 5737 and RFC
// 2544 keep for documentation and benchmarks.
func allLocations() []popConfig {
	return []popConfig{
		{"FRA56-P1", 18 * time.Millisecond, netip.MustParsePrefix("203.0.113.0/24")},
		{"IAD89-C2", 8 * time.Millisecond, netip.MustParsePrefix("198.51.100.0/24")},
		{"NRT20-C4", 34 * time.Millisecond, netip.MustParsePrefix("192.0.2.0/24")},
		{"GRU3-P2", 26 * time.Millisecond, netip.MustParsePrefix("198.18.0.0/24")},
		{"LHR62-C3", 14 * time.Millisecond, netip.MustParsePrefix("198.18.1.0/24")},
		{"SYD4-C1", 40 * time.Millisecond, netip.MustParsePrefix("198.18.2.0/24")},
		{"SFO53-P1", 12 * time.Millisecond, netip.MustParsePrefix("198.18.3.0/24")},
		{"BOM51-C2", 45 * time.Millisecond, netip.MustParsePrefix("198.18.4.0/24")},
	}
}

// edgeAddr returns address i of POP p: 127.61.p+1.i+1.
func edgeAddr(p, i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 61, byte(p + 1), byte(i + 1)})
}

// FirstEdge returns an edge address that every model has.
func FirstEdge() netip.Addr { return edgeAddr(0, 0) }

// Edges returns every edge address, POP by POP.
func (m *Model) Edges() []Edge {
	edges := make([]Edge, 0, len(m.pops)*perPOP)
	for p := range m.pops {
		for i := range perPOP {
			edges = append(edges, Edge{Addr: edgeAddr(p, i), POP: m.pops[p].name})
		}
	}
	return edges
}

// edgeIndex returns POP and number of an edge address. A foreign address
// counts as the first one.
func (m *Model) edgeIndex(a netip.Addr) (pop, i int) {
	a = a.Unmap()
	if !a.Is4() {
		return 0, 0
	}
	b := a.As4()
	pop, i = int(b[2])-1, int(b[3])-1
	if b[0] != 127 || b[1] != 61 || pop < 0 || pop >= len(m.pops) || i < 0 || i >= perPOP {
		return 0, 0
	}
	return pop, i
}

// Resolve answers a look-up of the distribution's name: the addresses of the
// POP that is nearest to the client's network, rotated from query to query.
// The lab has no IPv6 edges, so that answer is empty. An invalid subnet is
// answered like any other network that is near to nothing: by its hash.
func (m *Model) Resolve(_ time.Duration, subnet netip.Prefix, ipv6 bool) (answer []netip.Addr, ttl time.Duration) {
	if ipv6 {
		return nil, lookupTTL
	}
	p := m.nearest(subnet)
	turn := m.turns[p]
	m.turns[p] = (turn + 1) % perPOP
	answer = make([]netip.Addr, perPOP)
	for i := range answer {
		answer[i] = edgeAddr(p, (turn+i)%perPOP)
	}
	return answer, lookupTTL
}

// nearest returns the POP whose network holds the subnet's address, or else
// one that the hash of its /24 (/56 for IPv6) picks.
func (m *Model) nearest(subnet netip.Prefix) int {
	addr := subnet.Addr().Unmap()
	for p := range m.pops {
		if m.pops[p].near.Contains(addr) {
			return p
		}
	}
	bits := 24
	if addr.Is6() {
		bits = 56
	}
	masked, err := addr.Prefix(bits)
	if err != nil {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write(masked.Addr().AsSlice())
	return int(h.Sum32() % uint32(len(m.pops)))
}
