package lab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"frontload/results"
)

// mustCase returns the case of that name.
func mustCase(t testing.TB, name string) Case {
	t.Helper()
	c, err := FindCase(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asking(path string) Ask {
	return Ask{
		Edge: edgeAddr(0, 0), Client: netip.MustParseAddr("127.62.0.1"), Port: 40000, Method: "GET",
		Host: "www.example.com", Path: path, Protocol: "HTTP/2.0", TLS: true, Bytes: 120,
	}
}

// drive asks the model at random, at the given rate for the given time, and
// calls see with each reply.
func drive(m *Model, seed uint64, rate float64, length time.Duration, see func(time.Duration, Ask, Reply)) {
	rng := rand.New(rand.NewPCG(seed, 99))
	for now := time.Duration(0); now < length; now += time.Duration(rng.ExpFloat64() / rate * float64(time.Second)) {
		a := asking([]string{"/", "/articles/%d", "/img/%d.jpg", "/files/%d", "/live/%d"}[rng.IntN(5)])
		if a.Path != "/" {
			a.Path = fmt.Sprintf(a.Path, rng.IntN(1+rng.IntN(400)))
		}
		a.Edge = edgeAddr(rng.IntN(4), rng.IntN(4))
		a.Client = netip.AddrFrom4([4]byte{127, 62, 0, byte(rng.IntN(40))})
		see(now, a, m.Ask(now, a))
	}
}

func TestSameSeedAndAsksGiveTheSameReplies(t *testing.T) {
	t.Parallel()
	for _, c := range Cases() {
		a, b, other := New(c, 5, 8*time.Second), New(c, 5, 8*time.Second), New(c, 6, 8*time.Second)
		same := true
		drive(a, 1, 300, 8*time.Second, func(now time.Duration, ask Ask, got Reply) {
			want := b.Ask(now, ask)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: Ask(%v, %v) = %v, then %v", c.Name, now, ask.Path, got, want)
			}
			same = same && other.Ask(now, ask).FirstByte == got.FirstByte
		})
		if same {
			t.Errorf("%s: seeds 5 and 6 give the same times", c.Name)
		}
		if got, want := a.Truth(), b.Truth(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: truths differ: %v and %v", c.Name, got, want)
		}
	}
}

// An edge address answers, in any span, no more than its capacity lets it.
func TestEdgeCapacityIsNeverExceeded(t *testing.T) {
	m := New(mustCase(t, "edge-capacity"), 3, 30*time.Second)
	f := m.faults[0]
	rate := level{base: edgeCapacity, during: f.level, start: f.start, end: f.end}
	let := map[netip.Addr][]time.Duration{}
	refused := 0
	drive(m, 2, 600, 30*time.Second, func(now time.Duration, a Ask, r Reply) {
		if r.Cause == CauseEdgeCapacity {
			refused++
			if r.POP != m.pops[f.pop].name {
				t.Errorf("%v: %s refuses, want %s alone", now, r.POP, m.pops[f.pop].name)
			}
			return
		}
		let[a.Edge] = append(let[a.Edge], now)
	})
	if refused < 500 {
		t.Errorf("%d asks refused, want 500 at least", refused)
	}
	for p := range m.pops {
		for i := range perPOP {
			of := rate
			if p != f.pop {
				of = level{base: edgeCapacity}
			}
			times := let[edgeAddr(p, i)]
			for first := 0; first < len(times); first += 7 {
				for last := first; last < len(times); last++ {
					most := edgeBurst + of.over(times[first], times[last])
					if n := float64(last - first + 1); n > most+1e-6 {
						t.Fatalf("%v answers %v asks from %v to %v, want %v at most", edgeAddr(p, i), n, times[first], times[last], most)
					}
				}
			}
		}
	}
}

func TestMissesOfOneObjectCollapse(t *testing.T) {
	m := New(mustCase(t, "calm"), 1, time.Minute)
	first := m.Ask(0, asking("/articles/1"))
	if first.Cache != results.CacheMiss || header(first, "X-Cache") != "Miss from cloudfront" {
		t.Fatalf("the first ask has cache %v, X-Cache %q, want a miss", first.Cache, header(first, "X-Cache"))
	}
	for i := 1; i < 50; i++ {
		now := first.FirstByte * time.Duration(i) / 50
		ask := asking("/articles/1")
		ask.Edge = edgeAddr(0, i%perPOP)
		r := m.Ask(now, ask)
		if r.FirstByte < first.FirstByte || r.Cache != results.CacheHit || header(r, "X-Cache") != "Hit from cloudfront" {
			t.Errorf("an ask at %v is answered at %v as %v, want a hit at %v or later", now, r.FirstByte, r.Cache, first.FirstByte)
		}
	}
	truth := m.Truth()
	if truth.Origins["custom"].Requests != 1 || truth.Collapsed != 49 {
		t.Errorf("the origin was asked %d times and %d asks waited, want 1 and 49", truth.Origins["custom"].Requests, truth.Collapsed)
	}
	if r := m.Ask(time.Second, asking("/articles/1")); r.FirstByte-time.Second > 10*time.Millisecond || header(r, "Age") != "0" {
		t.Errorf("a later hit takes %v and has age %q, want under 10 ms and 0", r.FirstByte-time.Second, header(r, "Age"))
	}
}

// refusing is a case whose application lets nothing through for a second.
func refusing(kind originKind) Case {
	c := newCase("refusing", "", 1, faultPlan{kind: faultOrigin, from: span{0.1, 0.1}, lasts: span{0.1, 0.1}, origin: originApp})
	c.origins[originApp].kind = kind
	return c
}

func TestOriginErrorIsCachedForTenSeconds(t *testing.T) {
	m := New(refusing(kindCustom), 1, 10*time.Second)
	r := m.Ask(1500*time.Millisecond, asking("/articles/1"))
	if r.Status != 503 || r.Cause != CauseOrigin || header(r, "Age") != "" {
		t.Fatalf("during the fault: status %d, cause %v, age %q, want the origin's 503 without age", r.Status, r.Cause, header(r, "Age"))
	}
	stored := r.FirstByte
	for _, after := range []time.Duration{0, time.Second, 9999 * time.Millisecond} {
		r := m.Ask(stored+after, asking("/articles/1"))
		age := fmt.Sprint(int((r.FirstByte - stored) / time.Second))
		if r.Status != 503 || r.Cause != CauseCachedOrigin || header(r, "Age") != age || header(r, "Server") != "nginx" {
			t.Errorf("%v later: status %d, cause %v, age %q, want a cached 503 of age %s", after, r.Status, r.Cause, header(r, "Age"), age)
		}
		if took := r.FirstByte - (stored + after); took > 10*time.Millisecond {
			t.Errorf("%v later: the replay takes %v, want under 10 ms", after, took)
		}
	}
	other := asking("/articles/1")
	other.Edge = edgeAddr(1, 0)
	if r := m.Ask(stored+9999*time.Millisecond, other); r.Status != 200 || r.Cache != results.CacheMiss {
		t.Errorf("another POP answers %d as %v, want a good miss of its own", r.Status, r.Cache)
	}
	if r := m.Ask(stored+errorTTL, asking("/articles/1")); r.Status != 200 || r.Cache != results.CacheMiss {
		t.Errorf("after ten seconds: status %d, %v, want a good miss", r.Status, r.Cache)
	}
}

func TestExpiredObjectIsRefreshedOrServedStale(t *testing.T) {
	m := New(refusing(kindCustom), 1, 100*time.Second) // refuses from 10 s to 20 s
	fill := m.Ask(0, asking("/"))
	if r := m.Ask(fill.FirstByte+5*time.Second, asking("/")); r.Cache != results.CacheRefresh || r.Status != 200 || m.Truth().Stale != 0 {
		t.Errorf("after its TTL: status %d, %v, want a refresh", r.Status, r.Cache)
	}
	r := m.Ask(15*time.Second, asking("/"))
	if r.Status != 200 || m.Truth().Stale != 1 {
		t.Errorf("while the origin fails: status %d, %d stale, want a stale 200", r.Status, m.Truth().Stale)
	}
	if r := m.Ask(16*time.Second, asking("/")); r.Cache != results.CacheHit || m.Truth().Origins["custom"].Requests != 3 {
		t.Errorf("a second later: %v, and the origin was asked %d times, want a hit and 3", r.Cache, m.Truth().Origins["custom"].Requests)
	}
}

func TestEdgeErrorsAreNeverCached(t *testing.T) {
	m := New(mustCase(t, "edge-capacity"), 1, 30*time.Second)
	f := m.faults[0]
	ask := asking("/articles/1")
	ask.Edge = edgeAddr(f.pop, 0)
	m.Ask(0, ask)
	fails := 0
	for i := range 100 {
		if r := m.Ask(f.start+time.Second+time.Duration(i), ask); r.Status == 503 {
			fails++
			if r.Cause != CauseEdgeCapacity || header(r, "Age") != "" || header(r, "Server") != "CloudFront" || header(r, "Server-Timing") != "" {
				t.Errorf("an edge's 503 has cause %v and headers %v", r.Cause, r.Header)
			}
		}
	}
	if fails < 50 {
		t.Fatalf("%d of 100 asks at once fail, want 50 at least", fails)
	}
	if r := m.Ask(f.start+3*time.Second, ask); r.Status != 200 || r.Cache != results.CacheHit {
		t.Errorf("two seconds later: %d %v, want a hit", r.Status, r.Cache)
	}
}

func TestTruthAgreesWithReplies(t *testing.T) {
	t.Parallel()
	for _, c := range Cases() {
		m := New(c, 2, 10*time.Second)
		var all Count
		edges, pops, clients, causes := map[string]Count{}, map[string]Count{}, map[string]Count{}, map[string]int64{}
		ids := map[string]bool{}
		bump := func(of map[string]Count, key string, failed bool) {
			n := of[key]
			n.add(failed)
			of[key] = n
		}
		drive(m, 4, 500, 10*time.Second, func(now time.Duration, a Ask, r Reply) {
			failed := r.Status == 503
			all.add(failed)
			bump(edges, a.Edge.String(), failed)
			bump(pops, r.POP, failed)
			bump(clients, a.Client.String(), failed)
			if failed {
				causes[r.Cause.String()]++
			}
			if failed != (r.Cause != CauseNone) || ids[r.RequestID] || r.FirstByte < now || r.Done < r.FirstByte {
				t.Fatalf("%s: Ask(%v, %s) = %+v: cause, id or times are wrong", c.Name, now, a.Path, r)
			}
			ids[r.RequestID] = true
		})
		truth := m.Truth()
		if truth.Count != all || !reflect.DeepEqual(truth.Edges, edges) || !reflect.DeepEqual(truth.POPs, pops) ||
			!reflect.DeepEqual(truth.Clients, clients) || !reflect.DeepEqual(truth.Causes, causes) {
			t.Errorf("%s: truth %+v, replies say %v %v %v %v %v", c.Name, truth, all, edges, pops, clients, causes)
		}
		var refused int64
		for _, o := range truth.Origins {
			refused += o.Responses503
		}
		if refused != truth.Causes["origin"]+truth.Stale {
			t.Errorf("%s: origins refused %d, want the %d that viewers saw and %d hidden by stale objects", c.Name, refused, truth.Causes["origin"], truth.Stale)
		}
	}
}

// In the bare cases nothing about an error tells who wrote it.
func TestBareErrorsTellNothing(t *testing.T) {
	t.Parallel()
	for _, c := range Cases() {
		if !c.Bare {
			continue
		}
		m := New(c, 3, 20*time.Second)
		failed := 0
		drive(m, 6, 500, 20*time.Second, func(_ time.Duration, _ Ask, r Reply) {
			a := results.Answer{Status: r.Status, Body: r.Body}
			readHeader(&a, r.Header)
			if r.Status != 503 {
				if a.Server != "" || a.Cache() == results.CacheError {
					t.Fatalf("%s: a good answer says Server %q, X-Cache %q", c.Name, a.Server, a.XCache)
				}
				return
			}
			failed++
			if s := a.Signals(); s != results.SignalServerAbsent || a.Outcome(s) != results.UnknownError || a.Cache() != results.CacheError {
				t.Fatalf("%s: a 503 by %v shows %v, outcome %v", c.Name, r.Cause, s.Names(), a.Outcome(s))
			}
		})
		if failed == 0 {
			t.Errorf("%s: no 503", c.Name)
		}
	}
}

func TestUnusualAsks(t *testing.T) {
	m := New(mustCase(t, "calm"), 1, time.Minute)
	long := asking("/" + string(make([]byte, longestURL)))
	trace, post, head := asking("/"), asking("/"), asking("/")
	trace.Method, post.Method, head.Method = "TRACE", "POST", "HEAD"
	if r := m.Ask(0, long); r.Status != 413 {
		t.Errorf("a URL of %d bytes gets %d, want 413", len(long.Path), r.Status)
	}
	if r := m.Ask(0, trace); r.Status != 403 {
		t.Errorf("TRACE gets %d, want 403", r.Status)
	}
	m.Ask(0, post)
	if r := m.Ask(time.Second, post); r.Status != 200 || r.Cache != results.CacheMiss {
		t.Errorf("the second POST gets %d %v, want a miss", r.Status, r.Cache)
	}
	if r := m.Ask(2*time.Second, head); len(r.Body) != 0 || header(r, "Content-Length") == "0" {
		t.Errorf("HEAD gets %d bytes and Content-Length %s", len(r.Body), header(r, "Content-Length"))
	}
	if r := m.Ask(0, asking("/")); r.FirstByte < 2*time.Second {
		t.Errorf("an ask that goes back is answered at %v, want after the last one's 2s", r.FirstByte)
	}
}

func header(r Reply, name string) string {
	for _, h := range r.Header {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}
