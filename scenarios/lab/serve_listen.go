package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/netutil"
)

const (
	// portTries is how many ports are tried before giving up. A port that is
	// free on one address is seldom taken on another.
	portTries = 64

	// connsPerEdge bounds the open connections of one edge address; more wait
	// in the kernel's queue. A rehearsal has a few hundred.
	connsPerEdge = 4096
)

// listenAll listens on every address, on one port that is free on all.
func listenAll(addrs []netip.Addr) ([]net.Listener, uint16, error) {
	var last error
	for range portTries {
		listeners, port, err := listenOnce(addrs)
		if err == nil {
			return listeners, port, nil
		}
		last = err
	}
	return nil, 0, fmt.Errorf("find a port that is free on all of the lab's %d edge addresses: %w", len(addrs), last)
}

// listenOnce lets the first address choose the port, and fails when another
// does not have it.
func listenOnce(addrs []netip.Addr) ([]net.Listener, uint16, error) {
	var (
		listeners []net.Listener
		port      uint16
	)
	for _, a := range addrs {
		l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, port)))
		if err != nil {
			closeAll(listeners)
			return nil, 0, err
		}
		port = l.Addr().(*net.TCPAddr).AddrPort().Port()
		listeners = append(listeners, netutil.LimitListener(l, connsPerEdge))
	}
	return listeners, port, nil
}

// closeAll closes listeners that serve nobody yet.
func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
