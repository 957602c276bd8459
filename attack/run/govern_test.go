package run

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/store"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// quickRule is the guard's, in seconds that a test can spare.
var quickRule = edgeRule{
	sure: 0.8, lasts: time.Second, held: 3 * time.Second, share: 0.5, backed: 4 * time.Second, calm: 3 * time.Second, mostFor: 2,
}

// A fragile distribution loses most of the capacity of its edges once it is
// asked for more than it bears. Its counts are those of the server.
type fragile struct {
	*lab.Model
	bears int  // requests in a second; zero: any number
	heals bool // the capacity comes back once the guard holds the rate

	held    atomic.Bool // the guard has held the rate
	lost    bool
	started time.Time // wall time of the first ask

	mu      sync.Mutex // guards what is counted
	all     map[int]int
	edges   map[netip.Addr]map[int]int // by the second of the ask
	clients map[netip.Addr]map[int]int
}

func newFragile(bears int, heals bool) *fragile {
	calm, err := lab.FindCase("calm")
	if err != nil {
		panic(err)
	}
	return &fragile{
		Model: lab.New(calm, 1, time.Minute), bears: bears, heals: heals,
		all: map[int]int{}, edges: map[netip.Addr]map[int]int{}, clients: map[netip.Addr]map[int]int{},
	}
}

// drains is how many requests more an edge that lost capacity is busy with, for
// each that it is asked.
const drains = 9

func (f *fragile) Ask(now time.Duration, a lab.Ask) lab.Reply {
	second := f.count(&a)
	if f.bears > 0 && !f.lost && f.all[second] > f.bears {
		f.lost = true
	}
	if f.heals && f.held.Load() {
		f.lost = false
	}
	if f.lost {
		for range drains {
			f.Model.Ask(now, a)
		}
	}
	return f.Model.Ask(now, a)
}

func (f *fragile) count(a *lab.Ask) (second int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.started.IsZero() {
		f.started = time.Now()
	}
	second = int(time.Since(f.started) / time.Second)
	f.all[second]++
	for addr, counts := range map[netip.Addr]map[netip.Addr]map[int]int{a.Edge: f.edges, a.Client: f.clients} {
		if counts[addr] == nil {
			counts[addr] = map[int]int{}
		}
		counts[addr][second]++
	}
	return second
}

// most returns the highest count of any second.
func most(counts map[netip.Addr]map[int]int) int {
	highest := 0
	for _, seconds := range counts {
		for _, n := range seconds {
			highest = max(highest, n)
		}
	}
	return highest
}

// rate returns how many requests/s came between two moments.
func (f *fragile) rate(from, to time.Time) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	first, last, n := int(from.Sub(f.started)/time.Second)+1, int(to.Sub(f.started)/time.Second), 0
	for second := first; second < last; second++ {
		n += f.all[second]
	}
	return float64(n) / float64(max(1, last-first))
}

// ride carries out a guided load against f, and returns what was recorded and
// said.
func ride(t *testing.T, f *fragile, clients, load string) (run *results.Run, said string, err error) {
	t.Helper()
	server, err := lab.Serve(f, lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	s, err := scenarios.Parse("guided.yaml", fmt.Appendf(nil, `
version: 1
target: {url: %q}
clients: {resolvers: [%q], addresses: [127.62.0.0/24], subnets: [203.0.113.0/24], %s}
requests: [{path: "/articles/{id}", vars: {id: {uniform: {count: 50}}}}]
load: %s
`, server.URL(), server.Resolver(), clients, load))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	file := filepath.Join(t.TempDir(), "run.db")
	var mu sync.Mutex
	message := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
		if strings.Contains(line, "guard, hold") {
			f.held.Store(true)
		}
	}
	_, _, runErr := Run(t.Context(), plan, Options{File: file, Source: "attack", Message: message, rule: quickRule})
	r, err := store.Open(file)
	if err != nil {
		t.Fatal(err, runErr)
	}
	t.Cleanup(func() { r.Close() })
	if run, err = r.Run(); err != nil {
		t.Fatal(err)
	}
	return run, strings.Join(lines, "\n"), runErr
}

// actions returns the names of what the guard did.
func actions(run *results.Run) string {
	var list []string
	for _, a := range run.Guard() {
		list = append(list, a.Action)
	}
	return strings.Join(list, " ")
}

// Edges that lose their capacity for good: the rate is held, then halved, then
// the load ends. So the server counts it.
func TestGuardOfAGuidedLoad(t *testing.T) {
	t.Parallel()
	f := newFragile(200, false)
	run, said, err := ride(t, f, "count: 40", "{guided: {start: 40/s, peak: 400/s, growth: 100%, every: 2s, hold: 60s}, limits: {per-client: 20/s, per-edge-address: 150/s}}")
	if !errors.Is(err, ErrGuard) || !strings.Contains(err.Error(), "edge capacity") {
		t.Errorf("Run() = %v, want ErrGuard with its reason", err)
	}
	if got := actions(run); got != "hold back-off stop" {
		t.Fatalf("the guard did %q, want hold, back-off and stop; it was said\n%s", got, said)
	}
	g := run.Guard()
	held, backed, end := g[0].At, g[1].At, g[2].At
	before := f.rate(held.Add(time.Second), backed)
	after := f.rate(backed.Add(time.Second), end)
	if before < 180 || after < 0.4*before || after > 0.6*before {
		t.Errorf("%.0f requests/s came while the rate was held, and %.0f after it was halved", before, after)
	}
	if late := f.rate(end.Add(time.Second), end.Add(10*time.Second)); late != 0 {
		t.Errorf("%.1f requests/s came after the stop", late)
	}
	if client, edge := most(f.clients), most(f.edges); client > 25 || edge > 190 {
		t.Errorf("a client sent %d in a second and an edge address got %d, over their limits of 20 and 150", client, edge)
	}
	for _, want := range []string{"guard, hold: the rate stays at ", "guard, back-off: the rate falls to ", "guard, stop: the load ends, since burst 1 (edge capacity"} {
		if !strings.Contains(said, want) {
			t.Errorf("it was not said %q:\n%s", want, said)
		}
	}
	if run.Info.Interrupted {
		t.Error("a run that its guard stopped counts as interrupted")
	}
}

// Where the capacity comes back, the ramp goes on, up to its peak.
func TestGuardResumes(t *testing.T) {
	t.Parallel()
	f := newFragile(200, true)
	run, said, err := ride(t, f, "count: 40", "{guided: {start: 60/s, peak: 300/s, growth: 100%, every: 2s, hold: 8s}, limits: {per-client: 20/s}}")
	if err != nil {
		t.Error(err)
	}
	got := actions(run)
	if got != "hold resume" {
		t.Fatalf("the guard did %q, want it to hold and resume; it was said\n%s", got, said)
	}
	resumed, peak := run.Guard()[1].At, 0
	for second, n := range f.all {
		if f.started.Add(time.Duration(second) * time.Second).After(resumed) {
			peak = max(peak, n)
		}
	}
	if peak < 270 || peak > 400 {
		t.Errorf("%d requests came in one second at most after the rate was held, want the peak of 300", peak)
	}
	if client := most(f.clients); client > 25 || len(f.clients) != 40 {
		t.Errorf("%d clients sent up to %d in a second, want 40 and at most 20", len(f.clients), client)
	}
}

// Too few edge addresses for the peak are foreseen, and none gets more than its
// limit all the same.
func TestTooFewEdgeAddressesAreForeseen(t *testing.T) {
	t.Parallel()
	f := newFragile(0, false)
	run, said, err := ride(t, f, "count: 20", "{guided: {start: 80/s, peak: 240/s, growth: 100%, every: 2s, hold: 2s}, limits: {per-edge-address: 30/s}}")
	if err != nil {
		t.Error(err)
	}
	want := "load.limits.per-edge-address of 30/s is going to hold arrivals back from 1s on: the peak of 240/s takes 8 edge addresses, and there are 4; have DNS answer with 8 edge addresses"
	if !strings.Contains(said, want) {
		t.Errorf("it was not said %q:\n%s", want, said)
	}
	if edge := most(f.edges); edge > 40 || edge < 25 {
		t.Errorf("an edge address got up to %d requests in a second, want about the limit of 30", edge)
	}
	held := int64(0)
	for _, s := range run.Seconds {
		held += s.Held
	}
	if held < 200 {
		t.Errorf("%d arrivals were held back, want about 400", held)
	}
}
