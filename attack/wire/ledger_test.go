package wire

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"frontload/results"
)

// A ledger counts at the server what each connection carries.
type ledger struct {
	*httptest.Server

	mu       sync.Mutex
	requests map[string]int  // by the connection's remote address
	resumed  map[string]bool // of its TLS session
	open     map[string]bool
	mostOpen int
}

// newLedger starts a server of a protocol, over TLS where secure. Handle, if
// not nil, runs for each request.
func newLedger(t testing.TB, p results.Protocol, secure bool, versions [2]uint16, handle http.HandlerFunc) *ledger {
	t.Helper()
	l := &ledger{requests: map[string]int{}, resumed: map[string]bool{}, open: map[string]bool{}}
	l.Server = unstarted(p, func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.requests[r.RemoteAddr]++
		if r.TLS != nil {
			l.resumed[r.RemoteAddr] = r.TLS.DidResume
		}
		l.mu.Unlock()
		if handle != nil {
			handle(w, r)
		}
	})
	l.Config.ConnState = l.watch
	if !secure {
		l.Start()
		t.Cleanup(l.Close)
		return l
	}
	l.TLS = trustNobody(versions)
	start(t, p, l.Server)
	return l
}

func (l *ledger) watch(c net.Conn, s http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s {
	case http.StateNew:
		l.open[c.RemoteAddr().String()] = true
		l.mostOpen = max(l.mostOpen, len(l.open))
	case http.StateClosed, http.StateHijacked:
		delete(l.open, c.RemoteAddr().String())
	}
}

// config is a transport's for the ledger's server.
func (l *ledger) config(p results.Protocol) Config {
	cfg := Config{Protocol: p}
	if l.TLS != nil {
		cfg.TLS = trust(l.Server)
	}
	return cfg
}

// awaitOpen waits until so many connections are open.
func (l *ledger) awaitOpen(t *testing.T, want int) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		got := len(l.open)
		l.mu.Unlock()
		if got == want {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%d connections are open at the server, want %d", got, want)
		}
	}
}

// loads returns how many requests came on each connection.
func (l *ledger) loads() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var loads []int
	for _, n := range l.requests {
		loads = append(loads, n)
	}
	return loads
}
