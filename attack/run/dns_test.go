package run

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers A queries for every name with the addresses that it holds
// at the moment.
type nameServer struct {
	addr string

	mu      sync.Mutex
	answer  []netip.Addr
	later   []netip.Addr // where there are any: the answer to all A queries but the first
	ttl     uint32
	queries int
	refuses bool // every second query
}

func newNameServer(t *testing.T, ttl uint32, answer ...string) *nameServer {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &nameServer{addr: c.LocalAddr().String(), ttl: ttl}
	s.set(answer...)
	go s.serve(c)
	return s
}

func (s *nameServer) set(answer ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = nil
	for _, a := range answer {
		s.answer = append(s.answer, netip.MustParseAddr(a))
	}
}

// count returns how many queries came.
func (s *nameServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries
}

func (s *nameServer) serve(c net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		var query dnsmessage.Message
		if query.Unpack(buf[:n]) != nil || len(query.Questions) != 1 {
			continue
		}
		packed, err := s.reply(query).AppendPack(nil)
		if err == nil {
			_, err = c.WriteTo(packed, from)
		}
		if err != nil {
			return
		}
	}
}

func (s *nameServer) reply(query dnsmessage.Message) *dnsmessage.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries++
	q := query.Questions[0]
	m := &dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true}, Questions: query.Questions}
	if s.refuses && s.queries%2 == 0 {
		m.RCode = dnsmessage.RCodeRefused
		return m
	}
	answer := s.answer
	if q.Type == dnsmessage.TypeA && s.later != nil {
		s.answer = s.later
	}
	for _, a := range answer {
		if q.Type == dnsmessage.TypeA && a.Is4() {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: s.ttl},
				Body:   &dnsmessage.AResource{A: a.As4()},
			})
		}
	}
	return m
}
