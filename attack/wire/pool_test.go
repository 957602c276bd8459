package wire

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontload/results"
)

// Servers such as HAProxy say 408 before they close an idle connection. That
// is the answer to nobody's request.
func TestAnswerThatNobodyAskedFor(t *testing.T) {
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(rw, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		rw.Flush()
		time.Sleep(20 * time.Millisecond)
		io.WriteString(rw, "HTTP/1.1 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		rw.Flush()
		time.Sleep(20 * time.Millisecond)
		c.Close()
	}))
	t.Cleanup(server.Close)
	r := newRig(t, server.Listener.Addr(), Config{Connections: 1})
	for i := range 3 {
		if c := r.do(t, "POST", "/"); c.Sample.Status != 200 || c.Err != nil || !c.Sample.Fresh {
			t.Errorf("request %d: status %d, fresh %t, %v; want 200 on a new connection", i+1, c.Sample.Status, c.Sample.Fresh, c.Err)
		}
		time.Sleep(30 * time.Millisecond)
	}
	if served.Load() != 3 {
		t.Errorf("the server served %d requests, want 3", served.Load())
	}
}

// Connections that were dialled for calls that others then carried, and that
// the server closes before they are ever used, fail nobody's request.
func TestSpareConnectionsThatTheServerCloses(t *testing.T) {
	var open atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.IdleTimeout = 50 * time.Millisecond
	server.Config.ReadHeaderTimeout = 50 * time.Millisecond
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	var dials atomic.Int64
	r := newRig(t, server.Listener.Addr(), Config{
		Connections: 3,
		Dial: func(ctx context.Context, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
			time.Sleep(time.Duration(dials.Add(1)) * 10 * time.Millisecond) // the first serves all
			return new(net.Dialer).DialContext(ctx, "tcp", to.String())
		},
	})
	for range 3 {
		r.Start(r.call("GET", "/"))
	}
	for range 3 {
		r.next(t)
	}
	for dials.Load() < 3 || open.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	for i := range 3 {
		if c := r.do(t, "GET", "/"); c.Err != nil {
			t.Errorf("request %d: %v", i+1, c.Err)
		}
	}
}

// An edge address that swallows everything fails all that wait for it at once,
// not one of them per time-out, and says that connecting timed out.
func TestEdgeThatSwallowsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Config{
			ConnectTimeout: time.Second, Connections: 6,
			Dial: func(ctx context.Context, _ netip.Addr, _ netip.AddrPort) (net.Conn, error) {
				<-ctx.Done()
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
			},
		})
		for i := range 50 {
			if i == 40 {
				time.Sleep(500 * time.Millisecond) // these come later, and have their own second
			}
			r.Start(r.call("GET", "/"))
		}
		for i := range 50 {
			c := <-r.done
			took := c.Sample.Done - c.queued
			if c.Sample.Reason != "connect timeout" || took > 1500*time.Millisecond {
				t.Errorf("call %d: %q after %v, want a connect timeout within 1.5 s", i, c.Sample.Reason, took)
			}
		}
	})
}

// A burst on a new HTTP/2 connection keeps to the server's limit of streams,
// which is not known before its settings came.
func TestHTTP2BurstBeforeTheSettings(t *testing.T) {
	for _, limit := range []int{1, 10, 100} {
		var active, most atomic.Int64
		server := unstarted(results.H2, func(http.ResponseWriter, *http.Request) {
			n := active.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Millisecond)
			active.Add(-1)
		})
		server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: limit}
		start(t, results.H2, server)
		r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
		const n = 200
		for range n {
			r.Start(r.call("GET", "/"))
		}
		for range n {
			if c := r.next(t); c.Err != nil {
				t.Fatalf("limit %d: %v", limit, c.Err)
			}
		}
		if most.Load() > int64(limit) {
			t.Errorf("%d streams at once, want at most %d", most.Load(), limit)
		}
	}
}

// A server that processed a stream and then leaves: the request must not go
// out again, since it is not known to be safe twice.
func TestHTTP2GoAwayAfterProcessing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var mu sync.Mutex
	requests := 0
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.ReadFull(c, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")))
				c.Write(http2Frame(4, 0, 0, nil)) // SETTINGS
				for {
					kind, stream, err := readHTTP2Frame(c)
					if err != nil {
						return
					}
					if kind != 1 { // HEADERS
						continue
					}
					mu.Lock()
					requests++
					mu.Unlock()
					c.Write(http2Frame(7, 0, 0, binary.BigEndian.AppendUint64(nil, uint64(stream)<<32))) // GOAWAY
					return
				}
			}()
		}
	}()
	r := newRig(t, l.Addr(), Config{Protocol: results.H2})
	call := r.call("POST", "/")
	call.Request.Body = []byte("once")
	r.Start(call)
	if c := r.next(t); c.Err == nil {
		t.Error("the call succeeded, though no answer was sent")
	}
	mu.Lock()
	defer mu.Unlock()
	if requests != 1 {
		t.Errorf("the request went out %d times, want once", requests)
	}
}

func http2Frame(kind, flags byte, stream uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

func readHTTP2Frame(r io.Reader) (kind byte, stream uint32, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, 0, err
	}
	length := int64(binary.BigEndian.Uint32(head[:4]) >> 8)
	if _, err := io.CopyN(io.Discard, r, length); err != nil {
		return 0, 0, fmt.Errorf("read a frame of %d bytes: %w", length, err)
	}
	return head[3], binary.BigEndian.Uint32(head[5:]), nil
}
