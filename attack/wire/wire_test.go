package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontload/results"
)

// rig is a transport to a server on loopback, and what came back from it.
type rig struct {
	*Transport
	done chan *Call
	sent atomic.Int64
	at   netip.AddrPort
}

func newRig(t testing.TB, addr net.Addr, cfg Config) *rig {
	t.Helper()
	r := &rig{done: make(chan *Call, 1000), at: netip.MustParseAddrPort(addr.String())}
	start := time.Now()
	cfg.Now = func() time.Duration { return time.Since(start) }
	cfg.Sent = func(*Call) { r.sent.Add(1) }
	cfg.Done = func(c *Call) { r.done <- c }
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", to.String())
		}
	}
	if cfg.Moved == nil {
		cfg.Moved = func(c *Call) { c.Fail(cfg.Now(), errLeft); r.done <- c }
	}
	if cfg.Protocol == 0 {
		cfg.Protocol = results.H1
	}
	r.Transport = New(cfg)
	t.Cleanup(r.Close)
	return r
}

func (r *rig) call(method, target string) *Call {
	return &Call{Request: Request{Method: method, Target: []byte(target), Host: "www.example.com"}, Edge: r.at}
}

// do carries out one call and awaits it.
func (r *rig) do(t *testing.T, method, target string) *Call {
	t.Helper()
	r.Start(r.call(method, target))
	return r.next(t)
}

func (r *rig) next(t *testing.T) *Call {
	t.Helper()
	select {
	case c := <-r.done:
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("no call came back within 10 s")
		return nil
	}
}

// scripted serves the given bytes to each request on a connection, and then
// closes it.
func scripted(t *testing.T, answer string) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveScript(t, l, answer)
	return l.Addr()
}

func serveScript(t *testing.T, l net.Listener, answer string) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.WriteString(c, answer)
				}
			}()
		}
	}()
}

// ways are the kinds of connection that an exchange may run over. Each returns
// a rig whose server answers with the given bytes and then closes.
var ways = map[string]func(*testing.T, string, Config) *rig{
	"socket": func(t *testing.T, answer string, cfg Config) *rig {
		return newRig(t, scripted(t, answer), cfg)
	},
	"TLS on a socket": func(t *testing.T, answer string, cfg Config) *rig {
		server := serverOf(t, results.H1, nil)
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: server.TLS.Certificates})
		if err != nil {
			t.Fatal(err)
		}
		serveScript(t, l, answer)
		cfg.TLS = trust(server)
		return newRig(t, l.Addr(), cfg)
	},
	"memory": func(t *testing.T, answer string, cfg Config) *rig {
		cfg.Dial = func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
					io.WriteString(far, answer)
				}
			}()
			return near, nil
		}
		return newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, cfg)
	},
	"TLS in memory": func(t *testing.T, answer string, cfg Config) *rig {
		server := serverOf(t, results.H1, nil)
		cfg.TLS = trust(server)
		cfg.Dial = func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
			near, pipe := net.Pipe()
			far := tls.Server(pipe, &tls.Config{Certificates: server.TLS.Certificates})
			go func() {
				defer far.Close()
				if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
					io.WriteString(far, answer)
				}
			}()
			return near, nil
		}
		return newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, cfg)
	},
}

func TestAnswersOfEveryShape(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, method, answer string
		status               uint16
		outcome              results.Outcome
		reason               string
	}{
		{"length", "GET", ok + "Content-Length: 5\r\n\r\nhello", 200, results.OK, ""},
		{"chunked, with a trailer", "GET", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", 200, results.OK, ""},
		{"ends with the connection", "GET", ok + "\r\nhello", 200, results.OK, ""},
		{"HEAD has no body", "HEAD", ok + "Content-Length: 5\r\n\r\n", 200, results.OK, ""},
		{"204 has no body", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, results.OK, ""},
		{"304 has no body", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, results.OK, ""},
		{"1xx comes before the answer", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n", 200, results.OK, ""},
		{"a redirect is an answer", "GET", "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", 302, results.OK, ""},
		{"the client's error", "GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, results.ClientError, ""},
		{"S3 wrote it", "GET", "HTTP/1.1 503 Slow Down\r\nServer: AmazonS3\r\nContent-Length: 0\r\n\r\n", 503, results.OriginS3, ""},
		{"the edge wrote it", "GET", "HTTP/1.1 503 Service Unavailable\r\nServer: CloudFront\r\nX-Cache: CapacityExceeded from cloudfront\r\nContent-Length: 4\r\n\r\nbusy", 503, results.EdgeCapacity, ""},
		{"closed before the answer", "GET", "", 0, results.Transport, "closed early"},
		{"closed in the header", "GET", ok + "Content-Le", 0, results.Transport, "closed early"},
		{"closed in the body", "GET", ok + "Content-Length: 50\r\n\r\nhello", 200, results.Transport, "closed early"},
		{"closed in an error's body", "GET", "HTTP/1.1 503 No\r\nContent-Length: 50\r\n\r\nhello", 503, results.Transport, "closed early"},
		{"no HTTP at all", "GET", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 0, results.Transport, "malformed answer"},
		{"a negative length", "GET", ok + "Content-Length: -5\r\n\r\nhello", 0, results.Transport, "malformed answer"},
		{"two lengths", "GET", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 0, results.Transport, "malformed answer"},
		{"a header without end", "GET", ok + "X-Long: " + strings.Repeat("a", 100<<10), 0, results.Transport, "header too large"},
		{"a body over the limit", "GET", ok + "Content-Length: 2000000\r\n\r\n" + strings.Repeat("a", 2_000_000), 200, results.Transport, "body too large"},
	} {
		for way, serve := range ways {
			t.Run(c.name+", over "+way, func(t *testing.T) {
				r := serve(t, c.answer, Config{MaxBodyBytes: 1 << 20})
				call := r.do(t, c.method, "/")
				s := call.Sample
				if s.Status != c.status || s.Outcome != c.outcome || s.Reason != c.reason {
					t.Errorf("status %d, outcome %v, reason %q (%v); want %d, %v, %q",
						s.Status, s.Outcome, s.Reason, call.Err, c.status, c.outcome, c.reason)
				}
				if !s.Written || r.sent.Load() != 1 {
					t.Errorf("written %t, %d sent; want one request written", s.Written, r.sent.Load())
				}
				if s.Outcome != results.Transport && (s.Done < s.FirstByte || s.FirstByte < s.Sent || s.Sent < s.Ready) {
					t.Errorf("times out of order: ready %v, sent %v, first byte %v, done %v", s.Ready, s.Sent, s.FirstByte, s.Done)
				}
			})
		}
	}
}

func TestBytesAreCountedOnTheWire(t *testing.T) {
	answer := "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
	r := newRig(t, scripted(t, answer), Config{})
	s := r.do(t, "GET", "/").Sample
	if want := int64(len("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")); s.BytesOut != want {
		t.Errorf("BytesOut = %d, want %d: nothing but what was asked for is sent", s.BytesOut, want)
	}
	if want := int64(len(answer)); s.BytesIn != want {
		t.Errorf("BytesIn = %d, want %d", s.BytesIn, want)
	}
}

// An answer that does not come ends as a time-out, counted from the send.
func TestTimeout(t *testing.T) {
	for _, p := range []results.Protocol{results.H1, results.H2} {
		t.Run(p.String(), func(t *testing.T) {
			stop := make(chan struct{})
			server := serverOf(t, p, func(http.ResponseWriter, *http.Request) { <-stop })
			t.Cleanup(func() { close(stop) })
			r := newRig(t, server.Listener.Addr(), Config{Protocol: p, TLS: trust(server), Timeout: 50 * time.Millisecond})
			s := r.do(t, "GET", "/").Sample
			if s.Reason != "timeout" || s.Service() < 50*time.Millisecond || !s.Written {
				t.Errorf("reason %q after %v, want a timeout after 50 ms", s.Reason, s.Service())
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := newRig(t, l.Addr(), Config{})
	s := r.do(t, "GET", "/").Sample
	if s.Reason != "connect refused" || s.Written || r.sent.Load() != 0 {
		t.Errorf("reason %q, written %t", s.Reason, s.Written)
	}
}

// More calls than connections: they wait, in order, and nothing is lost.
func TestCallsQueueForConnections(t *testing.T) {
	var open, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := open.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		open.Add(-1)
	}))
	t.Cleanup(server.Close)
	r := newRig(t, server.Listener.Addr(), Config{Connections: 3})
	const n = 200
	for i := range n {
		r.Start(r.call("GET", fmt.Sprintf("/%d", i)))
	}
	fresh := 0
	for range n {
		c := r.next(t)
		if c.Err != nil || c.Sample.Status != 200 {
			t.Fatalf("status %d: %v", c.Sample.Status, c.Err)
		}
		if c.Sample.Fresh {
			fresh++
		}
	}
	if most.Load() > 3 || fresh > 3 {
		t.Errorf("%d at once on %d fresh connections, want at most 3", most.Load(), fresh)
	}
}

// A connection that the server closed while it was idle is found out before
// it is used, or its request goes out again: no error that a user never sees.
func TestServerClosesIdleConnections(t *testing.T) {
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	t.Cleanup(server.Close)
	r := newRig(t, server.Listener.Addr(), Config{Connections: 1})
	for i := range 50 {
		if c := r.do(t, "GET", "/"); c.Err != nil {
			t.Fatalf("request %d: %v", i, c.Err)
		}
		server.CloseClientConnections()
	}
	if served.Load() != 50 {
		t.Errorf("the server served %d requests, want 50", served.Load())
	}
}

// Calls that wait while the only connection dies get another one. Here the
// server closes each connection after one answer, without saying so: a call
// that it has got by then may fail, and the next one is served.
func TestQueuedCallsOutliveTheirConnection(t *testing.T) {
	r := newRig(t, scripted(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Config{Connections: 1})
	const n = 50
	for range n {
		r.Start(r.call("GET", "/"))
	}
	failed := 0
	for range n {
		if c := r.next(t); c.Err != nil {
			failed++
			if reason := c.Sample.Reason; reason != "connection reset" && reason != "closed early" {
				t.Fatal(c.Err)
			}
		}
	}
	if failed > n/2 {
		t.Errorf("%d of %d calls failed, want at most every other", failed, n)
	}
}

func TestRetireClosesConnections(t *testing.T) {
	for _, p := range []results.Protocol{results.H1, results.H2} {
		t.Run(p.String(), func(t *testing.T) {
			var mu sync.Mutex
			states := map[net.Conn]http.ConnState{}
			release := make(chan struct{})
			server := unstarted(p, func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					<-release
				}
			})
			server.Config.ConnState = func(c net.Conn, s http.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				states[c] = s
			}
			start(t, p, server)
			r := newRig(t, server.Listener.Addr(), Config{Protocol: p, TLS: trust(server)})
			r.do(t, "GET", "/")
			r.Start(r.call("GET", "/slow"))
			for r.sent.Load() < 2 {
				time.Sleep(time.Millisecond)
			}
			r.Retire(0, r.at)
			close(release)
			if c := r.next(t); c.Err != nil {
				t.Fatalf("the exchange under way was cut off: %v", c.Err)
			}
			closed := func() bool {
				mu.Lock()
				defer mu.Unlock()
				for _, s := range states {
					if s != http.StateClosed {
						return false
					}
				}
				return true
			}
			for deadline := time.Now().Add(5 * time.Second); !closed(); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("connections are still open: %v", states)
				}
			}
			if c := r.do(t, "GET", "/"); c.Err != nil || !c.Sample.Fresh {
				t.Errorf("after the address came back: fresh %t, %v", c.Sample.Fresh, c.Err)
			}
		})
	}
}

func TestHTTP2(t *testing.T) {
	var got atomic.Pointer[http.Header]
	var conns atomic.Int64
	server := unstarted(results.H2, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/first" {
			h := r.Header.Clone()
			got.Store(&h)
		}
		w.Header().Set("X-Amz-Cf-Pop", "FRA56-P1")
		w.Header().Set("X-Cache", "Hit from cloudfront")
		io.WriteString(w, r.Proto+" "+r.RequestURI)
	})
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	start(t, results.H2, server)
	r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
	if c := r.do(t, "GET", "/first?q=a%2Fb"); c.Err != nil || c.Sample.POP != "FRA56-P1" || c.Sample.Cache != results.CacheHit || c.Sample.TLS == 0 {
		t.Errorf("%+v: %v", c.Sample, c.Err)
	}
	if h := got.Load(); h == nil || len(*h) != 0 {
		t.Errorf("the request carried headers that nobody asked for: %v", h)
	}
	const n = 300
	for range n {
		r.Start(r.call("GET", "/"))
	}
	for range n {
		if c := r.next(t); c.Err != nil || c.Sample.Status != 200 {
			t.Fatalf("status %d: %v", c.Sample.Status, c.Err)
		}
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections, want 1 per client and edge address", conns.Load())
	}
}

// A server that asks to leave (GOAWAY) has not processed the streams that it
// does not name; they go out again on another connection, and nobody notices.
func TestHTTP2ServerLeaves(t *testing.T) {
	var served atomic.Int64
	server := serverOf(t, results.H2, func(w http.ResponseWriter, _ *http.Request) {
		if served.Add(1)%100 == 0 {
			w.Header().Set("Connection", "close") // net/http's way to send GOAWAY
		}
	})
	r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
	const n, together = 3000, 20
	for range together {
		r.Start(r.call("GET", "/"))
	}
	failed := map[string]int{}
	for i := range n {
		if c := r.next(t); c.Err != nil {
			failed[c.Err.Error()]++
		}
		if i < n-together {
			r.Start(r.call("GET", "/"))
		}
	}
	if len(failed) > 0 || served.Load() != n {
		t.Errorf("%d requests were served, want %d; failed: %v", served.Load(), n, failed)
	}
}

// A stream that the server resets ends its own call and no other.
func TestHTTP2StreamReset(t *testing.T) {
	server := serverOf(t, results.H2, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/reset" {
			panic(http.ErrAbortHandler)
		}
	})
	r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
	if c := r.do(t, "GET", "/reset"); c.Sample.Reason != "stream reset" {
		t.Errorf("reason %q, %v; want stream reset", c.Sample.Reason, c.Err)
	}
	if c := r.do(t, "GET", "/"); c.Err != nil || c.Sample.Fresh {
		t.Errorf("after a reset: fresh %t, %v; want the same connection", c.Sample.Fresh, c.Err)
	}
}

func TestCertificateThatDoesNotMatch(t *testing.T) {
	server := serverOf(t, results.H1, nil)
	cfg := trust(server)
	cfg.ServerName = "www.example.org"
	r := newRig(t, server.Listener.Addr(), Config{TLS: cfg})
	c := r.do(t, "GET", "/")
	if c.Sample.Reason != "tls certificate" || c.Sample.Written || !strings.Contains(c.Err.Error(), "www.example.org") {
		t.Errorf("reason %q, %v", c.Sample.Reason, c.Err)
	}
}

func TestServerWithoutHTTP2(t *testing.T) {
	server := serverOf(t, results.H1, nil)
	r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
	if c := r.do(t, "GET", "/"); c.Sample.Reason != "tls handshake" {
		t.Errorf("reason %q, %v; want tls handshake", c.Sample.Reason, c.Err)
	}
}

// Close ends what is under way and reports every call.
func TestCloseReportsEveryCall(t *testing.T) {
	for _, p := range []results.Protocol{results.H1, results.H2} {
		t.Run(p.String(), func(t *testing.T) {
			stop := make(chan struct{})
			server := serverOf(t, p, func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/first" {
					<-stop
				}
			})
			t.Cleanup(func() { close(stop) })
			r := newRig(t, server.Listener.Addr(), Config{Protocol: p, TLS: trust(server), Connections: 2})
			r.do(t, "GET", "/first")
			for range 10 {
				r.Start(r.call("GET", "/"))
			}
			for r.sent.Load() < 3 {
				time.Sleep(time.Millisecond)
			}
			r.Close()
			if len(r.done) != 10 {
				t.Fatalf("%d calls came back, want 10", len(r.done))
			}
			for range 10 {
				if c := r.next(t); c.Sample.Reason != "unanswered at the end" {
					t.Errorf("reason %q: %v", c.Sample.Reason, c.Err)
				}
			}
		})
	}
}

func unstarted(_ results.Protocol, f http.HandlerFunc) *httptest.Server {
	if f == nil {
		f = func(http.ResponseWriter, *http.Request) {}
	}
	s := httptest.NewUnstartedServer(f)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	return s
}

func start(t testing.TB, p results.Protocol, s *httptest.Server) {
	t.Helper()
	s.EnableHTTP2 = p == results.H2
	s.StartTLS()
	t.Cleanup(s.Close)
}

func serverOf(t testing.TB, p results.Protocol, f http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := unstarted(p, f)
	start(t, p, s)
	return s
}

func trust(s *httptest.Server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

// Whatever a server sends, a call comes back once, and without a panic.
func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET")
	f.Add("HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "HEAD")
	f.Add("HTTP/1.1 100 Continue\r\n\r\n", "GET")
	f.Fuzz(func(t *testing.T, answer, method string) {
		near, far := net.Pipe()
		go func() {
			buf := make([]byte, 4096)
			far.Read(buf)
			io.WriteString(far, answer)
			far.Close()
		}()
		var back int
		done := make(chan struct{})
		tr := New(Config{
			Dial:     func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) { return near, nil },
			Now:      func() time.Duration { return 0 },
			Sent:     func(*Call) {},
			Done:     func(*Call) { back++; close(done) },
			Protocol: results.H1, Timeout: time.Second, MaxBodyBytes: 1 << 20,
		})
		tr.Start(&Call{Request: Request{Method: method, Target: []byte("/"), Host: "h"}})
		<-done
		tr.Close()
		if back != 1 {
			t.Errorf("the call came back %d times", back)
		}
	})
}
