package permit

import (
	"fmt"
	"net/netip"
)

// A Kind is why an address may not be asked.
type Kind uint8

// The kinds, the plainest first.
const (
	Forbidden    Kind = 1 + iota // it is never asked
	Outside                      // it is outside CloudFront's ranges
	Unauthorised                 // nothing says that it may be
	Unproved                     // a proof does not hold
	Unheard                      // no look-up brought it
)

// A Denied says that an address may not be asked.
type Denied struct {
	Addr netip.Addr
	Kind Kind
	Err  error // why
}

// Error names the address and why.
func (e *Denied) Error() string { return fmt.Sprintf("%s: %v", e.Addr, e.Err) }

// Unwrap returns the reason.
func (e *Denied) Unwrap() error { return e.Err }

// never are ranges that are never asked, though the kernel would take them or
// send them on. What is multicast, link-local or unspecified is not among
// them.
var never = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "\"this network\", and no address of a host"},
	{netip.MustParsePrefix("255.255.255.255/32"), "the broadcast address"},
	{netip.MustParsePrefix("100.100.100.200/32"), "a cloud's metadata service"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's metadata service"},
	{netip.MustParsePrefix("192.0.0.192/32"), "a cloud's metadata service"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "a service of EC2 to its instances"},
}

// Prefixes that hold an IPv4 address within an IPv6 one.
var (
	compatible = netip.MustParsePrefix("::/96")        // RFC 4291, section 2.5.5.1, long deprecated
	translated = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last four bytes
	tunnelled  = netip.MustParsePrefix("2002::/16")    // RFC 3056: bytes 2 to 5
)

// NeverAsked returns what an address is that is never asked, whoever allows it;
// nothing for any other. The address is not IPv4 in disguise (::ffff:0:0/96):
// a gate looks at the IPv4 address itself.
func NeverAsked(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return "no address"
	case a.Zone() != "":
		return "an address with a zone"
	case a.IsUnspecified():
		return "the unspecified address, which systems take for their own"
	case a.IsMulticast():
		return "a multicast address"
	case a.IsLinkLocalUnicast():
		return "a link-local address, where clouds have their metadata service"
	case a.IsLoopback():
		return ""
	case compatible.Contains(a):
		return "an IPv4 address in a form that is long out of use"
	}
	for _, n := range never {
		if n.prefix.Contains(a) {
			return n.what
		}
	}
	inner, hidden := embedded(a)
	if !hidden {
		return ""
	}
	if inner.IsLoopback() {
		return "a loopback address in disguise"
	}
	if what := NeverAsked(inner); what != "" {
		return fmt.Sprintf("%s in disguise: it leads to %s", what, inner)
	}
	return ""
}

// embedded returns the IPv4 address that an IPv6 one leads to by way of a
// translator or a tunnel.
func embedded(a netip.Addr) (netip.Addr, bool) {
	bytes := a.As16()
	switch {
	case translated.Contains(a):
		return netip.AddrFrom4([4]byte(bytes[12:16])), true
	case tunnelled.Contains(a):
		return netip.AddrFrom4([4]byte(bytes[2:6])), true
	}
	return netip.Addr{}, false
}
