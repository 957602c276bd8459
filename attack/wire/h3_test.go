package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"frontload/attack/source"
	"frontload/internal/quic"
	"frontload/results"
)

// certified is a server that was never started, for its certificate.
func certified(t testing.TB) *httptest.Server {
	s := serverOf(t, results.H2, nil)
	s.TLS.NextProtos = []string{quic.NextProto}
	return s
}

func listenUDP(t testing.TB) *net.UDPConn {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return socket
}

// h3Rig is a rig whose server answers HTTP/3 by the handler.
func h3Rig(t testing.TB, cfg Config, streams int64, handler http.HandlerFunc) *rig {
	t.Helper()
	cert := certified(t)
	socket := listenUDP(t)
	server := quic.NewServer(quic.ServerConfig{Handler: handler, TLS: cert.TLS, Streams: streams})
	if err := server.Serve(socket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return newH3Rig(t, socket.LocalAddr(), cfg, cert)
}

func newH3Rig(t testing.TB, at net.Addr, cfg Config, cert *httptest.Server) *rig {
	t.Helper()
	cfg.Protocol = results.H3
	if cfg.TLS == nil {
		cfg.TLS = trust(cert)
	}
	d := new(source.Dialer)
	if cfg.Route == nil {
		cfg.Route = d.Route
	}
	if cfg.Bind == nil {
		cfg.Bind = d.Bind
	}
	return newRig(t, at, cfg)
}

// speak serves, by the function, each connection that comes to the socket.
func speak(t testing.TB, socket net.PacketConn, cert *httptest.Server, streams int64, f func(n int, c *quic.Conn)) {
	t.Helper()
	e := quic.NewEndpoint(socket)
	l, err := e.Listen(cert.TLS, quic.Limits{Streams: streams, Idle: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept(ctx)
			if err != nil {
				return
			}
			work.Go(func() {
				f(n, c)
				<-c.Done()
			})
		}
	})
	t.Cleanup(func() { cancel(); e.Close(); work.Wait() })
}

// h3Frame is a frame with its header.
func h3Frame(kind uint64, content []byte) []byte {
	return append(appendVarint(appendVarint(nil, kind), uint64(len(content))), content...)
}

// h3FieldsOf is a header block of the given names and values, in turn.
func h3FieldsOf(fields ...string) []byte {
	b := []byte{0, 0}
	for i := 0; i < len(fields); i += 2 {
		n := fields[i]
		b = appendText(appendRawQPACKName(b, n), fields[i+1])
	}
	return b
}

// appendRawQPACKName leaves capitals as they are.
func appendRawQPACKName(b []byte, name string) []byte {
	b = appendQPACKName(b, name)
	return append(b[:len(b)-len(name)], name...)
}

func headersOf(fields ...string) []byte { return h3Frame(h3Headers, h3FieldsOf(fields...)) }

var h3Greeting = joined([]byte{h3ControlStream}, h3Frame(h3Settings, nil))

// answerWith serves requests by reading each whole and saying what is given,
// in two pieces.
func answerWith(t testing.TB, cfg Config, say []byte, then func(*quic.Conn, quic.Stream)) *rig {
	cert, socket := certified(t), listenUDP(t)
	speak(t, socket, cert, 100, func(_ int, c *quic.Conn) {
		c.OpenUni(h3Greeting)
		for {
			s, err := c.Accept()
			if err != nil {
				return
			}
			io.Copy(io.Discard, s)
			s.Write(say[:len(say)/2])
			s.Write(say[len(say)/2:])
			if then == nil {
				s.CloseWrite()
			} else {
				then(c, s)
			}
		}
	})
	return newH3Rig(t, socket.LocalAddr(), cfg, cert)
}

func TestHTTP3AnswersOfEveryShape(t *testing.T) {
	ok, hello := headersOf(":status", "200"), h3Frame(h3Data, []byte("hello"))
	long := strings.Repeat("a", 10_000)
	reset := func(_ *quic.Conn, s quic.Stream) { s.Cancel(0x102) }
	closed := func(c *quic.Conn, _ quic.Stream) { c.Close(h3CodeNone, "") }
	for _, c := range []struct {
		name    string
		say     []byte
		then    func(*quic.Conn, quic.Stream)
		status  uint16
		outcome results.Outcome
		reason  string
	}{
		{"no body", ok, nil, 200, results.OK, ""},
		{"a body", joined(ok, hello), nil, 200, results.OK, ""},
		{"a body in frames, the last empty", joined(ok, hello, hello, h3Frame(h3Data, nil)), nil, 200, results.OK, ""},
		{"trailers", joined(ok, hello, headersOf("x-t", "1")), nil, 200, results.OK, ""},
		{"1xx comes before the answer", joined(headersOf(":status", "103", "x-cache", "Hit"), ok, hello), nil, 200, results.OK, ""},
		{"frames of kinds that are not known", joined(h3Frame(0x21, []byte("grease")), ok, h3Frame(0x40, nil), hello, h3Frame(0x21, []byte("x"))), nil, 200, results.OK, ""},
		{"a long header", joined(headersOf(":status", "503", "server", "AmazonS3", "x-long", long), hello), nil, 503, results.OriginS3, ""},
		{"a length that is kept to", joined(headersOf(":status", "200", "content-length", "5"), hello), nil, 200, results.OK, ""},
		{"a length that is not", joined(headersOf(":status", "200", "content-length", "6"), hello), nil, 200, results.Transport, "malformed answer"},
		{"two lengths", headersOf(":status", "200", "content-length", "0", "content-length", "1"), nil, 0, results.Transport, "malformed answer"},
		{"no status", headersOf("x", "y"), nil, 0, results.Transport, "malformed answer"},
		{"status 101", headersOf(":status", "101"), nil, 0, results.Transport, "malformed answer"},
		{"a status after a field", headersOf("x", "y", ":status", "200"), nil, 0, results.Transport, "malformed answer"},
		{"a header of HTTP/1.1", headersOf(":status", "200", "connection", "close"), nil, 0, results.Transport, "malformed answer"},
		{"a name in capitals", headersOf(":status", "200", "X-Cache", "Hit"), nil, 0, results.Transport, "malformed answer"},
		{"a body before its header", hello, nil, 0, results.Transport, "malformed answer"},
		{"more after the trailer", joined(ok, headersOf("x-t", "1"), hello), nil, 200, results.Transport, "malformed answer"},
		{"an empty header block", h3Frame(h3Headers, nil), nil, 0, results.Transport, "malformed answer"},
		{"a header block with a dynamic table", h3Frame(h3Headers, []byte{2, 0, 0x80}), nil, 0, results.Transport, "malformed answer"},
		{"settings among the answer", joined(ok, h3Frame(h3Settings, nil)), nil, 200, results.Transport, "malformed answer"},
		{"a frame of HTTP/2's", joined(ok, h3Frame(6, make([]byte, 8))), nil, 200, results.Transport, "malformed answer"},
		{"a push", h3Frame(h3PushPromise, []byte{0}), nil, 0, results.Transport, "malformed answer"},
		{"a header over the limit", headersOf(":status", "200", "x-long", strings.Repeat(long, 7)), nil, 0, results.Transport, "header too large"},
		{"a header that says that it is over the limit", appendVarint([]byte{h3Headers}, 1<<40), nil, 0, results.Transport, "header too large"},
		{"headers without end", bytes.Repeat(headersOf(":status", "103", "x-long", long), 8), nil, 0, results.Transport, "header too large"},
		{"frames of nothing without end", joined(ok, bytes.Repeat(h3Frame(0x21, make([]byte, 10_000)), 8)), nil, 200, results.Transport, "header too large"},
		{"a body over the limit", joined(ok, bytes.Repeat(h3Frame(h3Data, make([]byte, 10_000)), 20)), nil, 200, results.Transport, "body too large"},
		{"ended at once", nil, nil, 0, results.Transport, "closed early"},
		{"ended in a frame", joined(ok, hello)[:len(ok)+4], nil, 200, results.Transport, "closed early"},
		{"ended in a frame's header", joined(ok, []byte{0x40}), nil, 200, results.Transport, "closed early"},
		{"reset in the body", joined(ok, h3Frame(h3Data, nil)), reset, 200, results.Transport, "stream reset"},
		{"the connection closed in the body", joined(ok, hello), closed, 200, results.Transport, "connection closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			then := c.then
			came := make(chan struct{})
			if then != nil { // a reset overtakes what stands before it
				then = func(conn *quic.Conn, s quic.Stream) { <-came; c.then(conn, s) }
			}
			r := answerWith(t, Config{MaxBodyBytes: 100_000}, c.say, then)
			r.Start(r.call("POST", "/")) // which never goes out twice
			awaitFirstByte(r, then != nil)
			close(came)
			call := r.next(t)
			s := call.Sample
			if c.then == nil && s.Status != c.status || s.Outcome != c.outcome || s.Reason != c.reason {
				t.Errorf("status %d, outcome %v, reason %q (%v); want %d, %v, %q",
					s.Status, s.Outcome, s.Reason, call.Err, c.status, c.outcome, c.reason)
			}
			if s.Cache != results.CacheUnknown {
				t.Errorf("cache %v, which only an informational answer said", s.Cache)
			}
		})
	}
}

// awaitFirstByte returns when something was read, so that what follows is not
// overtaken.
func awaitFirstByte(r *rig, wait bool) {
	for deadline := time.Now().Add(10 * time.Second); wait && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		r.Transport.mu.Lock()
		for _, p := range r.pools {
			p.mu.Lock()
			for _, c := range p.all {
				wait = wait && c.(*h3Conn).reads.Load() == 0
			}
			p.mu.Unlock()
		}
		r.Transport.mu.Unlock()
	}
}

// What a server says on its control stream can end the connection, and with it
// every call on it, for a reason.
func TestHTTP3ControlStreams(t *testing.T) {
	control := func(frames ...[]byte) []byte { return append([]byte{h3ControlStream}, joined(frames...)...) }
	settings := h3Frame(h3Settings, nil)
	for name, c := range map[string]struct {
		uni  [][]byte
		good bool
	}{
		"settings, known and not":       {[][]byte{control(h3Frame(h3Settings, []byte{1, 0x40, 0x80, 0x21, 5, 0x33, 1}))}, true},
		"with QPACK's streams":          {[][]byte{control(settings), {2}, {3}}, true},
		"with a kind that is not known": {[][]byte{control(settings), {0x21, 1, 2, 3}}, true},
		"with frames not known":         {[][]byte{control(settings, h3Frame(0x21, make([]byte, 5000)), h3Frame(h3CancelPush, []byte{0}))}, true},
		"no settings first":             {[][]byte{control(h3Frame(h3GoAway, []byte{0}))}, false},
		"settings twice":                {[][]byte{control(settings, settings)}, false},
		"settings cut off":              {[][]byte{control(h3Frame(h3Settings, []byte{6}))}, false},
		"settings of HTTP/2":            {[][]byte{control(h3Frame(h3Settings, []byte{4, 1}))}, false},
		"settings that are too long":    {[][]byte{control(h3Frame(h3Settings, make([]byte, 5000)))}, false},
		"a header there":                {[][]byte{control(settings, headersOf("a", "b"))}, false},
		"a GOAWAY for no request":       {[][]byte{control(settings, h3Frame(h3GoAway, []byte{3}))}, false},
		"a GOAWAY that takes back":      {[][]byte{control(settings, h3Frame(h3GoAway, []byte{4}), h3Frame(h3GoAway, []byte{8}))}, false},
		"a frame without end":           {[][]byte{control(settings, appendVarint([]byte{0x21}, 1<<50))}, false},
		"two control streams":           {[][]byte{control(settings), control(settings)}, false},
		"a push":                        {[][]byte{control(settings), {h3PushStream, 0}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cert, socket := certified(t), listenUDP(t)
			speak(t, socket, cert, 100, func(_ int, conn *quic.Conn) {
				for _, b := range c.uni {
					conn.OpenUni(b)
				}
				for {
					s, err := conn.Accept()
					if err != nil {
						return
					}
					if c.good {
						s.Write(headersOf(":status", "200"))
						s.CloseWrite()
					}
				}
			})
			r := newH3Rig(t, socket.LocalAddr(), Config{}, cert)
			for range 3 {
				call := r.do(t, "POST", "/")
				if want := map[bool]string{true: "", false: "malformed answer"}[c.good]; call.Sample.Reason != want {
					t.Errorf("reason %q (%v), want %q", call.Sample.Reason, call.Err, want)
				}
			}
		})
	}
}

// What a request carries arrives as it was asked for, and is counted.
func TestHTTP3Requests(t *testing.T) {
	type seen struct{ method, uri, host, header, length, proto string }
	got := make(chan seen, 1)
	r := h3Rig(t, Config{}, 100, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		got <- seen{r.Method, r.RequestURI, r.Host, fmt.Sprint(r.Header), strconv.FormatInt(r.ContentLength, 10), r.Proto}
	})
	long := strings.Repeat("v", 40_000) // more than a packet
	for _, c := range []struct {
		request Request
		want    seen
	}{
		{Request{Method: "GET", Target: []byte("/a%2Fb?q=%20&r")}, seen{"GET", "/a%2Fb?q=%20&r", "www.example.com", "map[]", "0", "HTTP/3.0"}},
		{Request{Method: "DELETE", Target: []byte("/")}, seen{"DELETE", "/", "www.example.com", "map[]", "0", "HTTP/3.0"}},
		{Request{Method: "PATCH", Target: []byte("/"), Body: []byte("hello")}, seen{"PATCH", "/", "www.example.com", "map[Content-Length:[5]]", "5", "HTTP/3.0"}},
		{Request{Method: "PUT", Target: []byte("/")}, seen{"PUT", "/", "www.example.com", "map[Content-Length:[0]]", "0", "HTTP/3.0"}},
		{Request{Method: "GET", Target: []byte("/"), Header: []results.Header{
			{Name: "X-One", Value: "1"}, {Name: "Connection", Value: "close"}, {Name: "x-one", Value: "2"}, {Name: "X-Long", Value: long}, {Name: "Abcdef", Value: ""}, {Name: "Abcdefg", Value: "7"},
		}}, seen{"GET", "/", "www.example.com", "map[Abcdef:[] Abcdefg:[7] X-Long:[" + long + "] X-One:[1 2]]", "0", "HTTP/3.0"}},
	} {
		call := &Call{Request: c.request, Edge: r.at}
		call.Request.Host = "www.example.com"
		r.Start(call)
		back := r.next(t)
		if back.Err != nil {
			t.Fatal(back.Err)
		}
		s := <-got
		if s.length == "-1" && len(c.request.Body) == 0 { // quic-go's server may not know yet that no body comes
			s.length = "0"
		}
		if s != c.want {
			t.Errorf("arrived %.300v\nwant %.300v", s, c.want)
		}
		if out := back.Sample.BytesOut; out != int64(len(back.out)) || out < 20 {
			t.Errorf("%d bytes out, want the %d of the request", out, len(back.out))
		}
	}
}

func TestHTTP3TimesOfASample(t *testing.T) {
	r := h3Rig(t, Config{}, 100, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "first")
		http.NewResponseController(w).Flush()
		time.Sleep(20 * time.Millisecond)
		io.WriteString(w, "last")
	})
	for i := range 2 {
		c := r.do(t, "GET", "/")
		s := c.Sample
		if c.Err != nil || s.Protocol != results.H3 || s.Fresh != (i == 0) || (s.TLS > 0) != (i == 0) || s.Connect != 0 {
			t.Errorf("call %d: protocol %v, fresh %v, connect %v, TLS %v: %v", i, s.Protocol, s.Fresh, s.Connect, s.TLS, c.Err)
		}
		if !s.Written || s.Sent < s.Ready || s.FirstByte <= s.Sent || s.Done < s.FirstByte+10*time.Millisecond {
			t.Errorf("call %d: ready %v, sent %v, first byte %v, done %v", i, s.Ready, s.Sent, s.FirstByte, s.Done)
		}
		if s.Source != netip.MustParseAddr("127.0.0.1") || s.BytesIn < 20 {
			t.Errorf("call %d: source %v, %d bytes in", i, s.Source, s.BytesIn)
		}
	}
	if r.sent.Load() != 2 {
		t.Errorf("Sent was told %d times, want 2", r.sent.Load())
	}
}

// Bodies of both ways through windows that are much smaller, at once on one
// connection.
func TestHTTP3LargeBodies(t *testing.T) {
	body := make([]byte, 1<<20)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(body)
	var whole atomic.Int64
	r := h3Rig(t, Config{}, 100, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err == nil && bytes.Equal(got, body) {
			whole.Add(1)
		}
		for range 2 {
			w.Write(body)
		}
	})
	const n = 3
	for range n {
		call := r.call("POST", "/")
		call.Request.Body = body
		r.Start(call)
	}
	for range n {
		c := r.next(t)
		if c.Err != nil || c.answer.body != 2*int64(len(body)) {
			t.Errorf("%d bytes of body came, want %d: %v", c.answer.body, 2*len(body), c.Err)
		}
		if out := c.Sample.BytesOut; out < int64(len(body)) || out > int64(len(body))+1<<10 {
			t.Errorf("%d bytes went out for a body of %d", out, len(body))
		}
	}
	if whole.Load() != n {
		t.Errorf("%d bodies arrived whole, want %d", whole.Load(), n)
	}
}

// A server that answers before it has read the body.
func TestHTTP3AnswerBeforeTheBodyIsRead(t *testing.T) {
	r := h3Rig(t, Config{}, 100, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(413) })
	call := r.call("POST", "/")
	call.Request.Body = make([]byte, 8<<20)
	r.Start(call)
	if c := r.next(t); c.Sample.Status != 413 || c.Err != nil || c.Sample.BytesOut > 8<<20 {
		t.Errorf("status %d, %d bytes out: %v; want the 413 that was sent", c.Sample.Status, c.Sample.BytesOut, c.Err)
	}
}

// No more requests are under way than the server allows; the others wait, and
// that is queueing.
func TestHTTP3KeepsToTheServersLimit(t *testing.T) {
	var now, most atomic.Int64
	r := h3Rig(t, Config{}, 3, func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		now.Add(-1)
	})
	const n = 40
	for range n {
		r.Start(r.call("GET", "/"))
	}
	queued := 0
	for range n {
		c := r.next(t)
		if c.Err != nil {
			t.Error(c.Err)
		}
		if c.Sample.Ready > 2*time.Millisecond+c.Sample.TLS {
			queued++
		}
	}
	if most.Load() > 3 || queued < n-10 {
		t.Errorf("%d requests at once, want at most 3; %d of %d had to wait", most.Load(), queued, n)
	}
}

// A client has one socket of its own for all edge addresses, at its own source
// address; and it is closed with the last connection.
func TestHTTP3SourceAddresses(t *testing.T) {
	cert := certified(t)
	var mu sync.Mutex
	ports := map[string]int{}
	server := quic.NewServer(quic.ServerConfig{TLS: cert.TLS, Streams: 10, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ports[r.RemoteAddr]++
	})})
	t.Cleanup(func() { server.Close() })
	var edges []netip.AddrPort
	for range 3 {
		socket := listenUDP(t)
		edges = append(edges, netip.MustParseAddrPort(socket.LocalAddr().String()))
		if err := server.Serve(socket); err != nil {
			t.Fatal(err)
		}
	}
	d := new(source.Dialer)
	var asked atomic.Int64
	r := newH3Rig(t, net.UDPAddrFromAddrPort(edges[0]), Config{Route: func(from netip.Addr, to netip.AddrPort) (netip.Addr, error) {
		asked.Add(1)
		return d.Route(from, to)
	}}, cert)
	const clients, rounds = 4, 3
	for range rounds {
		for client := range clients {
			for _, edge := range edges {
				call := r.call("GET", "/")
				call.Edge = edge
				call.Sample.Client = uint32(client)
				call.Sample.Source = netip.AddrFrom4([4]byte{127, 0, 7, byte(client + 1)})
				r.Start(call)
				if c := r.next(t); c.Err != nil {
					t.Fatal(c.Err)
				}
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	seen := map[netip.Addr]int{}
	for addr, n := range ports {
		seen[netip.MustParseAddrPort(addr).Addr()] += n
	}
	for client := range clients {
		if got := seen[netip.AddrFrom4([4]byte{127, 0, 7, byte(client + 1)})]; got != rounds*len(edges) {
			t.Errorf("client %d: %d requests came from its address, want %d", client, got, rounds*len(edges))
		}
	}
	if len(ports) != clients || asked.Load() != int64(clients*len(edges)) {
		t.Errorf("%d sockets and %d dials that were asked for, want %d and %d", len(ports), asked.Load(), clients, clients*len(edges))
	}
	for client := range clients {
		for _, edge := range edges {
			r.Retire(uint32(client), edge)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		r.ports.mu.Lock()
		open := len(r.ports.open)
		r.ports.mu.Unlock()
		if open == 0 {
			return
		}
	}
	t.Error("sockets are still open after every connection was retired")
}

// Connections that do not come about fail for a clear reason, and the
// generator's own troubles are told apart.
func TestHTTP3DialsThatFail(t *testing.T) {
	cert, socket := certified(t), listenUDP(t)
	speak(t, socket, cert, 100, func(int, *quic.Conn) {})
	silent := listenUDP(t)
	t.Cleanup(func() { silent.Close() })
	other, otherSocket := serverOf(t, results.H2, nil), listenUDP(t)
	other.TLS.NextProtos = []string{"doq"}
	speak(t, otherSocket, other, 100, func(int, *quic.Conn) {})
	refuse := func(netip.Addr, netip.AddrPort) (netip.Addr, error) {
		return netip.Addr{}, &source.DeniedError{Err: errors.New("no proof")}
	}
	noFiles := func(netip.Addr) (net.PacketConn, error) {
		return nil, &net.OpError{Op: "listen", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}
	anyTarget := &source.Dialer{Allow: func(netip.Addr) error { return nil }}
	fromLoopback := func(_ netip.Addr, to netip.AddrPort) (netip.Addr, error) {
		return anyTarget.Route(netip.MustParseAddr("127.0.0.5"), to)
	}
	outside := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443} // which the system does not send to from loopback
	for name, c := range map[string]struct {
		at        net.Addr
		cfg       Config
		reason    string
		generator bool
	}{
		"a certificate that is not trusted": {socket.LocalAddr(), Config{TLS: &tls.Config{ServerName: "example.com"}}, "tls certificate", false},
		"a certificate for another name":    {socket.LocalAddr(), Config{TLS: &tls.Config{ServerName: "example.net", RootCAs: trust(cert).RootCAs}}, "tls certificate", false},
		"no HTTP/3 there":                   {otherSocket.LocalAddr(), Config{TLS: trust(other)}, "tls handshake", false},
		"nobody listens":                    {silent.LocalAddr(), Config{ConnectTimeout: 50 * time.Millisecond}, "connect timeout", false},
		"not authorised":                    {socket.LocalAddr(), Config{Route: refuse}, "not authorised", false},
		"a source that does not lead there": {outside, Config{Route: fromLoopback}, "source address cannot reach target", true},
		"too many open files":               {socket.LocalAddr(), Config{Bind: noFiles}, "too many open files", true},
	} {
		t.Run(name, func(t *testing.T) {
			call := newH3Rig(t, c.at, c.cfg, cert).do(t, "GET", "/")
			if s := call.Sample; s.Reason != c.reason || call.GeneratorFault != c.generator || s.Written {
				t.Errorf("reason %q, generator's fault %v, sent %v (%v), want %q, %v, false",
					s.Reason, call.GeneratorFault, s.Written, call.Err, c.reason, c.generator)
			}
		})
	}
}

// Streams that a server rejects go out again elsewhere; those from the one on
// that its GOAWAY names do so too, and those below are carried to their end.
func TestHTTP3GoAwayTellsWhatWasProcessed(t *testing.T) {
	var conns, served atomic.Int64
	cert, socket := certified(t), listenUDP(t)
	speak(t, socket, cert, 100, func(n int, c *quic.Conn) {
		conns.Add(1)
		answer := func(s quic.Stream) {
			served.Add(1)
			s.Write(headersOf(":status", "200"))
			s.CloseWrite()
		}
		if n > 0 {
			c.OpenUni(h3Greeting)
		}
		var streams []quic.Stream
		for {
			s, err := c.Accept()
			if err != nil {
				return
			}
			switch streams = append(streams, s); {
			case n > 0 || len(streams) < 4:
				answer(s)
			case len(streams) == 6: // 4, 5 and 6 are there: 4 is processed, 5 rejected, 6 was never seen
				streams[4].Cancel(h3CodeRejected)
				c.OpenUni(append(bytes.Clone(h3Greeting), h3Frame(h3GoAway, appendVarint(nil, streams[4].ID()))...))
				answer(streams[3])
			}
		}
	})
	r := newH3Rig(t, socket.LocalAddr(), Config{}, cert)
	for range 3 {
		r.do(t, "POST", "/")
	}
	for range 3 {
		r.Start(r.call("POST", "/"))
	}
	for range 3 {
		if c := r.next(t); c.Err != nil || c.Sample.Status != 200 {
			t.Errorf("status %d: %v", c.Sample.Status, c.Err)
		}
	}
	if served.Load() != 6 || conns.Load() != 2 {
		t.Errorf("%d requests were processed on %d connections, want 6 on 2", served.Load(), conns.Load())
	}
}

// A server that always leaves does not keep a call going for ever.
func TestHTTP3ServerThatAlwaysLeaves(t *testing.T) {
	cert, socket := certified(t), listenUDP(t)
	speak(t, socket, cert, 100, func(_ int, c *quic.Conn) {
		c.OpenUni(append(bytes.Clone(h3Greeting), h3Frame(h3GoAway, []byte{0})...))
	})
	c := newH3Rig(t, socket.LocalAddr(), Config{}, cert).do(t, "GET", "/")
	if c.Err == nil || c.Sample.Reason != "connection closed" && c.Sample.Reason != "connection takes no request" {
		t.Errorf("reason %q: %v", c.Sample.Reason, c.Err)
	}
}

// A connection that the server closes while it is idle costs no call, whether
// the client has heard of it or not.
func TestHTTP3ConnectionClosedWhileIdle(t *testing.T) {
	cert, socket := certified(t), listenUDP(t)
	answered := make(chan bool)
	speak(t, socket, cert, 100, func(_ int, c *quic.Conn) {
		c.OpenUni(h3Greeting)
		s, err := c.Accept()
		if err != nil {
			return
		}
		s.Write(headersOf(":status", "200"))
		s.CloseWrite()
		if <-answered {
			c.Close(h3CodeNone, "idle")
		}
	})
	r := newH3Rig(t, socket.LocalAddr(), Config{}, cert)
	for range 20 {
		if c := r.do(t, "GET", "/"); c.Err != nil {
			t.Fatal(c.Err)
		}
		answered <- true
	}
	close(answered)
}

// Close ends what is under way, what waits and what is being dialled, and
// leaves nothing behind.
func TestHTTP3CloseEndsEverything(t *testing.T) {
	before := goleak.IgnoreCurrent()
	cert, socket, silent := certified(t), listenUDP(t), listenUDP(t)
	hold := make(chan struct{})
	server := quic.NewServer(quic.ServerConfig{TLS: cert.TLS, Streams: 2, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})})
	if err := server.Serve(socket); err != nil {
		t.Fatal(err)
	}
	r := newH3Rig(t, socket.LocalAddr(), Config{}, cert)
	const n = 6
	for i := range n {
		call := r.call("POST", "/")
		call.Request.Body = make([]byte, i<<17)
		if i == n-1 {
			call.Edge = netip.MustParseAddrPort(silent.LocalAddr().String())
		}
		r.Start(call)
	}
	for deadline := time.Now().Add(10 * time.Second); r.sent.Load() < 2 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	r.Close()
	for range n {
		if c := r.next(t); !errors.Is(c.Err, ErrEnded) {
			t.Errorf("error %v, want %v", c.Err, ErrEnded)
		}
	}
	close(hold)
	server.Close()
	silent.Close()
	cert.Close()
	goleak.VerifyNone(t, before)
}

// In virtual time: each stream has the whole time-out from its send, and one
// that runs out takes no other with it.
func TestHTTP3EachStreamHasItsTimeout(t *testing.T) {
	cert := certified(t)
	synctest.Test(t, func(t *testing.T) {
		near, far := packetPipe()
		speak(t, far, cert, 100, func(_ int, c *quic.Conn) { // answers every second request, 6 s after it came
			c.OpenUni(h3Greeting)
			for n := 1; ; n++ {
				s, err := c.Accept()
				if err != nil {
					return
				}
				if n%2 == 0 {
					continue
				}
				time.AfterFunc(6*time.Second, func() { s.Write(headersOf(":status", "200")); s.CloseWrite() })
			}
		})
		bound := 0
		r := newH3Rig(t, far.LocalAddr(), Config{
			Timeout: 10 * time.Second,
			Bind:    func(netip.Addr) (net.PacketConn, error) { bound++; return near, nil },
			Route:   func(netip.Addr, netip.AddrPort) (netip.Addr, error) { return netip.Addr{}, nil },
		}, cert)
		for range 6 {
			r.Start(r.call("GET", "/"))
			time.Sleep(4 * time.Second)
		}
		ends := map[string]int{}
		for range 6 {
			c := <-r.done
			ends[fmt.Sprintf("%v %s", c.Sample.Service().Round(100*time.Millisecond), c.Sample.Reason)]++
		}
		if want := map[string]int{"6s ": 3, "10s timeout": 3}; !maps.Equal(ends, want) {
			t.Errorf("the exchanges ended %v, want %v", ends, want)
		}
		// A connection outlives silence that is longer than any time-out of QUIC's.
		time.Sleep(20 * time.Minute)
		r.Start(r.call("GET", "/"))
		if c := <-r.done; c.Err != nil || c.Sample.Fresh || bound != 1 {
			t.Errorf("after a long silence: fresh %v, %d sockets: %v", c.Sample.Fresh, bound, c.Err)
		}
	})
}

// In virtual time: a connection on which nothing comes any more is given up
// with its first time-out, so that not every later request has to wait for its
// own.
func TestHTTP3SilentConnectionIsGivenUp(t *testing.T) {
	cert := certified(t)
	synctest.Test(t, func(t *testing.T) {
		near, far := packetPipe()
		var conns atomic.Int64
		speak(t, far, cert, 100, func(int, *quic.Conn) { conns.Add(1) })
		r := newH3Rig(t, far.LocalAddr(), Config{
			Timeout: 10 * time.Second,
			Bind:    func(netip.Addr) (net.PacketConn, error) { return near, nil },
			Route:   func(netip.Addr, netip.AddrPort) (netip.Addr, error) { return netip.Addr{}, nil },
		}, cert)
		r.Start(r.call("GET", "/"))
		if c := <-r.done; c.Sample.Reason != "timeout" || c.Sample.Service() != 10*time.Second {
			t.Errorf("reason %q after %v, want a timeout after 10 s", c.Sample.Reason, c.Sample.Service())
		}
		synctest.Wait()
		r.Transport.mu.Lock()
		defer r.Transport.mu.Unlock()
		for _, p := range r.pools {
			if len(p.all) != 0 {
				t.Error("the silent connection is still one to be used")
			}
		}
	})
}

// packetPipe is two sockets in memory, each of which hears the other.
func packetPipe() (a, b *packetConn) {
	there, back := make(chan []byte, 1000), make(chan []byte, 1000)
	a = &packetConn{in: back, out: there, local: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, late: make(chan struct{}), closed: make(chan struct{})}
	b = &packetConn{in: there, out: back, local: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2}, late: make(chan struct{}), closed: make(chan struct{})}
	a.peer, b.peer = b.local, a.local
	return a, b
}

type packetConn struct {
	in, out     chan []byte
	local, peer net.Addr
	once, shut  sync.Once
	late        chan struct{}
	closed      chan struct{}
}

func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case b := <-c.in:
		return copy(p, b), c.peer, nil
	case <-c.late:
		return 0, nil, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

func (c *packetConn) WriteTo(p []byte, _ net.Addr) (int, error) {
	select {
	case c.out <- bytes.Clone(p):
	default: // lost, as packets may be
	}
	return len(p), nil
}

func (c *packetConn) Close() error { c.shut.Do(func() { close(c.closed) }); return nil }

// SetReadDeadline is called by quic-go only to end reading.
func (c *packetConn) SetReadDeadline(at time.Time) error {
	if !at.IsZero() {
		c.once.Do(func() { close(c.late) })
	}
	return nil
}

func (c *packetConn) LocalAddr() net.Addr              { return c.local }
func (c *packetConn) SetDeadline(time.Time) error      { return nil }
func (c *packetConn) SetWriteDeadline(time.Time) error { return nil }

// Whatever a server says on a stream, it is read without a panic, and it makes
// no difference in which pieces it comes.
func FuzzHTTP3Answer(f *testing.F) {
	ok := headersOf(":status", "200", "x-cache", "Hit from cloudfront")
	f.Add(joined(ok, h3Frame(h3Data, []byte("hello"))), uint64(1))
	f.Add(joined(headersOf(":status", "103"), h3Frame(0x21, []byte("xyz")), ok, headersOf("x-t", "1")), uint64(2))
	f.Add(append(bytes.Clone(ok), 0xc0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 2, 'h', 'i'), uint64(3))
	f.Add(appendVarint([]byte{h3Headers}, 1<<61), uint64(4))
	f.Fuzz(func(t *testing.T, say []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		a := readH3(t, say, func() int { return len(say) })
		b := readH3(t, say, func() int { return 1 + rng.IntN(20) })
		if a != b {
			t.Fatalf("as a whole: %s\nin pieces: %s", a, b)
		}
	})
}

func readH3(t *testing.T, say []byte, size func() int) string {
	var call Call
	call.answer.begin(&Config{MaxHeaderBytes: 1 << 16, MaxBodyBytes: 1 << 20}, false)
	var r h3Reader
	r.begin(&call.answer)
	var err error
	for len(say) > 0 && err == nil {
		n := min(max(1, size()), len(say))
		err = r.read(say[:n])
		say = say[n:]
	}
	if len(r.head) >= 16 || len(r.block) > 1<<16 {
		t.Fatalf("%d bytes of a frame's header and %d of a header are kept", len(r.head), len(r.block))
	}
	if err == nil {
		err = r.end()
	}
	return fmt.Sprint(err != nil, errors.Is(err, ErrHeader), r.answered, r.trailed, call.answer.body, call.answer.reply, call.answer.fields())
}

// Whatever a server says on its control stream, it is read without a panic and
// to an end.
func FuzzHTTP3Control(f *testing.F) {
	f.Add(joined(h3Frame(h3Settings, []byte{6, 0x40, 0x80}), h3Frame(h3GoAway, []byte{8}), h3Frame(h3GoAway, []byte{4})))
	f.Add(joined(h3Frame(h3Settings, nil), h3Frame(0x21, make([]byte, 100)), appendVarint([]byte{0x21}, 1<<61)))
	f.Fuzz(func(t *testing.T, say []byte) {
		last := uint64(1 << 62)
		r := h3ControlReader{in: bufioReader(say), goAway: func(from uint64) {
			if from > last || from%4 != 0 {
				t.Fatalf("GOAWAY %d after %d", from, last)
			}
			last = from
		}}
		var err error
		for err == nil {
			err = r.next()
		}
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	})
}

func TestVarint(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "00", 63: "3f", 64: "4040", 15293: "7bbd", 494878333: "9d7f3e7d", 151288809941952652: "c2197c5eff14e88c", 1<<62 - 1: "ffffffffffffffff",
	} {
		b := appendVarint(nil, n)
		if fmt.Sprintf("%x", b) != want {
			t.Errorf("appendVarint(%d) = %x, want %s", n, b, want)
		}
		if got, size := varint(b); got != n || size != len(b) {
			t.Errorf("varint(%x) = %d, %d", b, got, size)
		}
		if got, err := readVarint(bufioReader(b)); got != n || err != nil {
			t.Errorf("readVarint(%x) = %d, %v", b, got, err)
		}
		for cut := range b {
			if _, size := varint(b[:cut]); size != 0 {
				t.Errorf("varint(%x) has the size %d", b[:cut], size)
			}
		}
	}
}

func bufioReader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

// A new viewer of a server that allows no streams fails, and nothing else.
func TestHTTP3NewViewerWithoutAStream(t *testing.T) {
	cert, socket := certified(t), listenUDP(t)
	speak(t, socket, cert, -1, func(_ int, c *quic.Conn) { c.OpenUni(h3Greeting) })
	r := newH3Rig(t, socket.LocalAddr(), Config{}, cert)
	call := r.call("GET", "/")
	call.NewViewer = true
	r.Start(call)
	if c := r.next(t); !errors.Is(c.Err, ErrNoStreams) {
		t.Errorf("%v, want ErrNoStreams", c.Err)
	}
}
