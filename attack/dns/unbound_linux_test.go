package dns

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// An unbound is Debian's resolver of that name, on loopback, with a zone of its
// own.
type unbound struct {
	plain, tls, https int // ports
	roots             *x509.CertPool
	log               string
}

const zone = `$ORIGIN zone.test.
@       3600 IN SOA ns hostmaster 1 3600 600 86400 7
@       3600 IN NS  ns
ns      3600 IN A   192.0.2.53
www     60   IN CNAME cdn
cdn     30   IN CNAME edge
edge    40   IN A   192.0.2.1
edge    40   IN A   192.0.2.2
edge    40   IN AAAA 2001:db8::1
four    60   IN A   192.0.2.4
`

// startUnbound starts one with further lines of configuration.
func startUnbound(t *testing.T, extra string) *unbound {
	t.Helper()
	dir := t.TempDir()
	cert, roots := certificate(t, "dns.example.test")
	u := &unbound{plain: freePort(t), tls: freePort(t), https: freePort(t), roots: roots, log: filepath.Join(dir, "log")}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	var big strings.Builder
	for i := range 100 { // some 1,600 bytes
		fmt.Fprintf(&big, "big 60 IN A 198.51.100.%d\n", i+1)
	}
	for name, text := range map[string]string{
		"zone": zone + big.String(),
		"pem":  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})),
		"key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"conf": fmt.Sprintf(`
server:
	interface: 127.0.0.1@%[2]d
	interface: 127.0.0.1@%[3]d
	interface: 127.0.0.1@%[4]d
	tls-port: %[3]d
	https-port: %[4]d
	tls-service-key: "%[1]s/key"
	tls-service-pem: "%[1]s/pem"
	directory: "%[1]s"
	chroot: ""
	username: ""
	pidfile: ""
	do-daemonize: no
	use-syslog: no
	logfile: "%[5]s"
	log-queries: yes
	module-config: "iterator"
	do-not-query-localhost: yes
	local-zone: "test." nodefault
	local-zone: "local.test." static
	local-data: "start.local.test. 50 IN CNAME middle.local.test."
	local-data: "middle.local.test. 20 IN CNAME end.local.test."
	local-data: "end.local.test. 90 IN A 192.0.2.9"
	local-data: "round.local.test. 50 IN CNAME about.local.test."
	local-data: "about.local.test. 50 IN CNAME round.local.test."
%[6]s
auth-zone:
	name: "zone.test"
	zonefile: "%[1]s/zone"
	for-downstream: yes
	for-upstream: yes
`, dir, u.plain, u.tls, u.https, u.log, extra),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u.run(t, filepath.Join(dir, "conf"))
	return u
}

func (u *unbound) run(t *testing.T, conf string) {
	t.Helper()
	path, err := exec.LookPath("unbound")
	if err != nil {
		path = "/usr/sbin/unbound"
		if _, err := os.Stat(path); err != nil {
			t.Fatal("unbound is missing: 'make packages' installs it")
		}
	}
	cmd := exec.Command(path, "-p", "-c", conf)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("unbound printed:\n%s%s", out.Bytes(), u.logged())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(u.logged(), "start of service"); time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("unbound ended:\n%s%s", out.Bytes(), u.logged())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("unbound does not start")
		}
	}
}

func (u *unbound) logged() string {
	b, _ := os.ReadFile(u.log) // none yet
	return string(b)
}

var loggedQuery = regexp.MustCompile(`(?m) info: 127\.0\.0\.1 \S+ (A|AAAA) IN$`)

// queries is how many queries unbound has logged.
func (u *unbound) queries() int { return len(loggedQuery.FindAllString(u.logged(), -1)) }

func freePort(t *testing.T) int {
	t.Helper()
	pc, l := listenBoth(t)
	defer pc.Close()
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// resolvers are all ways to ask.
func (u *unbound) resolvers() map[string]string {
	return map[string]string{
		"plain": fmt.Sprintf("127.0.0.1:%d", u.plain),
		"TLS":   fmt.Sprintf("tls://127.0.0.1:%d#dns.example.test", u.tls),
		"HTTPS": fmt.Sprintf("https://dns.example.test:%d/dns-query", u.https),
	}
}

// pool reaches dns.example.test on loopback.
func (u *unbound) pool(t *testing.T, tell func(string)) *Pool {
	p := NewPool(PoolConfig{Roots: u.roots, Tell: tell, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.Replace(address, "dns.example.test", "127.0.0.1", 1))
	}})
	t.Cleanup(p.Close)
	return p
}

func TestUnboundIsAskedEveryWay(t *testing.T) {
	u := startUnbound(t, "")
	pool := u.pool(t, nil)
	book := new(ledger)
	for way, resolver := range u.resolvers() {
		for _, test := range []struct {
			name  string
			addrs []netip.Addr
			ttl   time.Duration
			err   error
		}{
			{"www.zone.test", addrs("192.0.2.1", "2001:db8::1", "192.0.2.2"), 30 * time.Second, nil}, // two aliases in one answer
			{"start.local.test", addrs("192.0.2.9"), 20 * time.Second, nil},                          // answers that leave off at an alias
			{"round.local.test", nil, 0, ErrNoAddress},
			{"absent.zone.test", nil, 0, ErrNoName},
			{"ns.zone.test", addrs("192.0.2.53"), time.Hour, nil}, // no AAAA
		} {
			t.Run(way+" "+test.name, func(t *testing.T) {
				c := New(Config{Hostname: test.name, Resolver: resolver, Pool: pool, Budget: NewBudget(1e6), Report: book.report})
				a, err := c.Resolve(t.Context())
				if !errors.Is(err, test.err) {
					t.Fatalf("error %v, want %v", err, test.err)
				}
				if err == nil && (!slices.Equal(a.Addrs, test.addrs) || time.Until(a.Expires) > test.ttl || time.Until(a.Expires) < test.ttl-5*time.Second) {
					t.Errorf("%v for %s, want %v for %s", a.Addrs, time.Until(a.Expires), test.addrs, test.ttl)
				}
			})
		}
		t.Run(way+" big.zone.test", func(t *testing.T) {
			c := New(Config{Hostname: "big.zone.test", Resolver: resolver, Pool: pool, Families: Families{V4: true}, Report: book.report})
			if a := resolve(t, c); len(a.Addrs) != maxAddrs {
				t.Errorf("%d addresses, want the first %d of 100", len(a.Addrs), maxAddrs)
			}
		})
	}
	if got, want := u.queries(), len(book.rows); got != want || want == 0 {
		t.Errorf("unbound got %d queries, %d are recorded", got, want)
	}
	byTransport := map[string]int{}
	for _, l := range book.rows {
		byTransport[l.Transport]++
	}
	if byTransport["udp"] == 0 || byTransport["tcp"] != 1 || byTransport["tls"] == 0 || byTransport["https"] != byTransport["tls"] {
		t.Errorf("queries by transport: %v, want one over TCP, and as many over HTTPS as over TLS", byTransport)
	}
}

// What the zone says of absent names is kept: 7 s.
func TestUnboundsNegativeAnswersAreKept(t *testing.T) {
	u := startUnbound(t, "")
	c := New(Config{Hostname: "four.zone.test", Resolver: u.resolvers()["plain"]})
	resolve(t, c)
	c.mu.Lock()
	defer c.mu.Unlock()
	a, known := c.mu.absent[absence{c.name, kinds[1].record}]
	if left := time.Until(a.until); !known || a.err != nil || left > 7*time.Second || left < 2*time.Second {
		t.Errorf("absent: %+v for %s, want no AAAA for 7s, as the SOA says", c.mu.absent, left)
	}
}

// An unbound that answers each address 20 times a second only, and drops what
// is above, is found out while it is asked 60 times a second.
func TestUnboundThatLimitsUsIsFoundOut(t *testing.T) {
	u := startUnbound(t, "\tip-ratelimit: 20\n\tip-ratelimit-factor: 0\n")
	told := make(chan string, 10)
	pool := u.pool(t, func(text string) { told <- text })
	budget := NewBudget(60)
	doubts := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for range 60 {
		wg.Go(func() {
			for ctx.Err() == nil {
				c := New(Config{
					Hostname: "four.zone.test", Resolver: u.resolvers()["plain"], Pool: pool, Budget: budget,
					Families: Families{V4: true}, Timeout: time.Second,
				})
				if _, err := c.Resolve(ctx); errors.Is(err, ErrNoAnswer) {
					select {
					case doubts <- err:
					default:
					}
				}
			}
		})
	}
	select {
	case text := <-told:
		if !strings.Contains(text, fmt.Sprintf("resolver 127.0.0.1:%d answered ", u.plain)) || !strings.Contains(text, "it limits us") {
			t.Errorf("told %q", text)
		}
		t.Log(text)
	case <-time.After(30 * time.Second):
		t.Error("nothing was told of a resolver that drops two of three queries")
	}
	if err := <-doubts; !strings.Contains(err.Error(), "if it limits us, lower clients.lookups") {
		t.Errorf("error %v, want that the resolver may limit us", err)
	}
}
