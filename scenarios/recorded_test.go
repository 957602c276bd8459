package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontload/pacing"
	"frontload/scenarios/urls"
)

const recordedRest = "version: 1\ntarget: {url: 'https://d111111abcdef8.cloudfront.net', host: www.example.com}\nload: {rate: 5/s, for: 1s}\nrequests:\n"

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// An entry with from becomes one for each name of what was recorded, which share
// its weight; what is written makes the same plan again.
func TestRecordedRequests(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "urls.txt", "/\n/\n/articles/1001\nhttps://www.example.com/articles/1002\nhttps://d111111abcdef8.cloudfront.net/\nhttps://cdn.example.net/x\n")
	write(t, dir, "more.txt", "/\n")
	text := recordedRest + `  - {name: home, weight: 4, path: /home}
  - {from: ./urls.txt, weight: 10, cache: {hits: 90%}, headers: {Accept: text/html}}
  - {from: [more.txt], cache: bypass}
  - {from: ["*.txt"], name: all}
`
	s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p := plan(t, s)
	if want := []string{"home", "/", "/articles/*", "/ (2)", "all"}; !reflect.DeepEqual(p.Requests, want) {
		t.Errorf("requests %q, want %q", p.Requests, want)
	}
	if want := []float64{0, 0.9, 0.9, 0, 0}; !reflect.DeepEqual(p.Hits, want) {
		t.Errorf("hit ratios %v, want %v", p.Hits, want)
	}
	if want := `recorded requests of ./urls.txt: 5 taken, 3 different; left out: 1 of another host, first "cdn.example.net"`; p.Notes[0] != want {
		t.Errorf("the note is %q, want %q", p.Notes[0], want)
	}
	counts := map[string]int{}
	var r urls.Request
	for n := range uint64(16_000) {
		p.URLs.Next(n, &r)
		counts[p.Requests[r.Index]]++
		if name := p.Requests[r.Index]; name == "/articles/*" && (r.Prefix != "/articles/" || len(r.Header) != 1) {
			t.Fatalf("request %+v", r)
		} else if name == "/ (2)" && !strings.HasPrefix(string(r.Target), "/?"+urls.BypassParameter) {
			t.Fatalf("%s does not bypass", r.Target)
		}
	}
	for name, want := range map[string]int{"home": 4000, "/": 6000, "/articles/*": 4000, "/ (2)": 1000, "all": 1000} {
		if got := counts[name]; got < want-250 || got > want+250 {
			t.Errorf("%s: %d of 16,000, want about %d", name, got, want)
		}
	}
	written, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(filepath.Join(dir, "test.yaml"), written)
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	samePlan(t, "as written", p, plan(t, again))
	if err := validate(t, compileSchema(t), written); err != nil {
		t.Errorf("the schema refuses what is written: %v\n%s", err, written)
	}
	if len(written) > 2000 {
		t.Errorf("%d bytes are written:\n%s", len(written), written)
	}
}

// What recorded requests hold in secrets is sent, and never written.
func TestRecordedSecretsAreNotWritten(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "targets", "GET /private\nCookie: session=hunter2\nAuthorization: Bearer hunter2\n")
	s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(recordedRest+"  - {from: targets, name: private, headers: {Cookie: hunter3}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var r urls.Request
	p := plan(t, s)
	if p.URLs.Next(0, &r); fmt.Sprint(r.Header) != "[{Cookie hunter3} {Authorization Bearer hunter2}]" {
		t.Errorf("headers %v", r.Header)
	}
	written, err := s.YAML()
	if err != nil || strings.Contains(string(written), "hunter") || strings.Contains(strings.Join(p.Notes, ""), "hunter") {
		t.Errorf("%v, notes %q:\n%s", err, p.Notes, written)
	}
}

// Standard input is read once, when the scenario is; every plan has its requests.
func TestRecordedFromStandardInput(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "test.yaml", recordedRest+"  - {from: \"-\"}\n")
	s, err := Load(filepath.Join(dir, "test.yaml"), Inputs{Inputs: urls.Inputs{Stdin: strings.NewReader("/piped\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var r urls.Request
		if plan(t, s).URLs.Next(0, &r); string(r.Target) != "/piped" {
			t.Errorf("target %s, want /piped", r.Target)
		}
	}
}

func TestFaultsOfRecordedRequests(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "urls.txt", "https://shop.example.net/a\nhttps://shop.example.net/b\n")
	write(t, dir, "bad.txt", "/a\n/b%\n")
	write(t, dir, "post.har", `{"log": {"entries": [{"request": {"method": "POST", "url": "https://www.example.com/"}}]}}`)
	for requests, want := range map[string]string{
		"{from: urls.txt}":                                      `:5:12: requests[0].from: no request is left to send: 2 of another host, first "shop.example.net", while the target is www.example.com: write host: shop.example.net (or host: any)`,
		"{from: bad.txt}":                                       "bad.txt:2: \"%\" is no escape",
		"{from: post.har}":                                      "write methods: recorded to take them",
		"{from: none.txt}":                                      ":5:12: requests[0].from: cannot read the file",
		"{from: urls.txt, path: /}":                             ":5:22: requests[0].path: it stands beside from",
		"{from: urls.txt, method: POST}":                        "requests[0].method: recorded requests have their own",
		"{from: urls.txt, format: csv}":                         `requests[0].format: "csv" is not known: use one of auto, list`,
		"{from: urls.txt, methods: all}":                        `requests[0].methods: "all" is not known: use get or recorded`,
		"{from: urls.txt, fields: c-ip}":                        "requests[0].fields: the field sc-status is missing",
		"{from: urls.txt, host: ''}":                            "requests[0].host: it is empty",
		"{path: /, host: any}":                                  "requests[0].host: it goes with from only",
		"{from: '-'}":                                           "standard input: there is none",
		"{from: []}":                                            "requests[0].from: it is empty",
		"{from: urls.txt, host: any, weight: -1}":               "requests[0].weight: -1 is not a weight",
		"{path: /, cache: {hits: 0}}":                           "requests[0].cache.hits: 0% makes each request a miss",
		"{path: /, cache: {hits: 120%}}":                        "requests[0].cache.hits: 120% is no hit ratio",
		"{path: /, cache: {hit: 90%}}":                          `requests[0].cache.hit: unknown key, did you mean "hits"?`,
		"{path: /, cache: {}}":                                  "requests[0].cache: it is empty",
		"{path: /, method: POST, cache: {hits: 9%}}":            "answers to POST are never hits",
		"{path: /, method: POST, body: a, body-file: urls.txt}": "body and body-file stand together",
		"{path: /, method: POST, body-file: none.txt}":          "requests[0].body-file: cannot read the file",
		"{path: /, body-file: urls.txt}":                        "a GET request has no body",
		"{from: urls.txt, host: any, headers: {Host: a}}":       "the header Host cannot be set here",
	} {
		_, err := Parse(filepath.Join(dir, "test.yaml"), []byte(recordedRest+"  - "+requests+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", requests, err, want)
		} else if n := strings.Count(err.Error(), "^"); n != 1 && !strings.Contains(requests, "urls.txt, ") {
			t.Errorf("%s: %d faults, want one:\n%v", requests, n, err)
		}
	}
}

// A body of a file is a template, as one in the scenario is.
func TestBodyFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "order.json", `{"id": {n}, "at": "{{n}}"}`)
	s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(recordedRest+"  - {path: /orders, method: PUT, body-file: order.json, vars: {n: {sequence: {start: 7}}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var r urls.Request
	if plan(t, s).URLs.Next(0, &r); string(r.Body) != `{"id": 7, "at": "{n}"}` || r.Method != "PUT" {
		t.Errorf("%s with the body %s", r.Method, r.Body)
	}
}

// A file whose every line has a weight is drawn from by these; in any other a
// tab is part of the value.
func TestWeightsInAFileOfValues(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "weighted.txt", "red shoes\t3\nblue\t1\n")
	write(t, dir, "plain.txt", "red\t3\nblue\n")
	for file, want := range map[string]string{"weighted.txt": "red%20shoes blue", "plain.txt": "red%093 blue"} {
		s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(recordedRest+"  - {path: '/{v}', vars: {v: {file: "+file+"}}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		first, second, _ := strings.Cut(want, " ")
		counts := map[string]int{}
		var r urls.Request
		p := plan(t, s)
		for n := range uint64(4000) {
			p.URLs.Next(n, &r)
			counts[string(r.Target[1:])]++
		}
		share := float64(counts[first]) / 4000
		if len(counts) != 2 || counts[second] == 0 || (share > 0.7) != (file == "weighted.txt") {
			t.Errorf("%s: %v", file, counts)
		}
	}
}

// With gaps: recorded the load rises and falls as the logs did, has the rate
// that is written on the average, and begins again when the logs are over.
func TestRecordedGaps(t *testing.T) {
	dir := t.TempDir()
	log := "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status\n"
	for second, n := range []int{1, 0, 5, 2} {
		log += strings.Repeat(fmt.Sprintf("2026-05-04\t21:02:%02d\tFRA56-P1\t392\t192.0.2.10\tGET\td111111abcdef8.cloudfront.net\t/\t200\n", 30+second), n)
	}
	write(t, dir, "a.log", log)
	write(t, dir, "urls.txt", "/\n")
	const head = "version: 1\ntarget: {url: 'https://d111111abcdef8.cloudfront.net'}\n"
	text := head + "load: {rate: 40/s, for: 5500ms}\nrequests: [{from: a.log, gaps: recorded}]\n"
	s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p := plan(t, s)
	if p.Schedule.Duration() != 5500*time.Millisecond || p.Schedule.Mean() < 219 || p.Schedule.Mean() > 221 {
		t.Errorf("%d arrivals in %v, want 220 in 5.5s", p.Schedule.Mean(), p.Schedule.Duration())
	}
	first := p.Schedule.Rate(500 * time.Millisecond)
	for at, want := range []float64{1, 0, 5, 2, 1, 0} {
		if got := p.Schedule.Rate(time.Duration(at)*time.Second+250*time.Millisecond) / first; got < want-1e-9 || got > want+1e-9 {
			t.Errorf("in second %d the rate is %v times that of the first, want %v", at, got, want)
		}
	}
	for scenario, want := range map[string]string{
		"load: {rate: 4/s, for: 5s}\nrequests: [{from: urls.txt, gaps: recorded}]\n":                               "does not tell the gaps",
		"load: {rate: 4/s, for: 5s}\nrequests: [{from: a.log, gaps: kept}]\n":                                      `"kept" is not known`,
		"load: {stages: [{for: 5s, at: 4/s}]}\nrequests: [{from: a.log, gaps: recorded}]\n":                        "it goes with load.rate",
		"load: {rate: 4/s, for: 5s}\nrequests: [{from: a.log, gaps: recorded}, {from: '*.log', gaps: recorded}]\n": "the load can follow one only",
		"load: {rate: 4/s, for: 5s, limits: {per-client: 1/s}}\nrequests: [{from: a.log, gaps: recorded}]\n":       "the load peaks at",
		"load: {rate: 4/s, for: 5s}\nrequests: [{path: /, gaps: recorded}]\n":                                      "it goes with from only",
	} {
		if _, err := Parse(filepath.Join(dir, "test.yaml"), []byte(head+scenario)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", scenario, err, want)
		}
	}
	if long := follow([]int64{3, 1}, pacing.Segment{From: 10, To: 10, For: 10 * time.Hour}); len(long) != mostGaps || long[0].From != 10 {
		t.Errorf("10 hours are %d segments, the first %v", len(long), long[0])
	}
}
