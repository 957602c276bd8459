package dns

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// However a server treats queries, as many are recorded as it got, one by one:
// of each name and type, and of each transport.
func TestAsManyQueriesAreRecordedAsTheServerGets(t *testing.T) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(3, 3))
	draw := func() int { mu.Lock(); defer mu.Unlock(); return random.IntN(20) }
	s := serve(t, func(a asked) [][]byte {
		answer := response(a, 0, []string{"192.0.2.1", "2001:db8::1"})
		switch n := draw(); {
		case n < 4:
			return nil // lost
		case n < 7 && !a.tcp:
			return [][]byte{response(a, 0, nil, func(m *dnsmessage.Message) { m.Truncated = true })}
		case n < 9:
			return [][]byte{response(a, 0, nil, code(dnsmessage.RCodeServerFailure))}
		case n < 10:
			return [][]byte{response(a, 0, nil, code(dnsmessage.RCodeRefused))}
		case n < 13 && bare(a.name) == host:
			return [][]byte{response(a, 0, nil, func(m *dnsmessage.Message) {
				m.Answers = []dnsmessage.Resource{cname(host+".", "alias.test.", 0)}
			})}
		case n < 14:
			return [][]byte{response(a, 0, nil)}
		case n < 15:
			return [][]byte{[]byte("garbage"), answer[:12], answer}
		case n < 16 && a.edns:
			return [][]byte{response(a, 0, nil, code(dnsmessage.RCodeFormatError))}
		}
		return [][]byte{answer}
	})
	book := new(ledger)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			c := client(s, func(cfg *Config) {
				cfg.Timeout, cfg.Report, cfg.Offset = 300*time.Millisecond, book.report, i
				cfg.Subnet = netip.MustParsePrefix("203.0.113.0/24")
			})
			for range 5 {
				_, _ = c.Resolve(t.Context()) // whatever comes of it
				c.mu.Lock()
				c.mu.failedUntil = time.Time{}
				c.mu.Unlock()
			}
		})
	}
	wg.Wait()
	want, got := map[string]int{}, map[string]int{}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		clear(want)
		for _, a := range s.all() {
			transport := map[bool]string{true: "tcp", false: "udp"}[a.tcp]
			want[fmt.Sprint(bare(a.name), " ", a.kind, " ", transport)]++
		}
		if len(s.all()) >= len(book.rows) {
			break // it has read them all
		}
	}
	for _, l := range book.rows {
		got[fmt.Sprint(l.Name, " Type", l.Type, " ", l.Transport)]++
	}
	if len(want) < 6 || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recorded %v, the server got %v", got, want)
	}
}

// A ledger keeps what was reported.
type ledger struct {
	mu   sync.Mutex
	rows []results.Lookup
}

func (l *ledger) report(row results.Lookup) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, row)
}

func TestScopeOfTheAnswerIsRecorded(t *testing.T) {
	const sent = "203.0.113.0/24"
	option := func(data ...byte) change {
		return func(m *dnsmessage.Message) {
			var h dnsmessage.ResourceHeader
			_ = h.SetEDNS0(1232, dnsmessage.RCodeSuccess, false)
			m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{Options: []dnsmessage.Option{{Code: 8, Data: data}}}}}
		}
	}
	for _, test := range []struct {
		name   string
		answer change
		want   string
	}{
		{"for the whole subnet", option(0, 1, 24, 24, 203, 0, 113), "203.0.113.0/24"},
		{"for a wider one", option(0, 1, 24, 16, 203, 0, 113), "203.0.0.0/16"},
		{"for a narrower one", option(0, 1, 24, 28, 203, 0, 113), "203.0.113.0/28"},
		{"for everybody", option(0, 1, 24, 0, 203, 0, 113), "0.0.0.0/0"},
		{"without a word on it", func(*dnsmessage.Message) {}, ""},
		{"for another subnet", option(0, 1, 24, 24, 198, 51, 100), ""},
		{"for another family", option(0, 2, 24, 24, 203, 0, 113), ""},
		{"with a scope longer than an address", option(0, 1, 24, 33, 203, 0, 113), ""},
		{"cut off", option(0, 1, 24), ""},
		{"empty", option(), ""},
	} {
		book := new(ledger)
		s := serve(t, func(a asked) [][]byte { return [][]byte{response(a, 60, []string{"192.0.2.1"}, test.answer)} })
		resolve(t, client(s, func(cfg *Config) {
			cfg.Families, cfg.Subnet, cfg.Report = Families{V4: true}, netip.MustParsePrefix(sent), book.report
		}))
		if l := book.rows[0]; l.Subnet != sent || l.Scope != test.want {
			t.Errorf("an answer %s: recorded subnet %q and scope %q, want %q and %q", test.name, l.Subnet, l.Scope, sent, test.want)
		}
	}
}

// What a zone says of how long there is nothing is read from its SOA.
func TestNegativeAnswers(t *testing.T) {
	soa := func(ttl, least uint32) change {
		return func(m *dnsmessage.Message) {
			zone := dnsmessage.MustNewName("test.")
			m.Authorities = append(m.Authorities, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: zone, Class: dnsmessage.ClassINET, TTL: ttl},
				Body:   &dnsmessage.SOAResource{NS: zone, MBox: zone, MinTTL: least},
			})
		}
	}
	alias := func(m *dnsmessage.Message) {
		m.Answers = []dnsmessage.Resource{cname(host+".", "end.test.", 9)}
	}
	for _, test := range []struct {
		name    string
		changes []change
		want    reply
	}{
		{"no addresses", []change{soa(60, 30)}, reply{negative: 30 * time.Second}},
		{"the SOA's own TTL is less", []change{soa(20, 30)}, reply{negative: 20 * time.Second}},
		{"no name", []change{code(3), soa(60, 30)}, reply{rcode: 3, negative: 30 * time.Second}},
		{"a zone that says a month", []change{soa(1<<22, 1<<22)}, reply{negative: mostNegative}},
		{"a normal answer without a SOA", nil, reply{}},
		{"an alias to a name without addresses", []change{alias, soa(60, 30)}, reply{negative: 9 * time.Second}},
		{"an alias, and no more", []change{alias}, reply{alias: dnsmessage.MustNewName("end.test."), ttl: 9 * time.Second}},
	} {
		name := dnsmessage.MustNewName(host + ".")
		q := question{name: name, kind: dnsmessage.TypeA, edns: true}
		got, err := parse(response(asked{id: 7, name: name, kind: q.kind}, 60, nil, test.changes...), 7, q)
		if err != nil || got.rcode != test.want.rcode || got.negative != test.want.negative || got.alias != test.want.alias || got.ttl != test.want.ttl {
			t.Errorf("%s: parse = %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
}
