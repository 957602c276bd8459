package quic_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	quicgo "github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"frontload/attack/source"
	"frontload/attack/wire"
	"frontload/internal/quic"
	"frontload/results"
)

const (
	benchConns   = 8
	benchStreams = 8
)

// asServer is set in the environment of the process that serves.
const asServer = "FRONTLOAD_QUIC_BENCH_SERVER"

// TestMain makes a process of its own of the server that is measured against.
func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	if err := serveBench(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serveBench answers 1 KiB over HTTP/3 until standard input ends, and prints
// where.
func serveBench() error {
	body := make([]byte, 1024)
	server := quic.NewServer(quic.ServerConfig{
		TLS: certificate().TLS, Streams: 100,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }),
	})
	defer server.Close()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	if err := server.Serve(socket); err != nil {
		return err
	}
	fmt.Println(socket.LocalAddr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// certificate is a server that is closed already, for its certificate, which
// is the same in every process.
func certificate() *httptest.Server {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	s.Close()
	return s
}

// trusting is the TLS configuration of clients.
func trusting(cert *httptest.Server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(cert.Certificate())
	return &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

// benchServer starts a process that serves, and returns where, and the TLS
// configuration of clients.
func benchServer(b *testing.B) (netip.AddrPort, *tls.Config) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), asServer+"=1")
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); child.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return netip.MustParseAddrPort(strings.TrimSpace(line)), trusting(certificate())
}

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFlatOut compares what a request costs over Frontload's own HTTP/3
// with what it costs over quic-go's client, each with eight connections of
// eight requests at once. The server is another process, so that cpu-µs/op is
// the client's alone.
func BenchmarkFlatOut(b *testing.B) {
	b.Run("frontload", benchFrontload)
	b.Run("quic-go", benchQuicGo)
}

func benchFrontload(b *testing.B) {
	at, secure := benchServer(b)
	begin, d := time.Now(), new(source.Dialer)
	done := make(chan *wire.Call, benchConns*benchStreams)
	t := wire.New(wire.Config{
		Protocol: results.H3, TLS: secure, Route: d.Route, Bind: d.Bind,
		Now:  func() time.Duration { return time.Since(begin) },
		Sent: func(*wire.Call) {},
		Done: func(c *wire.Call) { done <- c },
	})
	defer t.Close()
	begun := 0
	start := func(c *wire.Call, client uint32) {
		c.Reset()
		c.Request.Method, c.Request.Host = http.MethodGet, "example.com"
		c.Request.Target = append(c.Request.Target, '/')
		c.Edge, c.Sample.Client = at, client
		t.Start(c)
	}
	await := func() *wire.Call {
		c := <-done
		if c.Err != nil || c.Sample.Status != 200 {
			b.Fatalf("status %d: %v", c.Sample.Status, c.Err)
		}
		return c
	}
	var calls []*wire.Call
	for i := range benchConns { // every connection stands before the clock runs
		start(new(wire.Call), uint32(i))
		calls = append(calls, await())
	}
	for len(calls) < benchConns*benchStreams {
		calls = append(calls, new(wire.Call))
	}
	b.ReportAllocs()
	used := cpu(b)
	b.ResetTimer()
	for i, c := range calls {
		if begun < b.N {
			begun++
			start(c, uint32(i%benchConns))
		}
	}
	for ended := 0; ended < b.N; ended++ {
		c := await()
		if begun < b.N {
			begun++
			start(c, c.Sample.Client)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-used)/float64(b.N)/1e3, "cpu-µs/op")
}

func benchQuicGo(b *testing.B) {
	at, secure := benchServer(b)
	var left atomic.Int64
	var work sync.WaitGroup
	dials := make([]*http3.Transport, benchConns)
	get := func(t *http3.Transport) {
		r, err := http.NewRequest(http.MethodGet, "https://"+at.String()+"/", nil)
		if err != nil {
			b.Error(err)
			return
		}
		resp, err := t.RoundTrip(r)
		if err != nil {
			b.Error(err)
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	for i := range dials {
		socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		q := &quicgo.Transport{Conn: socket}
		dials[i] = &http3.Transport{
			TLSClientConfig: secure, DisableCompression: true,
			Dial: func(ctx context.Context, _ string, tlsCfg *tls.Config, cfg *quicgo.Config) (*quicgo.Conn, error) {
				return q.DialEarly(ctx, net.UDPAddrFromAddrPort(at), tlsCfg, cfg)
			},
		}
		b.Cleanup(func() { dials[i].Close(); q.Close(); socket.Close() })
		get(dials[i])
	}
	b.ReportAllocs()
	used := cpu(b)
	b.ResetTimer()
	left.Store(int64(b.N))
	for i := range benchConns * benchStreams {
		work.Go(func() {
			for left.Add(-1) >= 0 {
				get(dials[i%benchConns])
			}
		})
	}
	work.Wait()
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-used)/float64(b.N)/1e3, "cpu-µs/op")
}
