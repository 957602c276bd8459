package dns

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// certificate returns one for a name or an address that vouches for itself, and
// the roots that it is among.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name},
		NotBefore: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), // in virtual time too
	}
	if ip := net.ParseIP(name); ip != nil {
		c.DNSNames, c.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// A secure server answers DNS over TLS on connections in memory.
type secure struct {
	cert   tls.Certificate
	script func(conn int, a asked, answer func([]byte)) (goOn bool) // conn counts from 1
	dialed atomic.Int64
	got    atomic.Int64
	open   atomic.Int64
	wg     sync.WaitGroup
}

func (s *secure) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	number, out := int(s.dialed.Add(1)), make(chan []byte, 1000)
	s.open.Add(1)
	s.wg.Go(func() {
		defer s.open.Add(-1)
		defer close(out)
		s.serve(number, tls.Server(unhurried{there, out}, &tls.Config{Certificates: []tls.Certificate{s.cert}, NextProtos: []string{"dot", "http/1.1"}}))
	})
	s.wg.Go(func() {
		defer there.Close()
		for b := range out {
			_, _ = there.Write(b)
		}
	})
	return here, nil
}

// An unhurried connection does not wait for its reader, unlike a pipe: both
// ends of a TLS handshake may write at once.
type unhurried struct {
	net.Conn
	out chan<- []byte
}

func (c unhurried) Write(b []byte) (int, error) {
	c.out <- slices.Clone(b)
	return len(b), nil
}

func (s *secure) serve(number int, conn *tls.Conn) {
	answer := func(msg []byte) {
		_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...))
	}
	for {
		msg, err := readMessage(conn)
		if err != nil {
			return
		}
		s.got.Add(1)
		var m dnsmessage.Message
		if m.Unpack(msg) != nil || len(m.Questions) != 1 {
			return
		}
		a := asked{id: m.ID, name: m.Questions[0].Name, kind: m.Questions[0].Type, tcp: true}
		if !s.script(number, a, answer) {
			return
		}
	}
}

// overTLSTo runs test in virtual time with a client that asks the server.
func overTLSTo(t *testing.T, script func(conn int, a asked, answer func([]byte)) bool,
	test func(t *testing.T, s *secure, client func(hostname string) *Client, reported *[]results.Lookup),
) {
	cert, roots := certificate(t, "dns.example")
	synctest.Test(t, func(t *testing.T) {
		s := &secure{cert: cert, script: script}
		pool := NewPool(PoolConfig{Roots: roots, Dial: s.dial})
		defer s.wg.Wait()
		defer pool.Close()
		var mu sync.Mutex
		var reported []results.Lookup
		test(t, s, func(hostname string) *Client {
			return New(Config{
				Hostname: hostname, Resolver: "tls://192.0.2.53#dns.example", Pool: pool, Budget: NewBudget(1e6), Families: Families{V4: true},
				Report: func(l results.Lookup) { mu.Lock(); defer mu.Unlock(); reported = append(reported, l) },
			})
		}, &reported)
		pool.Close()
		s.wg.Wait()
		if got := int(s.got.Load()); got != len(reported) {
			t.Errorf("the server got %d queries, %d are reported", got, len(reported))
		}
	})
}

func TestQueriesOverTLSShareOneConnection(t *testing.T) {
	answerAll := func(_ int, a asked, answer func([]byte)) bool {
		go func() { // later ones first
			time.Sleep(time.Second - time.Duration(a.name.Data[0]-'a')*50*time.Millisecond)
			answer(response(a, 60, []string{fmt.Sprintf("192.0.2.%d", a.name.Data[0])}))
		}()
		return true
	}
	overTLSTo(t, answerAll, func(t *testing.T, s *secure, client func(string) *Client, reported *[]results.Lookup) {
		var wg sync.WaitGroup
		for letter := byte('a'); letter < 'k'; letter++ {
			wg.Go(func() {
				want := []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, letter})}
				if a := resolve(t, client(string(letter)+".test")); !slices.Equal(a.Addrs, want) {
					t.Errorf("%c.test is at %v, want %v", letter, a.Addrs, want)
				}
			})
		}
		wg.Wait()
		if s.dialed.Load() != 1 || s.got.Load() != 10 {
			t.Errorf("%d connections, %d queries, want 1 and 10", s.dialed.Load(), s.got.Load())
		}
		if l := append(*reported, results.Lookup{})[0]; l.Resolver != "tls://192.0.2.53:853#dns.example" || l.Transport != "tls" {
			t.Errorf("reported %+v, want the resolver and tls", l)
		}
		time.Sleep(streamIdle - 2*time.Second) // the questions were put a second ago
		if s.open.Load() != 1 {
			t.Error("the connection is closed too early")
		}
		time.Sleep(2 * time.Second)
		if s.open.Load() != 0 {
			t.Error("an idle connection is kept for ever")
		}
		resolve(t, client("k.test"))
		if s.dialed.Load() != 2 {
			t.Errorf("%d connections, want a second one", s.dialed.Load())
		}
	})
}

func TestLostConnectionIsReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		first func(a asked, answer func([]byte)) bool // what the first connection does
		took  time.Duration
	}{
		"closed without an answer": {func(asked, func([]byte)) bool { return false }, 0},
		"silent":                   {func(asked, func([]byte)) bool { return true }, 5 * time.Second / 3}, // the first try's share
	} {
		t.Run(name, func(t *testing.T) {
			overTLSTo(t, func(conn int, a asked, answer func([]byte)) bool {
				if conn == 1 {
					return test.first(a, answer)
				}
				answer(response(a, 60, []string{"192.0.2.1"}))
				return true
			}, func(t *testing.T, s *secure, client func(string) *Client, _ *[]results.Lookup) {
				start := time.Now()
				resolve(t, client(host))
				if took := time.Since(start).Round(time.Millisecond); took != test.took.Round(time.Millisecond) || s.dialed.Load() != 2 {
					t.Errorf("took %s and %d connections, want %s and 2", took, s.dialed.Load(), test.took)
				}
			})
		})
	}
}

func TestForeignMessagesOverTLSAreIgnored(t *testing.T) {
	overTLSTo(t, func(_ int, a asked, answer func([]byte)) bool {
		wrong := a
		wrong.id++
		answer(response(wrong, 60, []string{"192.0.2.66"}))
		answer([]byte{})
		answer([]byte{1})
		answer(response(a, 60, []string{"192.0.2.1"}))
		return true
	}, func(t *testing.T, _ *secure, client func(string) *Client, _ *[]results.Lookup) {
		if a := resolve(t, client(host)); !slices.Equal(a.Addrs, addrs("192.0.2.1")) {
			t.Errorf("Addrs = %v", a.Addrs)
		}
	})
}

func TestResolverIsTrustedByItsName(t *testing.T) {
	for _, test := range []struct {
		cert, resolver string
		trusted        bool // the roots hold it
		ok             bool
	}{
		{"dns.example", "tls://192.0.2.53#dns.example", true, true},
		{"dns.example", "tls://dns.example:8853", true, true},
		{"192.0.2.53", "tls://192.0.2.53", true, true},
		{"other.example", "tls://192.0.2.53#dns.example", true, false},
		{"dns.example", "tls://192.0.2.53", true, false},
		{"dns.example", "tls://192.0.2.53#dns.example", false, false},
		{"dns.example", "https://192.0.2.53/dns-query", true, false},
	} {
		cert, roots := certificate(t, test.cert)
		if !test.trusted {
			roots = x509.NewCertPool()
		}
		synctest.Test(t, func(t *testing.T) {
			s := &secure{cert: cert, script: func(_ int, a asked, answer func([]byte)) bool {
				answer(response(a, 60, []string{"192.0.2.1"}))
				return true
			}}
			pool := NewPool(PoolConfig{Roots: roots, Dial: s.dial})
			_, err := New(Config{Hostname: host, Resolver: test.resolver, Pool: pool}).Resolve(t.Context())
			if test.ok && err != nil || !test.ok && (!errors.Is(err, ErrUntrusted) || !strings.Contains(err.Error(), "target.ca") || Reason(err) != "resolver is not trusted") {
				t.Errorf("%+v: error %v", test, err)
			}
			if !test.ok && s.got.Load() > 0 {
				t.Errorf("%+v: %d queries were sent", test, s.got.Load())
			}
			pool.Close()
			s.wg.Wait()
		})
	}
}

func TestClosedPoolAsksNobody(t *testing.T) {
	pool := NewPool(PoolConfig{Dial: silence(t)})
	pool.Close()
	for _, resolver := range []string{"tls://192.0.2.53", "https://192.0.2.53"} {
		if _, err := New(Config{Hostname: host, Resolver: resolver, Pool: pool}).Resolve(t.Context()); !errors.Is(err, errClosed) {
			t.Errorf("%s: error %v, want that the pool is closed", resolver, err)
		}
	}
}

func TestSecureResolverThatIsNotThere(t *testing.T) {
	for _, resolver := range []string{"tls://127.0.0.1:%d", "https://127.0.0.1:%d/dns-query"} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		resolver = fmt.Sprintf(resolver, l.Addr().(*net.TCPAddr).Port)
		l.Close()
		pool := NewPool(PoolConfig{})
		_, err = New(Config{Hostname: host, Resolver: resolver, Pool: pool, Report: func(l results.Lookup) {
			t.Errorf("reported %+v, though nothing could be sent", l)
		}}).Resolve(t.Context())
		if !errors.Is(err, ErrNoAnswer) || !strings.Contains(err.Error(), "nothing listens at "+resolver) {
			t.Errorf("error %v, want that nothing listens at %s", err, resolver)
		}
		pool.Close()
	}
}

func TestResolversAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.53":                      "192.0.2.53:53",
		"2001:db8::1":                     "[2001:db8::1]:53",
		"tls://192.0.2.53#dns.example":    "tls://192.0.2.53:853#dns.example",
		"tls://dns.example":               "tls://dns.example:853",
		"tls://[2001:db8::1]:8853":        "tls://[2001:db8::1]:8853",
		"https://dns.example":             "https://dns.example/dns-query",
		"https://dns.example:443/":        "https://dns.example/dns-query",
		"https://[2001:db8::1]:8443/a/b/": "https://[2001:db8::1]:8443/a/b/",
	} {
		e, err := parseResolver(text)
		if err != nil || e.String() != want {
			t.Errorf("parseResolver(%q) = %v, %v, want %s", text, e, err, want)
		}
		if again, err := parseResolver(e.String()); err != nil || again != e {
			t.Errorf("parseResolver(%q) = %+v, %v, want %+v", e, again, err, e)
		}
	}
	for text, want := range map[string]string{
		"tls://": "names no host", "tls://a/b": "has a path", "https://a#b": "has a fragment", "https://a/?dns=x": "more than",
		"tls://a:0": "port 0", "ftp://a": "neither tls nor https", "tls://a b": "no URL", "https://u@a": "more than",
	} {
		if e, err := parseResolver(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseResolver(%q) = %v, %v, want an error with %q", text, e, err, want)
		}
	}
}

func TestResolversOfOneHost(t *testing.T) {
	for resolver, want := range map[string]string{
		"192.0.2.53:53":                     "192.0.2.53",
		"192.0.2.53:5353":                   "192.0.2.53",
		"tls://192.0.2.53#dns.example":      "192.0.2.53",
		"https://192.0.2.53/another/path":   "192.0.2.53",
		"https://DNS.example.:8443/a":       "dns.example",
		"tls://[2001:db8::1]":               "2001:db8::1",
		"127.0.0.1:5353":                    "127.0.0.1:5353",
		"https://127.0.0.1:8443/dns-query":  "https://127.0.0.1:8443/dns-query",
		System:                              System,
		"neither this nor that, whatever 1": "neither this nor that, whatever 1",
	} {
		if got := Host(resolver); got != want {
			t.Errorf("Host(%q) = %q, want %q", resolver, got, want)
		}
	}
}
