//go:build !linux

package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// local is empty: only Linux can bind addresses as a load test needs it.
type local struct{}

func (d *Dialer) dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	if err := Check(from); err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", to.String())
}

func (d *Dialer) bind(from netip.Addr) (net.PacketConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)))
}

func checkSupport(from netip.Addr) error { return Check(from) }

// Check says before a run whether connections can be made from an address. On
// this system only an invalid address, which leaves the choice to the system,
// is good.
func Check(from netip.Addr) error {
	if !from.IsValid() {
		return nil
	}
	return fmt.Errorf("source address %s: choosing source addresses needs Linux (IP_BIND_ADDRESS_NO_PORT); run there, or leave out clients.addresses: %w",
		from, errors.ErrUnsupported)
}
