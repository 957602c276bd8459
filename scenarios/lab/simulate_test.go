package lab

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"frontload/results"
	"frontload/scenarios"
)

// planOf compiles the case's scenario as its users do.
func planOf(t testing.TB, c Case, p Place) *scenarios.Plan {
	t.Helper()
	text := c.Scenario(p)
	s, err := scenarios.Parse(c.Name+".yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s: %v\n%s", c.Name, err, text)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const simURL = "https://d111111abcdef8.cloudfront.test:8443"

// A witness is a sink that checks the order of what it is told, and counts.
type witness struct {
	t        testing.TB
	last     time.Duration
	ticks    time.Duration
	arrivals int64
	sent     int64
	all      Count
	edges    map[string]Count
	clients  map[string]Count
	caches   map[results.Cache]int
	outcomes map[results.Outcome]int
	fresh    int
	lookups  []results.Lookup
	longest  time.Duration // queueing
	details  int
}

func newWitness(t testing.TB) *witness {
	return &witness{
		t: t, edges: map[string]Count{}, clients: map[string]Count{},
		caches: map[results.Cache]int{}, outcomes: map[results.Outcome]int{},
	}
}

func (w *witness) Arrival(_ time.Duration, _ results.Fate, n int64) { w.arrivals += n }
func (w *witness) Sent(time.Duration, netip.Addr, uint16)           { w.sent++ }
func (w *witness) Lookup(l results.Lookup)                          { w.lookups = append(w.lookups, l) }
func (w *witness) Event(results.Event)                              {}

func (w *witness) tick(now time.Duration) {
	if now != w.ticks+time.Second || now < w.last || now > w.last+10*time.Second {
		w.t.Errorf("tick at %v after one at %v and a sample at %v", now, w.ticks, w.last)
	}
	w.ticks = now
}

func (w *witness) Record(s *results.Sample, d results.Detail) {
	if s.Done < w.last || s.Done < w.ticks {
		w.t.Errorf("a sample of %v comes after one of %v and a tick at %v", s.Done, w.last, w.ticks)
	}
	if s.Intended+s.DNS+s.Connect+s.TLS > s.Ready || s.Ready > s.Sent || s.Sent > s.FirstByte || s.FirstByte > s.Done {
		w.t.Errorf("the times of %+v are out of order", s)
	}
	w.last = s.Done
	failed := s.Status == 503
	w.all.add(failed)
	for key, counts := range map[string]map[string]Count{s.Edge.String(): w.edges, s.Source.String(): w.clients} {
		c := counts[key]
		c.add(failed)
		counts[key] = c
	}
	w.caches[s.Cache]++
	w.outcomes[s.Outcome]++
	if s.Fresh {
		w.fresh++
	}
	w.longest = max(w.longest, s.Queueing())
	if w.details < 100 {
		w.details++
		w.checkDetail(s, d)
	}
}

// checkDetail reads the headers as the load generator reads an answer's.
func (w *witness) checkDetail(s *results.Sample, d results.Detail) {
	e := d.Exemplar()
	a := results.Answer{Status: int(s.Status)}
	readHeader(&a, e.Headers)
	if a.POP != s.POP || a.Cache() != s.Cache || a.RequestID != e.RequestID || len(e.RequestID) != 56 || !strings.HasPrefix(e.URL, "/") {
		w.t.Errorf("the exemplar %+v does not fit the sample %+v", e, s)
	}
}

func simulate(t testing.TB, c Case, seed uint64, length time.Duration) (*witness, Truth) {
	t.Helper()
	m := New(c, seed, length)
	w := newWitness(t)
	plan := planOf(t, c, Place{URL: simURL, For: length, Seed: seed})
	if err := Simulate(context.Background(), m, plan, w, w.tick); err != nil {
		t.Fatal(err)
	}
	return w, m.Truth()
}

func TestSimulationAgreesWithTruth(t *testing.T) {
	for _, c := range Cases() {
		w, truth := simulate(t, c, 1, 10*time.Second)
		if w.all != truth.Count || w.sent != truth.Requests || w.arrivals != truth.Requests {
			t.Errorf("%s: %d arrivals, %d sent, counts %v, want %v", c.Name, w.arrivals, w.sent, w.all, truth.Count)
		}
		for addr, n := range truth.Edges {
			if w.edges[addr] != n {
				t.Errorf("%s: edge %s counts %v, want %v", c.Name, addr, w.edges[addr], n)
			}
		}
		for addr, n := range truth.Clients {
			if w.clients[addr] != n {
				t.Errorf("%s: client %s counts %v, want %v", c.Name, addr, w.clients[addr], n)
			}
		}
		if len(truth.Clients) != clientCount {
			t.Errorf("%s: %d clients, want %d", c.Name, len(truth.Clients), clientCount)
		}
		if !c.Bare && w.outcomes[results.UnknownError] > 0 {
			t.Errorf("%s: %d errors do not tell who wrote them", c.Name, w.outcomes[results.UnknownError])
		}
	}
}

// Each client looks up for itself whenever its answer has expired, and keeps
// its connections, one for each edge address with HTTP/2.
func TestSimulatedClientsKeepTheirOwnAnswers(t *testing.T) {
	w, _ := simulate(t, mustCase(t, "calm"), 3, 30*time.Second)
	last := map[uint32]results.Lookup{}
	for _, l := range w.lookups {
		if before, ok := last[l.Client]; ok && l.At-l.Took < before.At+before.TTL {
			t.Errorf("client %d looks up at %v, but its answer of %v holds for %v", l.Client, l.At, before.At, before.TTL)
		}
		if l.Subnet == "" || len(l.Answer) != perPOP {
			t.Errorf("look-up %+v", l)
		}
		last[l.Client] = l
	}
	if n := len(w.lookups); n < clientCount*5 || n > clientCount*6 {
		t.Errorf("%d look-ups in 30s, want 5 or 6 for each of %d clients", n, clientCount)
	}
	if w.fresh != clientCount*perPOP {
		t.Errorf("%d connections, want %d", w.fresh, clientCount*perPOP)
	}
}

// With HTTP/1.1 a connection carries one request at a time, so that one
// connection for each client and edge address makes requests wait.
func TestSimulatedHTTP1Waits(t *testing.T) {
	c := mustCase(t, "calm")
	var longest [2]time.Duration
	for i, connections := range []int{1, 6} {
		plan := planOf(t, c, Place{URL: "http://lab.test", For: 10 * time.Second, Seed: 1})
		plan.Clients.Connections = connections
		m, w := New(c, 1, 10*time.Second), newWitness(t)
		if err := Simulate(context.Background(), m, plan, w, w.tick); err != nil {
			t.Fatal(err)
		}
		if w.all != m.Truth().Count || w.all.Requests != w.arrivals {
			t.Errorf("%d connections: %v of %d arrivals, want %v", connections, w.all, w.arrivals, m.Truth().Count)
		}
		if w.fresh > clientCount*perPOP*connections {
			t.Errorf("%d connections opened, want %d at most", w.fresh, clientCount*perPOP*connections)
		}
		longest[i] = w.longest
	}
	if longest[0] < 15*time.Millisecond || longest[1] > longest[0]/2 {
		t.Errorf("the longest wait is %v with 1 connection and %v with 6, want the second to be much less", longest[0], longest[1])
	}
}

// HTTP/3 uses connections as HTTP/2 does: the same load meets the same fate.
func TestSimulatedHTTP3IsAsHTTP2(t *testing.T) {
	c := mustCase(t, "mixed")
	var seen [2]*witness
	for i, protocol := range []results.Protocol{results.H2, results.H3} {
		plan := planOf(t, c, Place{URL: simURL, For: 10 * time.Second, Seed: 4})
		plan.Clients.Protocol = protocol
		m := New(c, 4, 10*time.Second)
		rows, name := 0, protocolName(protocol)
		m.Log = func(row []byte) { rows += strings.Count(string(row), "\t"+name+"\t") }
		seen[i] = newWitness(t)
		if err := Simulate(context.Background(), m, plan, seen[i], seen[i].tick); err != nil {
			t.Fatal(err)
		}
		if int64(rows) != m.Truth().Requests {
			t.Errorf("%d rows of the log name %s, want %d", rows, name, m.Truth().Requests)
		}
	}
	if a, b := seen[0], seen[1]; a.all != b.all || a.fresh != b.fresh || a.last != b.last || a.longest != b.longest {
		t.Errorf("HTTP/2: %v on %d connections, last at %v; HTTP/3: %v on %d, last at %v", a.all, a.fresh, a.last, b.all, b.fresh, b.last)
	}
}

// New viewers of a simulation dial, too, beside the connections of the pool.
func TestSimulatedNewViewers(t *testing.T) {
	c := mustCase(t, "calm")
	for _, url := range []string{"http://lab.test", simURL} {
		var fresh [2]int
		for i, share := range []float64{0, 0.25} {
			plan := planOf(t, c, Place{URL: url, For: 10 * time.Second, Seed: 1})
			plan.Clients.NewViewers.Share = share
			m, w := New(c, 1, 10*time.Second), newWitness(t)
			if err := Simulate(context.Background(), m, plan, w, w.tick); err != nil {
				t.Fatal(err)
			}
			if w.all != m.Truth().Count || w.all.Requests != w.arrivals {
				t.Errorf("%s: %v of %d arrivals, want %v", url, w.all, w.arrivals, m.Truth().Count)
			}
			fresh[i] = w.fresh
			if more, want := fresh[i]-fresh[0], float64(w.arrivals)*share; float64(more) < 0.9*want || float64(more) > 1.1*want {
				t.Errorf("%s: %d more connections for %.0f%% of %d requests", url, more, 100*share, w.arrivals)
			}
		}
	}
}

func TestSimulationIsRepeatable(t *testing.T) {
	c := mustCase(t, "mixed")
	a, _ := simulate(t, c, 9, 15*time.Second)
	b, _ := simulate(t, c, 9, 15*time.Second)
	if a.last != b.last || a.all != b.all || a.longest != b.longest {
		t.Errorf("the same seed ends at %v with %v, then at %v with %v", a.last, a.all, b.last, b.all)
	}
}

func TestSimulationStops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	c := mustCase(t, "calm")
	w := newWitness(t)
	err := Simulate(ctx, New(c, 1, time.Minute), planOf(t, c, Place{URL: simURL, For: time.Minute, Seed: 1}), w, func(now time.Duration) {
		if now == 5*time.Second {
			cancel(why)
		}
	})
	if !errors.Is(err, why) || w.last > 6*time.Second {
		t.Errorf("Simulate returns %v after %v, want %v after 6s at most", err, w.last, why)
	}
}

// Quiet times stay quiet, and faults bite, whatever the seed.
func TestCapacitiesFitTheLoad(t *testing.T) {
	t.Parallel()
	for _, c := range Cases() {
		if c.Bare {
			continue
		}
		for seed := uint64(1); seed <= 20; seed++ {
			w, truth := simulate(t, c, seed, 30*time.Second)
			if !c.Faulty() {
				if w.all.Responses503 != 0 || truth.Stale != 0 {
					t.Errorf("calm, seed %d: %d 503s and %d stale", seed, w.all.Responses503, truth.Stale)
				}
				continue
			}
			if share := float64(w.all.Responses503) / float64(w.all.Requests); share < 0.005 || share > 0.2 {
				t.Errorf("%s, seed %d: %.2f%% of all requests fail", c.Name, seed, 100*share)
			}
		}
	}
}

func BenchmarkSimulate(b *testing.B) {
	c := mustCase(b, "mixed")
	var requests int64
	for b.Loop() {
		m := New(c, 1, 30*time.Second)
		if err := Simulate(context.Background(), m, planOf(b, c, Place{URL: simURL, For: 30 * time.Second, Seed: 1}), nowhere{}, func(time.Duration) {}); err != nil {
			b.Fatal(err)
		}
		requests += m.Truth().Requests
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(requests), "ns/request")
	b.ReportMetric(30*float64(b.N)/b.Elapsed().Seconds(), "x-real-time")
}

// nowhere is a sink that forgets.
type nowhere struct{}

func (nowhere) Arrival(time.Duration, results.Fate, int64) {}
func (nowhere) Sent(time.Duration, netip.Addr, uint16)     {}
func (nowhere) Record(*results.Sample, results.Detail)     {}
func (nowhere) Lookup(results.Lookup)                      {}
func (nowhere) Event(results.Event)                        {}
