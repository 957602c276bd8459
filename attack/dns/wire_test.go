package dns

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

const host = "www.example.test"

// client returns one that asks a server, with a budget that never holds it up.
func client(s *server, set ...func(*Config)) *Client {
	cfg := Config{Hostname: host, Resolver: s.addr.String(), Budget: NewBudget(1e6)}
	for _, f := range set {
		f(&cfg)
	}
	return New(cfg)
}

func resolve(t *testing.T, c *Client) *Answer {
	t.Helper()
	a, err := c.Resolve(t.Context())
	if err != nil {
		t.Fatalf("Resolve: %v", err)
	}
	return a
}

func TestResolveAsksForBothFamilies(t *testing.T) {
	var mu sync.Mutex
	var reported []results.Lookup
	s := serve(t, always(60, "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2"))
	c := client(s, func(cfg *Config) {
		cfg.Subnet = netip.MustParsePrefix("203.0.113.77/32")
		cfg.Report = func(l results.Lookup) { mu.Lock(); defer mu.Unlock(); reported = append(reported, l) }
	})
	a := resolve(t, c)
	if want := addrs("192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"); !slices.Equal(a.Addrs, want) {
		t.Errorf("Addrs = %v, want %v", a.Addrs, want)
	}
	if got := s.all(); len(got) != 2 || got[0].from == got[1].from {
		t.Errorf("queries %+v, want two from two sockets", got)
	}
	slices.SortFunc(reported, func(a, b results.Lookup) int { return strings.Compare(a.Type, b.Type) })
	if len(reported) != 2 {
		t.Fatalf("reported %+v, want two look-ups", reported)
	}
	for i, want := range []results.Lookup{
		{Resolver: s.addr.String(), Subnet: "203.0.113.0/24", Name: host, Type: "A", Answer: addrs("192.0.2.2", "192.0.2.1"), TTL: time.Minute},
		{Resolver: s.addr.String(), Subnet: "203.0.113.0/24", Name: host, Type: "AAAA", Answer: addrs("2001:db8::1", "2001:db8::2"), TTL: time.Minute},
	} {
		got := reported[i]
		if got.Took <= 0 || got.Took > time.Second {
			t.Errorf("Took = %v", got.Took)
		}
		if !slices.Equal(got.Answer, want.Answer) || got.Resolver != want.Resolver || got.Subnet != want.Subnet ||
			got.Name != want.Name || got.Type != want.Type || got.TTL != want.TTL || got.Err != "" {
			t.Errorf("reported %+v, want %+v", got, want)
		}
	}
}

func TestClientSubnetBytes(t *testing.T) {
	tests := []struct {
		subnet string
		want   []byte // family, source prefix, scope prefix, address; nil: no option
	}{
		{"203.0.113.0/24", []byte{0, 1, 24, 0, 203, 0, 113}},
		{"203.0.113.77/32", []byte{0, 1, 24, 0, 203, 0, 113}},         // only the covering /24 is told
		{"203.0.113.77/20", []byte{0, 1, 20, 0, 203, 0, 112}},         // bits past the prefix are zero
		{"198.51.0.0/16", []byte{0, 1, 16, 0, 198, 51}},               // no more bytes than the prefix needs
		{"::ffff:203.0.113.77/120", []byte{0, 1, 24, 0, 203, 0, 113}}, // IPv4 in IPv6's clothes
		{"2001:db8:1:2ff::/64", []byte{0, 2, 56, 0, 0x20, 1, 0xd, 0xb8, 0, 1, 2}},
		{"2001:db8::/32", []byte{0, 2, 32, 0, 0x20, 1, 0xd, 0xb8}},
		{"0.0.0.0/0", []byte{0, 1, 0, 0}},
		{"", nil},
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(test.subnet, "/", "_"), func(t *testing.T) {
			s := serve(t, always(60, "192.0.2.1"))
			resolve(t, client(s, func(cfg *Config) {
				if test.subnet != "" {
					cfg.Subnet = netip.MustParsePrefix(test.subnet)
				}
			}))
			for _, a := range s.all() {
				if !a.edns || !bytes.Equal(a.option, test.want) || (a.option == nil) != (test.want == nil) {
					t.Errorf("query for %s: client subnet %v, want %v", a.kind, a.option, test.want)
				}
			}
		})
	}
}

func TestTruncatedAnswerIsAskedForOverTCP(t *testing.T) {
	s := serve(t, func(a asked) [][]byte {
		if a.tcp {
			return [][]byte{response(a, 60, []string{"192.0.2.1", "192.0.2.2"})}
		}
		return [][]byte{response(a, 60, []string{"192.0.2.1"}, func(m *dnsmessage.Message) { m.Truncated = true })}
	})
	a := resolve(t, client(s, func(cfg *Config) { cfg.Families.V4 = true }))
	if want := addrs("192.0.2.1", "192.0.2.2"); !slices.Equal(a.Addrs, want) {
		t.Errorf("Addrs = %v, want %v", a.Addrs, want)
	}
	if got := s.all(); len(got) != 2 || !got[1].tcp {
		t.Errorf("queries %+v, want one over UDP, then one over TCP", got)
	}
}

func TestForeignPacketsAreIgnored(t *testing.T) {
	other := dnsmessage.MustNewName("other.example.test.")
	s := serve(t, func(a asked) [][]byte {
		wrongID, wrongName, wrongKind := a, a, a
		wrongID.id++
		wrongName.name = other
		wrongKind.kind = dnsmessage.TypeMX
		bad := []string{"192.0.2.66"}
		query := response(a, 60, bad, func(m *dnsmessage.Message) { m.Response = false })
		good := response(a, 60, []string{"192.0.2.1"})
		return [][]byte{
			{},
			[]byte("garbage"), good[:20], response(wrongID, 60, bad), response(wrongName, 60, bad),
			response(wrongKind, 60, nil), query, good,
		}
	})
	a := resolve(t, client(s, func(cfg *Config) { cfg.Families.V4 = true }))
	if want := addrs("192.0.2.1"); !slices.Equal(a.Addrs, want) {
		t.Errorf("Addrs = %v, want %v", a.Addrs, want)
	}
}

func TestAnswerRepeatsTheNameInAnotherCase(t *testing.T) {
	s := serve(t, func(a asked) [][]byte {
		a.name = dnsmessage.MustNewName("WWW.Example.TEST.")
		return [][]byte{response(a, 60, []string{"192.0.2.1"})}
	})
	resolve(t, client(s))
}

func TestAliasesAreFollowedWithTheLeastTTL(t *testing.T) {
	s := serve(t, func(a asked) [][]byte {
		m := func(m *dnsmessage.Message) {
			end := dnsmessage.MustNewName("c.example.test.")
			m.Answers = []dnsmessage.Resource{
				address(end, netip.MustParseAddr("192.0.2.1"), 300),
				address(dnsmessage.MustNewName("stray.test."), netip.MustParseAddr("192.0.2.66"), 1),
				cname("B.example.test.", "c.example.test.", 30),
				cname(host+".", "b.example.test.", 120),
			}
		}
		return [][]byte{response(a, 0, nil, m)}
	})
	before := time.Now()
	a := resolve(t, client(s, func(cfg *Config) { cfg.Families.V4 = true }))
	if want := addrs("192.0.2.1"); !slices.Equal(a.Addrs, want) {
		t.Errorf("Addrs = %v, want %v", a.Addrs, want)
	}
	if ttl := a.Expires.Sub(before); ttl < 30*time.Second || ttl > 31*time.Second {
		t.Errorf("answer expires in %v, want 30s, the least along the way", ttl)
	}
}

func TestFailuresSayWhatIsWrong(t *testing.T) {
	reply := func(changes ...change) func(asked) [][]byte {
		return func(a asked) [][]byte { return [][]byte{response(a, 60, nil, changes...)} }
	}
	noQuestion := func(m *dnsmessage.Message) { m.Questions = nil }
	circle := func(m *dnsmessage.Message) {
		m.Answers = []dnsmessage.Resource{cname(host+".", "b.test.", 9), cname("b.test.", host+".", 9)}
	}
	tests := []struct {
		name    string
		script  func(asked) [][]byte
		is      error  // nil: a ServerError
		text    string // that the message holds, beside the resolver's address
		reason  string
		queries int // for A; 0: two tries that need not arrive in time, see TestSilenceEndsAtTheTimeout
	}{
		{"servfail", reply(code(2)), nil, "SERVFAIL", "resolver answered servfail", 2},
		{"refused, without the question", reply(code(5), noQuestion), nil, "REFUSED", "resolver answered refused", 2},
		{"an extended code", func(a asked) [][]byte {
			return [][]byte{response(a, 60, nil, func(m *dnsmessage.Message) {
				var h dnsmessage.ResourceHeader
				_ = h.SetEDNS0(1232, 16, false)
				m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{}}}
			})}
		}, nil, "BADVERS", "resolver answered badvers", 1},
		{"a code without a name", reply(code(12)), nil, "RCODE12", "resolver answered an error", 1},
		{"no such name", reply(code(3)), ErrNoName, "NXDOMAIN", "name does not exist", 1},
		{"a normal answer of nothing", reply(), ErrNoAddress, "IPv4 or IPv6", "name has no address", 1},
		{"aliases in a circle", reply(circle), ErrNoAddress, "", "name has no address", 1},
		{"the address of nothing", always(60, "0.0.0.0", "::", "224.0.0.1", "::ffff:192.0.2.1"), ErrNoAddress, "", "name has no address", 1},
		{"silence", func(asked) [][]byte { return nil }, ErrNoAnswer, "nothing came", "resolver did not answer", 0},
		{"garbage", func(asked) [][]byte { return [][]byte{[]byte("garbage")} }, ErrNoAnswer, "nothing usable", "resolver did not answer", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.script)
			_, err := client(s, func(cfg *Config) {
				if test.queries == 0 {
					cfg.Timeout = 300 * time.Millisecond
				}
			}).Resolve(t.Context())
			var server *ServerError
			if test.is == nil && (!errors.As(err, &server) || server.Resolver != s.addr.String()) || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("Resolve: error %v, want a %v", err, test.is)
			}
			if !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), s.addr.String()) || !strings.Contains(err.Error(), host) {
				t.Errorf("Resolve: error %q, want %q, the resolver and the name in it", err, test.text)
			}
			if got := Reason(err); got != test.reason {
				t.Errorf("Reason = %q, want %q", got, test.reason)
			}
			if got := len(s.queries(dnsmessage.TypeA)); test.queries != 0 && got != test.queries {
				t.Errorf("%d queries for A, want %d", got, test.queries)
			}
		})
	}
}

func TestNothingListens(t *testing.T) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := pc.LocalAddr().String()
	pc.Close()
	_, err = New(Config{Hostname: host, Resolver: gone}).Resolve(t.Context())
	if !errors.Is(err, ErrNoAnswer) || !strings.Contains(err.Error(), "nothing listens at "+gone) {
		t.Errorf("Resolve: error %v, want that nothing listens at %s", err, gone)
	}
}

func TestTroubleOfThisMachineIsPassedOn(t *testing.T) {
	full := errors.New("too many open files")
	c := New(Config{Hostname: host, Resolver: "192.0.2.53", Pool: NewPool(PoolConfig{
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, full },
	})})
	_, err := c.Resolve(t.Context())
	if !errors.Is(err, full) || errors.Is(err, ErrNoAnswer) || Reason(err) != "" {
		t.Errorf("Resolve: error %v, want the dialler's and no blame on the resolver", err)
	}
}

func TestOneFamilyIsEnough(t *testing.T) {
	for name, broken := range map[string]func(asked) [][]byte{
		"the other is silent":      func(asked) [][]byte { return nil },
		"the other fails":          func(a asked) [][]byte { return [][]byte{response(a, 60, nil, code(2))} },
		"the other does not exist": func(a asked) [][]byte { return [][]byte{response(a, 60, nil, code(3))} },
		"the other is empty":       func(a asked) [][]byte { return [][]byte{response(a, 60, nil)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(a asked) [][]byte {
				if a.kind == dnsmessage.TypeAAAA {
					return broken(a)
				}
				return [][]byte{response(a, 60, []string{"192.0.2.1"})}
			})
			if a := resolve(t, client(s, func(cfg *Config) { cfg.Timeout = 2 * time.Second })); !slices.Equal(a.Addrs, addrs("192.0.2.1")) {
				t.Errorf("Addrs = %v", a.Addrs)
			}
		})
	}
}

func TestFamiliesThatCannotBeUsedAreNotAskedFor(t *testing.T) {
	s := serve(t, always(60, "192.0.2.1", "2001:db8::1"))
	a := resolve(t, client(s, func(cfg *Config) { cfg.Families.V6 = true }))
	if !slices.Equal(a.Addrs, addrs("2001:db8::1")) || len(s.queries(dnsmessage.TypeA)) != 0 {
		t.Errorf("Addrs = %v after %+v", a.Addrs, s.all())
	}
}

// A server that does not know EDNS is asked without it, from then on at once;
// that no client subnet can go to it is told once, and shows in the record.
func TestOldServerIsAskedWithoutEDNS(t *testing.T) {
	for name, rcode := range map[string]dnsmessage.RCode{"FORMERR": 1, "NOTIMP": 4} {
		s := serve(t, func(a asked) [][]byte {
			if a.edns {
				return [][]byte{response(a, 60, nil, code(rcode))}
			}
			return [][]byte{response(a, 0, []string{"192.0.2.1"})}
		})
		var told []string
		var reported []results.Lookup
		c := client(s, func(cfg *Config) {
			cfg.Subnet, cfg.Families = netip.MustParsePrefix("203.0.113.0/24"), Families{V4: true}
			cfg.Report = func(l results.Lookup) { reported = append(reported, l) }
			cfg.Pool = NewPool(PoolConfig{Tell: func(text string) { told = append(told, text) }})
		})
		for range 2 {
			resolve(t, c)
		}
		if len(told) != 1 || !strings.Contains(told[0], "resolver "+s.addr.String()+" does not know EDNS") {
			t.Errorf("%s: told %q, want once that the resolver does not know EDNS", name, told)
		}
		if len(s.all()) != 3 || len(reported) != 3 {
			t.Fatalf("%s: %d queries, %d reported, want 3: the first look-up asks twice", name, len(s.all()), len(reported))
		}
		if l := reported[0]; l.Subnet != "203.0.113.0/24" || !strings.Contains(l.Err, name) || !strings.Contains(l.Err, "client subnet 203.0.113.0/24") {
			t.Errorf("%s: reported %+v, want the subnet and the resolver's answer to it", name, l)
		}
		if l := reported[1]; l.Subnet != "" || l.Err != "" || len(l.Answer) != 1 {
			t.Errorf("%s: reported %+v, want an answer to a query without a subnet", name, l)
		}
	}
}

func TestHugeAnswerIsBounded(t *testing.T) {
	var many []string
	for i := range 200 {
		many = append(many, netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}).String())
	}
	a := resolve(t, client(serve(t, always(60, many...))))
	if len(a.Addrs) != maxAddrs {
		t.Errorf("%d addresses, want %d", len(a.Addrs), maxAddrs)
	}
}
