package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	quicgo "github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/goleak"

	"frontload/results"
)

// scripted is a Behaviour that answers as a test says and notes what it was
// asked.
type scripted struct {
	edges  []Edge
	answer func(now time.Duration, a Ask) Reply
	addrs  []netip.Addr
	ttl    time.Duration

	mu       sync.Mutex
	asks     []Ask
	times    []time.Duration
	resolved []netip.Prefix
}

func (s *scripted) Ask(now time.Duration, a Ask) Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asks = append(s.asks, a)
	s.times = append(s.times, now)
	return s.answer(now, a)
}

// Resolve rotates the answer by one address each time.
func (s *scripted) Resolve(_ time.Duration, subnet netip.Prefix, ipv6 bool) ([]netip.Addr, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resolved = append(s.resolved, subnet)
	if ipv6 || len(s.addrs) == 0 {
		return nil, s.ttl
	}
	s.addrs = append(s.addrs[1:], s.addrs[0])
	return s.addrs, s.ttl
}

func (s *scripted) Edges() []Edge { return s.edges }

func (s *scripted) lastAsk(t *testing.T) Ask {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asks) == 0 {
		t.Fatal("the model was never asked")
	}
	return s.asks[len(s.asks)-1]
}

// resolves returns the subnets that were looked up so far.
func (s *scripted) resolves() []netip.Prefix {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.resolved)
}

// askTimes returns when on the model's clock it was asked so far.
func (s *scripted) askTimes() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.times)
}

// newScripted returns a behaviour with three edge addresses that answers every
// request with page after the given time.
func newScripted(after time.Duration) *scripted {
	s := &scripted{ttl: 60 * time.Second}
	for i, pop := range []string{"FRA56-P1", "FRA56-P1", "IAD89-P2"} {
		a := netip.AddrFrom4([4]byte{127, 91, 0, byte(1 + i)})
		s.edges = append(s.edges, Edge{Addr: a, POP: pop})
		s.addrs = append(s.addrs, a)
	}
	s.answer = func(now time.Duration, _ Ask) Reply { return page(now+after, 200, "hello") }
	return s
}

func page(at time.Duration, status int, body string) Reply {
	return Reply{
		FirstByte: at, Done: at, Status: status, Body: []byte(body),
		Header: []results.Header{
			{Name: "Content-Length", Value: fmt.Sprint(len(body))},
			{Name: "Server", Value: "CloudFront"},
			{Name: "x-amz-request-id", Value: "4F1A"},
			{Name: "Via", Value: "1.1 a"},
			{Name: "Via", Value: "1.1 b"},
		},
	}
}

// startServer serves b until the test ends, when no goroutine may be left.
func startServer(t *testing.T, b Behaviour, cfg Config) *Server {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	s, err := Serve(b, cfg)
	if err != nil {
		t.Fatalf("Serve: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		goleak.VerifyNone(t, ignore)
	})
	return s
}

// viewer returns a client that trusts s, speaks h1, h2 or h3, sends from the
// given address, and reaches the given edge whatever the name.
func viewer(t *testing.T, s *Server, source, edge netip.Addr, protocol string) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CA()) {
		t.Fatal("CA() holds no certificate")
	}
	if protocol == "h3" {
		return viewer3(t, roots, source, edge)
	}
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))}
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		Protocols:       new(http.Protocols),
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort(edge.String(), port))
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 100,
	}
	tr.Protocols.SetHTTP1(protocol == "h1")
	tr.Protocols.SetHTTP2(protocol == "h2")
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

// viewer3 is a viewer with quic-go's own client.
func viewer3(t *testing.T, roots *x509.CertPool, source, edge netip.Addr) *http.Client {
	t.Helper()
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0)))
	if err != nil {
		t.Fatal(err)
	}
	q := &quicgo.Transport{Conn: socket}
	tr := &http3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		Dial: func(ctx context.Context, addr string, secure *tls.Config, cfg *quicgo.Config) (*quicgo.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			to, err := net.ResolveUDPAddr("udp", net.JoinHostPort(edge.String(), port))
			if err != nil {
				return nil, err
			}
			return q.DialEarly(ctx, to, secure, cfg)
		},
		DisableCompression: true,
	}
	t.Cleanup(func() { tr.Close(); q.Close(); socket.Close() })
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

func get(t *testing.T, c *http.Client, target string) (*http.Response, string) {
	t.Helper()
	resp, err := c.Get(target)
	if err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET %s: read the body: %v", target, err)
	}
	return resp, string(body)
}

func TestServeAnswersOnEveryProtocol(t *testing.T) {
	source := netip.MustParseAddr("127.92.0.7")
	for _, tc := range []struct {
		name     string
		tls      bool
		protocol string
		proto    string
	}{
		{"HTTP/1.1 in the clear", false, "h1", "HTTP/1.1"},
		{"HTTP/1.1 over TLS", true, "h1", "HTTP/1.1"},
		{"HTTP/2", true, "h2", "HTTP/2.0"},
		{"HTTP/3", true, "h3", "HTTP/3.0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newScripted(0)
			s := startServer(t, b, Config{TLS: tc.tls, Name: "www.lab.test"})
			for _, e := range b.edges {
				resp, body := get(t, viewer(t, s, source, e.Addr, tc.protocol), s.URL()+"/a%20b/c?q=1&r")
				want := http.Header{
					"Content-Length": {"5"}, "Server": {"CloudFront"},
					"X-Amz-Request-Id": {"4F1A"}, "Via": {"1.1 a", "1.1 b"},
				}
				if resp.StatusCode != 200 || body != "hello" || resp.Proto != tc.proto {
					t.Errorf("%s: got %d %q over %s, want 200 \"hello\" over %s", e.Addr, resp.StatusCode, body, resp.Proto, tc.proto)
				}
				if !sameHeader(resp.Header, want) {
					t.Errorf("%s: headers are %v, want exactly %v", e.Addr, resp.Header, want)
				}
				a := b.lastAsk(t)
				port := strings.TrimPrefix(s.URL(), "://")
				port = port[strings.LastIndex(port, ":"):]
				if a.Edge != e.Addr || a.Client != source || a.Port == 0 || a.Host != "www.lab.test"+port ||
					a.Path != "/a%20b/c" || a.Query != "q=1&r" || a.Method != "GET" || a.Protocol != tc.proto || a.TLS != tc.tls {
					t.Errorf("the model was asked %+v by way of %s", a, e.Addr)
				}
				if got := a.Header("user-agent"); got != "Go-http-client/1.1" && got != "Go-http-client/2.0" && got != "quic-go HTTP/3" {
					t.Errorf("Header(\"user-agent\") = %q", got)
				}
			}
		})
	}
}

func sameHeader(got, want http.Header) bool {
	if len(got) != len(want) {
		return false
	}
	for name, values := range want {
		if !slices.Equal(got[name], values) {
			return false
		}
	}
	return true
}

func TestServeWritesTheBytesOfTheReplyOnly(t *testing.T) {
	b := newScripted(0)
	s := startServer(t, b, Config{})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(b.edges[0].Addr.String(), u.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd"
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	want := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: CloudFront\r\nVia: 1.1 a\r\nVia: 1.1 b\r\n" +
		"x-amz-request-id: 4F1A\r\nConnection: close\r\n\r\nhello"
	if string(got) != want {
		t.Errorf("the answer is\n%q, want\n%q", got, want)
	}
	if a := b.lastAsk(t); a.Bytes != int64(len(request)) {
		t.Errorf("Ask.Bytes = %d, want %d", a.Bytes, len(request))
	}
}

func TestServeIsNeverEarly(t *testing.T) {
	const after = 20 * time.Millisecond
	b := newScripted(after)
	s := startServer(t, b, Config{TLS: true})
	c := viewer(t, s, netip.MustParseAddr("127.92.0.1"), b.edges[0].Addr, "h2")
	get(t, c, s.URL()) // dial; the model's clock begins here
	for range 5 {
		start := time.Now()
		get(t, c, s.URL())
		if took := time.Since(start); took < after {
			t.Errorf("an answer that is due after %v came after %v", after, took)
		}
	}
	times := b.askTimes()
	if times[0] > 10*time.Millisecond {
		t.Errorf("the first ask came at %v on the model's clock, want its zero", times[0])
	}
	if !slices.IsSorted(times) {
		t.Errorf("the model's clock went back: %v", times)
	}
}

func TestServeStopsWaitingForAClientThatLeft(t *testing.T) {
	for _, protocol := range []string{"h1", "h2", "h3"} {
		b := newScripted(time.Hour)
		s := startServer(t, b, Config{TLS: true})
		c := viewer(t, s, netip.MustParseAddr("127.92.0.1"), b.edges[0].Addr, protocol)
		c.Timeout = 50 * time.Millisecond
		if _, err := c.Get(s.URL()); err == nil {
			t.Fatal("an answer that is due in an hour came")
		}
		b.lastAsk(t) // it did come as far as the model
		deadline := time.Now().Add(5 * time.Second)
		for s.asks.count() > 0 {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the handler still waits 5 s after its client left", protocol)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func TestServeCloseCutsOffWhatIsUnderWay(t *testing.T) {
	for _, protocol := range []string{"h1", "h2", "h3"} {
		b := newScripted(time.Hour)
		asked := make(chan struct{}, 8)
		slow := b.answer
		b.answer = func(now time.Duration, a Ask) Reply { asked <- struct{}{}; return slow(now, a) }
		s := startServer(t, b, Config{TLS: true})
		c := viewer(t, s, netip.MustParseAddr("127.92.0.1"), b.edges[0].Addr, protocol)
		failed := make(chan error, 8)
		for range 8 {
			go func() {
				resp, err := c.Get(s.URL())
				if err == nil {
					err = resp.Body.Close()
				}
				failed <- err
			}()
		}
		for range 8 {
			<-asked
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Errorf("Close: %v", err)
		}
		for range 8 {
			if err := <-failed; err == nil {
				t.Errorf("%s: a request under way at Close was answered", protocol)
			}
		}
	}
}

func TestServeRefusesAddressesThatAreNotLoopback(t *testing.T) {
	b := newScripted(0)
	b.edges[1].Addr = netip.MustParseAddr("192.0.2.1")
	if s, err := Serve(b, Config{}); err == nil || !strings.Contains(err.Error(), "192.0.2.1") {
		t.Errorf("Serve = %v, %v, want an error that names 192.0.2.1", s, err)
	}
	b.edges = nil
	if s, err := Serve(b, Config{}); err == nil {
		t.Errorf("Serve without an edge = %v, want an error", s)
	}
	if s, err := Serve(newScripted(0), Config{Name: strings.Repeat("x", 300)}); err == nil {
		t.Errorf("Serve with a name of 300 letters = %v, want an error", s)
	}
}
