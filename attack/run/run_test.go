package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/live"
	"frontload/results/store"
	"frontload/scenarios"
)

// edgeServer counts requests by edge and client address.
type edgeServer struct {
	port string

	mu      sync.Mutex
	edges   map[string]int
	clients map[string]int
	open    map[string]int // connections by edge address
	dialled map[string]int // of all that ever were
}

func newEdgeServer(t *testing.T, addresses ...string) *edgeServer {
	t.Helper()
	s := &edgeServer{edges: map[string]int{}, clients: map[string]int{}, open: map[string]int{}, dialled: map[string]int{}}
	s.port = "0"
	for _, a := range addresses {
		l, err := net.Listen("tcp", net.JoinHostPort(a, s.port))
		if err != nil {
			t.Fatal(err)
		}
		_, s.port, _ = net.SplitHostPort(l.Addr().String())
		server := httptest.NewUnstartedServer(http.HandlerFunc(s.count))
		server.Listener.Close()
		server.Listener = l
		server.Config.ConnState = s.watch
		server.Start()
		t.Cleanup(server.Close)
	}
	return s
}

func (s *edgeServer) count(_ http.ResponseWriter, r *http.Request) {
	local := r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edges[hostOf(local)]++
	s.clients[hostOf(r.RemoteAddr)]++
}

func (s *edgeServer) watch(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open[hostOf(c.LocalAddr().String())]++
		s.dialled[hostOf(c.LocalAddr().String())]++
	case http.StateClosed, http.StateHijacked:
		s.open[hostOf(c.LocalAddr().String())]--
	}
}

func (s *edgeServer) openTo(address string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[address]
}

func hostOf(hostPort string) string {
	h, _, _ := net.SplitHostPort(hostPort)
	return h
}

// carryOut runs a scenario and returns what its run file holds.
func carryOut(t *testing.T, scenario string, progress func(live.Status)) (*results.Run, error) {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(scenario))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.db")
	_, started, runErr := Run(t.Context(), plan, Options{File: file, Source: "attack", Progress: progress})
	if !started {
		return nil, runErr
	}
	r, err := store.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	recorded, err := r.Run()
	if err != nil {
		t.Fatal(err)
	}
	return recorded, runErr
}

// A share of the requests starts on a fresh connection, evenly over the edge
// addresses: so the server counts them.
func TestNewViewersAtTheServer(t *testing.T) {
	t.Parallel()
	addresses := []string{"127.74.0.1", "127.74.0.2", "127.74.0.3"}
	server := newEdgeServer(t, addresses...)
	dns := newNameServer(t, 60, addresses...)
	const clients, share = 2, 0.2
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:%s"}
clients: {count: %d, resolvers: ["%s"], connections: 1, new-viewers: 20%%}
requests: [{path: /}]
load: {rate: 300/s, for: 3s, arrivals: poisson}
`, server.port, clients, dns.addr), nil)
	if err != nil {
		t.Fatal(err)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	requests, fresh := 0, 0
	for _, a := range addresses {
		own := server.dialled[a] - clients // beside the pools' connections
		requests += server.edges[a]
		fresh += own
		if got := float64(own) / float64(server.edges[a]); got < share/2 || got > 2*share {
			t.Errorf("%s: %d new viewers of %d requests", a, own, server.edges[a])
		}
	}
	if got := float64(fresh) / float64(requests); got < share-0.03 || got > share+0.03 {
		t.Errorf("%d new viewers of %d requests, want about 20 %%", fresh, requests)
	}
	connects := run.Latency[results.LatencyKey{Series: results.SeriesConnect, By: "all"}].Count
	if want := int64(fresh + clients*len(addresses)); connects != want {
		t.Errorf("%d samples with a time to connect, want %d", connects, want)
	}
}

// When the answer changes, new requests go to the new addresses and the
// connections to those that left are closed.
func TestClientsFollowTheirAnswer(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.73.0.1", "127.73.0.2", "127.73.0.3")
	dns := newNameServer(t, 1, "127.73.0.1", "127.73.0.2")
	changed := time.Duration(0) // the TTL is a second
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:%s"}
clients: {count: 2, addresses: [127.74.0.0/30], resolvers: ["%s"]}
requests: [{path: /}]
load: {rate: 40/s, for: 4s}
`, server.port, dns.addr), func(s live.Status) {
		if s.Elapsed > time.Second && changed == 0 {
			dns.set("127.73.0.2", "127.73.0.3")
			changed = s.Elapsed
		}
		if changed > 0 && s.Elapsed > changed+1800*time.Millisecond && s.Elapsed < 4*time.Second && server.openTo("127.73.0.1") != 0 {
			t.Errorf("connections to an address that left the answer at %v are still open at %v", changed, s.Elapsed)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	missed := 0 // by a busy machine
	for _, s := range run.Seconds {
		missed += int(s.Missed)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.edges["127.73.0.1"] < 20-missed || server.edges["127.73.0.3"] < 20-missed || server.edges["127.73.0.2"] < 60-missed {
		t.Errorf("requests by edge address: %v, %d missed", server.edges, missed)
	}
	if len(server.clients) != 2 || server.clients["127.74.0.1"] < 70-missed || server.clients["127.74.0.2"] < 70-missed {
		t.Errorf("requests by client: %v, %d missed", server.clients, missed)
	}
	if got, want := len(run.Lookups), dns.count(); got != want || got < 2*2*3 {
		t.Errorf("%d look-ups are recorded, the name server got %d queries", got, want)
	}
}

// An address that DNS moves to in the middle of a run is refused at the dial,
// unless the run is authorised: nothing is sent there. 192.0.2.0/24 is set
// aside for documentation.
func TestDNSCannotMoveALoadAway(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.73.1.1")
	dns := newNameServer(t, 1, "127.73.1.1")
	var once sync.Once
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:%s"}
clients: {count: 1, resolvers: ["%s"]}
requests: [{path: /}]
load: {rate: 20/s, for: 4s}
`, server.port, dns.addr), func(s live.Status) {
		if s.Elapsed > time.Second {
			once.Do(func() { dns.set("192.0.2.1") })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for c, err := range run.Cells {
		if err != nil {
			t.Fatal(err)
		}
		if c.Edge == netip.MustParseAddr("192.0.2.1") {
			refused += int(c.Count)
			if c.Written != 0 || c.Outcome != results.Transport {
				t.Errorf("%d requests were sent to an address that is not authorised, outcome %v", c.Written, c.Outcome)
			}
		}
	}
	if refused < 10 {
		t.Errorf("%d arrivals were refused, want the last seconds' worth", refused)
	}
}

func TestForeignTargetIsRefused(t *testing.T) {
	t.Parallel()
	dns := newNameServer(t, 60, "127.0.0.1", "192.0.2.1")
	_, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:1"}
clients: {resolvers: ["%s"]}
requests: [{path: /}]
load: {rate: 5/s, for: 1s}
`, dns.addr), nil)
	var refused *RefusedError
	if !errors.As(err, &refused) || len(refused.Addresses) != 1 || !strings.Contains(err.Error(), "192.0.2.1") {
		t.Errorf("Run() = %v, want a RefusedError for 192.0.2.1 alone", err)
	}
}

// A guided ramp begins with few clients and adds them with the rate, so that
// none goes over its limit.
// Another client's answer may hold other addresses: it is judged before
// anything is sent, too, and an older run file stays.
func TestEveryClientsAnswerIsJudged(t *testing.T) {
	dns := newNameServer(t, 60, "127.0.0.1")
	dns.mu.Lock()
	dns.later = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	dns.mu.Unlock()
	s, err := scenarios.Parse("test.yaml", fmt.Appendf(nil, `
version: 1
target: {url: "http://www.example.com:1"}
clients: {count: 2, resolvers: [%q], addresses: [127.0.0.1]}
requests: [{path: /}]
load: {rate: 5/s, for: 1s}
`, dns.addr))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.db")
	older, err := store.Create(file, results.RunInfo{Name: "older"})
	if err == nil {
		err = older.Close(results.RunInfo{Name: "older"})
	}
	if err != nil {
		t.Fatal(err)
	}
	var refused *RefusedError
	if _, started, err := Run(t.Context(), plan, Options{File: file}); started || !errors.As(err, &refused) {
		t.Errorf("Run() = started %t, %v, want a refusal", started, err)
	}
	if r, err := store.Open(file); err != nil {
		t.Errorf("the older run file is gone: %v", err)
	} else {
		r.Close()
	}
}

func TestGuidedRampAddsClients(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.73.2.1")
	var early int
	var once sync.Once
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://127.73.2.1:%s"}
clients: {count: 8, addresses: [127.74.2.0/28]}
requests: [{path: /}]
load:
  guided: {start: 10/s, peak: 80/s, growth: 100%%, every: 1s, hold: 1s}
`, server.port), func(s live.Status) {
		once.Do(func() {
			server.mu.Lock()
			defer server.mu.Unlock()
			early = len(server.clients)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if early > 3 {
		t.Errorf("%d clients took part in the first second at 10 to 20/s of 80/s, want at most 3 of 8", early)
	}
	steps := 0
	for _, e := range run.Events {
		if e.Kind == "step" {
			steps++
		}
	}
	if steps < 4 {
		t.Errorf("%d steps are told among %d events, want three ramps and a hold", steps, len(run.Events))
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if len(server.clients) != 8 || run.ClientsSeen != 8 {
		t.Errorf("%d clients in the end, %d recorded, want 8", len(server.clients), run.ClientsSeen)
	}
}

// A context that has ended before the start sends nothing.
func TestInterruptBeforeTheStart(t *testing.T) {
	s, err := scenarios.Parse("test.yaml", []byte(`
version: 1
target: {url: "http://127.0.0.1:1"}
requests: [{path: /}]
load: {rate: 5/s, for: 1s}
`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "run.db")
	if _, _, err := Run(ctx, plan, Options{File: file}); !errors.Is(err, ErrInterrupted) {
		t.Errorf("Run() = %v, want an interruption", err)
	}
}
