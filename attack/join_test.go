package attack

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"slices"
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

// joinIn runs a ramp from 10/s to 100/s in 20 s, in which the clients join
// evenly.
func joinIn(t *testing.T, resolvers []*joiningResolver, perClient pacing.Rate) (*samples, *Engine) {
	t.Helper()
	var clients []ClientConfig
	for _, r := range resolvers {
		clients = append(clients, ClientConfig{Resolver: r})
	}
	server := &memoryServer{answer: func(*http.Request) string { return "" }}
	sink := &samples{}
	e := New(Config{
		Schedule: ramp(t, 10, 100, 20*time.Second), Requests: home{}, Sink: sink, Clients: clients, Port: 80,
		ClientsFor: func(r pacing.Rate) int { return int(r) * len(resolvers) / 100 }, PerClient: perClient,
	})
	if err := e.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Begin()
	transport := wire.New(wire.Config{Dial: server.dial, Now: e.Now, Sent: e.Sent, Done: e.Done, Protocol: results.H1})
	if err := e.Run(t.Context(), transport); err != nil {
		t.Fatal(err)
	}
	return sink, e
}

// Clients join as the rate grows, none before its look-up is done, and each
// looks the target up shortly before its first arrival: none waits for it.
func TestClientsJoinAfterTheirLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var resolvers []*joiningResolver
		for range 10 {
			resolvers = append(resolvers, &joiningResolver{takes: time.Second})
		}
		sink, _ := joinIn(t, resolvers, 20)
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
				r.fails = 2
			}
			resolvers = append(resolvers, r)
		}
		sink, e := joinIn(t, resolvers, 20)
		if sink.fates[results.Started] != 1100 {
			t.Errorf("fates %v; want 1100 started", sink.fates)
		}
		late := resolvers[4]
		if late.early > 0 || late.turned.IsZero() || len(late.asked) != 3 {
			t.Errorf("the client whose look-ups failed: %d arrivals before its answer, first one at %v, %d look-ups; want none, some time, 3",
				late.early, late.turned, len(late.asked))
		}
		if n, why := e.Absent(); n != 0 || why != nil {
			t.Errorf("Absent() = %d, %v after all have joined", n, why)
		}
	})
}

// However many cannot look the target up, those after them join in time. Those
// that failed are tried again, ever less often.
func TestClientsThatCannotLookUpKeepNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, deaf, takes = 100, 40, 3 * time.Second // those from 10 on, the first that join
		var resolvers []*joiningResolver
		for i := range clients {
			r := &joiningResolver{takes: 500 * time.Millisecond}
			if i >= 10 && i < 10+deaf {
				r.takes, r.fails = takes, math.MaxInt
			}
			resolvers = append(resolvers, r)
		}
		_, e := joinIn(t, resolvers, 0)
		var first, retries []time.Time                // when look-ups that fail began
		for i, r := range resolvers[10 : clients-1] { // the last one joins when the ramp ends
			if i >= deaf {
				due := time.Duration(float64(i+1) / 4.5 * float64(time.Second)) // as the ramp has it
				if known := r.known.Sub(e.start); r.early > 0 || len(r.asked) != 1 || r.known.IsZero() || known > due {
					t.Errorf("client %d: %d arrivals before its answer, %d look-ups, ready at %v; want 0, 1, and ready by %v",
						10+i, r.early, len(r.asked), known, due)
				}
				continue
			}
			if n := len(r.asked); n == 0 || n > 2 { // for a third time, others have been due for longer
				t.Errorf("client %d: %d look-ups that failed, want 1 or 2", 10+i, n)
				continue
			}
			first, retries = append(first, r.asked[0]), append(retries, r.asked[1:]...)
			for n := range len(r.asked) - 1 {
				if gap, least := r.asked[n+1].Sub(r.asked[n]), takes+againFirst<<n; gap < least {
					t.Errorf("client %d: try %d came %v after the one before, want at least %v", 10+i, n+2, gap, least)
				}
			}
		}
		checkAtOnce(t, first, mostJoining, takes)
		checkAtOnce(t, retries, mostRetrying, takes)
		if n := int(20*time.Second/takes) * mostRetrying; len(retries) < n/2 || len(retries) > n+mostRetrying {
			t.Errorf("%d look-ups were tried again, want up to %d", len(retries), n)
		}
		if n, why := e.Absent(); n != deaf || why == nil {
			t.Errorf("Absent() = %d, %v; want %d and why", n, why, deaf)
		}
	})
}

// checkAtOnce fails where more than so many of the look-ups that began at these
// times, and took so long each, were under way at once.
func checkAtOnce(t *testing.T, began []time.Time, most int, takes time.Duration) {
	t.Helper()
	slices.SortFunc(began, time.Time.Compare)
	for i := range max(0, len(began)-most) {
		if gap := began[i+most].Sub(began[i]); gap < takes {
			t.Errorf("%d look-ups of %v began within %v, want at most %d at once", most+1, takes, gap, most)
			return
		}
	}
}

// A run begins with those clients that could look the target up. The others
// join once they can.
func TestPrepareNeedsOneClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resolvers := []*joiningResolver{{fails: 2}, {}, {fails: math.MaxInt}}
		var clients []ClientConfig
		for _, r := range resolvers {
			clients = append(clients, ClientConfig{Resolver: r})
		}
		server := &memoryServer{answer: func(*http.Request) string { return "" }}
		sink := &samples{}
		e := New(Config{Schedule: constant(t, 30, 10*time.Second), Requests: home{}, Sink: sink, Clients: clients, Port: 80})
		if err := e.Prepare(t.Context()); err != nil {
			t.Fatalf("Prepare() = %v, though one client of three could look the target up", err)
		}
		if n, why := e.Absent(); n != 2 || why == nil {
			t.Errorf("Absent() = %d, %v; want 2 and why", n, why)
		}
		e.Begin()
		transport := wire.New(wire.Config{Dial: server.dial, Now: e.Now, Sent: e.Sent, Done: e.Done, Protocol: results.H1})
		if err := e.Run(t.Context(), transport); err != nil {
			t.Fatal(err)
		}
		by := map[uint32]int{}
		for i := range sink.list {
			by[sink.list[i].Client]++
		}
		// The first one joins when 3 s have passed, and has its share of the rest
		// and that of the last one.
		if len(sink.list) != 300 || by[2] != 0 || by[0] < 135 || by[0] > 140 {
			t.Errorf("samples by client %v, want 300 in all, 140 of the first, none of the last", by)
		}
		if n, _ := e.Absent(); n != 1 {
			t.Errorf("Absent() = %d at the end, want 1", n)
		}
	})
}

// Where no client could look the target up, nothing begins.
func TestPrepareFailsWhereNobodyCanLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clients := []ClientConfig{{Resolver: &joiningResolver{fails: 1}}, {Resolver: &joiningResolver{fails: 1}}}
		e := New(Config{Schedule: constant(t, 1, time.Second), Requests: home{}, Sink: &samples{}, Clients: clients, Port: 80})
		if err := e.Prepare(t.Context()); err == nil || err.Error() != "the resolver is deaf" {
			t.Errorf("Prepare() = %v, want the failure of a look-up", err)
		}
		if err := e.Prepare(t.Context()); err != nil { // each can now
			t.Errorf("Prepare() = %v the second time", err)
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
