package guidance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontload/scenarios"
)

const (
	optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6" // the query is not in the cache key
	byQuery   = "4cc15a8a-d715-48a4-82b8-cc0b614638fe" // all of it is
	disabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	ownPolicy = "11111111-2222-3333-4444-555555555555"
)

// How much reaches an origin at least depends on what its caches can hold: every
// URL that differs for them is fetched once, and nothing is certain beyond that.
func TestLeastMisses(t *testing.T) {
	const page = `{path: "/a/{id}", vars: {id: {uniform: {count: 15000}}}}`
	const bypass = `{path: "/a/x", cache: bypass}`
	for _, c := range []struct {
		name, policy, request string
		span                  string
		want                  string // of the rule for quotas
		hits                  string // the most; empty for not known
	}{
		{"few URLs in a long run are in the caches soon", optimized, page, "10m", Unknown, ""},
		{"so many in a short one are not", optimized, page, "2s", Broken, "45%"},
		{"nothing is cached", disabled, `{path: /a/x}`, "10m", Broken, ""},
		{"nothing is cached, in a short run", disabled, `{path: /a/x}`, "1s", Broken, "0%"},
		{"a URL never comes twice", optimized, `{path: "/a/{n}", vars: {n: {sequence: {}}}}`, "10m", Broken, ""},
		{"a query that caches regard", byQuery, bypass, "10m", Broken, ""},
		{"a query that caches do not regard", optimized, bypass, "10m", Unknown, ""},
		{"a query that caches do not regard, in a short run", optimized, bypass, "1s", Unknown, "100%"},
		{"a policy that nobody knows", ownPolicy, bypass, "10m", Unknown, ""},
	} {
		p := planAt(t, c.policy, c.request, c.span)
		f := Planned(p, NewForecast(p, nil), nil, "loopback")
		if g := quotas(f); g.status != c.want {
			t.Errorf("%s: %s, want %s: %s", c.name, g.status, c.want, g.words)
		}
		hits := ""
		if f.URLs.Hits != nil {
			hits = fmt.Sprintf("%.0f%%", 100**f.URLs.Hits)
		}
		if hits != c.hits {
			t.Errorf("%s: hits %q, want %q", c.name, hits, c.hits)
		}
	}
}

// planAt returns a plan of 10,000 requests/s to a bucket of S3.
func planAt(t *testing.T, policy, request, span string) *scenarios.Plan {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf(`{"DistributionConfig": {
		"Origins": {"Items": [{"Id": "b", "DomainName": "b.s3.eu-central-1.amazonaws.com"}]},
		"DefaultCacheBehavior": {"TargetOriginId": "b", "CachePolicyId": %q}}}`, policy)
	if err := os.WriteFile(filepath.Join(dir, "d.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("version: 1\ntarget: {url: http://127.0.0.1, distribution: d.json}\nrequests: [%s]\nload: {rate: 10000/s, for: %s}\n", request, span)
	s, err := scenarios.Parse(filepath.Join(dir, "test.yaml"), []byte(text))
	if err != nil {
		t.Fatal(strings.TrimSpace(err.Error()))
	}
	p, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
