package attack

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"frontload/attack/wire"
	"frontload/pacing"
	"frontload/results"
)

// In virtual time, where timers are exact, an arrival leaves at the first whole
// millisecond from its intended time on.
func TestMillisecondPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		schedule, err := pacing.New([]pacing.Segment{{From: 3000, To: 3000, For: time.Second}}, pacing.Poisson, 7)
		if err != nil {
			t.Fatal(err)
		}
		server := &memoryServer{answer: func(*http.Request) string { return "" }}
		sink, err := carryOut(t.Context(), Config{
			Schedule: schedule, Clients: []ClientConfig{{Resolver: edgesOf(edge)}}, Pace: PaceMillisecond,
		}, server, wire.Config{Connections: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for i := range sink.list {
			s := &sink.list[i]
			if late := s.Sent - s.Intended; late < 0 || late >= time.Millisecond || s.Sent%time.Millisecond != 0 {
				t.Fatalf("intended at %v, sent at %v", s.Intended, s.Sent)
			}
		}
		if len(sink.list) < 2500 || server.requests != len(sink.list) {
			t.Errorf("%d samples and %d requests at the server, want about 3000 of each", len(sink.list), server.requests)
		}
	})
}

// In real time nothing is early, and nothing is lost. How late things are is a
// matter of the machine, and for the benchmark.
func TestPrecisePace(t *testing.T) {
	server := &memoryServer{answer: func(*http.Request) string { return "" }}
	sink, err := carryOut(t.Context(), Config{
		Schedule: constant(t, 1000, 200*time.Millisecond), Clients: []ClientConfig{{Resolver: edgesOf(edge)}}, Pace: PacePrecise,
	}, server, wire.Config{Connections: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i := range sink.list {
		if s := &sink.list[i]; s.Sent < s.Intended {
			t.Errorf("intended at %v, sent at %v", s.Intended, s.Sent)
		}
	}
	missed := 200 - len(sink.list) // by a machine that stood still for a while
	if server.requests != len(sink.list) || int(sink.fates[results.Missed]+sink.fates[results.Unsent]) != missed {
		t.Errorf("%d samples, %d requests at the server, fates %v", len(sink.list), server.requests, sink.fates)
	}
}
