package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

func txt(owner string, texts ...string) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(owner), Class: dnsmessage.ClassINET, TTL: 60},
		Body:   &dnsmessage.TXTResource{TXT: texts},
	}
}

// answers gives a response records, in the place of those that it has.
func answers(records ...dnsmessage.Resource) change {
	return func(m *dnsmessage.Message) { m.Answers = records }
}

func TestTXT(t *testing.T) {
	t.Parallel()
	const name = "_frontload.www.example.test"
	many := make([]dnsmessage.Resource, 200)
	for i := range many {
		many[i] = txt(name+".", fmt.Sprintf("%d a", i), fmt.Sprintf("%d b", i))
	}
	for _, row := range []struct {
		what    string
		change  change
		want    []string
		failure error
	}{
		{"one record", answers(txt(name+".", "token")), []string{"token"}, nil},
		{"each string for itself", answers(txt(name+".", "a", "b"), txt(name+".", "c")), []string{"a", "b", "c"}, nil},
		{"in capitals", answers(txt(strings.ToUpper(name)+".", "token")), []string{"token"}, nil},
		{"an alias", answers(cname(name+".", "b.test.", 9), txt("b.test.", "token")), []string{"token"}, nil},
		{"of another name", answers(txt("_frontload.example.test.", "token")), nil, nil},
		{"an alias that leads elsewhere", answers(cname(name+".", "b.test.", 9), txt("c.test.", "token")), nil, nil},
		{"a circle", answers(cname(name+".", "b.test.", 9), cname("b.test.", name+".", 9), txt("c.test.", "token")), nil, ErrNoAddress},
		{"no record", answers(), nil, nil},
		{"an address", answers(address(dnsmessage.MustNewName(name+"."), addrs("192.0.2.1")[0], 9)), nil, nil},
		{"no such name", code(3), nil, ErrNoName},
		{"a failure", code(2), nil, new(ServerError)},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(a asked) [][]byte { return [][]byte{response(a, 60, nil, row.change)} })
			var mu sync.Mutex
			var told []results.Lookup
			c := New(Config{Hostname: host, Resolver: s.addr.String(), Subnet: netip.MustParsePrefix("203.0.113.0/24"), Report: func(l results.Lookup) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, l)
			}})
			got, err := c.TXT(t.Context(), name)
			var server *ServerError
			if !slices.Equal(got, row.want) || !errors.Is(err, row.failure) && !errors.As(err, &server) {
				t.Errorf("TXT() = %q, %v, want %q, %v", got, err, row.want, row.failure)
			}
			queries := s.queries(dnsmessage.TypeTXT)
			if len(queries) != len(s.all()) || len(queries) != len(told) || queries[0].option != nil {
				t.Errorf("%d queries, %d of them for TXT, %d told; subnet %v, want none", len(s.all()), len(queries), len(told), queries[0].option)
			}
		})
	}
	s := serve(t, func(a asked) [][]byte {
		if !a.tcp {
			return [][]byte{response(a, 60, nil, func(m *dnsmessage.Message) { m.Truncated = true })}
		}
		return [][]byte{response(a, 60, nil, answers(many...))}
	})
	got, err := New(Config{Hostname: "192.0.2.1", Resolver: s.addr.String()}).TXT(t.Context(), name)
	if err != nil || len(got) != maxTexts {
		t.Errorf("over TCP, for a client of a literal address: %d texts, %v, want %d", len(got), err, maxTexts)
	}
	if _, err := New(Config{Hostname: host, Resolver: s.addr.String()}).TXT(t.Context(), "a..b"); err == nil {
		t.Error("a name that is none: no error")
	}
}

// Every look-up is judged before anybody can use it, the hosts file's too.
func TestJudge(t *testing.T) {
	t.Parallel()
	s := serve(t, always(60, "192.0.2.1", "2001:db8::1"))
	for _, row := range []struct {
		resolver, hosts string
		want            []netip.Addr
	}{
		{s.addr.String(), "", addrs("192.0.2.1", "2001:db8::1")},
		{System, "203.0.113.9 www.example.test\n::ffff:203.0.113.10 WWW.EXAMPLE.TEST.\n", addrs("203.0.113.9", "203.0.113.10")},
	} {
		var c *Client
		var heard []netip.Addr
		c = New(Config{Hostname: host, Resolver: row.resolver, Judge: func(_ context.Context, list []netip.Addr) {
			heard = append(heard, list...)
			next(t, c, false, false) // nothing of it is to be had yet
		}})
		c.files = files(t, row.hosts, "")
		answer, err := c.Resolve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(heard, netip.Addr.Compare)
		if !slices.Equal(heard, row.want) || len(answer.Addrs) != len(row.want) {
			t.Errorf("resolver %s: judged %v, answered %v, want %v", row.resolver, heard, answer.Addrs, row.want)
		}
	}
}

// FuzzTXT: nothing that comes makes more texts than are taken, or a panic.
func FuzzTXT(f *testing.F) {
	q := question{name: dnsmessage.MustNewName("_frontload." + host + "."), kind: dnsmessage.TypeTXT}
	a := asked{id: 7, name: q.name, kind: q.kind}
	f.Add(response(a, 60, nil, answers(txt(q.name.String(), "token", "x"), cname("b.test.", "c.test.", 9))))
	f.Fuzz(func(t *testing.T, msg []byte) {
		r, err := parse(msg, 7, q)
		if len(r.texts) > maxTexts || err != nil && r.texts != nil {
			t.Errorf("%d texts, %v", len(r.texts), err)
		}
	})
}

// The time that judging takes is told as the generator's own, as that of the
// budget is, and a look-up that is given up does not wait for it.
func TestJudgingIsNotTheTargetsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, ttl: 60 * time.Second, takes: time.Second}
		c := fakeClient(f, func(cfg *Config) {
			cfg.Judge = func(ctx context.Context, _ []netip.Addr) {
				select {
				case <-time.After(3 * time.Second):
				case <-ctx.Done():
				}
			}
		})
		start := time.Now()
		answer, err := c.Resolve(t.Context())
		if took := time.Since(start); err != nil || took != 4*time.Second || answer.Waited != 3*time.Second {
			t.Errorf("Resolve() took %v, of which it waited %v, %v; want 4 s and 3 s", took, answer.Waited, err)
		}
		time.Sleep(time.Hour)
		short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start = time.Now()
		_, _ = c.Resolve(short)
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("Resolve() for 2 s took %v", took)
		}
	})
}
