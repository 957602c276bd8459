package attack

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontload/attack/wire"
	"frontload/results"
)

// spending notes when a run was told that its budget is spent.
type spending struct {
	at    []time.Duration
	bytes bool
}

func (s *spending) spent(at time.Duration, bytes bool) {
	s.at, s.bytes = append(s.at, at), bytes
}

// A budget of requests lets through exactly so many, counted at the server, and
// ends the run without an error, whether answers come at once or late.
func TestBudgetOfRequests(t *testing.T) {
	for name, takes := range map[string]time.Duration{"answers at once": 0, "answers late": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &memoryServer{answer: func(*http.Request) string { time.Sleep(takes); return "" }}
				var told spending
				begin := time.Now()
				sink, err := carryOut(t.Context(), Config{
					Schedule: constant(t, 100, time.Hour),
					Clients:  []ClientConfig{{Resolver: edgesOf(edge)}},
					Budget:   Budget{Requests: 250, Spent: told.spent},
				}, server, wire.Config{Connections: 500})
				if err != nil {
					t.Fatal(err)
				}
				if server.requests != 250 || sink.sent != 250 || len(sink.list) != 250 || sink.fates[results.Started] != 250 || sink.fates[results.Unsent] != 0 {
					t.Errorf("%d requests at the server, %d sent, %d samples, fates %v; want 250", server.requests, sink.sent, len(sink.list), sink.fates)
				}
				if len(told.at) != 1 || told.bytes || told.at[0] < 2490*time.Millisecond || told.at[0] > 2510*time.Millisecond {
					t.Errorf("told at %v (of bytes: %t), want once at 2.49 s", told.at, told.bytes)
				}
				if took := time.Since(begin); took > 2600*time.Millisecond+takes {
					t.Errorf("the run took %v", took)
				}
			})
		})
	}
}

// Requests that never left are not spent: others go out in their place.
func TestBudgetOfRequestsCountsWhatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &memoryServer{answer: func(*http.Request) string { return "" }}
		var told spending
		sink, err := carryOut(t.Context(), Config{
			Schedule: constant(t, 100, 10*time.Second),
			Clients:  []ClientConfig{{Resolver: edgesOf(edge)}},
			PerEdge:  20,
			Budget:   Budget{Requests: 50, Spent: told.spent},
		}, server, wire.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if server.requests != 50 || sink.fates[results.Held] < 100 {
			t.Errorf("%d requests at the server, fates %v; want 50, and others held back", server.requests, sink.fates)
		}
		if len(told.at) != 1 || told.at[0] < 2*time.Second {
			t.Errorf("told at %v, want once after 2 s", told.at)
		}
	})
}

// A budget of bytes ends the run once they have come; what comes on top are the
// answers that were under way.
func TestBudgetOfBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const body, budget = 10_000, 1_000_000
		server := &memoryServer{answer: func(*http.Request) string { time.Sleep(95 * time.Millisecond); return strings.Repeat("x", body) }}
		var told spending
		sink, err := carryOut(t.Context(), Config{
			Schedule: constant(t, 100, time.Hour),
			Clients:  []ClientConfig{{Resolver: edgesOf(edge)}},
			Budget:   Budget{Bytes: budget, Requests: 1_000_000, Spent: told.spent},
		}, server, wire.Config{Connections: 100})
		if err != nil {
			t.Fatal(err)
		}
		received := int64(0)
		for _, s := range sink.list {
			received += s.BytesIn
		}
		const underWay = 10
		if received < budget || received > budget+(underWay+1)*(body+200) || len(told.at) != 1 || !told.bytes {
			t.Errorf("%d bytes received in %d answers, told at %v (of bytes: %t); want %d and at most %d answers more",
				received, len(sink.list), told.at, told.bytes, budget, underWay+1)
		}
	})
}
