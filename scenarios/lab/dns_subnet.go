package lab

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

const (
	optionClientSubnet = 8 // EDNS Client Subnet (RFC 7871)

	familyIPv4, familyIPv6 = 1, 2 // IANA address family numbers

	// longestIPv4 and longestIPv6 bound how closely a subnet is looked at.
	// A longer one is read as the network of that length around it, and the
	// scope of the answer says so.
	longestIPv4, longestIPv6 = 24, 56
)

// A clientSubnet is the network that a resolver asks for.
type clientSubnet struct {
	given  bool
	prefix netip.Prefix // as the query has it
}

// parseClientSubnet reads the option's data: family, source prefix length,
// scope prefix length, and the address cut to the bytes that the source
// length needs. Anything else is an error, as RFC 7871, section 6 asks.
func parseClientSubnet(data []byte) (clientSubnet, error) {
	if len(data) < 4 {
		return clientSubnet{}, errors.New("its client subnet is too short")
	}
	var addr netip.Addr
	rest, bits := data[4:], int(data[2])
	switch binary.BigEndian.Uint16(data) {
	case familyIPv4:
		var b [4]byte
		copy(b[:], rest)
		addr = netip.AddrFrom4(b)
	case familyIPv6:
		var b [16]byte
		copy(b[:], rest)
		addr = netip.AddrFrom16(b)
	default:
		return clientSubnet{}, errors.New("its client subnet is of an unknown family")
	}
	prefix := netip.PrefixFrom(addr, bits)
	switch {
	case data[3] != 0:
		return clientSubnet{}, errors.New("its client subnet has a scope")
	case !prefix.IsValid():
		return clientSubnet{}, errors.New("its client subnet is longer than an address")
	case len(rest) != (bits+7)/8:
		return clientSubnet{}, errors.New("its client subnet has too few or too many bytes")
	case prefix != prefix.Masked():
		return clientSubnet{}, errors.New("its client subnet has bits set beyond its length")
	}
	return clientSubnet{given: true, prefix: prefix}, nil
}

// or returns the network to answer for: the subnet, cut to the closest look
// that is taken, or else the resolver's own address. A subnet of length zero
// means that the client does not want to be located.
func (c clientSubnet) or(resolver netip.Addr) netip.Prefix {
	if !c.given || c.prefix.Bits() == 0 {
		return netip.PrefixFrom(resolver, resolver.BitLen())
	}
	return netip.PrefixFrom(c.prefix.Addr(), c.scope()).Masked()
}

// scope returns how much of the subnet decides about the answer, in bits.
func (c clientSubnet) scope() int {
	longest := longestIPv6
	if c.prefix.Addr().Is4() {
		longest = longestIPv4
	}
	return min(c.prefix.Bits(), longest)
}

// echo returns the option's data for the reply: the query's, with the scope
// of the answer when it was made for the subnet, else with scope zero.
func (c clientSubnet) echo(scoped bool) []byte {
	family := uint16(familyIPv6)
	if c.prefix.Addr().Is4() {
		family = familyIPv4
	}
	var scope uint8
	if scoped {
		scope = uint8(c.scope())
	}
	data := binary.BigEndian.AppendUint16(nil, family)
	data = append(data, uint8(c.prefix.Bits()), scope)
	return append(data, c.prefix.Addr().AsSlice()[:(c.prefix.Bits()+7)/8]...)
}
