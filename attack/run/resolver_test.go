package run

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/attack/dns"
	"frontload/results/live"
	"frontload/scenarios"
)

// A resolver that refuses every second query while the load goes on is told of
// once, and every query that it got is in the run file.
func TestResolverThatLimitsIsAnEvent(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.73.4.1")
	names := newNameServer(t, 1, "127.73.4.1")
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:%s"}
clients: {count: 20, resolvers: ["%s"]}
requests: [{path: /}]
load: {rate: 100/s, for: 6s}
`, server.port, names.addr), func(s live.Status) {
		if s.Elapsed > time.Second/2 {
			names.mu.Lock()
			names.refuses = true
			names.mu.Unlock()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range run.Events {
		if e.Kind == "dns" {
			told = append(told, e.Text)
		}
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "resolver "+names.addr+" answered ") || !strings.Contains(told[0], "it limits us") {
		t.Errorf("events on DNS: %q, want one that says that the resolver limits us", told)
	}
	if got, want := len(run.Lookups), names.count(); got != want {
		t.Errorf("%d queries are recorded, the name server got %d", got, want)
	}
}

// Clients ask a resolver over HTTPS that target.ca vouches for.
func TestResolverOverHTTPS(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.73.5.1")
	names := newNameServer(t, 60, "127.73.5.1")
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var query dnsmessage.Message
		if err != nil || query.Unpack(body) != nil {
			t.Errorf("got %x, %v, want a query", body, err)
			return
		}
		if packed, err := names.reply(query).Pack(); err == nil {
			_, _ = w.Write(packed)
		}
	}))
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:%s", ca: %q}
clients: {count: 3, resolvers: ["%s"]}
requests: [{path: /}]
load: {rate: 50/s, for: 1s}
`, server.port, ca, web.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	if server.edges["127.73.5.1"] < 40 {
		t.Errorf("%d requests, want about 50", server.edges["127.73.5.1"])
	}
	byTransport := map[string]int{}
	for _, l := range run.Lookups {
		byTransport[l.Resolver+" "+l.Transport]++
	}
	if got := byTransport[web.URL+"/dns-query https"]; got != names.count() || got != len(run.Lookups) || got < 6 {
		t.Errorf("look-ups: %v, want all of the %d that the resolver got over HTTPS", byTransport, names.count())
	}
}

// What the scenario takes for a resolver, clients can ask.
func TestResolversOfScenariosCanBeAsked(t *testing.T) {
	s, err := scenarios.Parse("test.yaml", []byte(`
version: 1
target: {url: "http://cdn.test"}
clients: {resolvers: [system, 192.0.2.53, "[2001:db8::53]:5353", tls://192.0.2.53#dns.example, tls://dns.example, "tls://[::1]:8853", https://dns.example, https://192.0.2.53:8443/q]}
requests: [{path: /}]
load: {rate: 50/s, for: 1s}
`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range plan.Clients.Resolvers {
		if err := (dns.Config{Hostname: "cdn.test", Resolver: r}).Validate(); err != nil {
			t.Errorf("resolver %q of the plan: %v", r, err)
		}
	}
}
