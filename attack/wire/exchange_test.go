package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontload/results"
)

// A body larger than what the kernel takes at once arrives whole, though the
// server is slow to read it, and nothing waits for it but its own call.
func TestLargeRequestBody(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	var got atomic.Int64
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond)
		all, _ := io.ReadAll(r.Body)
		if bytes.Equal(all, body) {
			got.Add(1)
		}
	})
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	secure := serverOf(t, results.H1, handler)
	for name, r := range map[string]*rig{
		"plaintext": newRig(t, plain.Listener.Addr(), Config{}),
		"TLS":       newRig(t, secure.Listener.Addr(), Config{TLS: trust(secure)}),
	} {
		got.Store(0)
		for range 3 {
			call := r.call("POST", "/")
			call.Request.Body = body
			r.Start(call)
		}
		for range 3 {
			if c := r.next(t); c.Err != nil || c.Sample.Status != 200 || c.Sample.BytesOut < int64(len(body)) {
				t.Errorf("%s: status %d, %d bytes sent: %v", name, c.Sample.Status, c.Sample.BytesOut, c.Err)
			}
		}
		if got.Load() != 3 {
			t.Errorf("%s: %d bodies arrived whole, want 3", name, got.Load())
		}
	}
}

// A server that answers before it has read the body: its answer is read while
// the body is still being written.
func TestAnswerBeforeTheBodyIsRead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, 10))
			io.WriteString(c, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			<-answered
			c.Close()
		}
	}()
	r := newRig(t, l.Addr(), Config{})
	call := r.call("POST", "/")
	call.Request.Body = make([]byte, 32<<20)
	r.Start(call)
	if c := r.next(t); c.Sample.Status != 413 || c.Err != nil {
		t.Errorf("status %d: %v; want the 413 that was sent", c.Sample.Status, c.Err)
	}
}

// TLS that ends without saying so may have been cut off by anyone: an answer
// that ends with the connection is then not whole.
func TestTruncatedTLS(t *testing.T) {
	server := serverOf(t, results.H1, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			c := tls.Server(raw, &tls.Config{Certificates: server.TLS.Certificates})
			c.Read(make([]byte, 1000))
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhello")
			raw.Close()
		}
	}()
	r := newRig(t, l.Addr(), Config{TLS: trust(server)})
	if c := r.do(t, "GET", "/"); c.Sample.Reason != "closed early" {
		t.Errorf("reason %q, %v; want closed early", c.Sample.Reason, c.Err)
	}
}

// Each exchange has the whole time-out, though a connection has one deadline
// for many.
func TestEachExchangeHasItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() { // answers all but the third request, each after 6 s
			in := make([]byte, 1000)
			for i := range 3 {
				if _, err := far.Read(in); err != nil {
					return
				}
				time.Sleep(6 * time.Second)
				if i < 2 {
					io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			}
			far.Read(in)
			far.Close()
		}()
		dialled := 0
		r := newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Config{
			Timeout: 10 * time.Second,
			Dial: func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
				dialled++
				return near, nil
			},
		})
		for i, want := range []time.Duration{6 * time.Second, 6 * time.Second, 10 * time.Second} {
			r.Start(r.call("GET", "/"))
			c := <-r.done
			if got := c.Sample.Service(); got != want || (c.Sample.Reason == "timeout") != (i == 2) {
				t.Errorf("exchange %d ended after %v (%v), want %v", i+1, got, c.Err, want)
			}
			time.Sleep(25 * time.Second) // the deadline passes while the connection is idle
		}
		if dialled != 1 {
			t.Errorf("%d connections were dialled, want 1", dialled)
		}
	})
}

// In the steady state an exchange allocates nothing when its call is used
// again. With TLS, crypto/tls allocates 24 bytes each time that it asks for
// more: twice in the client and once in the server here.
func TestExchangeAllocatesNothing(t *testing.T) {
	for name, most := range map[string]float64{"plaintext": 0, "TLS": 3} {
		exchange := exchanger(t, name == "TLS")
		for range 100 {
			exchange()
		}
		if raceEnabled {
			continue // it works; make test counts without the race detector
		}
		if got := testing.AllocsPerRun(1000, exchange); got > most {
			t.Errorf("%s: %v allocations per exchange, want at most %v", name, got, most)
		}
	}
}

// BenchmarkExchange is one request and its answer, the server's part included.
func BenchmarkExchange(b *testing.B) {
	for _, name := range []string{"plaintext", "TLS"} {
		b.Run(name, func(b *testing.B) {
			exchange := exchanger(b, name == "TLS")
			exchange()
			b.ReportAllocs()
			for b.Loop() {
				exchange()
			}
		})
	}
}

// exchanger returns a function that carries out one exchange, again and again
// on one connection and with one call.
func exchanger(tb testing.TB, secure bool) func() {
	var cfg Config
	server := serverOf(tb, results.H1, nil) // for its certificate
	if secure {
		cfg.TLS = trust(server)
	}
	r := newRig(tb, answerer(tb, server, secure), cfg)
	call := r.call("GET", "/")
	return func() {
		call.Reset()
		call.Request = Request{Method: "GET", Target: append(call.Request.Target, '/'), Host: "www.example.com"}
		call.Edge = r.at
		r.Start(call)
		if call = <-r.done; call.Sample.Status != 200 {
			tb.Fatalf("status %d: %v", call.Sample.Status, call.Err)
		}
	}
}

// The answer of an edge to a request for a small object.
const edgeAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 26\r\nConnection: keep-alive\r\n" +
	"Date: Mon, 23 Nov 2026 08:00:00 GMT\r\nServer: AmazonS3\r\nX-Cache: Hit from cloudfront\r\n" +
	"Via: 1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)\r\nX-Amz-Cf-Pop: FRA56-P1\r\n" +
	"X-Amz-Cf-Id: qX0_a1b2c3d4e5f6g7h8i9j0kAlBmCnDoEpFqGrHsItJuKvLwMxNyOzPQ==\r\nAge: 42\r\n\r\nabcdefghijklmnopqrstuvwxyz"

// answerer is a server on loopback that answers each read with edgeAnswer,
// and allocates nothing doing so; over TLS it has another server's certificate.
func answerer(tb testing.TB, certified *httptest.Server, secure bool) net.Addr {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	if secure {
		l = tls.NewListener(l, &tls.Config{Certificates: certified.TLS.Certificates})
	}
	tb.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in, out := make([]byte, 4096), []byte(edgeAnswer)
				for {
					if _, err := c.Read(in); err != nil {
						return
					}
					if _, err := c.Write(out); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr()
}
