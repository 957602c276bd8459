package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// files writes a hosts file and a resolv.conf.
func files(t *testing.T, hosts, resolv string) systemFiles {
	t.Helper()
	dir := t.TempDir()
	f := systemFiles{filepath.Join(dir, "hosts"), filepath.Join(dir, "resolv.conf")}
	for path, text := range map[string]string{f.hosts: hosts, f.resolv: resolv} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestServersOfResolvConf(t *testing.T) {
	tests := map[string][]string{
		"# a comment\nsearch example.test\nnameserver 192.0.2.1 # its own\n;nameserver 192.0.2.9\nnameserver\t2001:db8::1\noptions ndots:5\nnameserver nonsense\nnameserver\n": {"192.0.2.1:53", "[2001:db8::1]:53"},
		"nameserver fe80::1%eth0\n": {"[fe80::1%eth0]:53"},
		"":                          {"127.0.0.1:53"},
	}
	for text, want := range tests {
		var got []string
		for _, s := range files(t, "", text).conf().servers {
			got = append(got, s.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("servers of %q = %v, want %v", text, got, want)
		}
	}
	if got := (systemFiles{"/does/not/exist", "/does/not/exist"}).conf().servers; len(got) != 1 || !got[0].Addr().IsLoopback() {
		t.Errorf("servers without a file = %v, want this machine", got)
	}
}

func TestNamesForWhichNobodyIsAsked(t *testing.T) {
	f := files(t, "127.0.0.1 localhost box\n# 192.0.2.9 shop.test\n192.0.2.1\tshop.test www.shop.test. # ours\n2001:db8::1 SHOP.test\n10.0.0.1 evil.localhost\n192.0.2.7 localhost\n", "")
	tests := []struct {
		host   string
		system bool
		want   []netip.Addr
	}{
		{"shop.test", true, addrs("192.0.2.1", "2001:db8::1")},
		{"WWW.shop.test", true, addrs("192.0.2.1")},
		{"www.shop.test.", true, addrs("192.0.2.1")},
		{"shop.test", false, nil},                     // its own resolver is to be asked
		{"other.test", true, nil},                     // not in the file
		{"localhost", true, addrs("127.0.0.1")},       // never an address of elsewhere
		{"LOCALHOST.", false, addrs("127.0.0.1")},     // whoever the resolver is
		{"evil.localhost", false, addrs("127.0.0.1")}, // RFC 6761
		{"localhost.example.test", false, nil},        // an ordinary name
	}
	for _, test := range tests {
		if got := f.known(test.host, test.system); !slices.Equal(got, test.want) {
			t.Errorf("known(%q, %v) = %v, want %v", test.host, test.system, got, test.want)
		}
	}
	both := files(t, "127.0.0.1 localhost\n::1 localhost\n", "")
	if got, want := both.known("localhost", false), addrs("127.0.0.1", "::1"); !slices.Equal(got, want) {
		t.Errorf("localhost = %v, want %v as the hosts file has it", got, want)
	}
}

// silence is a dialler for tests in which no query may be sent.
func silence(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, network, address string) (net.Conn, error) {
		t.Errorf("a query was sent to %s over %s", address, network)
		return nil, net.ErrClosed
	}
}

func TestNoQueryForAddressesAndLocalNames(t *testing.T) {
	for host, want := range map[string]netip.Addr{
		"192.0.2.1":        netip.MustParseAddr("192.0.2.1"),
		"[2001:db8::1]":    netip.MustParseAddr("2001:db8::1"),
		"::ffff:192.0.2.1": netip.MustParseAddr("192.0.2.1"),
		"shop.test":        netip.MustParseAddr("192.0.2.1"),
		"localhost":        netip.MustParseAddr("127.0.0.1"),
	} {
		c := New(Config{Hostname: host, Pool: NewPool(PoolConfig{Dial: silence(t)})})
		c.files = files(t, "192.0.2.1 shop.test", "")
		a := resolve(t, c)
		if !slices.Equal(a.Addrs, []netip.Addr{want}) {
			t.Errorf("%s: Addrs = %v, want %v", host, a.Addrs, want)
		}
		if addr, _, ok := c.Next(time.Now()); addr != want || !ok {
			t.Errorf("%s: Next = %v, %v, want %v", host, addr, ok, want)
		}
	}
}

func TestAddressNeedsNoLookupAndNeverExpires(t *testing.T) {
	c := New(Config{Hostname: "192.0.2.1", Pool: NewPool(PoolConfig{Dial: silence(t)})})
	if _, refresh, ok := c.Next(time.Now().AddDate(10, 0, 0)); refresh || !ok {
		t.Errorf("Next in ten years: refresh %v, ok %v, want no refresh and ok", refresh, ok)
	}
}

func TestAddressOfTheOtherFamily(t *testing.T) {
	for _, host := range []string{"2001:db8::1", "six.test"} {
		c := New(Config{Hostname: host, Families: Families{V4: true}, Pool: NewPool(PoolConfig{Dial: silence(t)})})
		c.files = files(t, "2001:db8::1 six.test", "")
		_, err := c.Resolve(t.Context())
		if !errors.Is(err, ErrNoAddress) || !strings.Contains(err.Error(), "IPv4") {
			t.Errorf("%s: error %v, want ErrNoAddress that names IPv4", host, err)
		}
		if _, _, ok := c.Next(time.Now()); ok {
			t.Errorf("%s: Next gave an address of the other family", host)
		}
	}
}

func TestSystemAsksTheNextServerWhenOneFails(t *testing.T) {
	bad := serve(t, func(a asked) [][]byte { return [][]byte{response(a, 0, nil, code(2))} })
	good := serve(t, always(60, "192.0.2.1", "2001:db8::1"))
	s := setup{servers: []endpoint{plain(bad.addr), plain(good.addr)}, attempts: defaultAttempts}
	c := client(bad)
	a := c.query(t.Context(), part{kind: kinds[0], owner: c.name}, s)
	if a.err != nil || a.server != plain(good.addr) || !slices.Equal(a.addrs, addrs("192.0.2.1")) {
		t.Errorf("query = %+v, want the second server's answer", a)
	}
}

func TestValidateTellsAllFaults(t *testing.T) {
	long := strings.Repeat("a", 64)
	tests := []struct {
		cfg  Config
		want []string // none: it is valid
	}{
		{Config{Hostname: "www.example.test"}, nil},
		{Config{Hostname: "www.example.test.", Resolver: "192.0.2.1"}, nil},
		{Config{Hostname: "_x.example.test", Resolver: "[2001:db8::1]:5353"}, nil},
		{Config{Hostname: "[::1]", Resolver: "2001:db8::1"}, nil},
		{Config{Hostname: "", Resolver: "dns.google", Timeout: -1}, []string{"is empty", `"dns.google"`, "-1ns"}},
		{Config{Hostname: "a..b", Resolver: "192.0.2.1:0"}, []string{"part of 0", "port 0"}},
		{Config{Hostname: long + ".test"}, []string{"part of 64"}},
		{Config{Hostname: strings.Repeat("a.", 127)}, nil},
		{Config{Hostname: strings.Repeat("a.", 128)}, []string{"255 characters"}},
		{Config{Hostname: "bücher.test"}, []string{"xn--"}},
		{Config{Hostname: "a b.test", Resolver: "192.0.2.1:99999"}, []string{"printable", "99999"}},
	}
	for _, test := range tests {
		err := test.cfg.Validate()
		if (err == nil) != (test.want == nil) {
			t.Errorf("Validate(%q, %q) = %v, want %v", test.cfg.Hostname, test.cfg.Resolver, err, test.want)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Validate(%q, %q) = %q, want %q in it", test.cfg.Hostname, test.cfg.Resolver, err, want)
			}
		}
		if test.want != nil {
			if _, got := New(test.cfg).Resolve(t.Context()); got == nil || got.Error() != err.Error() {
				t.Errorf("Resolve = %v, want what Validate says", got)
			}
		}
	}
}
