package source

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// listen accepts on a loopback address, and returns where and who called.
func listen(t *testing.T, network, host string) (netip.AddrPort, <-chan netip.Addr) {
	t.Helper()
	l, err := net.Listen(network, net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	callers := make(chan netip.Addr, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			callers <- conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).AddrPort(), callers
}

// soon is a context for dials that should not hang.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestDialWithoutASource(t *testing.T) {
	to, callers := listen(t, "tcp4", "127.0.0.1")
	conn, err := new(Dialer).Dial(soon(t), netip.Addr{}, to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := <-callers; got != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("the server saw %v", got)
	}
}

func TestDialRefusesWhatIsNotAllowed(t *testing.T) {
	no := errors.New("no proof of ownership")
	tests := []struct {
		name  string
		allow func(netip.Addr) error
		to    string
		text  string
	}{
		{"nothing said, so loopback only", nil, "192.0.2.1:80", "192.0.2.1"},
		{"nothing said, and the address of nothing", nil, "0.0.0.0:80", "0.0.0.0"},
		{"loopback itself refused", func(netip.Addr) error { return no }, "127.0.0.1:80", no.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := Dialer{Allow: test.allow}
			conn, err := d.Dial(soon(t), netip.Addr{}, netip.MustParseAddrPort(test.to))
			var denied *DeniedError
			if conn != nil || !errors.As(err, &denied) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("Dial = %v, %v, want a DeniedError with %q", conn, err, test.text)
			}
			if reason, generator := Trouble(err); reason != "not authorised" || generator {
				t.Errorf("Trouble = %q, %v", reason, generator)
			}
		})
	}
}

func TestAllowIsAskedEachTimeWithThePlainAddress(t *testing.T) {
	to, _ := listen(t, "tcp4", "127.0.0.1")
	var got []netip.Addr
	d := Dialer{Allow: func(a netip.Addr) error { got = append(got, a); return nil }}
	mapped := netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port())
	for _, to := range []netip.AddrPort{to, mapped, to} {
		conn, err := d.Dial(soon(t), netip.Addr{}, to)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	for _, a := range got {
		if a != to.Addr() {
			t.Errorf("Allow was asked for %v, want %v", a, to.Addr())
		}
	}
	if len(got) != 3 {
		t.Errorf("Allow was asked %d times, want 3", len(got))
	}
}

func TestDialRefusesMixedFamilies(t *testing.T) {
	for from, to := range map[string]string{"127.0.0.1": "[::1]:80", "::1": "127.0.0.1:80"} {
		_, err := new(Dialer).Dial(soon(t), netip.MustParseAddr(from), netip.MustParseAddrPort(to))
		var mixed *FamilyError
		if !errors.As(err, &mixed) || mixed.From != netip.MustParseAddr(from) || !strings.Contains(err.Error(), "IPv6") {
			t.Errorf("Dial from %s to %s: error %v, want a FamilyError", from, to, err)
		}
		if reason, generator := Trouble(err); reason != "address family mismatch" || !generator {
			t.Errorf("Trouble = %q, %v", reason, generator)
		}
	}
}
