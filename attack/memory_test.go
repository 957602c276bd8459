package attack

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"frontload/attack/dns"
	"frontload/attack/wire"
	"frontload/results"
)

// A memoryServer answers HTTP/1.1 over connections in memory, so that whole
// runs pass in virtual time.
type memoryServer struct {
	answer func(*http.Request) string // the body; may sleep

	mu       sync.Mutex
	requests int // this and the rest under mu
	perEdge  map[netip.AddrPort]int
	dialled  map[netip.AddrPort]int
	open     int
	mostOpen int
}

func (m *memoryServer) dial(_ context.Context, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
	near, far := net.Pipe()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.perEdge == nil {
		m.perEdge, m.dialled = map[netip.AddrPort]int{}, map[netip.AddrPort]int{}
	}
	m.dialled[to]++
	m.open++
	m.mostOpen = max(m.mostOpen, m.open)
	go m.serve(far, to)
	return near, nil
}

func (m *memoryServer) serve(c net.Conn, edge netip.AddrPort) {
	defer func() {
		c.Close()
		m.mu.Lock()
		m.open--
		m.mu.Unlock()
	}()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		m.mu.Lock()
		m.requests++
		m.perEdge[edge]++
		m.mu.Unlock()
		body := m.answer(req)
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nX-Cache: Hit from cloudfront\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			return
		}
	}
}

// samples collects everything that an engine tells.
type samples struct {
	mu    sync.Mutex
	list  []results.Sample
	fates map[results.Fate]int64
	sent  int
}

func (s *samples) Arrival(_ time.Duration, fate results.Fate, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fates == nil {
		s.fates = map[results.Fate]int64{}
	}
	s.fates[fate] += n
}

func (s *samples) Sent(time.Duration, netip.Addr, uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
}

func (s *samples) Record(sample *results.Sample, _ results.Detail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, *sample)
}

func (*samples) Lookup(results.Lookup) {}
func (*samples) Event(results.Event)   {}

// home asks for the same page always.
type home struct{}

func (home) Next(_ uint64, r *wire.Request) (uint16, string) {
	*r = wire.Request{Method: "GET", Target: append(r.Target[:0], '/'), Host: "www.example.com"}
	return 0, "/"
}

// edgesOf returns a resolver that knows the given addresses for good.
func edgesOf(addrs ...netip.Addr) *fixedResolver { return &fixedResolver{addrs: addrs} }

type fixedResolver struct {
	addrs []netip.Addr
	turn  int
}

func (f *fixedResolver) Next(time.Time) (netip.Addr, bool, bool) {
	f.turn++
	return f.addrs[f.turn%len(f.addrs)], false, true
}

func (f *fixedResolver) Resolve(context.Context) (*dns.Answer, error) {
	return &dns.Answer{Addrs: f.addrs}, nil
}

// A slowResolver needs a look-up for each arrival, which takes a while.
type slowResolver struct {
	addrs  []netip.Addr
	takes  time.Duration
	waited time.Duration // of that, for the budget
}

func (*slowResolver) Next(time.Time) (netip.Addr, bool, bool) { return netip.Addr{}, false, false }

func (s *slowResolver) Resolve(ctx context.Context) (*dns.Answer, error) {
	select {
	case <-time.After(s.takes):
		return &dns.Answer{Addrs: s.addrs, Waited: s.waited}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
