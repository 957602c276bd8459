package app

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// zone answers DNS queries on a loopback address, by name and by the EDNS
// client subnet of whoever asks; what it does not know does not exist.
type zone func(name string, subnet netip.Addr) []netip.Addr

// serve begins to answer, until the test ends, and returns where.
func (z zone) serve(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply, err := z.reply(buf[:n]); err == nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

// reply answers one query.
func (z zone) reply(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	q := m.Questions[0]
	addrs := z(q.Name.String(), subnetOf(&m))
	m.Header.Response, m.Additionals = true, nil
	if addrs == nil || q.Type == dnsmessage.TypeTXT {
		m.Header.RCode = dnsmessage.RCodeNameError
	}
	if q.Type == dnsmessage.TypeA {
		for _, a := range addrs {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}, Body: &dnsmessage.AResource{A: a.As4()},
			})
		}
	}
	return m.Pack()
}

// subnetOf returns the IPv4 client subnet of a query (RFC 7871); an invalid
// address for none.
func subnetOf(m *dnsmessage.Message) netip.Addr {
	for _, r := range m.Additionals {
		opt, ok := r.Body.(*dnsmessage.OPTResource)
		if !ok {
			continue
		}
		for _, o := range opt.Options {
			if o.Code == 8 && len(o.Data) >= 7 && o.Data[1] == 1 {
				return netip.AddrFrom4([4]byte{o.Data[4], o.Data[5], o.Data[6]})
			}
		}
	}
	return netip.Addr{}
}

// exampleZone is a distribution with three edge locations: which one answers
// depends on the subnet. All addresses but those of local.example.test are of
// the networks for documentation: nothing is there.
func exampleZone(name string, subnet netip.Addr) []netip.Addr {
	four := func(network string) []netip.Addr {
		a := netip.MustParseAddr(network)
		var list []netip.Addr
		for range 4 {
			a = a.Next()
			list = append(list, a)
		}
		return list
	}
	networks := []string{"192.0.2.16", "198.51.100.16", "203.0.113.16"}
	switch name {
	case "www.example.test.":
		at := slices.Index([]string{"192.0.2.0", "198.51.100.0", "203.0.113.0"}, subnet.String())
		return four(networks[max(0, at)])
	case "anycast.example.test.":
		return four("192.0.2.64")[:3]
	case "local.example.test.":
		return four("127.0.0.16")
	}
	return nil
}
