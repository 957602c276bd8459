package attack

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"frontload/attack/dns"
	"frontload/attack/wire"
	"frontload/pacing"
	"frontload/results"
)

// A joiningResolver takes a while for its look-up, and fails at first.
type joiningResolver struct {
	takes time.Duration
	fails int

	mu     sync.Mutex
	asked  []time.Time // when look-ups began
	known  time.Time   // when one succeeded; zero for not yet
	early  int         // addresses that were asked for before
	turned time.Time   // when the first one was
}

func (r *joiningResolver) Next(time.Time) (netip.Addr, bool, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known.IsZero() {
		r.early++
		return netip.Addr{}, false, false
	}
	if r.turned.IsZero() {
		r.turned = time.Now()
	}
	return edge, false, true
}

func (r *joiningResolver) Resolve(context.Context) (*dns.Answer, error) {
	r.mu.Lock()
	r.asked = append(r.asked, time.Now())
	fails := len(r.asked) <= r.fails
	r.mu.Unlock()
	time.Sleep(r.takes)
	if fails {
		return nil, errors.New("the resolver is deaf")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = time.Now()
	return &dns.Answer{Addrs: []netip.Addr{edge}}, nil
}

// ramp returns a schedule that grows evenly.
func ramp(t *testing.T, from, to pacing.Rate, d time.Duration) *pacing.Schedule {
	t.Helper()
	s, err := pacing.New([]pacing.Segment{{From: from, To: to, For: d}}, pacing.Uniform, 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// joinIn runs a ramp from 10/s to 100/s in 20 s, in which a client joins for
// each 10/s.
func joinIn(t *testing.T, resolvers []*joiningResolver) *samples {
	t.Helper()
	var clients []ClientConfig
	for _, r := range resolvers {
		clients = append(clients, ClientConfig{Resolver: r})
	}
	server := &memoryServer{answer: func(*http.Request) string { return "" }}
	sink := &samples{}
	e := New(Config{
		Schedule: ramp(t, 10, 100, 20*time.Second), Requests: home{}, Sink: sink, Clients: clients, Port: 80,
		ClientsFor: func(r pacing.Rate) int { return int(r / 10) }, PerClient: 20,
	})
	if err := e.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Begin()
	transport := wire.New(wire.Config{Dial: server.dial, Now: e.Now, Sent: e.Sent, Done: e.Done, Protocol: results.H1})
	if err := e.Run(t.Context(), transport); err != nil {
		t.Fatal(err)
	}
	return sink
}

// Clients join as the rate grows, none before its look-up is done, and each
// looks the target up shortly before its first arrival: none waits for it.
func TestClientsJoinAfterTheirLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var resolvers []*joiningResolver
		for range 10 {
			resolvers = append(resolvers, &joiningResolver{takes: time.Second})
		}
		sink := joinIn(t, resolvers)
		if n := len(sink.list); n != 1100 || sink.fates[results.Started] != 1100 {
			t.Errorf("%d samples, fates %v; want 1100 started", n, sink.fates)
		}
		for i := range sink.list {
			if s := &sink.list[i]; s.DNS > 0 || s.Response() > 10*time.Millisecond {
				t.Fatalf("arrival of client %d at %v waited %v for its look-up", s.Client, s.Intended, s.DNS)
			}
		}
		for i, r := range resolvers[1:9] { // the last one joins when the ramp ends
			if r.early > 0 || len(r.asked) != 1 || r.turned.Sub(r.known) > joinAhead {
				t.Errorf("client %d: %d arrivals before its answer, %d look-ups, the first arrival %v after it",
					i+1, r.early, len(r.asked), r.turned.Sub(r.known))
			}
		}
	})
}

// One whose look-up fails takes no arrivals, the others take its share, and it
// joins once a look-up succeeds.
func TestClientsThatCannotLookUpJoinLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var resolvers []*joiningResolver
		for i := range 10 {
			r := &joiningResolver{takes: time.Second}
			if i == 4 {
				r.fails = 5
			}
			resolvers = append(resolvers, r)
		}
		sink := joinIn(t, resolvers)
		if sink.fates[results.Started] != 1100 {
			t.Errorf("fates %v; want 1100 started", sink.fates)
		}
		late := resolvers[4]
		if late.early > 0 || late.turned.IsZero() || len(late.asked) != 6 {
			t.Errorf("the client whose look-ups failed: %d arrivals before its answer, first one at %v, %d look-ups; want none, some time, 6",
				late.early, late.turned, len(late.asked))
		}
	})
}

// What is decided about the course is what the server gets, second by second.
func TestEngineFollowsItsCourse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		counts := map[int]int{}
		server := &memoryServer{answer: func(*http.Request) string {
			mu.Lock()
			defer mu.Unlock()
			counts[int(time.Since(start)/time.Second)]++
			return ""
		}}
		sink := &samples{}
		e := New(Config{Schedule: ramp(t, 0, 100, 20*time.Second), Requests: home{}, Sink: sink, Clients: []ClientConfig{{Resolver: edgesOf(edge)}}, Port: 80})
		e.Begin()
		go func() {
			course := e.Course()
			time.Sleep(10*time.Second - ChangeAhead)
			course.Hold(e.Now() + ChangeAhead)
			time.Sleep(5 * time.Second)
			course.BackOff(e.Now()+ChangeAhead, 0.5)
			time.Sleep(5 * time.Second)
			course.BackOff(e.Now()+ChangeAhead, 0)
			time.Sleep(5 * time.Second)
			course.Resume(e.Now() + ChangeAhead)
			time.Sleep(5 * time.Second)
			course.Stop(e.Now() + ChangeAhead)
		}()
		transport := wire.New(wire.Config{Dial: server.dial, Now: e.Now, Sent: e.Sent, Done: e.Done, Protocol: results.H1})
		if err := e.Run(t.Context(), transport); err != nil {
			t.Fatal(err)
		}
		// The ramp to 50/s; held; half of it; nothing; the plan from its start, to 25/s.
		for second, want := range map[int]float64{
			0: 2.5, 5: 27.5, 9: 47.5, 10: 50, 14: 50, 15: 25, 19: 25, 20: 0, 24: 0, 25: 2.5, 29: 22.5, 30: 0, 35: 0,
		} {
			if got := float64(counts[second]); got < want-1 || got > want+1 {
				t.Errorf("second %d: %v requests came, want %v", second, got, want)
			}
		}
		sent := uint64(len(sink.list))
		if count := e.Course().Schedule().Count(); sent != count || e.Now() < 29900*time.Millisecond || e.Now() > 31*time.Second {
			t.Errorf("%d requests in %v, want the course's %d in about 30s", sent, e.Now(), count)
		}
	})
}
