package run

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/internal/netns"
	"frontload/internal/quic"
	"frontload/results"
	"frontload/results/store"
	"frontload/scenarios"
)

// The hosts of a world: each address is local to the network namespace of the
// test, and none is loopback.
const (
	owner  = "198.51.100.1" // and those after it
	victim = "203.0.113.9"

	plainPort  = "8080"
	securePort = "8443"

	ownerHost  = "www.owner.test"
	victimHost = "www.victim.test"
	token      = "ftl-abcdefghijklmnopqrstuvwxyz"
)

// A world is a network of its own with hosts that count what comes to them,
// and a resolver.
type world struct {
	t     *testing.T
	zone  *zone
	ca    string // file
	roots *authority

	mu    sync.Mutex
	conns map[string]int      // connections and first packets, by address
	asked map[string][]string // "METHOD URL" of requests, by address
	serve map[string]http.HandlerFunc
	first func() // is called at the first request of the load
}

// newWorld needs a network namespace; see [netns.Inside].
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, conns: map[string]int{}, asked: map[string][]string{}, serve: map[string]http.HandlerFunc{}}
	w.roots = newAuthority(t)
	w.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(w.ca, w.roots.pem(), 0o644); err != nil {
		t.Fatal(err)
	}
	netns.Do(t, "ip route replace default dev lo") // no address is passed over for want of a route
	w.zone = newZone(t)
	w.zone.set(ownerHost, owner)
	w.zone.set(victimHost, victim)
	w.host(owner, ownerHost)
	w.host(victim, victimHost)
	return w
}

// host sets a host up at an address, with a certificate for a name.
func (w *world) host(address, name string) {
	w.t.Helper()
	netns.Do(w.t, "ip address replace "+address+"/32 dev lo")
	secure := &tls.Config{Certificates: []tls.Certificate{w.roots.certificate(w.t, name)}}
	w.listen(address, plainPort, nil)
	w.listen(address, securePort, secure)
	socket, err := net.ListenPacket("udp", net.JoinHostPort(address, securePort))
	if err != nil {
		w.t.Fatal(err)
	}
	server := quic.NewServer(quic.ServerConfig{TLS: secure.Clone(), Streams: 100, Handler: w.handler(address)})
	if err := server.Serve(&countingSocket{PacketConn: socket, seen: func() { w.connected(address) }}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = server.Close() })
}

func (w *world) listen(address, port string, secure *tls.Config) {
	w.t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, port))
	if err != nil {
		w.t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(w.handler(address))
	s.Listener.Close()
	s.Listener = l
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			w.connected(address)
		}
	}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = quiet
	if s.TLS = secure; secure != nil {
		s.StartTLS()
	} else {
		s.Start()
	}
	w.t.Cleanup(s.Close)
}

func (w *world) connected(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[address]++
}

// handler notes what is asked at an address. Unless the test said otherwise
// by answer, it answers 404 to the path of proofs and 200 to the rest.
func (w *world) handler(address string) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked[address] = append(w.asked[address], r.Method+" http://"+r.Host+r.URL.RequestURI())
		answer := w.serve[address]
		if w.first != nil && !strings.HasPrefix(r.URL.Path, "/.well-known/") {
			w.first()
			w.first = nil
		}
		w.mu.Unlock()
		switch {
		case answer != nil:
			answer(out, r)
		case strings.HasPrefix(r.URL.Path, "/.well-known/"):
			http.NotFound(out, r)
		}
	}
}

// answer has an address answer by a function of the test's.
func (w *world) answer(address string, f http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serve[address] = f
}

// onLoad has f called once load has begun.
func (w *world) onLoad(f func()) { w.first = f }

// publish has an address serve the token.
func (w *world) publish(address string) {
	w.answer(address, func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/frontload.txt" {
			fmt.Fprintln(out, token)
		}
	})
}

// load and proofs are how many requests of each came to an address.
func (w *world) load(address string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.asked[address] {
		if !strings.HasSuffix(line, "/.well-known/frontload.txt") {
			n++
		}
	}
	return n
}

func (w *world) proofs(address string) int {
	load := w.load(address)
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked[address]) - load
}

func (w *world) connections(address string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conns[address]
}

// fill replaces the words of a scenario that stand for the world's.
func (w *world) fill(text string) string {
	return strings.NewReplacer(
		"OWNER", ownerHost, "VICTIM", victimHost, "PLAIN", plainPort, "SECURE", securePort,
		"TOKEN", token, "RESOLVER", w.zone.addr, "CA", w.ca,
	).Replace(text)
}

// attack carries out a scenario of a target section and more, its load being
// 40/s for 1 s where it says no other, and returns what the run file holds.
func (w *world) attack(text string, opt Options) (*results.Run, error) {
	w.t.Helper()
	text = "version: 1\n" + w.fill(text)
	for _, part := range []struct{ key, rest string }{
		{"\nrequests:", "requests: [{path: /load}]"},
		{"\nload:", "load: {rate: 40/s, for: 1s}"},
		{"\nclients:", w.fill("clients: {count: 2, protocol: h1, resolvers: [\"RESOLVER\"]}")},
	} {
		if !strings.Contains(text, part.key) {
			text = strings.TrimRight(text, "\n") + "\n" + part.rest + "\n"
		}
	}
	s, err := scenarios.Parse("test.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	plan, err := s.Plan()
	if err != nil {
		w.t.Fatal(err)
	}
	opt.File, opt.Source = filepath.Join(w.t.TempDir(), "run.db"), "attack"
	_, started, runErr := Run(w.t.Context(), plan, opt)
	if !started {
		return nil, runErr
	}
	r, err := store.Open(opt.File)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { r.Close() })
	recorded, err := r.Run()
	if err != nil {
		w.t.Fatal(err)
	}
	return recorded, runErr
}

// A countingSocket tells of each packet that comes. It is no *net.UDPConn, so
// that every one is read by ReadFrom.
type countingSocket struct {
	net.PacketConn
	seen func()
}

func (s *countingSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.PacketConn.ReadFrom(b)
	if err == nil {
		s.seen()
	}
	return n, from, err
}

// A zone answers A, TXT and CNAME queries.
type zone struct {
	addr string
	ttl  uint32

	mu    sync.Mutex
	a     map[string][]netip.Addr
	later map[string][]netip.Addr // in the place of a, from the second query on
	txt   map[string][][]string
	cname map[string]string
}

func newZone(t *testing.T) *zone {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zone{
		addr: c.LocalAddr().String(), ttl: 1, a: map[string][]netip.Addr{}, later: map[string][]netip.Addr{},
		txt: map[string][][]string{}, cname: map[string]string{},
	}
	var serving sync.WaitGroup
	serving.Go(func() { z.serve(c) })
	t.Cleanup(func() { c.Close(); serving.Wait() })
	return z
}

// set gives a name addresses, in the place of those that it had.
func (z *zone) set(name string, addresses ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.a[name] = parseAll(addresses)
}

// then gives a name addresses from its second query on.
func (z *zone) then(name string, addresses ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.later[name] = parseAll(addresses)
}

func parseAll(addresses []string) (list []netip.Addr) {
	for _, a := range addresses {
		list = append(list, netip.MustParseAddr(a))
	}
	return list
}

// record adds a TXT record of the given strings.
func (z *zone) record(name string, texts ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.txt[name] = append(z.txt[name], texts)
}

func (z *zone) alias(name, to string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.cname[name] = to
}

func (z *zone) serve(c net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		var query dnsmessage.Message
		if query.Unpack(buf[:n]) != nil || len(query.Questions) != 1 {
			continue
		}
		packed, err := z.reply(query).AppendPack(nil)
		if err == nil {
			_, err = c.WriteTo(packed, from)
		}
		if err != nil {
			return
		}
	}
}

func (z *zone) reply(query dnsmessage.Message) *dnsmessage.Message {
	z.mu.Lock()
	defer z.mu.Unlock()
	q := query.Questions[0]
	m := &dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true}, Questions: query.Questions}
	add := func(owner string, body dnsmessage.ResourceBody) {
		h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(owner + "."), Class: dnsmessage.ClassINET, TTL: z.ttl}
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: body})
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	if to := z.cname[name]; to != "" {
		add(name, &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(to + ".")})
		name = to
	}
	switch q.Type {
	case dnsmessage.TypeA:
		for _, a := range z.a[name] {
			add(name, &dnsmessage.AResource{A: a.As4()})
		}
		if z.later[name] != nil {
			z.a[name] = z.later[name]
		}
	case dnsmessage.TypeTXT:
		for _, texts := range z.txt[name] {
			add(name, &dnsmessage.TXTResource{TXT: texts})
		}
	}
	if z.a[name] == nil && z.txt[name] == nil && len(m.Answers) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	return m
}

// An authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *authority) certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
