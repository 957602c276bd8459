package lab

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"sync"
	"testing"
	"time"
)

// An arrival is one request of the load that a served model and a model in
// virtual time are both given.
type arrival struct {
	at     time.Duration
	edge   netip.Addr
	source int
	path   string
}

// A mix says how a load is spread.
type mix struct {
	focus float64 // share of the requests that go to the POP of the case's fault
	miss  float64 // share of the requests that no cache can answer
}

const (
	agreeRate   = 400 // requests/s
	agreeLength = 4 * time.Second
	agreeSeed   = 3
)

func agreeSource(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 93, 0, byte(1 + i)}) }

// arrivals draws a uniform load over every edge address, from four sources.
func (x mix) arrivals(m *Model) []arrival {
	rng := rand.New(rand.NewPCG(agreeSeed, 99))
	var inside, outside []netip.Addr
	fault := m.Truth().Faults[0].Scope
	for _, e := range m.Edges() {
		if fault.Kind == "pop" && e.POP == fault.Values[0] {
			inside = append(inside, e.Addr)
		} else {
			outside = append(outside, e.Addr)
		}
	}
	list := make([]arrival, int(agreeRate*agreeLength.Seconds()))
	for i := range list {
		a := arrival{at: time.Duration(i) * time.Second / agreeRate, source: i % 4, path: fmt.Sprintf("/articles/%d", rng.IntN(20))}
		if rng.Float64() < x.miss {
			a.path = fmt.Sprintf("/files/%d", i)
		}
		if len(inside) > 0 && rng.Float64() < x.focus {
			a.edge = inside[rng.IntN(len(inside))]
		} else {
			a.edge = outside[rng.IntN(len(outside))]
		}
		list[i] = a
	}
	return list
}

// recorded notes everything that a model was asked and what it said. The
// server calls it one call at a time.
type recorded struct {
	*Model
	asks    []Ask
	times   []time.Duration
	replies []Reply
}

func (r *recorded) Ask(now time.Duration, a Ask) Reply {
	reply := r.Model.Ask(now, a)
	a.Header = nil // belongs to the request
	r.asks, r.times, r.replies = append(r.asks, a), append(r.times, now), append(r.replies, reply)
	return reply
}

// seen is what the clients of a served model saw.
type seen struct {
	mu      sync.Mutex
	byState map[int]int64
	faults  []error
	late    time.Duration // the most that a request was sent after its time
}

func (s *seen) add(status int, size, length int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && size != length {
		err = fmt.Errorf("a body has %d bytes, Content-Length says %d", size, length)
	}
	if err != nil {
		s.faults = append(s.faults, err)
		return
	}
	s.byState[status]++
}

// load sends the arrivals at their times, from bound source addresses, and
// waits for every answer. It speaks HTTP/1.1 in the clear, so that dialling
// costs next to nothing and a busy machine does not turn into a storm of
// handshakes.
func load(t *testing.T, s *Server, list []arrival) *seen {
	t.Helper()
	u, err := url.Parse(s.URL())
	must(t, err)
	clients := make([]*http.Client, 4)
	for i := range clients {
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(agreeSource(i), 0))}
		tr := &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 1000, DisableCompression: true}
		t.Cleanup(tr.CloseIdleConnections)
		clients[i] = &http.Client{Transport: tr, Timeout: 20 * time.Second}
	}
	result := &seen{byState: make(map[int]int64)}
	var wg sync.WaitGroup
	start := time.Now()
	for _, a := range list {
		time.Sleep(time.Until(start.Add(a.at)))
		result.late = max(result.late, time.Since(start)-a.at)
		wg.Go(func() {
			target := u.Scheme + "://" + net.JoinHostPort(a.edge.String(), u.Port()) + a.path
			req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
			if err != nil {
				result.add(0, 0, 0, err)
				return
			}
			req.Host = u.Host
			resp, err := clients[a.source].Do(req)
			if err != nil {
				result.add(0, 0, 0, err)
				return
			}
			defer resp.Body.Close()
			n, err := io.Copy(io.Discard, resp.Body)
			result.add(resp.StatusCode, n, resp.ContentLength, err)
		})
	}
	wg.Wait()
	return result
}

// TestServeAgreesWithModel puts one load on a model behind sockets, in real
// time, and on the same model in virtual time. Replayed with the times at
// which its requests really came, the model must give the same replies to the
// last byte: sockets add nothing. With the planned times, who wrote how many
// 503s must agree but for the jitter of the machine.
func TestServeAgreesWithModel(t *testing.T) {
	for _, tc := range []struct {
		name  string
		mix   mix
		cause Cause
	}{
		{"edge-capacity", mix{focus: 0.75, miss: 0.1}, CauseEdgeCapacity},
		{"origin-s3", mix{miss: 0.6}, CauseOrigin},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := FindCase(tc.name)
			must(t, err)
			list := tc.mix.arrivals(New(c, agreeSeed, agreeLength))
			b := &recorded{Model: New(c, agreeSeed, agreeLength)}
			s := startServer(t, b, Config{})
			before := time.Now()
			got := load(t, s, list)
			must(t, s.Close())
			if since := b.Epoch.Sub(before); since < 0 || since > agreeLength {
				t.Errorf("the model's clock began %v after the load, want its first request", since)
			}
			served := b.Truth()
			if len(got.faults) > 0 {
				t.Fatalf("%d requests failed, the first: %v", len(got.faults), got.faults[0])
			}
			if got.byState[503] != served.Responses503 || got.byState[200] != served.Requests-served.Responses503 {
				t.Errorf("clients saw %v, the model wrote %d of 503 in %d", got.byState, served.Responses503, served.Requests)
			}
			again := New(c, agreeSeed, agreeLength)
			again.Epoch = b.Epoch
			requireReplay(t, again, b)
			requirePlanned(t, New(c, agreeSeed, agreeLength), list, served, got.late, tc.cause)
		})
	}
}

// requireReplay holds that m, asked what the served model was asked at the
// same times, says the same.
func requireReplay(t *testing.T, m *Model, b *recorded) {
	t.Helper()
	for i, a := range b.asks {
		if r := m.Ask(b.times[i], a); !reflect.DeepEqual(r, b.replies[i]) {
			t.Fatalf("ask %d at %v: in virtual time the reply is %+v, over sockets it was %+v", i, b.times[i], r, b.replies[i])
		}
	}
	if got, want := b.Truth(), m.Truth(); !reflect.DeepEqual(got, want) {
		t.Errorf("the served model's truth is %+v, that of virtual time %+v", got, want)
	}
}

// requirePlanned holds that the served model's counts are those of m under
// the planned times. Requests per address and client agree exactly. Of the
// 503s of a cause, each of the fault's two borders may be crossed by what
// arrives while the sender is late, each of the sixteen buckets may be one
// request out, and the random service times, drawn in order of arrival, leave
// a few percent.
func requirePlanned(t *testing.T, m *Model, list []arrival, served Truth, late time.Duration, cause Cause) {
	t.Helper()
	for _, a := range list {
		m.Ask(a.at, Ask{Edge: a.edge, Client: agreeSource(a.source), Method: http.MethodGet, Path: a.path})
	}
	planned := m.Truth()
	for edge, want := range planned.Edges {
		if got := served.Edges[edge]; got.Requests != want.Requests {
			t.Errorf("edge %s got %d requests, want %d", edge, got.Requests, want.Requests)
		}
	}
	for client, want := range planned.Clients {
		if got := served.Clients[client]; got.Requests != want.Requests {
			t.Errorf("client %s sent %d requests, want %d", client, got.Requests, want.Requests)
		}
	}
	want := float64(planned.Causes[cause.String()])
	if want < 100 {
		t.Fatalf("the load makes %v 503s by %v in virtual time, too few to compare", want, cause)
	}
	border := 2 * agreeRate * late.Seconds()
	tolerance := 16 + 0.03*want + border
	t.Logf("503s: served %v, planned %v; the sender was at most %v late, so %.0f may differ", served.Causes, planned.Causes, late, tolerance)
	for c := CauseNone; c <= CauseCachedOrigin; c++ {
		got, want := float64(served.Causes[c.String()]), float64(planned.Causes[c.String()])
		if math.Abs(got-want) > tolerance {
			t.Errorf("%v 503s by %v over sockets, %v in virtual time: more than %.0f apart", got, c, want, tolerance)
		}
	}
}
