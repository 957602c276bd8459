package wire

import (
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"frontload/results"
)

// kinds are the ways of a connection.
var kinds = []struct {
	name     string
	protocol results.Protocol
	secure   bool
}{{"HTTP/1.1", results.H1, false}, {"HTTP/1.1 over TLS", results.H1, true}, {"HTTP/2", results.H2, true}}

// A new viewer's request has a connection of its own, dialled for it and
// closed after it; the rest keep to those of the pool.
func TestNewViewersHaveConnectionsOfTheirOwn(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			l := newLedger(t, kind.protocol, kind.secure, [2]uint16{}, nil)
			cfg := l.config(kind.protocol)
			cfg.Connections = 1
			r := newRig(t, l.Listener.Addr(), cfg)
			const requests, every = 200, 10
			for i := range requests {
				call := r.call("GET", "/")
				call.NewViewer = i%every == 3
				r.Start(call)
				s := r.next(t).Sample
				if s.Outcome != results.OK {
					t.Fatalf("request %d: %s", i, s.Reason)
				}
				fresh := call.NewViewer || i == 0
				if s.Fresh != fresh || (s.Connect > 0) != fresh || (s.TLS > 0) != (fresh && kind.secure) {
					t.Errorf("request %d: fresh %t, connect %v, TLS %v; want fresh %t", i, s.Fresh, s.Connect, s.TLS, fresh)
				}
			}
			l.awaitOpen(t, 1)
			loads := l.loads()
			slices.Sort(loads)
			want := append(slices.Repeat([]int{1}, requests/every), requests-requests/every)
			if !slices.Equal(loads, want) {
				t.Errorf("requests by connection %v, want %v", loads, want)
			}
		})
	}
}

// New viewers wait neither for the pool's connections nor for one another, and
// end with the run.
func TestNewViewersDoNotQueue(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			var active atomic.Int64
			gone := make(chan struct{})
			l := newLedger(t, kind.protocol, kind.secure, [2]uint16{}, func(http.ResponseWriter, *http.Request) {
				active.Add(1)
				<-gone
			})
			cfg := l.config(kind.protocol)
			cfg.Connections = 1
			r := newRig(t, l.Listener.Addr(), cfg)
			r.Start(r.call("GET", "/"))
			const viewers = 20
			for range viewers {
				call := r.call("GET", "/")
				call.NewViewer = true
				r.Start(call)
			}
			for until := time.Now().Add(10 * time.Second); active.Load() < viewers+1; time.Sleep(time.Millisecond) {
				if time.Now().After(until) {
					t.Fatalf("%d requests are at the server, want %d", active.Load(), viewers+1)
				}
			}
			r.Retire(0, r.at) // no business of what is under way
			close(gone)
			for range viewers + 1 {
				if c := r.next(t); c.Err != nil {
					t.Errorf("%v", c.Err)
				}
			}
			l.awaitOpen(t, 0)
			r.mu.Lock()
			defer r.mu.Unlock()
			if len(r.retired) != 0 {
				t.Errorf("%d retired pools are kept, want none", len(r.retired))
			}
		})
	}
}

func TestCloseEndsNewViewers(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			gone := make(chan struct{})
			l := newLedger(t, kind.protocol, kind.secure, [2]uint16{}, func(http.ResponseWriter, *http.Request) { <-gone })
			r := newRig(t, l.Listener.Addr(), l.config(kind.protocol))
			for i := range 10 {
				call := r.call("GET", "/")
				call.NewViewer = true
				r.Start(call)
				if i == 4 {
					for r.sent.Load() < 5 {
						time.Sleep(time.Millisecond)
					}
				}
			}
			r.Close()
			close(gone)
			for range 10 {
				if c := r.next(t); !errors.Is(c.Err, ErrEnded) {
					t.Errorf("%v, want it ended with the run", c.Err)
				}
			}
		})
	}
}
