package dns

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// serveWeb answers DNS over HTTPS on loopback, and returns the resolver's URL
// and a pool that trusts it.
func serveWeb(t *testing.T, h2 bool, handle http.HandlerFunc) (string, *Pool) {
	t.Helper()
	cert, roots := certificate(t, "127.0.0.1")
	s := httptest.NewUnstartedServer(handle)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.EnableHTTP2 = h2
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := NewPool(PoolConfig{Roots: roots})
	t.Cleanup(pool.Close)
	return s.URL + "/dns-query", pool
}

// readWebQuery reads a query that came by HTTP.
func readWebQuery(t *testing.T, r *http.Request) asked {
	body, err := io.ReadAll(r.Body)
	var m dnsmessage.Message
	if err != nil || m.Unpack(body) != nil || len(m.Questions) != 1 {
		t.Errorf("got %x, %v, want a query", body, err)
		return asked{}
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != mediaType || r.Header.Get("Accept") != mediaType || r.URL.Path != "/dns-query" || m.ID != 0 {
		t.Errorf("got %s %s with %v and id %d", r.Method, r.URL, r.Header, m.ID)
	}
	return asked{name: m.Questions[0].Name, kind: m.Questions[0].Type}
}

func TestResolveOverHTTPS(t *testing.T) {
	for _, h2 := range []bool{true, false} {
		t.Run(fmt.Sprint("HTTP/2 ", h2), func(t *testing.T) {
			var mu sync.Mutex
			var reported []results.Lookup
			conns := map[string]bool{}
			url, pool := serveWeb(t, h2, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				conns[r.RemoteAddr] = true
				mu.Unlock()
				if (r.ProtoMajor == 2) != h2 {
					t.Errorf("asked by %s", r.Proto)
				}
				w.Header().Set("Content-Type", mediaType)
				w.Header().Set("Age", "40")
				_, _ = w.Write(response(readWebQuery(t, r), 60, []string{"192.0.2.1", "2001:db8::1"}))
			})
			var a *Answer
			for range 20 {
				a = resolve(t, New(Config{
					Hostname: host, Resolver: url, Pool: pool, Budget: NewBudget(1e6),
					Report: func(l results.Lookup) { mu.Lock(); defer mu.Unlock(); reported = append(reported, l) },
				}))
			}
			if want := addrs("192.0.2.1", "2001:db8::1"); !slices.Equal(a.Addrs, want) {
				t.Errorf("Addrs = %v, want %v", a.Addrs, want)
			}
			if left := time.Until(a.Expires); left > 20*time.Second || left < 15*time.Second {
				t.Errorf("the answer expires in %s, want 20s: 60 less the 40 that it lay in a cache", left)
			}
			if len(reported) != 40 || reported[0].Transport != "https" || reported[0].Resolver != url {
				t.Errorf("%d queries reported, %+v first, want 40 of https to %s", len(reported), reported[0], url)
			}
			if most := map[bool]int{true: 1, false: webConns}[h2]; len(conns) > most {
				t.Errorf("%d connections, want at most %d", len(conns), most)
			}
		})
	}
}

func TestFailuresOfHTTPS(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for _, test := range []struct {
		name    string
		handle  http.HandlerFunc
		reason  string
		text    string
		queries int
	}{
		{"too many requests", status(429), "resolver answered HTTP 429", "answered HTTP 429", 2},
		{"out of order", status(502), "resolver answered HTTP 502", "answered HTTP 502", 2},
		{"another service", status(404), "resolver answered HTTP 404", "check that the URL is that of DNS over HTTPS", 1},
		{"a redirect", status(302), "resolver answered HTTP 302", "answered HTTP 302", 1},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, "resolver did not answer", "nothing usable came", 1},
		{"without end", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 10*mostBytes))
		}, "resolver did not answer", "nothing usable came", 1},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "resolver did not answer", "nothing usable came", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			got, reported := 0, 0
			url, pool := serveWeb(t, true, func(w http.ResponseWriter, r *http.Request) {
				readWebQuery(t, r)
				mu.Lock()
				got++
				mu.Unlock()
				test.handle(w, r)
			})
			_, err := New(Config{
				Hostname: host, Resolver: url, Pool: pool, Families: Families{V4: true},
				Report: func(results.Lookup) { mu.Lock(); defer mu.Unlock(); reported++ },
			}).Resolve(t.Context())
			if Reason(err) != test.reason || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), url) {
				t.Errorf("error %v, reason %q, want %q, %q and the URL in it", err, Reason(err), test.reason, test.text)
			}
			if got != test.queries || reported != got {
				t.Errorf("%d queries, %d reported, want %d", got, reported, test.queries)
			}
		})
	}
}
