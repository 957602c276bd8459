package scenarios

import (
	"fmt"
	"math"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func prefixes(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	var all []netip.Prefix
	for _, text := range texts {
		p, err := parsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestSource(t *testing.T) {
	pool := Clients{Addresses: prefixes(t, "198.51.100.0/29", "192.0.2.7", "192.0.2.8/31", "127.0.0.0/32", "2001:db8::/127")}
	for i, want := range []string{
		"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5", "198.51.100.6", // not .0 and .7
		"192.0.2.7", "192.0.2.8", "192.0.2.9", "127.0.0.0", "2001:db8::", "2001:db8::1",
		"198.51.100.1", // from the begin again
	} {
		got, ok := pool.Source(i)
		if !ok || got.String() != want {
			t.Errorf("Source(%d) = %v, %v, want %s", i, got, ok, want)
		}
	}
	if got, ok := (Clients{}).Source(3); ok {
		t.Errorf("Source(3) of no pool = %v, want none", got)
	}
}

func TestSourceOfHugePools(t *testing.T) {
	for pool, want := range map[string]string{
		"2001:db8:1::/80": "2001:db8:1::f:423f",
		"2001:db8::/32":   "2001:db8::f:423f",
		"10.0.0.0/8":      "10.15.66.64",
	} {
		c := Clients{Addresses: prefixes(t, pool, pool)}
		if got, ok := c.Source(999_999); !ok || got.String() != want {
			t.Errorf("Source(999999) of %s = %v, %v, want %s", pool, got, ok, want)
		}
		if got, ok := c.Source(math.MaxInt64); !ok || !c.Addresses[0].Contains(got) {
			t.Errorf("Source(MaxInt64) of %s = %v, %v, which is outside", pool, got, ok)
		}
	}
}

// TestSourceLaws: every source is in the pool, and no two of the first round
// are the same.
func TestSourceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(22, 32).Draw(t, "bits")
		at := rapid.IntRange(0, 1<<20).Draw(t, "address")
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(at >> 16), byte(at >> 8), byte(at)}), bits).Masked()
		c := Clients{Addresses: []netip.Prefix{p}}
		seen := map[netip.Addr]bool{}
		for i := range int(hosts(p)) {
			a, ok := c.Source(i)
			if !ok || !p.Contains(a) || seen[a] {
				t.Fatalf("Source(%d) of %v = %v, %v, seen before: %v", i, p, a, ok, seen[a])
			}
			seen[a] = true
		}
		if again, _ := c.Source(int(hosts(p))); !seen[again] {
			t.Fatalf("after a round comes %v, which is new", again)
		}
	})
}

func TestSubnets(t *testing.T) {
	for _, c := range []struct {
		name    string
		written []string
		most    int
		want    string
	}{
		{"a /24 stays", []string{"203.0.113.0/24"}, 9, "[203.0.113.0/24]"},
		{"a longer one is widened", []string{"203.0.113.128/25", "2001:db8::1"}, 9, "[203.0.113.0/24 2001:db8::/56]"},
		{"a wider one is cut", []string{"198.51.100.0/22"}, 9, "[198.51.100.0/24 198.51.101.0/24 198.51.102.0/24 198.51.103.0/24]"},
		{"in turn, and no more than clients", []string{"2001:db8::/32", "10.0.0.0/8", "192.0.2.0/24"}, 5, "[2001:db8::/56 10.0.0.0/24 192.0.2.0/24 2001:db8:0:100::/56 10.0.1.0/24]"},
	} {
		if got := fmt.Sprint(cutSubnets(prefixes(t, c.written...), c.most)); got != c.want {
			t.Errorf("%s: cutSubnets(%v, %d) = %s, want %s", c.name, c.written, c.most, got, c.want)
		}
	}
	clients := Clients{Subnets: prefixes(t, "10.0.0.0/24", "10.0.1.0/24")}
	if got, ok := clients.Subnet(3); !ok || got != clients.Subnets[1] {
		t.Errorf("Subnet(3) = %v, %v", got, ok)
	}
	if _, ok := (Clients{}).Subnet(0); ok {
		t.Error("a client of no subnets has one")
	}
}

// TestSubnetsOfAnySize: what is cut is of the one length, lies within, and
// never repeats.
func TestSubnetsOfAnySize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := netip.PrefixFrom(netip.MustParseAddr("2400::"), rapid.IntRange(3, 56).Draw(t, "bits")).Masked()
		if rapid.Bool().Draw(t, "v4") {
			p = netip.PrefixFrom(netip.MustParseAddr("64.0.0.0"), rapid.IntRange(2, 24).Draw(t, "bits4")).Masked()
		}
		seen := map[netip.Prefix]bool{}
		for _, s := range cutSubnets([]netip.Prefix{p}, 300) {
			if s.Bits() != subnetBits(p.Addr()) || s != s.Masked() || !p.Contains(s.Addr()) || seen[s] {
				t.Fatalf("%v is cut into %v, seen before: %v", p, s, seen[s])
			}
			seen[s] = true
		}
		if want := min(300, 1<<min(20, subnetBits(p.Addr())-p.Bits())); len(seen) != want {
			t.Fatalf("%v is cut into %d, want %d", p, len(seen), want)
		}
	})
}

func TestResolvers(t *testing.T) {
	p := plan(t, load(t, "testdata/stages.yaml"))
	for i, want := range []string{"[::1]:5353", "127.0.0.1:53", "[::1]:53", "system", "[::1]:5353"} {
		if got := p.Clients.Resolver(i); got != want {
			t.Errorf("Resolver(%d) = %q, want %q", i, got, want)
		}
	}
}
