package source

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Addresses for documentation, which are on no interface and have no route.
var (
	foreign4 = netip.MustParseAddr("198.51.100.7")
	foreign6 = netip.MustParseAddr("2001:db8:ffff::7")
)

func TestServerSeesTheSource(t *testing.T) {
	to4, callers4 := listen(t, "tcp4", "127.0.0.1")
	to6, callers6 := listen(t, "tcp6", "::1")
	var d Dialer
	for _, test := range []struct {
		from    string
		to      netip.AddrPort
		callers <-chan netip.Addr
	}{
		{"127.0.0.1", to4, callers4},
		{"127.1.2.3", to4, callers4}, // on no interface, local all the same
		{"::ffff:127.0.0.9", to4, callers4},
		{"::1", to6, callers6},
	} {
		from := netip.MustParseAddr(test.from)
		conn, err := d.Dial(soon(t), from, test.to)
		if err != nil {
			t.Fatalf("Dial from %s: %v", from, err)
		}
		if got := <-test.callers; got != from.Unmap() {
			t.Errorf("the server saw %v, want %v", got, from)
		}
		for name, want := range map[int]int{unix.IP_BIND_ADDRESS_NO_PORT: 1, unix.IP_FREEBIND: 0} {
			if got := option(t, conn.(syscall.Conn), unix.SOL_IP, name); got != want {
				t.Errorf("from %s: option %#x = %d, want %d", from, name, got, want)
			}
		}
		if got := option(t, conn.(syscall.Conn), unix.SOL_TCP, unix.TCP_NODELAY); got == 0 {
			t.Errorf("from %s: TCP_NODELAY is off", from)
		}
		conn.Close()
	}
}

func option(t *testing.T, conn syscall.Conn, level, name int) int {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var value int
	if cerr := raw.Control(func(fd uintptr) { value, err = unix.GetsockoptInt(int(fd), level, name) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return value
}

// Two connections from one source address and one port to two targets: only
// possible when the port is chosen with the target in view.
func TestOnePortServesSeveralTargets(t *testing.T) {
	from := netip.MustParseAddr("127.9.9.9")
	first, _ := listen(t, "tcp4", "127.0.0.1")
	second, _ := listen(t, "tcp4", "127.0.0.1")
	var fds []int
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	var port int
	for i, to := range []netip.AddrPort{first, second} {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
		if err := prepare(fd, from, false); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // the kernel may give it only the one port that is in use already
			only := uint32(port)<<16 | uint32(port)
			err := unix.SetsockoptInt(fd, unix.SOL_IP, ipLocalPortRange, int(only))
			if errors.Is(err, unix.ENOPROTOOPT) {
				t.Skip("this kernel is older than Linux 6.3 and cannot narrow the ports of one socket; TestServerSeesTheSource still holds the option")
			} else if err != nil {
				t.Fatal(err)
			}
		}
		self, err := sockaddr(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Bind(fd, self); err != nil {
			t.Fatal(err)
		}
		if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
			t.Fatalf("connection %d, port %d: %v", i+1, port, err)
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		if got := name.(*unix.SockaddrInet4).Port; i > 0 && got != port {
			t.Errorf("connection 2 has port %d, want %d too", got, port)
		} else {
			port = got
		}
	}
}

// ipLocalPortRange is IP_LOCAL_PORT_RANGE of linux/in.h: the highest port in
// the upper half, the lowest in the lower.
const ipLocalPortRange = 51

func TestForeignAddressIsBoundFreely(t *testing.T) {
	for _, from := range []netip.Addr{foreign4, foreign6} {
		domain, level, name := unix.AF_INET, unix.SOL_IP, unix.IP_FREEBIND
		if from.Is6() {
			domain, level, name = unix.AF_INET6, unix.SOL_IPV6, unix.IPV6_FREEBIND
		}
		fd, err := unix.Socket(domain, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := prepare(fd, from, !new(local).has(from)); err != nil {
			t.Fatal(err)
		}
		if got, err := unix.GetsockoptInt(fd, level, name); got != 1 || err != nil {
			t.Errorf("%s: freebind = %d, %v, want 1", from, got, err)
		}
		self, err := sockaddr(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Bind(fd, self); err != nil {
			t.Errorf("bind %s: %v", from, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, good := range []string{"", "127.0.0.1", "127.200.0.1", "::1", "2001:db8:ffff::7"} {
		var from netip.Addr
		if good != "" {
			from = netip.MustParseAddr(good)
		}
		if err := Check(from); err != nil {
			t.Errorf("Check(%v) = %v", from, err)
		}
	}
	for bad, text := range map[string]string{
		"198.51.100.7":     "ip route add local", // it can be bound, but no connection comes of it
		"224.0.0.1":        "not the address of one host",
		"255.255.255.255":  "not the address of one host",
		"ff02::1":          "not the address of one host",
		"::":               "not the address of one host",
		"fe80::1%nowhere7": "nowhere7",
	} {
		err := Check(netip.MustParseAddr(bad))
		if err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "source address "+bad) {
			t.Errorf("Check(%s) = %v, want an error with %q", bad, err, text)
		}
	}
}

// The system reports each of these by itself; only how it is sorted is ours.
func TestTroubleOfRealDials(t *testing.T) {
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().(*net.TCPAddr).AddrPort()
	closed.Close()
	var d Dialer
	_, err = d.Dial(soon(t), netip.MustParseAddr("127.0.0.2"), gone)
	if reason, generator := Trouble(err); reason != "connect refused" || generator {
		t.Errorf("nothing listens: Trouble(%v) = %q, %v", err, reason, generator)
	}
	d.local.list.Store(&localList{read: time.Now(), addrs: map[netip.Addr]bool{foreign4: true}})
	_, err = d.Dial(soon(t), foreign4, gone)
	if reason, generator := Trouble(err); reason != "source address not available" || !generator {
		t.Errorf("an address that has just gone: Trouble(%v) = %q, %v", err, reason, generator)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = d.Dial(ended, netip.Addr{}, gone)
	if reason, generator := Trouble(err); reason != "cancelled" || generator {
		t.Errorf("cancelled: Trouble(%v) = %q, %v", err, reason, generator)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	_, err = d.Dial(late, netip.Addr{}, gone)
	if reason, generator := Trouble(err); reason != "connect timeout" || generator {
		t.Errorf("too late: Trouble(%v) = %q, %v", err, reason, generator)
	}
}

func TestDialsAtOnce(t *testing.T) {
	to, _ := listen(t, "tcp4", "127.0.0.1")
	var d Dialer
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			conn, err := d.Dial(soon(t), netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}), to)
			if err != nil {
				t.Errorf("dial %d: %v", i, err)
				return
			}
			conn.Close()
		})
	}
	for range 50 {
		wg.Go(func() {
			if !d.local.has(netip.IPv6Loopback()) || d.local.has(foreign6) {
				t.Error("local knows the wrong addresses")
			}
		})
	}
	wg.Wait()
}

func TestLocalListIsRenewed(t *testing.T) {
	var l local
	old := &localList{read: time.Now().Add(-localSpan - time.Second), addrs: map[netip.Addr]bool{foreign4: true}}
	l.list.Store(old)
	if l.has(foreign4) || !l.has(netip.IPv6Loopback()) {
		t.Error("an old list is still trusted")
	}
	l.list.Store(old)
	l.renew.Lock() // another goroutine is at it
	defer l.renew.Unlock()
	if !l.has(foreign4) {
		t.Error("the old list is not used while a new one is read")
	}
	if errors.Is(Check(netip.Addr{}), errors.ErrUnsupported) {
		t.Error("Linux is said not to be supported")
	}
}
