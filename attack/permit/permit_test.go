package permit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"frontload/scenarios/proof"
)

const (
	token = "ftl-abcdefghijklmnopqrstuvwxyz"
	host  = "www.example.com"
)

// records answers TXT queries.
type records struct {
	texts map[string][]string
	asked atomic.Int64
	takes time.Duration
}

func (r *records) TXT(ctx context.Context, name string) ([]string, error) {
	r.asked.Add(1)
	select {
	case <-time.After(r.takes):
		return r.texts[name], nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func published() *records {
	return &records{texts: map[string][]string{"_frontload." + host: {token}}}
}

func addrs(texts ...string) (list []netip.Addr) {
	for _, s := range texts {
		list = append(list, netip.MustParseAddr(s))
	}
	return list
}

// judged returns how a gate judges one address that a look-up brought.
func judged(t *testing.T, cfg Config, address string) error {
	t.Helper()
	g := New(cfg)
	defer g.Close()
	a := netip.MustParseAddr(address)
	g.Judge(t.Context(), []netip.Addr{a})
	return g.Allow(a)
}

func kindOf(err error) Kind {
	var denied *Denied
	if errors.As(err, &denied) {
		return denied.Kind
	}
	return 0
}

func TestAddressesThatAreNeverAsked(t *testing.T) {
	for address, want := range map[string]Kind{
		"127.0.0.1": 0, "127.255.255.254": 0, "::1": 0, "::ffff:127.0.0.1": 0,
		"192.0.2.1": 0, "10.0.0.1": 0, "2001:db8::1": 0, "::ffff:192.0.2.1": 0, "64:ff9b::c000:201": 0, "2002:c000:201::1": 0, "fd00::1": 0,
		"0.0.0.0": Forbidden, "::": Forbidden, "0.0.0.1": Forbidden, "::ffff:0.0.0.0": Forbidden,
		"169.254.169.254": Forbidden, "::ffff:169.254.169.254": Forbidden, "64:ff9b::a9fe:a9fe": Forbidden, "2002:a9fe:a9fe::": Forbidden,
		"fe80::1": Forbidden, "fe80::1%eth0": Forbidden, "2001:db8::1%eth0": Forbidden, "::1%lo": Forbidden,
		"224.0.0.1": Forbidden, "239.255.255.255": Forbidden, "ff02::1": Forbidden, "255.255.255.255": Forbidden,
		"fd00:ec2::254": Forbidden, "100.100.100.200": Forbidden, "168.63.129.16": Forbidden, "192.0.0.192": Forbidden,
		"::127.0.0.1": Forbidden, "::192.0.2.1": Forbidden, "64:ff9b::7f00:1": Forbidden, "2002:7f00:1::1": Forbidden, "64:ff9b::": Forbidden,
	} {
		if got := judged(t, Config{Hostname: host, Attest: "ours"}, address); kindOf(got) != want {
			t.Errorf("%s, attested: %v, want kind %d", address, got, want)
		}
		loopback := netip.MustParseAddr(address).Unmap().IsLoopback()
		if got := judged(t, Config{Hostname: host}, address); want == 0 && (got == nil) != loopback {
			t.Errorf("%s, with nothing to show: %v", address, got)
		}
	}
	g := New(Config{Attest: "ours"})
	defer g.Close()
	g.Judge(t.Context(), []netip.Addr{{}})
	if err := g.Allow(netip.Addr{}); kindOf(err) != Forbidden {
		t.Errorf("no address at all: %v", err)
	}
}

func TestWhatNoLookUpBroughtIsRefused(t *testing.T) {
	g := New(Config{Hostname: host, Attest: "ours"})
	defer g.Close()
	g.Judge(t.Context(), addrs("192.0.2.1", "::ffff:192.0.2.2"))
	for address, want := range map[string]Kind{"192.0.2.1": 0, "192.0.2.2": 0, "::ffff:192.0.2.1": 0, "192.0.2.3": Unheard, "127.0.0.1": Unheard} {
		if err := g.Allow(netip.MustParseAddr(address)); kindOf(err) != want {
			t.Errorf("%s: %v, want kind %d", address, err, want)
		}
	}
}

func TestHowManyAddressesAreHeardIsBounded(t *testing.T) {
	g := New(Config{Attest: "ours"})
	defer g.Close()
	a := netip.MustParseAddr("10.0.0.0")
	for range mostHeard + 10 {
		a = a.Next()
		g.Judge(t.Context(), []netip.Addr{a})
	}
	if len(g.verdicts) != mostHeard || kindOf(g.Allow(a)) != Unheard {
		t.Errorf("%d verdicts, the last address: %v", len(g.verdicts), g.Allow(a))
	}
}

// Over http a record speaks for the addresses that the name had at the start,
// and later for CloudFront's.
func TestLateAddressesOverHTTP(t *testing.T) {
	ranges := &Ranges{prefixes: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
	for _, known := range []*Ranges{nil, ranges} {
		dns := published()
		var told []string
		g := New(Config{
			Hostname: host, ServerName: host, Scheme: "http", Proof: proof.DNS, Token: token, Resolvers: []Resolver{dns, dns},
			Ranges: known, Outside: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Tell: func(text string) { told = append(told, text) },
		})
		early, late, cloudFronts := addrs("192.0.2.1"), addrs("192.0.2.2"), addrs("198.51.100.1")
		g.Judge(t.Context(), early)
		g.Begin()
		told = nil
		g.Judge(t.Context(), append(late, cloudFronts...))
		g.Judge(t.Context(), append(late, early...))
		if g.Allow(early[0]) != nil || kindOf(g.Allow(late[0])) != Unproved || (g.Allow(cloudFronts[0]) == nil) != (known != nil) {
			t.Errorf("ranges known %t: early %v, late %v, CloudFront's %v", known != nil, g.Allow(early[0]), g.Allow(late[0]), g.Allow(cloudFronts[0]))
		}
		if n := dns.asked.Load(); n != 2 {
			t.Errorf("the record was looked up %d times, want once of each resolver", n)
		}
		if !strings.Contains(strings.Join(told, "\n"), "nothing is sent to 192.0.2.2: DNS brought it after the run had begun") {
			t.Errorf("told %q", told)
		}
		g.Close()
	}
}

// A record that is published late is found a minute after, not sooner.
func TestFailedProofsAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &records{texts: map[string][]string{}}
		g := New(Config{Hostname: host, ServerName: host, Scheme: "http", Proof: proof.DNS, Token: token, Resolvers: []Resolver{dns}})
		defer g.Close()
		a := addrs("192.0.2.1")
		g.Judge(t.Context(), a)
		dns.texts = published().texts
		for range 59 {
			time.Sleep(time.Second)
			g.Judge(t.Context(), a)
		}
		if n := dns.asked.Load(); n != 1 || kindOf(g.Allow(a[0])) != Unproved {
			t.Errorf("within a minute: asked %d times, %v", n, g.Allow(a[0]))
		}
		time.Sleep(2 * time.Second)
		g.Judge(t.Context(), a)
		if err := g.Allow(a[0]); err != nil || dns.asked.Load() != 2 {
			t.Errorf("after a minute: %v", err)
		}
	})
}

// At most four proofs are under way at a time; each is given up after 10 s;
// nobody can use an address meanwhile, and who cannot wait need not.
func TestProofsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under, most, all atomic.Int64
		g := New(Config{
			Hostname: host, Host: host, ServerName: host, Scheme: "https", Port: 443, Proof: proof.WellKnown, Token: token,
			Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
				all.Add(1)
				most.Store(max(most.Load(), under.Add(1)))
				defer under.Add(-1)
				<-ctx.Done()
				return nil, context.Cause(ctx)
			},
		})
		var list []netip.Addr
		for i := range 10 {
			list = append(list, netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i)))
		}
		start := time.Now()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		g.Judge(short, list)
		cancel()
		if took := time.Since(start); took != time.Second || kindOf(g.Allow(list[0])) != Unproved || len(g.Denials()) != 0 {
			t.Errorf("Judge() took %v of the second that there was; %v, %v", took, g.Allow(list[0]), g.Denials())
		}
		g.Judge(t.Context(), list)
		if took := time.Since(start); took != 30*time.Second || most.Load() != 4 || all.Load() != 10 {
			t.Errorf("10 proofs took %v, %d at a time, %d in all, want 30 s, 4 and 10", took, most.Load(), all.Load())
		}
		denials := g.Denials()
		if len(denials) != 10 || !strings.Contains(denials[0].Error(), "no answer within 10s") {
			t.Errorf("denials %v", denials)
		}
		time.Sleep(2 * time.Minute)
		waiting := make(chan struct{})
		go func() { g.Judge(t.Context(), list); close(waiting) }()
		synctest.Wait()
		g.Close() // while proofs are under way
		<-waiting
		g.Judge(t.Context(), addrs("192.0.2.99"))
		if err := g.Allow(netip.MustParseAddr("192.0.2.99")); kindOf(err) != Unproved {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestNamesThatNeedARecord(t *testing.T) {
	for _, row := range []struct{ hostname, host, want string }{
		{"www.example.com", "www.example.com", "www.example.com"},
		{"www.example.com.", "WWW.example.com", "www.example.com"},
		{"edge.example.com", "www.example.com", "www.example.com edge.example.com"},
		{"d1.cloudfront.net", "www.example.com", "www.example.com"},
		{"D1.CloudFront.net.", "www.example.com", "www.example.com"},
		{"www.example.com", "d1.cloudfront.net", "only CloudFront"},
		{"d1.cloudfront.net", "d1.cloudfront.net", "only CloudFront"},
		{"d1.cloudfront.net", "d2.cloudfront.net", "only CloudFront"},
		{"d1.cloudfront.net.example.com", "www.example.com", "www.example.com d1.cloudfront.net.example.com"},
		{"xcloudfront.net", "www.example.com", "www.example.com xcloudfront.net"},
		{"cloudfront.net", "www.example.com", "www.example.com cloudfront.net"},
		{"192.0.2.1", "www.example.com", "an IP address"},
		{"www.example.com", "2001:db8::1", "an IP address"},
	} {
		names, err := (&Config{Hostname: row.hostname, ServerName: row.host}).names()
		if got := strings.Join(names, " "); err == nil && got != row.want || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s with Host %s: %q, %v, want %s", row.hostname, row.host, names, err, row.want)
		}
	}
}

// A host that is named like the token is echoed by many a machine and name
// server, which then seems to hold it.
func TestHostsNamedLikeTheToken(t *testing.T) {
	for _, name := range []string{token, token + ".example.com", strings.ToUpper(token)} {
		dns := &records{texts: map[string][]string{"_frontload." + strings.ToLower(name): {token}}}
		err := judged(t, Config{Hostname: name, Host: name, ServerName: name, Scheme: "http", Proof: proof.DNS, Token: token, Resolvers: []Resolver{dns}}, "192.0.2.1")
		if kindOf(err) != Unproved || !strings.Contains(err.Error(), "token") || dns.asked.Load() != 0 {
			t.Errorf("host %s: %v", name, err)
		}
	}
}
