package attack

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"frontload/attack/dns"
	"frontload/attack/source"
	"frontload/attack/wire"
	"frontload/results"
)

// The measurements of this file are run by hand, on a machine that is idle:
//
//	go test ./attack -run xxx -bench 'Idle|Clients' -benchtime 1x
//	go test ./attack -run xxx -bench SetUp -benchtime 20000x
//
// The server is a process of its own: this test binary, told so by serveAs.
const serveAs = "FRONTLOAD_TEST_SERVE"

func TestMain(m *testing.M) {
	if kind := os.Getenv(serveAs); kind != "" {
		serveOutside(kind)
		return
	}
	os.Exit(m.Run())
}

// serveOutside serves HTTP/1.1, tls or h2 on loopback until its standard input
// ends, and prints where.
func serveOutside(kind string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1024)) }),
		ErrorLog: log.New(io.Discard, "", 0),
	}
	fmt.Println(l.Addr())
	if kind == "h1" {
		go server.Serve(l)
	} else {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{selfSigned()}}
		go server.ServeTLS(l, "", "")
	}
	io.Copy(io.Discard, os.Stdin)
}

func selfSigned() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"www.example.com"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// An outside is a transport to a server in another process.
type outside struct {
	*wire.Transport
	at        netip.AddrPort
	done      chan *wire.Call
	perClient int
}

func startOutside(b *testing.B, kind string, perClient int, resumption bool) *outside {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveAs+"="+kind)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	o := &outside{perClient: perClient, at: netip.MustParseAddrPort(strings.TrimSpace(line)), done: make(chan *wire.Call, 1000)}
	start := time.Now()
	cfg := wire.Config{
		Dial: new(source.Dialer).Dial, Now: func() time.Duration { return time.Since(start) },
		Sent: func(*wire.Call) {}, Done: func(c *wire.Call) { o.done <- c },
		Protocol: results.H1, Connections: perClient, Resumption: resumption,
	}
	if kind != "h1" {
		cfg.TLS = &tls.Config{InsecureSkipVerify: true, ServerName: "www.example.com"} //nolint:gosec // a server of our own
	}
	if kind == "h2" {
		cfg.Protocol = results.H2
	}
	o.Transport = wire.New(cfg)
	b.Cleanup(func() {
		o.Close()
		in.Close()
		cmd.Wait()
	})
	return o
}

// connect makes calls first to last, as many of each client at once as it may
// have connections. New viewers are all of client 0, and have as many source
// addresses.
func (o *outside) connect(b *testing.B, first, last int, newViewers bool) {
	b.Helper()
	const atOnce = 64
	under := 0
	await := func() {
		if c := <-o.done; c.Err != nil {
			b.Fatal(c.Err)
		}
		under--
	}
	for i := first; i < last; i++ {
		call := &wire.Call{Request: wire.Request{Method: "GET", Target: []byte("/"), Host: "www.example.com"}, Edge: o.at, NewViewer: newViewers}
		client := i / o.perClient
		call.Sample.Source = netip.AddrFrom4([4]byte{127, 80, byte(client >> 8), byte(client)})
		if !newViewers {
			call.Sample.Client = uint32(client)
		}
		o.Start(call)
		if under++; under == atOnce {
			await()
		}
	}
	for under > 0 {
		await()
	}
}

// resident returns how many bytes of this process are in memory, garbage
// apart.
func resident(b *testing.B) float64 {
	b.Helper()
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		b.Fatal(err)
	}
	return float64(pages) * float64(os.Getpagesize())
}

// openFiles is how many files this process has open.
func openFiles(b *testing.B) float64 {
	b.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		b.Fatal(err)
	}
	return float64(len(files))
}

// slope is the least-squares slope of y over x.
func slope(x, y []float64) float64 {
	var mx, my, xy, xx float64
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(y))
	}
	for i := range x {
		xy, xx = xy+(x[i]-mx)*(y[i]-my), xx+(x[i]-mx)*(x[i]-mx)
	}
	return xy / xx
}

// untilIdle is how long it takes until a connection that was used is known to
// be idle, and has given back what it needs no more.
const untilIdle = 11 * time.Second

// BenchmarkIdleConnections measures the resident memory of an idle connection:
// the slope over 1,000 to 15,000 of them, one of each client or six, after one
// exchange of 1 KiB each. It takes in the client's pool and TLS session, and
// not the client.
func BenchmarkIdleConnections(b *testing.B) {
	for _, c := range []struct {
		kind      string
		perClient int
	}{{"h1", 1}, {"h1", 6}, {"tls", 1}, {"tls", 6}, {"h2", 1}} {
		b.Run(fmt.Sprintf("%s-%d", c.kind, c.perClient), func(b *testing.B) {
			for range b.N {
				o := startOutside(b, c.kind, c.perClient, true)
				var x, y []float64
				have := 0
				for _, n := range []int{1_002, 5_004, 10_002, 15_000} { // whole clients
					o.connect(b, have, n, false)
					have = n
					time.Sleep(untilIdle)
					x, y = append(x, openFiles(b)), append(y, resident(b))
				}
				b.ReportMetric(x[len(x)-1]-x[0], "connections")
				b.ReportMetric(slope(x, y), "resident-B/connection")
				runtime.KeepAlive(o)
			}
		})
	}
}

// BenchmarkClients measures the resident memory of a client that has an answer
// from DNS and no connections: the slope over 1,000 to 10,000.
func BenchmarkClients(b *testing.B) {
	for range b.N {
		var x, y []float64
		var keep []*Engine
		have := 0
		for _, n := range []int{1_000, 4_000, 7_000, 10_000} {
			clients := make([]ClientConfig, n-have)
			have = n
			budget := dns.NewBudget(100)
			for i := range clients {
				clients[i] = ClientConfig{
					Source:   netip.AddrFrom4([4]byte{127, 80, byte(i >> 8), byte(i)}),
					Resolver: dns.New(dns.Config{Hostname: "localhost", Budget: budget, Offset: i}),
				}
			}
			e := New(Config{Clients: clients})
			if err := e.Prepare(b.Context()); err != nil {
				b.Fatal(err)
			}
			keep = append(keep, e)
			x, y = append(x, float64(n)), append(y, resident(b))
		}
		b.ReportMetric(slope(x, y), "resident-B/client")
		runtime.KeepAlive(keep)
	}
}

// BenchmarkSetUp measures how many connections a second one core can set up,
// each for one exchange of 1 KiB and closed after it: by the clock, with the
// client held to one processor, and by its CPU time.
func BenchmarkSetUp(b *testing.B) {
	for _, c := range []struct {
		name, kind string
		resumption bool
	}{{"plaintext", "h1", false}, {"TLS-full", "tls", false}, {"TLS-resumed", "tls", true}, {"HTTP2-full", "h2", false}, {"HTTP2-resumed", "h2", true}} {
		b.Run(c.name, func(b *testing.B) {
			o := startOutside(b, c.kind, 1, c.resumption)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			o.connect(b, 0, 64, true)
			before := cpuTime(b)
			b.ResetTimer()
			o.connect(b, 64, 64+b.N, true)
			b.StopTimer()
			cpu := cpuTime(b) - before
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "connections/s")
			b.ReportMetric(float64(b.N)/cpu.Seconds(), "connections/CPU-s")
		})
	}
}

// cpuTime returns how much CPU time this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var use unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
