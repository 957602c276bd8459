package source

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func (d *Dialer) dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	var dialer net.Dialer
	free := false
	if from.IsValid() {
		free = !d.local.has(from)
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	dialer.Control = func(_, _ string, raw syscall.RawConn) error {
		var set error
		err := raw.Control(func(fd uintptr) {
			if set = spare(int(fd)); set == nil && from.IsValid() {
				set = prepare(int(fd), from, free)
			}
		})
		if err != nil {
			return err
		}
		return set
	}
	return dialer.DialContext(ctx, "tcp", to.String())
}

// spare keeps some of the files that the process may have open from being
// used up by connections: what is left is for run files, reports and look-ups.
// The system gives out the lowest free number, so that a high one tells that
// all below it are in use.
func spare(fd int) error {
	const most = 32
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	if uint64(fd) >= limit.Cur-min(most, limit.Cur/4) {
		return os.NewSyscallError("socket", unix.EMFILE)
	}
	return nil
}

// prepare sets what a socket needs before it is bound to a source address.
// With IP_BIND_ADDRESS_NO_PORT the port is chosen when the target is known, so
// that one source address has all its ports for each target, not for all
// targets together (ip(7)); the kernel takes it on IPv6 sockets too. With
// free, IP_FREEBIND lets an address be bound that is on no interface.
func prepare(fd int, from netip.Addr, free bool) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return os.NewSyscallError("setsockopt IP_BIND_ADDRESS_NO_PORT", err)
	}
	return allowForeign(fd, from, free)
}

// allowForeign lets an address be bound that is on no interface, if free.
func allowForeign(fd int, from netip.Addr, free bool) error {
	if !free {
		return nil
	}
	if from.Is4() {
		return os.NewSyscallError("setsockopt IP_FREEBIND", unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_FREEBIND, 1))
	}
	return os.NewSyscallError("setsockopt IPV6_FREEBIND", unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_FREEBIND, 1))
}

// bind opens a UDP socket. It takes one port for all targets, as it hears them
// all, so IP_BIND_ADDRESS_NO_PORT would bring nothing.
func (d *Dialer) bind(from netip.Addr) (net.PacketConn, error) {
	free := !d.local.has(from)
	listen := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var set error
		err := raw.Control(func(fd uintptr) {
			if set = spare(int(fd)); set == nil {
				set = allowForeign(int(fd), from, free)
			}
		})
		if err != nil {
			return err
		}
		return set
	}}
	return listen.ListenPacket(context.Background(), "udp", netip.AddrPortFrom(from, 0).String())
}

// checkSupport returns nil: source addresses can be chosen.
func checkSupport(netip.Addr) error { return nil }

// Check says before a run whether connections can be made from an address. It
// sends nothing. An invalid address, which leaves the choice to the system, is
// always good.
//
// An address on no interface needs a local route besides IP_FREEBIND: without
// one the kernel refuses IPv4 connections, which Check finds, and drops the
// answers to IPv6 ones, which it cannot.
func Check(from netip.Addr) error {
	from = from.Unmap()
	if !from.IsValid() {
		return nil
	}
	if from.IsUnspecified() || from.IsMulticast() || from == broadcast {
		return fmt.Errorf("source address %s is not the address of one host", from)
	}
	var l local
	free := !l.has(from)
	err := tryBind(from, free)
	switch {
	case err == nil:
		return nil
	case free:
		return fmt.Errorf("source address %s is on no interface and IP_FREEBIND failed: %w; add it with `ip address add`, or its prefix with `ip route add local PREFIX dev lo`", from, err)
	default:
		return fmt.Errorf("source address %s cannot be used: %w", from, err)
	}
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// tryBind binds a datagram socket to an address and connects it to that same
// address, which makes the kernel look up the route and sends nothing.
func tryBind(from netip.Addr, free bool) error {
	domain := unix.AF_INET6
	if from.Is4() {
		domain = unix.AF_INET
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	if err := prepare(fd, from, free); err != nil {
		return err
	}
	self, err := sockaddr(from)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, self); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if from.Is6() {
		return nil
	}
	return os.NewSyscallError("connect", unix.Connect(fd, &unix.SockaddrInet4{Addr: from.As4(), Port: discardPort}))
}

// discardPort is the port that a route is looked up for; any but zero will do.
const discardPort = 9

// sockaddr returns an address in the system's form, its port zero.
func sockaddr(a netip.Addr) (unix.Sockaddr, error) {
	if a.Is4() {
		return &unix.SockaddrInet4{Addr: a.As4()}, nil
	}
	sa := &unix.SockaddrInet6{Addr: a.As16()}
	if zone := a.Zone(); zone != "" {
		link, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, fmt.Errorf("find the interface %q: %w", zone, err)
		}
		sa.ZoneId = uint32(link.Index)
	}
	return sa, nil
}
