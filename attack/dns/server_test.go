package dns

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// An asked is one query as the server got it.
type asked struct {
	id     uint16
	name   dnsmessage.Name
	kind   dnsmessage.Type
	tcp    bool
	edns   bool
	option []byte // data of the client subnet option; nil for none
	from   string
}

// A server answers DNS on loopback as its script says: any number of packets
// for each query.
type server struct {
	addr   netip.AddrPort
	script func(asked) [][]byte
	mu     sync.Mutex
	got    []asked
}

func serve(t *testing.T, script func(asked) [][]byte) *server {
	t.Helper()
	pc, l := listenBoth(t)
	s := &server{addr: l.Addr().(*net.TCPAddr).AddrPort(), script: script}
	var wg sync.WaitGroup
	wg.Go(func() { s.datagrams(t, pc) })
	wg.Go(func() { s.streams(t, l) })
	t.Cleanup(func() { pc.Close(); l.Close(); wg.Wait() })
	return s
}

// listenBoth listens on one port by UDP and TCP. A port that is free for the
// one may be taken for the other, in which case it tries another.
func listenBoth(t *testing.T) (*net.UDPConn, net.Listener) {
	t.Helper()
	var last error
	for range 100 {
		pc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp4", pc.LocalAddr().String())
		if err == nil {
			return pc, l
		}
		pc.Close()
		last = err
	}
	t.Fatalf("no port is free for both UDP and TCP: %v", last)
	return nil, nil
}

func (s *server) datagrams(t *testing.T, pc *net.UDPConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := pc.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		for _, msg := range s.handle(t, buf[:n], false, from.String()) {
			_, _ = pc.WriteToUDPAddrPort(msg, from)
		}
	}
}

func (s *server) streams(t *testing.T, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		msg, err := readMessage(conn)
		if err != nil { // given up before it was sent
			conn.Close()
			continue
		}
		for _, out := range s.handle(t, msg, true, conn.RemoteAddr().String()) {
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
		}
		conn.Close()
	}
}

func (s *server) handle(t *testing.T, msg []byte, tcp bool, from string) [][]byte {
	var m dnsmessage.Message
	if err := m.Unpack(msg); err != nil || len(m.Questions) != 1 {
		t.Errorf("server got a query that it cannot read: %v", err)
		return nil
	}
	a := asked{id: m.ID, name: m.Questions[0].Name, kind: m.Questions[0].Type, tcp: tcp, from: from}
	for _, r := range m.Additionals {
		if opt, ok := r.Body.(*dnsmessage.OPTResource); ok {
			a.edns = true
			for _, o := range opt.Options {
				if o.Code == 8 {
					a.option = o.Data
				}
			}
		}
	}
	s.mu.Lock()
	s.got = append(s.got, a)
	s.mu.Unlock()
	return s.script(a)
}

// all returns what the server got so far.
func (s *server) all() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// queries returns what the server got of one kind.
func (s *server) queries(kind dnsmessage.Type) []asked {
	return slices.DeleteFunc(s.all(), func(a asked) bool { return a.kind != kind })
}

// A change alters a response before it is packed.
type change func(*dnsmessage.Message)

// response packs an answer to a query: addresses of its kind, with a TTL.
func response(a asked, ttl uint32, addrs []string, changes ...change) []byte {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: a.id, Response: true, RecursionAvailable: true},
		Questions: []dnsmessage.Question{{Name: a.name, Type: a.kind, Class: dnsmessage.ClassINET}},
	}
	for _, s := range addrs {
		if addr := netip.MustParseAddr(s); addr.Is4() == (a.kind == dnsmessage.TypeA) {
			m.Answers = append(m.Answers, address(a.name, addr, ttl))
		}
	}
	for _, c := range changes {
		c(&m)
	}
	msg, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return msg
}

func address(owner dnsmessage.Name, addr netip.Addr, ttl uint32) dnsmessage.Resource {
	h := dnsmessage.ResourceHeader{Name: owner, Class: dnsmessage.ClassINET, TTL: ttl}
	if addr.Is4() {
		return dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: addr.As4()}}
	}
	return dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}}
}

func cname(owner, to string, ttl uint32) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(owner), Class: dnsmessage.ClassINET, TTL: ttl},
		Body:   &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(to)},
	}
}

func code(c dnsmessage.RCode) change { return func(m *dnsmessage.Message) { m.RCode = c } }

// always answers every query with the same addresses.
func always(ttl uint32, addrs ...string) func(asked) [][]byte {
	return func(a asked) [][]byte { return [][]byte{response(a, ttl, addrs)} }
}

func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}
