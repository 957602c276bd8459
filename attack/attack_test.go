package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"frontload/attack/wire"
	"frontload/pacing"
	"frontload/results"
)

var edge = netip.MustParseAddr("127.0.0.1")

func constant(t *testing.T, rate pacing.Rate, d time.Duration) *pacing.Schedule {
	t.Helper()
	s, err := pacing.New([]pacing.Segment{{From: rate, To: rate, For: d}}, pacing.Uniform, 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// carryOut runs an engine against a server in memory.
func carryOut(ctx context.Context, cfg Config, server *memoryServer, wireCfg wire.Config) (*samples, error) {
	sink := &samples{}
	cfg.Sink = sink
	cfg.Requests = home{}
	e := New(cfg)
	wireCfg.Dial, wireCfg.Now, wireCfg.Sent, wireCfg.Done = server.dial, e.Now, e.Sent, e.Done
	wireCfg.Protocol = results.H1
	e.Begin()
	err := e.Run(ctx, wire.New(wireCfg))
	return sink, err
}

// A server that stalls for 2 s in a run of 10 s at 100/s: whatever the number
// of connections, the response times are those that users would have seen.
func TestStallShowsInResponseTimeHoweverFewConnections(t *testing.T) {
	const service = time.Millisecond
	for _, connections := range []int{1, 2, 6, 64, 1000} {
		t.Run(fmt.Sprintf("connections=%d", connections), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				stallFrom, stallTo := start.Add(4*time.Second), start.Add(6*time.Second)
				server := &memoryServer{answer: func(*http.Request) string {
					if now := time.Now(); !now.Before(stallFrom) && now.Before(stallTo) {
						time.Sleep(stallTo.Sub(now))
					}
					time.Sleep(service)
					return "hello"
				}}
				sink, err := carryOut(t.Context(), Config{
					Schedule: constant(t, 100, 10*time.Second),
					Clients:  []ClientConfig{{Resolver: edgesOf(edge)}},
					Port:     80,
				}, server, wire.Config{Connections: connections})
				if err != nil {
					t.Fatal(err)
				}
				want := stallTruth(connections, service)
				got := responses(sink.list)
				if len(got) != 1000 || server.requests != 1000 || sink.sent != 1000 {
					t.Fatalf("%d samples, %d requests at the server, %d sent; want 1000 of each", len(got), server.requests, sink.sent)
				}
				for _, q := range []float64{0.5, 0.9, 0.95, 0.99} {
					g, w := quantile(got, q), quantile(want, q)
					if diff := (g - w).Abs(); diff > w/100+2*time.Millisecond {
						t.Errorf("response p%v = %v, the truth is %v", 100*q, g, w)
					}
				}
				if p90 := quantile(got, 0.9); (p90 - time.Second).Abs() > 150*time.Millisecond {
					t.Errorf("response p90 = %v, want about 1 s", p90)
				}
				checkParts(t, sink.list, connections)
				if server.mostOpen > connections {
					t.Errorf("%d connections were open, %d are permitted", server.mostOpen, connections)
				}
			})
		})
	}
}

// stallTruth computes the response times of a queue with so many servers, each
// taking service for a request and none in the stall, first come first served.
func stallTruth(servers int, service time.Duration) []time.Duration {
	free := make([]time.Duration, servers)
	var out []time.Duration
	for n := range 1000 {
		at := time.Duration(n) * 10 * time.Millisecond
		next := slices.Index(free, slices.Min(free))
		begin := max(at, free[next])
		if begin >= 4*time.Second && begin < 6*time.Second {
			begin = 6 * time.Second
		}
		free[next] = begin + service
		out = append(out, free[next]-at)
	}
	return out
}

// checkParts asserts that waiting for connections is queueing, a slow answer
// is service time, and neither is lag.
func checkParts(t *testing.T, list []results.Sample, connections int) {
	t.Helper()
	var queueing, service, lag time.Duration
	for i := range list {
		s := &list[i]
		queueing, service, lag = max(queueing, s.Queueing()), max(service, s.Service()), max(lag, s.Lag())
		if sum := s.Queueing() + s.Lag() + s.Service(); (sum - s.Response()).Abs() > time.Millisecond {
			t.Fatalf("queueing %v + lag %v + service %v is not the response time %v", s.Queueing(), s.Lag(), s.Service(), s.Response())
		}
	}
	if lag > time.Millisecond {
		t.Errorf("lag up to %v: the generator was never late", lag)
	}
	if service < 1900*time.Millisecond {
		t.Errorf("service time up to %v, want about 2 s for those that were sent into the stall", service)
	}
	if connections < 64 && queueing < 1500*time.Millisecond {
		t.Errorf("queueing up to %v, want nearly 2 s with %d connections", queueing, connections)
	}
	if connections == 1000 && queueing > time.Millisecond {
		t.Errorf("queueing up to %v with a connection for every arrival", queueing)
	}
}

func responses(list []results.Sample) []time.Duration {
	var out []time.Duration
	for i := range list {
		out = append(out, list[i].Response())
	}
	return out
}

func quantile(d []time.Duration, q float64) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[int(math.Ceil(q*float64(len(d))))-1]
}

// Past the bound on arrivals in flight they are unsent, never missed.
func TestBoundOnArrivalsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &memoryServer{answer: func(*http.Request) string { time.Sleep(5 * time.Second); return "" }}
		sink, err := carryOut(t.Context(), Config{
			Schedule:    constant(t, 100, 2*time.Second),
			Clients:     []ClientConfig{{Resolver: edgesOf(edge)}},
			MaxInFlight: 50,
		}, server, wire.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if got := sink.fates; got[results.Started] != 50 || got[results.Unsent] != 150 || got[results.Missed] != 0 {
			t.Errorf("fates = %v, want 50 started and 150 unsent", got)
		}
	})
}

// After the last arrival, answers are awaited up to the drain, and every
// arrival that was started ends once: as a sample if it was sent, and as
// abandoned if it still waited for a connection.
func TestDrainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		server := &memoryServer{answer: func(*http.Request) string { time.Sleep(time.Hour); return "" }}
		sink, err := carryOut(t.Context(), Config{
			Schedule: constant(t, 10, time.Second),
			Clients:  []ClientConfig{{Resolver: edgesOf(edge)}},
			Drain:    3 * time.Second,
		}, server, wire.Config{Connections: 2})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("the run took %v, want 1 s and a drain of 3 s", took)
		}
		time.Sleep(2 * time.Hour) // lets the server's goroutines end
		synctest.Wait()
		written := 0
		for _, s := range sink.list {
			if s.Outcome != results.Transport || s.Reason != "unanswered at the end" {
				t.Errorf("outcome %v, reason %q", s.Outcome, s.Reason)
			}
			if s.Written {
				written++
			}
		}
		if len(sink.list) != 2 || written != 2 || server.requests != 2 || sink.fates[results.Abandoned] != 8 {
			t.Errorf("%d samples, %d written, %d at the server, %d abandoned; want 2, 2, 2, 8",
				len(sink.list), written, server.requests, sink.fates[results.Abandoned])
		}
	})
}

// An interrupted run stops sending at once and keeps what it has.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		server := &memoryServer{answer: func(*http.Request) string { return "" }}
		sink, err := carryOut(ctx, Config{
			Schedule: constant(t, 100, time.Hour),
			Clients:  []ClientConfig{{Resolver: edgesOf(edge)}},
		}, server, wire.Config{})
		if err == nil || len(sink.list) < 149 || len(sink.list) > 151 {
			t.Errorf("Run() = %v with %d samples, want an error and about 150", err, len(sink.list))
		}
	})
}

// Every client goes round its whole answer, on connections of its own.
func TestSpreadOverEveryEdgeAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var addrs []netip.Addr
		for i := range 4 {
			addrs = append(addrs, netip.AddrFrom4([4]byte{127, 0, 9, byte(i + 1)}))
		}
		var clients []ClientConfig
		for range 10 {
			clients = append(clients, ClientConfig{Resolver: edgesOf(addrs...)})
		}
		server := &memoryServer{answer: func(*http.Request) string { return "" }}
		if _, err := carryOut(t.Context(), Config{Schedule: constant(t, 200, 4*time.Second), Clients: clients, Port: 80}, server, wire.Config{}); err != nil {
			t.Fatal(err)
		}
		for _, a := range addrs {
			at := netip.AddrPortFrom(a, 80)
			if server.perEdge[at] != 200 || server.dialled[at] != 10 {
				t.Errorf("%v got %d requests on %d connections, want 200 on 10", a, server.perEdge[at], server.dialled[at])
			}
		}
	})
}

// Limits hold arrivals back; they neither delay nor lose count of them.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		most int
	}{
		{"per client", Config{PerClient: 20}, 200},
		{"per edge address", Config{PerEdge: 30}, 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.cfg.Schedule = constant(t, 100, 10*time.Second)
				c.cfg.Clients = []ClientConfig{{Resolver: edgesOf(edge)}}
				server := &memoryServer{answer: func(*http.Request) string { return "" }}
				sink, err := carryOut(t.Context(), c.cfg, server, wire.Config{})
				if err != nil {
					t.Fatal(err)
				}
				if n := server.requests; n > c.most+3 || n < c.most-3 {
					t.Errorf("the server got %d requests, want %d", n, c.most)
				}
				if started, held := sink.fates[results.Started], sink.fates[results.Held]; started+held != 1000 || int(started) != server.requests {
					t.Errorf("%d started and %d held, want 1000 together", started, held)
				}
			})
		})
	}
}

// A generator that is late for what it had a connection for says so itself:
// none of it is held against the target.
func TestLateGeneratorShowsAsLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const stall, stalls = 80 * time.Millisecond, 10
		server := &memoryServer{answer: func(*http.Request) string {
			time.Sleep(time.Millisecond)
			return ""
		}}
		sink := &samples{}
		e := New(Config{
			Schedule: constant(t, 500, stalls*time.Second),
			Requests: staller{every: 500, stall: stall},
			Clients:  []ClientConfig{{Resolver: edgesOf(edge)}},
			Port:     80, Sink: sink,
		})
		e.Begin()
		err := e.Run(t.Context(), wire.New(wire.Config{
			Dial: server.dial, Now: e.Now, Sent: e.Sent, Done: e.Done, Protocol: results.H1, Connections: 50,
		}))
		if err != nil {
			t.Fatal(err)
		}
		var lag, queueing, whole time.Duration
		for i := range sink.list {
			s := &sink.list[i]
			lag, queueing, whole = lag+s.Lag(), queueing+s.Queueing(), whole+s.Response()
			if sum := s.Queueing() + s.Lag() + s.Service(); sum != s.Response() {
				t.Fatalf("queueing %v, lag %v and service %v are not the response time, %v", s.Queueing(), s.Lag(), s.Service(), s.Response())
			}
		}
		// Each stall makes those late that are intended during it, by half of it
		// on average, and those behind them, which leave at twice the rate.
		if least := stalls * 500 * stall.Seconds() * stall.Seconds() / 2; lag.Seconds() < least {
			t.Errorf("%v of lag in all, want at least %v s", lag, least)
		}
		if queueing > lag/100 {
			t.Errorf("%v of queueing beside %v of lag in a response time of %v: the target kept nobody waiting", queueing, lag, whole)
		}
	})
}

// A staller keeps the send loop busy now and then.
type staller struct {
	every uint64
	stall time.Duration
}

func (s staller) Next(n uint64, r *wire.Request) (uint16, string) {
	if n%s.every == s.every-1 {
		time.Sleep(s.stall)
	}
	return home{}.Next(n, r)
}

// Arrivals that wait for a look-up and are never sent are no failures of the
// target: not those that a limit holds back, nor those that the end of the
// run overtakes.
func TestArrivalsThatALookUpKeptFromBeingSent(t *testing.T) {
	for _, c := range []struct {
		name  string
		cfg   Config
		takes time.Duration
		sent  int
	}{
		{"the limit of the edge address", Config{PerEdge: 30}, time.Millisecond, 92},
		{"the end of the run", Config{Drain: time.Second}, time.Hour, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.cfg.Schedule = constant(t, 100, 3*time.Second)
				c.cfg.Clients = []ClientConfig{{Resolver: &slowResolver{addrs: []netip.Addr{edge}, takes: c.takes}}}
				server := &memoryServer{answer: func(*http.Request) string { return "" }}
				sink, err := carryOut(t.Context(), c.cfg, server, wire.Config{})
				if err != nil {
					t.Fatal(err)
				}
				if n := len(sink.list); n != server.requests || n < c.sent-3 || n > c.sent+3 {
					t.Errorf("%d samples and %d requests at the server, want about %d of both", n, server.requests, c.sent)
				}
				if n := sink.fates[results.Abandoned]; n != int64(300-len(sink.list)) || sink.fates[results.Started] != 300 {
					t.Errorf("%d of %d started arrivals were abandoned, want all that were not sent", n, sink.fates[results.Started])
				}
			})
		})
	}
}

// What a look-up waited for its budget is the generator's own doing.
func TestWaitForTheBudgetOfLookUpsIsLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &memoryServer{answer: func(*http.Request) string { return "" }}
		sink, err := carryOut(t.Context(), Config{
			Schedule: constant(t, 0.5, 6*time.Second),
			Clients:  []ClientConfig{{Resolver: &slowResolver{addrs: []netip.Addr{edge}, takes: time.Second, waited: 900 * time.Millisecond}}},
		}, server, wire.Config{})
		if err != nil || len(sink.list) != 3 {
			t.Fatalf("%d samples, %v", len(sink.list), err)
		}
		for i, s := range sink.list {
			if s.DNS != 100*time.Millisecond || s.Queueing() != s.DNS || s.Lag() != 900*time.Millisecond || s.Fresh != (i == 0) {
				t.Errorf("request %d: DNS %v, queueing %v, lag %v, fresh %t; want 100, 100 and 900 ms, fresh the first", i, s.DNS, s.Queueing(), s.Lag(), s.Fresh)
			}
		}
	})
}

// A limit that is just the rate of the plan holds nothing back, though the
// generator is late now and then.
func TestLimitOfThePlansOwnRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &memoryServer{answer: func(*http.Request) string { return "" }}
		sink := &samples{}
		var clients []ClientConfig
		for range 20 {
			clients = append(clients, ClientConfig{Resolver: edgesOf(edge)})
		}
		e := New(Config{
			Schedule: constant(t, 100, 10*time.Second), Clients: clients, Sink: sink,
			Requests: staller{every: 7, stall: 11 * time.Millisecond}, PerClient: 5, PerEdge: 100,
		})
		e.Begin()
		wireCfg := wire.Config{Dial: server.dial, Now: e.Now, Sent: e.Sent, Done: e.Done, Protocol: results.H1}
		if err := e.Run(t.Context(), wire.New(wireCfg)); err != nil {
			t.Fatal(err)
		}
		if held := sink.fates[results.Held]; held != 0 || server.requests != 1000 {
			t.Errorf("%d arrivals were held back and %d reached the server, want none and 1000", held, server.requests)
		}
	})
}

// A certificate that does not match will not match the next time: the run ends
// at once, instead of counting failures to its end.
func TestCertificateThatCannotMatchEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &samples{}
		e := New(Config{
			Schedule: constant(t, 10, time.Minute), Requests: home{}, Sink: sink,
			Clients: []ClientConfig{{Resolver: edgesOf(edge)}},
		})
		begin := e.Begin()
		err := e.Run(t.Context(), wire.New(wire.Config{
			Now: e.Now, Sent: e.Sent, Done: e.Done, Protocol: results.H1,
			Dial: func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
				return nil, &wire.TLSError{Err: &tls.CertificateVerificationError{Err: errors.New("not this host")}}
			},
		}))
		if took := time.Since(begin); !errors.Is(err, ErrNothingAnswers) || took > 5*time.Second {
			t.Errorf("ended after %v with %v, want it within 5 s since nothing answers", took, err)
		}
	})
}
