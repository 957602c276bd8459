package dns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// A script answers as a resolver that is asked without a network. It keeps what
// it was asked: the name, the type, and when.
type script struct {
	answer func(q question, number int) (reply, error) // number counts from 1
	mu     sync.Mutex
	asked  []string
	began  time.Time
}

func (s *script) ask(_ context.Context, to endpoint, q question) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := strings.TrimPrefix(q.kind.String(), "Type")
	s.asked = append(s.asked, fmt.Sprintf("%s %s at %s", bare(q.name), kind, time.Since(s.began).Round(time.Millisecond)))
	return s.answer(q, len(s.asked))
}

// scripted returns a client for IPv4 alone that asks the script.
func scripted(answer func(q question, number int) (reply, error), set ...func(*Config)) (*Client, *script) {
	s := &script{answer: answer, began: time.Now()}
	cfg := Config{Hostname: host, Resolver: "192.0.2.53", Budget: NewBudget(1e6), Families: Families{V4: true}}
	for _, f := range set {
		f(&cfg)
	}
	c := New(cfg)
	c.ask = s.ask
	return c, s
}

func (s *script) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.asked, want) {
		t.Errorf("asked\n\t%s\nwant\n\t%s", strings.Join(s.asked, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func found(ttl time.Duration) reply { return reply{addrs: four, ttl: ttl} }

func TestServerInTroubleIsAskedAgainLater(t *testing.T) {
	for _, rcode := range []dnsmessage.RCode{dnsmessage.RCodeServerFailure, dnsmessage.RCodeRefused} {
		synctest.Test(t, func(t *testing.T) {
			c, s := scripted(func(_ question, n int) (reply, error) {
				if n == 1 {
					return reply{rcode: rcode}, nil
				}
				return found(time.Minute), nil
			})
			resolve(t, c)
			s.want(t, host+" A at 0s", host+" A at 100ms")
		})
	}
}

func TestAnErrorForGoodIsNotAskedForAgain(t *testing.T) {
	c, s := scripted(func(q question, _ int) (reply, error) { return reply{rcode: 9}, nil })
	if _, err := c.Resolve(t.Context()); Reason(err) != "resolver answered notauth" {
		t.Errorf("Resolve: error %v", err)
	}
	if len(s.asked) != 1 {
		t.Errorf("asked %q, want once", s.asked)
	}
}

// Further tries wait for the budget like first ones.
func TestTriesCountAgainstTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(func(_ question, n int) (reply, error) {
			switch n {
			case 1:
				return reply{alias: dnsmessage.MustNewName("a.test."), ttl: time.Minute}, nil
			case 2:
				return reply{truncated: true}, nil
			case 3:
				return reply{rcode: dnsmessage.RCodeServerFailure}, nil
			}
			return found(time.Minute), nil
		}, func(cfg *Config) { cfg.Budget = NewBudget(2) }) // two at once, then one each half second
		resolve(t, c)
		s.want(t, host+" A at 0s", "a.test A at 0s", "a.test A at 500ms", host+" A at 1s")
	})
}

// Look-ups that have begun go on before others begin, so that none of them runs
// out of time in the queue; all together keep to the budget.
func TestFurtherQueriesGoBeforeNewLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, perSecond = 1000, 100
		budget := NewBudget(perSecond)
		var mu sync.Mutex
		seconds := map[int]int{}
		start := time.Now()
		var wg sync.WaitGroup
		for range clients {
			c, _ := scripted(func(_ question, n int) (reply, error) {
				mu.Lock()
				seconds[int(time.Since(start)/time.Second)]++
				mu.Unlock()
				switch n {
				case 1:
					return reply{alias: dnsmessage.MustNewName("a.test."), ttl: time.Hour}, nil
				case 2:
					return reply{truncated: true}, nil
				}
				return found(time.Hour), nil
			}, func(cfg *Config) { cfg.Budget = budget })
			wg.Go(func() { resolve(t, c) })
		}
		wg.Wait()
		if took := time.Since(start).Round(time.Second); took != 3*clients/perSecond*time.Second {
			t.Errorf("took %s for %d queries, want %d a second", took, 3*clients, perSecond)
		}
		for second, n := range seconds {
			if n > perSecond+len(kinds) {
				t.Errorf("%d queries in second %d, want at most %d", n, second, perSecond)
			}
		}
	})
}

func TestBudgetThatLeavesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(func(question, int) (reply, error) { return reply{truncated: true}, nil },
			func(cfg *Config) { cfg.Budget, cfg.Families = NewBudget(0.1), Families{V4: true, V6: true} }) // two at once
		_, err := c.Resolve(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the budget of 0.1 look-ups/s") || !strings.Contains(err.Error(), "raise clients.lookups") || Reason(err) != "look-up timeout" {
			t.Errorf("Resolve: error %v", err)
		}
		if len(s.asked) != 2 {
			t.Errorf("asked %q, want twice", s.asked)
		}
	})
}

func TestWhatIsAbsentIsRememberedAsItsZoneSays(t *testing.T) {
	const month = 30 * 24 * time.Hour
	for _, test := range []struct {
		name     string
		rcode    dnsmessage.RCode
		negative time.Duration
		want     time.Duration // that it is not asked for again
		err      error
	}{
		{"a name", dnsmessage.RCodeNameError, 30 * time.Second, 30 * time.Second, ErrNoName},
		{"a name of a zone that says a month", dnsmessage.RCodeNameError, min(month, mostNegative), 5 * time.Minute, ErrNoName},
		{"a name of a zone that says nothing", dnsmessage.RCodeNameError, 0, time.Second, ErrNoName},
		{"addresses", dnsmessage.RCodeSuccess, 30 * time.Second, 30 * time.Second, ErrNoAddress},
		{"addresses of a zone that says nothing", dnsmessage.RCodeSuccess, 0, time.Second, ErrNoAddress},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := scripted(func(question, int) (reply, error) { return reply{rcode: test.rcode, negative: test.negative}, nil })
				for time.Since(s.began) <= test.want {
					if _, err := c.Resolve(t.Context()); !errors.Is(err, test.err) {
						t.Fatalf("Resolve: error %v, want %v", err, test.err)
					}
					time.Sleep(100 * time.Millisecond)
				}
				s.want(t, host+" A at 0s", fmt.Sprintf("%s A at %s", host, test.want))
			})
		})
	}
}

// A target without IPv6 is not asked for it with each TTL of its IPv4 addresses.
func TestAbsentFamilyIsNotAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(func(q question, _ int) (reply, error) {
			if q.kind == dnsmessage.TypeAAAA {
				return reply{negative: 25 * time.Second}, nil
			}
			return found(10 * time.Second), nil
		}, func(cfg *Config) { cfg.Families.V6 = true })
		for range 4 {
			if a := resolve(t, c); len(a.Addrs) != len(four) {
				t.Errorf("Addrs = %v, want %v", a.Addrs, four)
			}
			time.Sleep(10 * time.Second)
		}
		slices.Sort(s.asked)
		s.want(t, host+" A at 0s", host+" A at 10s", host+" A at 20s", host+" A at 30s", host+" AAAA at 0s", host+" AAAA at 30s")
	})
}

func TestAliasesThatAreCutOffAreFollowed(t *testing.T) {
	to := func(name string, ttl time.Duration) reply {
		return reply{alias: dnsmessage.MustNewName(name), ttl: ttl}
	}
	for _, test := range []struct {
		name   string
		answer func(name string) reply
		asked  int
		ttl    time.Duration // zero: it fails
		text   string
	}{
		{"to addresses", func(name string) reply {
			return map[string]reply{host: to("a.test.", time.Minute), "a.test": to("B.test.", 20*time.Second), "B.test": found(time.Hour)}[name]
		}, 3, 20 * time.Second, ""},
		{"to nothing", func(name string) reply { return map[string]reply{host: to("a.test.", time.Minute)}[name] }, 2, 0, "has no usable address"},
		{"to a name that does not exist", func(name string) reply {
			return map[string]reply{host: to("a.test.", time.Minute), "a.test": {rcode: dnsmessage.RCodeNameError}}[name]
		}, 2, 0, "look up a.test: name does not exist"},
		{"around in a circle", func(name string) reply {
			return map[string]reply{host: to("a.test.", time.Minute), "a.test": to("WWW.example.test.", time.Minute)}[name]
		}, 2, 0, "lead around in a circle"},
		{"without end", func(name string) reply { return to("a"+name+".", time.Minute) }, 1 + mostHops, 0, "go on after 8 answers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := scripted(func(q question, _ int) (reply, error) { return test.answer(bare(q.name)), nil })
				a, err := c.Resolve(t.Context())
				switch {
				case test.ttl > 0 && (err != nil || a.Expires.Sub(s.began).Round(time.Millisecond) != test.ttl):
					t.Errorf("Resolve = %+v, %v, want an answer for %s", a, err, test.ttl)
				case test.ttl == 0 && (err == nil || !strings.Contains(err.Error(), test.text)):
					t.Errorf("Resolve: error %v, want %q in it", err, test.text)
				}
				if len(s.asked) != test.asked {
					t.Errorf("asked %q, want %d queries", s.asked, test.asked)
				}
			})
		})
	}
}

// What was given up is reported as a query, since it was sent; what could not
// be sent is not.
func TestOnlyQueriesThatWereSentAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []results.Lookup
		c, _ := scripted(func(_ question, n int) (reply, error) {
			switch n {
			case 1:
				return reply{}, unsentError{fmt.Errorf("%w: it was idle", errLost)}
			case 2:
				return found(time.Minute), nil
			}
			return reply{}, errors.New("asked too often")
		}, func(cfg *Config) { cfg.Report = func(l results.Lookup) { reported = append(reported, l) } })
		resolve(t, c)
		if len(reported) != 1 || reported[0].Err != "" || reported[0].Transport != "udp" {
			t.Errorf("reported %+v, want the one query that was sent", reported)
		}
	})
}
