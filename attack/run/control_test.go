package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontload/attack/permit"
	"frontload/results"
	"frontload/scenarios"
)

// The origin is asked once a second, past the target, and what it answers is
// in the run file: redirects are answers, not something to follow.
func TestControlRequests(t *testing.T) {
	t.Parallel()
	target := newEdgeServer(t, "127.75.0.1")
	var asked atomic.Int64
	var mu sync.Mutex
	var header http.Header
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		header = r.Header
		mu.Unlock()
		if asked.Add(1)%2 == 0 {
			w.WriteHeader(503)
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	t.Cleanup(origin.Close)
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://127.75.0.1:%s"}
requests: [{path: /}]
load: {rate: 20/s, for: 3500ms}
origin: {control: "%s/health?full=1"}
`, target.port, origin.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := int(asked.Load()); n < 1 || n > 4 || n != len(run.Control) {
		t.Fatalf("in 3.5 s the origin was asked %d times, and %d answers are known: %+v, want 4", n, len(run.Control), run.Control)
	}
	second := -1
	for i, c := range run.Control { // fewer than 4 where this machine stood still
		if now := int(c.At.Seconds()); now <= second || c.Status != []uint16{302, 503}[i%2] || c.Err != "" || c.Took <= 0 {
			t.Errorf("answer %d is %+v, want one of a second of its own, and every other one 503", i, c)
		}
		second = int(c.At.Seconds())
	}
	mu.Lock()
	defer mu.Unlock()
	if len(header) != 0 {
		t.Errorf("the origin got the header fields %v, want none", header)
	}
}

// An origin that is not loopback needs an authorisation of its own; the
// target's does not speak for it.
func TestControlNeedsItsOwnAuthorisation(t *testing.T) {
	t.Parallel()
	target := newEdgeServer(t, "127.75.0.2")
	for _, host := range []string{"192.0.2.1", "[2001:db8::1]"} {
		_, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://127.75.0.2:%s", authorization: {attest: "ours"}}
requests: [{path: /}]
load: {rate: 20/s, for: 1s}
origin: {control: "http://%s/"}
`, target.port, host), nil)
		var refused *RefusedError
		if !errors.As(err, &refused) || !refused.Control || !strings.Contains(err.Error(), "origin.authorization.attest") {
			t.Errorf("asking %s is not refused as it should be: %v", host, err)
		}
	}
	if target.edges["127.75.0.2"] != 0 {
		t.Error("something was sent though the run was refused")
	}
}

// hangs answers nothing until its request is given up.
type hangs struct{ under, most atomic.Int64 }

func (h *hangs) RoundTrip(r *http.Request) (*http.Response, error) {
	n := h.under.Add(1)
	defer h.under.Add(-1)
	for most := h.most.Load(); n > most && !h.most.CompareAndSwap(most, n); most = h.most.Load() {
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// An origin that hangs is asked once a second all the same; each request is
// given up after 5 s.
func TestControlOfAHangingOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second+time.Millisecond)
		defer cancel()
		var mu sync.Mutex
		var got []results.Control
		var origin hangs
		p := &prober{
			client: http.Client{Timeout: controlTimeout, Transport: &origin},
			url:    &url.URL{Scheme: "http", Host: "origin.test"},
			now:    func() time.Duration { return time.Since(start) },
			tell: func(c results.Control) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, c)
			},
		}
		p.run(ctx)
		if len(got) != 16 { // those of seconds 0 to 15; later ones had not ended
			t.Fatalf("%d answers: %+v", len(got), got)
		}
		for i, c := range got {
			if want := (results.Control{At: time.Duration(i) * time.Second, Took: 5 * time.Second, Err: "no answer within 5s"}); c != want {
				t.Errorf("answer %d: %+v, want %+v", i, c, want)
			}
		}
		if n := origin.most.Load(); n > 6 {
			t.Errorf("%d were awaited at once", n)
		}
	})
}

func TestControlFaultsAreTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	u := &url.URL{Scheme: "http", Host: l.Addr().String(), RawQuery: "token=abc"}
	p := &prober{url: u, now: func() time.Duration { return 0 }, tell: func(c results.Control) {
		if c.Status != 0 || !strings.Contains(c.Err, "refused") || strings.Contains(c.Err, "token") {
			t.Errorf("told %+v", c)
		}
	}}
	p.ask(t.Context())
}

// Each connection of control requests is judged anew, whatever the URL's host
// was at before: one that has moved is not dialled.
func TestControlIsJudgedAtEachDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for host, allowed := range map[string]bool{"127.0.0.1": true, "localhost": true, "192.0.2.1": false, "169.254.169.254": false, "0.0.0.0": false} {
		c := &scenarios.Control{URL: &url.URL{Scheme: "http", Host: net.JoinHostPort(host, l.Addr().String()[len("127.0.0.1:"):])}}
		r := &runner{plan: &scenarios.Plan{Control: c}, controlGate: permit.New(controlConfig(c, nil))}
		conn, err := r.dialControl(t.Context(), "tcp", l.Addr().String())
		var denied *permit.Denied
		if allowed != (err == nil) || !allowed && !errors.As(err, &denied) {
			t.Errorf("%s: %v", host, err)
		}
		if conn != nil {
			conn.Close()
		}
		r.closeGates()
	}
}
