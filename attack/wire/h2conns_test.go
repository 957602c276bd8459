package wire

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"frontload/results"
)

// HTTP/2 has as many connections per client and edge address as are asked
// for, one when nothing is said, and all of them carry their part.
func TestHTTP2Connections(t *testing.T) {
	for asked, want := range map[int]int{0: 1, 1: 1, 4: 4, 8: 8} {
		l := newLedger(t, results.H2, true, [2]uint16{}, nil)
		cfg := l.config(results.H2)
		cfg.Connections = asked
		r := newRig(t, l.Listener.Addr(), cfg)
		l.askUntilOpen(t, r, want)
		const requests = 400
		for range requests {
			r.do(t, "GET", "/") // one at a time
		}
		loads := l.loads()
		slices.Sort(loads)
		if len(loads) != want || loads[0] < requests/want-want || loads[len(loads)-1] > requests/want+want {
			t.Errorf("%d connections asked for: requests by connection %v, want about %d on each of %d", asked, loads, requests/want, want)
		}
		if l.mostOpen != want {
			t.Errorf("%d connections asked for: %d were open at once", asked, l.mostOpen)
		}
	}
}

// askUntilOpen sends requests, one at a time, beside which connections are
// dialled, until so many have carried one and so told how many streams they
// allow. Then it counts from zero.
func (l *ledger) askUntilOpen(t *testing.T, r *rig, want int) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); len(l.loads()) < want; {
		if r.do(t, "GET", "/"); time.Now().After(until) {
			t.Fatalf("%d connections after 10 s, want %d", len(l.loads()), want)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.requests)
}

// Streams go to the connection that carries least.
func TestHTTP2StreamsGoWhereThereIsLeast(t *testing.T) {
	hold, held := make(chan struct{}), atomic.Int64{}
	l := newLedger(t, results.H2, true, [2]uint16{}, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			held.Add(1)
			<-hold
		}
	})
	cfg := l.config(results.H2)
	cfg.Connections = 4
	r := newRig(t, l.Listener.Addr(), cfg)
	l.askUntilOpen(t, r, 4)
	for range 12 {
		r.Start(r.call("GET", "/hold"))
	}
	for held.Load() < 12 {
		time.Sleep(time.Millisecond)
	}
	if loads := l.loads(); !slices.Equal(loads, []int{3, 3, 3, 3}) {
		t.Errorf("streams by connection %v, want 3 on each of 4", loads)
	}
	close(hold)
	for range 12 {
		r.next(t)
	}
}

// Where one connection can be had and no more, that one serves all the same;
// nobody is pestered, and the generator's trouble is told.
func TestHTTP2ConnectionsThatCannotBeHad(t *testing.T) {
	l := newLedger(t, results.H2, true, [2]uint16{}, nil)
	cfg := l.config(results.H2)
	cfg.Connections = 4
	var dials atomic.Int64
	trouble := make(chan string, 100)
	cfg.Trouble = func(reason string) { trouble <- reason }
	cfg.Dial = func(ctx context.Context, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
		if dials.Add(1) > 1 {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
		}
		return new(net.Dialer).DialContext(ctx, "tcp", to.String())
	}
	r := newRig(t, l.Listener.Addr(), cfg)
	begin := time.Now()
	for i := range 300 {
		if c := r.do(t, "GET", "/"); c.Err != nil {
			t.Fatalf("request %d: %v", i, c.Err)
		}
	}
	if most := int64(2 + time.Since(begin)/growPause); dials.Load() > most {
		t.Errorf("%d dials in %v, want %d at most", dials.Load(), time.Since(begin), most)
	}
	if got := <-trouble; got != "too many open files" {
		t.Errorf("trouble %q, want that of open files", got)
	}
}
