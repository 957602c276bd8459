package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// lookPlan is the plan of a scenario's sections.
func lookPlan(t *testing.T, target, clients, requests string) *scenarios.Plan {
	t.Helper()
	s, err := scenarios.Parse("look.yaml", fmt.Appendf(nil,
		"version: 1\ntarget: {%s}\nclients: {%s}\nrequests: [%s]\nload: {rate: 10/s, for: 1s}\n", target, clients, requests))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestWhichClientsAreAsked(t *testing.T) {
	for _, c := range []struct {
		name, clients string
		most          int
		want          []int
	}{
		{"all of few", "count: 3", 50, []int{0, 1, 2}},
		{"most of many", "count: 100", 3, []int{0, 1, 2}},
		{"one of each kind before others", "count: 9, resolvers: [192.0.2.1, 192.0.2.2, 192.0.2.3]", 4, []int{0, 1, 2, 3}},
		{"two resolvers with three subnets are six kinds", "count: 12, resolvers: [192.0.2.1, 192.0.2.2], subnets: [10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24]", 6, []int{0, 1, 2, 3, 4, 5}},
		{"no more than the budget bears in 20 s", "count: 100, lookups: 0.2/s, resolvers: [192.0.2.1, 192.0.2.2]", 50, []int{0, 1, 2, 3}},
		{"one at least", "count: 100, lookups: 0.001/s", 50, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := lookPlan(t, "url: http://test.example", c.clients, "{path: /}")
			if got := choose(plan, c.most); !slices.Equal(got, c.want) {
				t.Errorf("choose(%d) = %v, want %v", c.most, got, c.want)
			}
		})
	}
}

// What a look says that it asked is what the lab's DNS server was asked; and no
// more than that is sent.
func TestLookIsCountedAtTheServer(t *testing.T) {
	t.Parallel()
	calm, err := lab.FindCase("calm")
	if err != nil {
		t.Fatal(err)
	}
	server, err := lab.Serve(lab.New(calm, 1, time.Minute), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	plan := lookPlan(t, "url: \""+server.URL()+"\"", "count: 12, resolvers: [\""+server.Resolver()+"\"]", "{path: /}")
	sight, err := Look(t.Context(), plan, Options{}, 8, false)
	if err != nil {
		t.Fatal(err)
	}
	if int64(sight.Queries) != server.Lookups() || sight.Queries != 16 {
		t.Errorf("%d queries, the server counted %d; want 16: two for each of 8 clients", sight.Queries, server.Lookups())
	}
	if len(sight.Sample.Answers) != 8 || sight.Sample.Clients != 12 {
		t.Errorf("%d of %d clients, want 8 of 12", len(sight.Sample.Answers), sight.Sample.Clients)
	}
	for _, a := range sight.Sample.Answers {
		if len(a.Addresses) == 0 || a.TTL == 0 || a.Took == 0 || a.Err != "" {
			t.Errorf("client %d: %+v, want addresses, a TTL and a time", a.Client, a)
		}
	}
	if sight.Refused != nil || sight.Authorization.Text != "loopback" || sight.Head != nil {
		t.Errorf("refused %v, authorised by %q, head %v; want loopback alone", sight.Refused, sight.Authorization.Text, sight.Head)
	}
}

// heads serves on loopback and keeps what it was asked.
type heads struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newHeads(t *testing.T, answer http.HandlerFunc) *heads {
	h := &heads{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.asked = append(h.asked, r.Method+" "+r.Host+" "+r.RequestURI+" "+r.Header.Get("Accept")+r.Header.Get("User-Agent"))
		h.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *heads) requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.asked)
}

func (h *heads) target(t *testing.T, host string) string {
	u, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("url: \"http://%s:%s\"", host, u.Port())
}

func TestOneHead(t *testing.T) {
	t.Parallel()
	server := newHeads(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Server": "AmazonS3", "X-Cache": "Hit from cloudfront", "X-Amz-Cf-Pop": "FRA56-P1", "Content-Length": "51200",
		} {
			w.Header().Set(name, value)
		}
	})
	names := newNameServer(t, 60, "127.0.0.1")
	plan := lookPlan(t, server.target(t, "www.example.test"), "count: 3, resolvers: [\""+names.addr+"\"]",
		`{name: order, method: POST, path: /orders, body: x}, {name: item, path: "/items/a%2Fb?c=d", headers: {Accept: text/html}}`)
	sight, err := Look(t.Context(), plan, Options{}, 50, true)
	if err != nil {
		t.Fatal(err)
	}
	port := strings.TrimPrefix(server.URL, "http://127.0.0.1:")
	want := []string{"HEAD www.example.test:" + port + " /items/a%2Fb?c=d text/html"}
	if got := server.requests(); !slices.Equal(got, want) {
		t.Errorf("the target was asked %q, want %q", got, want)
	}
	h := sight.Head
	if h.Status != 200 || h.Server != "AmazonS3" || h.XCache != "Hit from cloudfront" || h.POP != "FRA56-P1" || !h.CloudFront {
		t.Errorf("head is %+v, want CloudFront's headers", h)
	}
	if want := "http://www.example.test:" + port + "/items/a%2Fb?…"; h.URL != want {
		t.Errorf("it tells of %s, want %s: a query may hold secrets", h.URL, want)
	}
	if h.Length == nil || *h.Length != 51200 || h.Address != "127.0.0.1" || h.Error != "" {
		t.Errorf("head is %+v, want 51200 bytes from 127.0.0.1", h)
	}
}

// A redirect leads nowhere.
func TestHeadFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	other := newHeads(t, func(http.ResponseWriter, *http.Request) {})
	server := newHeads(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/", http.StatusFound) })
	plan := lookPlan(t, server.target(t, "127.0.0.1"), "count: 1", "{path: /}")
	sight, err := Look(t.Context(), plan, Options{}, 50, true)
	if err != nil {
		t.Fatal(err)
	}
	if sight.Head.Status != http.StatusFound || sight.Head.CloudFront || len(server.requests()) != 1 || len(other.requests()) != 0 {
		t.Errorf("head is %+v, %d requests to the target, %d elsewhere; want 302, 1 and none",
			sight.Head, len(server.requests()), len(other.requests()))
	}
}

// What is read of an answer is bounded.
func TestHeadReadsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	server := newHeads(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", strings.Repeat("x", 2*headBytes))
	})
	sight, err := Look(t.Context(), lookPlan(t, server.target(t, "127.0.0.1"), "count: 1", "{path: /}"), Options{}, 50, true)
	if err != nil {
		t.Fatal(err)
	}
	if sight.Head.Status != 0 || sight.Head.Server != "" || sight.Head.Error == "" {
		t.Errorf("head has status %d, %d bytes of Server, error %q; want an error alone", sight.Head.Status, len(sight.Head.Server), sight.Head.Error)
	}
}

// Nothing is sent where the target may not be asked, or where there is nothing
// to ask; why not is told.
func TestNoHead(t *testing.T) {
	t.Parallel()
	server := newHeads(t, func(http.ResponseWriter, *http.Request) {})
	foreign := newNameServer(t, 60, "192.0.2.1")
	both := newNameServer(t, 60, "127.0.0.1", "192.0.2.1")
	for _, c := range []struct {
		name, target, clients, request, want string
		refused                              bool
	}{
		{"not authorised", server.target(t, "www.example.test"), "count: 1, resolvers: [\"" + foreign.addr + "\"]", "{path: /}", "may not be asked", true},
		{"one address is not authorised", server.target(t, "www.example.test"), "count: 1, resolvers: [\"" + both.addr + "\"]", "{path: /}", "may not be asked", true},
		{"no address", server.target(t, "www.example.test"), "count: 1, resolvers: [\"127.0.0.1:1\"]", "{path: /}", "no address", false},
		{"nothing to read", server.target(t, "127.0.0.1"), "count: 1", "{path: /, method: POST, body: x}", "neither a GET nor a HEAD", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			sight, err := Look(t.Context(), lookPlan(t, c.target, c.clients, c.request), Options{}, 50, true)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(sight.Head.Error, c.want) || sight.Head.Status != 0 {
				t.Errorf("head is %+v, want an error with %q", sight.Head, c.want)
			}
			var refused *RefusedError
			if errors.As(sight.Refused, &refused) != c.refused {
				t.Errorf("refused is %v, want one: %v", sight.Refused, c.refused)
			}
		})
	}
	if got := server.requests(); len(got) != 0 {
		t.Errorf("the target was asked %q, want nothing", got)
	}
}

// A literal address is judged without any look-up.
func TestLookAtAnAddress(t *testing.T) {
	plan := lookPlan(t, "url: \"http://192.0.2.1\"", "count: 2", "{path: /}")
	sight, err := Look(t.Context(), plan, Options{}, 50, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	if sight.Refused == nil || sight.Queries != 0 || !slices.Equal(sight.Sample.Answers[1].Addresses, want) {
		t.Errorf("refused %v, %d queries, answers %v; want a refusal, none, and the address", sight.Refused, sight.Queries, sight.Sample.Answers)
	}
}

// An interrupted look ends, and says so.
func TestLookIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	plan := lookPlan(t, "url: \"http://www.example.test\"", "count: 2, resolvers: [\"127.0.0.1:1\"]", "{path: /}")
	if _, err := Look(ctx, plan, Options{}, 50, true); !errors.Is(err, context.Canceled) {
		t.Errorf("Look = %v, want it canceled", err)
	}
}
