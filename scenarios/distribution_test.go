package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const withDistribution = `
version: 1
target: {url: "http://127.0.0.1", distribution: testdata/alb-lambda-api.json, marker: {header: X-Origin-Id}}
requests:
  - {name: page, weight: 97, path: "/pages/{id}", vars: {id: {uniform: {count: 1000}}}}
  - {name: mixed, weight: 2, path: "/{area}/x", vars: {area: {list: [api, img, about]}}}
  - {name: rare, weight: 0.05, path: /api/health}
  - {name: never, weight: 0, path: /api/never}
  - {name: query, weight: 1, path: "/search?back=/api/", cache: bypass}
load: {rate: 10/s, for: 1s}
`

// A ban on some behaviours concerns the requests that meet these, by name.
func TestReach(t *testing.T) {
	s, err := Parse("distribution/test.yaml", []byte(withDistribution))
	if err != nil {
		t.Fatal(err)
	}
	p := plan(t, s)
	if p.Distribution == nil || p.Marker != "X-Origin-Id" {
		t.Fatalf("distribution %v, marker %q", p.Distribution, p.Marker)
	}
	got := map[string]string{}
	for _, r := range p.Reach() {
		got[r.Behaviour.Pattern] = fmt.Sprint(r.Names(), len(r.Behaviour.ViewerLambdas()))
	}
	want := map[string]string{"/api/*": "[rare mixed] 1", "/img/*": "[mixed] 0", "*": "[page query mixed] 0"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Reach() = %v, want %v", got, want)
	}
}

// Recorded requests are all looked at, however rare.
func TestReachOfRareRecordedRequests(t *testing.T) {
	dir := t.TempDir()
	var list strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&list, "/pages/%d\n", i)
	}
	list.WriteString("/api/login\n")
	config, err := os.ReadFile("distribution/testdata/alb-lambda-api.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"d.json": string(config), "list.txt": list.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(`
version: 1
target: {url: "http://127.0.0.1", distribution: d.json}
requests: [{name: all, from: list.txt}]
load: {rate: 10/s, for: 1s}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, r := range plan(t, s).Reach() {
		got[r.Behaviour.Pattern] = r.Names()
	}
	if want := map[string][]string{"/api/*": {"all"}, "*": {"all"}}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Reach() = %v, want %v", got, want)
	}
}

// Before there are answers an entry that is held at a hit ratio repeats one URL,
// and that says nothing of what it reaches in a run.
func TestReachOfAHeldHitRatio(t *testing.T) {
	s, err := Parse("distribution/test.yaml", []byte(`
version: 1
target: {url: "http://127.0.0.1", distribution: testdata/alb-lambda-api.json}
requests: [{name: mixed, path: "/{area}/x", vars: {area: {list: [api, img, about, a, b, c, d, e, f, g]}}, cache: {hits: 100%}}]
load: {rate: 10/s, for: 1s}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range plan(t, s).Reach() {
		got = append(got, r.Behaviour.Pattern)
	}
	if want := "[/api/* /img/* *]"; fmt.Sprint(got) != want {
		t.Errorf("Reach() = %v, want %v", got, want)
	}
}

// An origin's errors that viewers get with another status are not seen in a run.
func TestMaskedErrors(t *testing.T) {
	for response, noted := range map[string]bool{`"200"`: true, `"503"`: false, `""`: false} {
		dir := t.TempDir()
		config := fmt.Sprintf(`{"DistributionConfig": {"Origins": {"Items": [{"Id": "o", "DomainName": "o.example.com"}]},
			"DefaultCacheBehavior": {"TargetOriginId": "o"},
			"CustomErrorResponses": {"Items": [{"ErrorCode": 503, "ResponsePagePath": "/sorry.html", "ResponseCode": %s}]}}}`, response)
		if err := os.WriteFile(filepath.Join(dir, "d.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(`
version: 1
target: {url: "http://127.0.0.1", distribution: d.json}
requests: [{path: /}]
load: {rate: 10/s, for: 1s}
`))
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(plan(t, s).Notes, "\n")
		if strings.Contains(notes, "viewers get an origin's 503 as 200") != noted {
			t.Errorf("response code %s: notes %q, want one: %v", response, notes, noted)
		}
	}
}

// A query that the cache key leaves out bypasses no cache.
func TestBypassThatDoesNot(t *testing.T) {
	for policy, noted := range map[string]bool{
		"658327ea-f89d-4fab-a63d-7e88639e58f6": true,  // CachingOptimized
		"4cc15a8a-d715-48a4-82b8-cc0b614638fe": false, // all of the query is in the key
		"4135ea2d-6df8-44a3-9df3-4b5a84be39ad": false, // CachingDisabled
		"11111111-2222-3333-4444-555555555555": false, // not known
	} {
		dir := t.TempDir()
		config := fmt.Sprintf(`{"DistributionConfig": {"Origins": {"Items": [{"Id": "o", "DomainName": "o.example.com"}]},
			"DefaultCacheBehavior": {"TargetOriginId": "o", "CachePolicyId": %q}}}`, policy)
		if err := os.WriteFile(filepath.Join(dir, "d.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(`
version: 1
target: {url: "http://127.0.0.1", distribution: d.json}
requests: [{name: search, path: /search, cache: bypass}, {name: page, path: /page}]
load: {rate: 10/s, for: 1s}
`))
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(plan(t, s).Notes, "\n")
		if strings.Contains(notes, "cache: bypass of search adds") != noted {
			t.Errorf("policy %s: notes %q, want one on bypass: %v", policy, notes, noted)
		}
	}
}

func TestReachWithoutADistribution(t *testing.T) {
	if r := parse(t, "version: 1\ntarget: {url: 'http://[::1]'}\nrequests: [{path: /}]\nload: {rate: 1/s, for: 1s}\n").Reach(); r != nil {
		t.Errorf("Reach() = %v, want none", r)
	}
}

// A configuration of another distribution than the target's is noted.
func TestDistributionOfAnotherTarget(t *testing.T) {
	for host, noted := range map[string]bool{"www.example.com": false, "www.example.org": true, "d111111abcdef8.cloudfront.net": false} {
		s, err := Parse("distribution/test.yaml", []byte(strings.ReplaceAll(withDistribution, "http://127.0.0.1", "https://"+host)))
		if err != nil {
			t.Fatal(err)
		}
		if notes := plan(t, s).Notes; strings.Contains(strings.Join(notes, "\n"), "does not serve "+host) != noted {
			t.Errorf("for %s the notes are %q", host, notes)
		}
	}
}
