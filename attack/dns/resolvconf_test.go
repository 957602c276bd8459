package dns

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestOptionsOfResolvConf(t *testing.T) {
	plainConf := resolvConf{ndots: 1, attempts: 2}
	for _, test := range []struct {
		text string
		want resolvConf
	}{
		{"", plainConf},
		{"options ndots:5 timeout:1 attempts:3 rotate use-vc edns0\n", resolvConf{ndots: 5, attempts: 3, timeout: time.Second, rotate: true, useTCP: true}},
		{"options ndots:99 timeout:99\noptions attempts:99\n", resolvConf{ndots: 15, attempts: 5, timeout: 30 * time.Second}}, // as far as the manual allows
		{"options ndots:0 timeout:0 attempts:0\n", resolvConf{ndots: 0, attempts: 1, timeout: time.Second}},
		{"options ndots:-1 timeout:x attempts\noptions\n", plainConf},
		{"domain a.test b.test\n", resolvConf{ndots: 1, attempts: 2, search: []string{"a.test"}}},
		{"domain a.test\nsearch b.test c.test\n", resolvConf{ndots: 1, attempts: 2, search: []string{"b.test", "c.test"}}}, // the last one counts
	} {
		got := files(t, "", test.text).conf()
		if len(got.servers) != 1 {
			t.Errorf("conf of %q has servers %v, want this machine", test.text, got.servers)
		}
		same := got.ndots == test.want.ndots && got.attempts == test.want.attempts && got.timeout == test.want.timeout &&
			got.rotate == test.want.rotate && got.useTCP == test.want.useTCP && slices.Equal(got.search, test.want.search)
		if !same {
			t.Errorf("conf of %q = %+v, want %+v", test.text, got, test.want)
		}
	}
	if got := files(t, "", strings.Repeat("nameserver 192.0.2.1\n", 9)+"search"+strings.Repeat(" a.test", 99)).conf(); len(got.servers) != 3 || len(got.search) != 32 {
		t.Errorf("%d servers and %d domains, want 3 and 32", len(got.servers), len(got.search))
	}
}

func TestNamesThatAHostMayMean(t *testing.T) {
	conf := resolvConf{ndots: 2, search: []string{"one.test", "two.test.", ".", strings.Repeat("x", 64)}}
	for host, want := range map[string]string{
		"shop":          "shop.one.test. shop.two.test. shop.",
		"shop.eu":       "shop.eu.one.test. shop.eu.two.test. shop.eu.",
		"www.shop.test": "www.shop.test.", // it has the dots
		"shop.":         "shop.",          // it is absolute
	} {
		var got []string
		for _, n := range conf.names(host) {
			got = append(got, n.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("names(%q) = %q, want %q", host, got, want)
		}
	}
}

// systemClient returns one with a resolv.conf of two servers.
func systemClient(t *testing.T, hostname, conf string, answer func(q question, number int) (reply, error)) (*Client, *script, *[]string) {
	c, s := scripted(answer, func(cfg *Config) { cfg.Hostname, cfg.Resolver = hostname, System })
	c.files = files(t, "", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"+conf)
	servers, ask := new([]string), c.ask
	c.ask = func(ctx context.Context, to endpoint, q question) (reply, error) {
		*servers = append(*servers, to.String()+" "+string(to.via))
		return ask(ctx, to, q)
	}
	return c, s, servers
}

func TestSearchListIsGoneThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := systemClient(t, "shop", "search one.test two.test three.test\n", func(q question, _ int) (reply, error) {
			switch bare(q.name) {
			case "shop.one.test":
				return reply{rcode: dnsmessage.RCodeNameError, negative: time.Hour}, nil
			case "shop.two.test":
				return reply{}, nil // it has no address
			}
			return found(time.Minute), nil
		})
		resolve(t, c)
		time.Sleep(time.Minute)
		resolve(t, c)
		s.want(t, "shop.one.test A at 0s", "shop.two.test A at 0s", "shop.three.test A at 0s",
			"shop.two.test A at 1m0s", "shop.three.test A at 1m0s") // the first is known not to exist
	})
}

func TestSearchListThatEndsInNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		codes  map[string]dnsmessage.RCode
		reason string
	}{
		{"there is no such name", map[string]dnsmessage.RCode{}, "name does not exist"},
		{"of one nobody knows", map[string]dnsmessage.RCode{"shop.one.test": 9}, "resolver answered notauth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, _ := systemClient(t, "shop", "search one.test\n", func(q question, _ int) (reply, error) {
					if code, ok := test.codes[bare(q.name)]; ok {
						return reply{rcode: code}, nil
					}
					return reply{rcode: dnsmessage.RCodeNameError}, nil
				})
				_, err := c.Resolve(t.Context())
				if Reason(err) != test.reason {
					t.Errorf("Resolve: error %v, want that %s", err, test.reason)
				}
				if got := slices.Compact(s.asked); len(got) != 2 || got[1] != "shop A at 0s" {
					t.Errorf("asked %q, want for shop.one.test, then for shop", got)
				}
			})
		})
	}
}

func TestServersOfTheSystemAreAskedInOrder(t *testing.T) {
	const first, second = "192.0.2.1:53 udp", "192.0.2.2:53 udp"
	for conf, want := range map[string][]string{
		"":                      {first, second, first, second, first, second, first, second},
		"options attempts:1\n":  {first, second, first, second},
		"options rotate\n":      {first, second, first, second, second, first, second, first},
		"options use-vc\n":      {"192.0.2.1:53 tcp", "192.0.2.2:53 tcp", "192.0.2.1:53 tcp", "192.0.2.2:53 tcp", "192.0.2.1:53 tcp", "192.0.2.2:53 tcp", "192.0.2.1:53 tcp", "192.0.2.2:53 tcp"},
		"options attempts:99\n": slices.Repeat([]string{first, second}, 10),
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _, servers := systemClient(t, host, conf, func(question, int) (reply, error) {
				return reply{rcode: dnsmessage.RCodeServerFailure}, nil
			})
			for range 2 { // look-ups
				if _, err := c.Resolve(t.Context()); Reason(err) != "resolver answered servfail" {
					t.Errorf("%q: error %v", conf, err)
				}
				time.Sleep(5 * time.Second)
			}
			if !slices.Equal(*servers, want) {
				t.Errorf("%q: asked %q, want %q", conf, *servers, want)
			}
		})
	}
}

// A silent server gets the time that resolv.conf gives it, and no more.
func TestTimeoutOfResolvConf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Hour}
		c := fakeClient(f, func(cfg *Config) { cfg.Resolver, cfg.Families = System, Families{V4: true} })
		c.files = files(t, "", "nameserver 192.0.2.1\noptions timeout:1 attempts:3\n")
		start := time.Now()
		_, err := c.Resolve(t.Context())
		// A sixth of 5 s, and a second for each of the others.
		if took := time.Since(start); Reason(err) != "resolver did not answer" || took.Round(time.Millisecond) != 2833*time.Millisecond || f.queries.Load() != 3 {
			t.Errorf("error %v after %s and %d queries, want no answer after 2.833s and 3", err, took, f.queries.Load())
		}
	})
}

func FuzzResolvConf(f *testing.F) {
	f.Add("nameserver 192.0.2.1\nsearch a.test b.test\noptions ndots:2 timeout:1 attempts:3 rotate use-vc\n", "shop")
	f.Add("domain .\noptions ndots:99999999999999999999 attempts:-1", "a..b")
	f.Fuzz(func(t *testing.T, text, host string) {
		conf := files(t, "", text).conf()
		if len(conf.servers) < 1 || len(conf.servers) > mostServers || len(conf.search) > mostDomains ||
			conf.ndots < 0 || conf.ndots > mostNdots || conf.attempts < 1 || conf.attempts > mostAttempts ||
			conf.timeout < 0 || conf.timeout > mostWait*time.Second {
			t.Errorf("conf of %q = %+v", text, conf)
		}
		if n := len(conf.names(host)); n > mostDomains+1 {
			t.Errorf("%d names", n)
		}
	})
}
