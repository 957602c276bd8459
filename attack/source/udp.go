package source

import (
	"net"
	"net/netip"
)

// Route says from which address datagrams to a target leave: from the given
// one, or, if that is not valid, from the one that the system picks. It sends
// nothing, and must be asked before every connection that a UDP socket of
// [Dialer.Bind] makes, since it is what refuses targets: it fails as
// [Dialer.Dial] does, and on systems where source addresses cannot be chosen.
func (d *Dialer) Route(from netip.Addr, to netip.AddrPort) (netip.Addr, error) {
	from, target := from.Unmap(), to.Addr().Unmap()
	if err := d.check(from, target); err != nil {
		return netip.Addr{}, err
	}
	if from.IsValid() {
		return from, checkSupport(from)
	}
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(target, to.Port())))
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// Bind opens a UDP socket at a source address that [Dialer.Route] gave. With
// an address that is on no interface it uses IP_FREEBIND.
func (d *Dialer) Bind(from netip.Addr) (net.PacketConn, error) { return d.bind(from.Unmap()) }
