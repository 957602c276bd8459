package source

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestDatagramsComeFromTheSource(t *testing.T) {
	for from, host := range map[string]string{"127.1.2.4": "127.0.0.1", "::ffff:127.0.0.9": "127.0.0.1", "::1": "::1", "": "127.0.0.1"} {
		server, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		var own netip.Addr
		want := netip.MustParseAddr(host)
		if from != "" {
			own = netip.MustParseAddr(from)
			want = own.Unmap()
		}
		var d Dialer
		local, err := d.Route(own, netip.MustParseAddrPort(server.LocalAddr().String()))
		if err != nil || local != want {
			t.Fatalf("Route from %q = %v, %v, want %v", from, local, err, want)
		}
		socket, err := d.Bind(local)
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		if _, err := socket.WriteTo([]byte("x"), server.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		server.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, peer, err := server.ReadFrom(make([]byte, 10))
		if err != nil {
			t.Fatal(err)
		}
		if got := netip.MustParseAddrPort(peer.String()).Addr().Unmap(); got != want {
			t.Errorf("from %q: the server saw %v, want %v", from, got, want)
		}
	}
}

func TestRouteRefusesAsDialDoes(t *testing.T) {
	var denied *DeniedError
	if _, err := new(Dialer).Route(netip.Addr{}, netip.MustParseAddrPort("192.0.2.1:443")); !errors.As(err, &denied) {
		t.Errorf("not authorised: error %v, want a DeniedError", err)
	}
	var mixed *FamilyError
	if _, err := new(Dialer).Route(netip.MustParseAddr("::1"), netip.MustParseAddrPort("127.0.0.1:443")); !errors.As(err, &mixed) {
		t.Errorf("two families: error %v, want a FamilyError", err)
	}
}

func TestBindIsTheGeneratorsTrouble(t *testing.T) {
	var d Dialer
	d.local.list.Store(&localList{read: time.Now(), addrs: map[netip.Addr]bool{foreign4: true}})
	_, err := d.Bind(foreign4) // an address that has just gone
	if reason, generator := Trouble(err); reason != "source address not available" || !generator {
		t.Errorf("Trouble(%v) = %q, %v", err, reason, generator)
	}
	socket, err := new(Dialer).Bind(foreign6) // on no interface: IP_FREEBIND lets it be
	if err != nil {
		t.Fatal(err)
	}
	socket.Close()
}
