package scenarios

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// Source returns the source address of client i, counted from 0: the i-th
// usable address of the pool, from its begin again after its end. The network
// and broadcast addresses of an IPv4 CIDR shorter than /31 are not usable. It
// reports false when the system picks.
func (c Clients) Source(i int) (netip.Addr, bool) {
	if len(c.Addresses) == 0 || i < 0 {
		return netip.Addr{}, false
	}
	total := uint64(0)
	for _, p := range c.Addresses {
		total += min(hosts(p), math.MaxUint64-total)
	}
	at := uint64(i) % total
	for _, p := range c.Addresses {
		n := hosts(p)
		if at < n {
			return offset(p.Addr(), 0, at+firstHost(p)), true
		}
		at -= n
	}
	return netip.Addr{}, false
}

// Resolver returns the resolver of client i, counted from 0: "ip:port" or
// "system", dealt round robin.
func (c Clients) Resolver(i int) string {
	if len(c.Resolvers) == 0 || i < 0 {
		return systemResolver
	}
	return c.Resolvers[i%len(c.Resolvers)]
}

// Subnet returns the EDNS client subnet of client i, counted from 0, dealt
// round robin. It reports false when none is sent.
func (c Clients) Subnet(i int) (netip.Prefix, bool) {
	if len(c.Subnets) == 0 || i < 0 {
		return netip.Prefix{}, false
	}
	return c.Subnets[i%len(c.Subnets)], true
}

// Alike returns the first client that has the same resolver and the same subnet
// as client i: what it is told when it looks the target up, client i is likely
// to be told as well.
func (c Clients) Alike(i int) int { return i % c.Kinds() }

// Kinds returns how many combinations of resolver and subnet there are: those
// of clients 0 to that number, which the next ones have again in the same order.
func (c Clients) Kinds() int {
	resolvers, subnets := max(1, len(c.Resolvers)), max(1, len(c.Subnets))
	a, b := resolvers, subnets
	for b != 0 {
		a, b = b, a%b
	}
	return resolvers / a * subnets
}

// hosts returns how many usable addresses a prefix has, or the highest uint64
// where there are more.
func hosts(p netip.Prefix) uint64 {
	bits := p.Addr().BitLen() - p.Bits()
	if bits >= 64 {
		return math.MaxUint64
	}
	n := uint64(1) << bits
	if p.Addr().Is4() && bits > 1 {
		n -= 2
	}
	return n
}

// firstHost returns the offset of the first usable address of a prefix.
func firstHost(p netip.Prefix) uint64 {
	if p.Addr().Is4() && p.Bits() < 31 {
		return 1
	}
	return 0
}

// offset returns the address that lies n·2^shift after a; shift is below 64
// for IPv6 or below 32 for IPv4.
func offset(a netip.Addr, shift int, n uint64) netip.Addr {
	if a.Is4() {
		b := a.As4()
		binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n<<shift))
		return netip.AddrFrom4(b)
	}
	b := a.As16()
	high, low := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	sum := low + n<<shift
	if sum < low {
		high++
	}
	binary.BigEndian.PutUint64(b[8:], sum)
	binary.BigEndian.PutUint64(b[:8], high)
	return netip.AddrFrom16(b)
}

// subnetBits is the length of the subnets that CloudFront is told: it uses no
// more of an address than that.
func subnetBits(a netip.Addr) int {
	if a.Is4() {
		return 24
	}
	return 56
}

// cutSubnets cuts what is wider than /24 (/56) into those, and widens what is
// narrower to its covering one. It takes them in turn, one from each prefix,
// and stops at most: there need be no more than clients.
func cutSubnets(written []netip.Prefix, most int) []netip.Prefix {
	var cut []netip.Prefix
	for round := uint64(0); ; round++ {
		before := len(cut)
		for _, p := range written {
			if len(cut) >= most {
				return cut
			}
			if s, ok := subnetOf(p, round); ok {
				cut = append(cut, s)
			}
		}
		if len(cut) == before {
			return cut
		}
	}
}

// subnetOf returns the i-th /24 (/56) of a prefix.
func subnetOf(p netip.Prefix, i uint64) (netip.Prefix, bool) {
	bits := subnetBits(p.Addr())
	if p.Bits() >= bits {
		return netip.PrefixFrom(p.Addr(), bits).Masked(), i == 0
	}
	if i>>(bits-p.Bits()) != 0 {
		return netip.Prefix{}, false
	}
	a := p.Addr()
	if a.Is4() {
		return netip.PrefixFrom(offset(a, 32-bits, i), bits), true
	}
	b := a.As16() // a /56 ends within the address's first half
	binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+i<<(64-bits))
	return netip.PrefixFrom(netip.AddrFrom16(b), bits), true
}
