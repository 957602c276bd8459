package lab

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/netutil"
)

const (
	// portTries is how many ports are tried before giving up. A port that is
	// free on one address is seldom taken on another.
	portTries = 64

	// connsPerEdge bounds the open TCP connections of one edge address; more wait
	// in the kernel's queue. A rehearsal has a few hundred.
	connsPerEdge = 4096
)

// A listening is what a lab listens on: for each edge address a TCP listener
// and, where there is TLS, a UDP socket, all on one port.
type listening struct {
	port uint16
	tcp  []net.Listener
	udp  []net.PacketConn
}

// listenAll listens on every address, on one port that is free on all.
func listenAll(addrs []netip.Addr, udp bool) (*listening, error) {
	var last error
	for range portTries {
		l := &listening{}
		if last = l.listen(addrs, udp); last == nil {
			return l, nil
		}
		l.close()
	}
	return nil, fmt.Errorf("find a port that is free on all of the lab's %d edge addresses: %w", len(addrs), last)
}

// listen lets the first address choose the port, and fails when another does
// not have it.
func (l *listening) listen(addrs []netip.Addr, udp bool) error {
	for _, a := range addrs {
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, l.port)))
		if err != nil {
			return err
		}
		l.port = tcp.Addr().(*net.TCPAddr).AddrPort().Port()
		l.tcp = append(l.tcp, netutil.LimitListener(tcp, connsPerEdge))
		if !udp {
			continue
		}
		socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, l.port)))
		if err != nil {
			return err
		}
		l.udp = append(l.udp, socket)
	}
	return nil
}

// close closes what serves nobody yet.
func (l *listening) close() {
	for _, tcp := range l.tcp {
		tcp.Close()
	}
	for _, udp := range l.udp {
		udp.Close()
	}
}
