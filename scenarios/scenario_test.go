package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontload/pacing"
	"frontload/results"
	"frontload/scenarios/urls"
)

var examples = []string{"testdata/constant.yaml", "testdata/contract.yaml", "testdata/stages.yaml"}

func load(t *testing.T, path string) *Scenario {
	t.Helper()
	s, err := Load(path, Inputs{})
	if err != nil {
		t.Fatalf("Load(%s): %v", path, err)
	}
	return s
}

func plan(t *testing.T, s *Scenario) *Plan {
	t.Helper()
	p, err := s.Plan()
	if err != nil {
		t.Fatalf("Plan(): %v", err)
	}
	return p
}

// parse reads a scenario that has no files, and compiles it.
func parse(t *testing.T, text string) *Plan {
	t.Helper()
	s, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatalf("Parse: %v in\n%s", err, text)
	}
	return plan(t, s)
}

func TestDefaults(t *testing.T) {
	p := plan(t, load(t, "testdata/constant.yaml"))
	want := Clients{
		Count: 10, Resolvers: []string{"system"}, Protocol: results.H2, Connections: 1, NewViewers: NewViewers{Seed: 1}, Resumption: true,
		Timeout: 100 * time.Second, Lookups: 100, InFlight: 10_000,
	}
	if diff := cmp.Diff(want, p.Clients, cmp.AllowUnexported(Clients{})); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	if p.Name != "constant" || p.Seed != 1 || p.Guided || p.Limits != (Limits{}) || p.Target.Authorization != (Authorization{}) {
		t.Errorf("name %q, seed %d, guided %v, limits %v, authorization %+v", p.Name, p.Seed, p.Guided, p.Limits, p.Target.Authorization)
	}
	target := p.Target
	if target.Scheme != "https" || target.Hostname != "localhost" || target.Port != 8443 ||
		target.Host != "localhost:8443" || target.ServerName != "localhost" || target.CA != nil {
		t.Errorf("target %+v", target)
	}
	var r urls.Request
	p.URLs.Next(0, &r)
	if r.Method != "GET" || string(r.Target) != "/" || p.Requests[0] != "/" {
		t.Errorf("request %+v, names %q", r, p.Requests)
	}
}

func TestDefaultProtocolAndLimitsFollowFromOtherKeys(t *testing.T) {
	p := parse(t, "version: 1\ntarget: {url: 'http://[::1]'}\nrequests: [{path: /}]\nload: {guided: {start: 5/s, peak: 10/s}}\n")
	if p.Clients.Protocol != results.H1 {
		t.Errorf("protocol %v for http, want h1", p.Clients.Protocol)
	}
	if want := (Limits{PerClient: 100, PerEdgeAddress: 500}); p.Limits != want || !p.Guided {
		t.Errorf("limits %v, guided %v; want %v", p.Limits, p.Guided, want)
	}
	if p.Target.Hostname != "::1" || p.Target.Host != "[::1]" || p.Target.Port != 80 {
		t.Errorf("target %+v", p.Target)
	}
}

// TestRoundTrip: what YAML writes makes the same plan again, secrets apart.
func TestRoundTrip(t *testing.T) {
	for _, name := range examples {
		s := load(t, name)
		written, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(name, written)
		if err != nil {
			t.Errorf("%s as written: %v\n%s", name, err, written)
			continue
		}
		if diff := cmp.Diff(hideSecrets(s.model), again.model, cmp.Exporter(everything)); diff != "" {
			t.Errorf("%s: model (-first +again):\n%s", name, diff)
		}
		samePlan(t, name, plan(t, s), plan(t, again))
		twice, err := again.YAML()
		if err != nil || string(twice) != string(written) {
			t.Errorf("%s: written again (%v):\n%s\nfirst:\n%s", name, err, twice, written)
		}
	}
}

func everything(reflect.Type) bool { return true }

func samePlan(t *testing.T, name string, a, b *Plan) {
	t.Helper()
	if diff := cmp.Diff(a.Clients, b.Clients, cmp.Exporter(everything)); diff != "" {
		t.Errorf("%s: clients (-first +again):\n%s", name, diff)
	}
	if diff := cmp.Diff(a.Target, b.Target, cmp.Exporter(everything)); diff != "" {
		t.Errorf("%s: target (-first +again):\n%s", name, diff)
	}
	if a.Limits != b.Limits || a.Seed != b.Seed || a.Guided != b.Guided || a.Target.Authorization != b.Target.Authorization || a.Name != b.Name {
		t.Errorf("%s: %+v and %+v", name, a, b)
	}
	if a.Schedule.Duration() != b.Schedule.Duration() {
		t.Errorf("%s: schedules last %v and %v", name, a.Schedule.Duration(), b.Schedule.Duration())
	}
	for n := range uint64(200) {
		var r, q urls.Request
		a.URLs.Next(n, &r)
		b.URLs.Next(n, &q)
		if r.Index != q.Index || (string(r.Target) != string(q.Target) && !strings.Contains(string(q.Target), "hidden")) {
			t.Fatalf("%s: request %d is %+v and %+v", name, n, r, q)
		}
	}
}

// HTTP/2 has one connection per client and edge address, unless the scenario
// asks for more; HTTP/1.1 has up to six.
func TestConnectionsFollowTheProtocol(t *testing.T) {
	const rest = "version: 1\ntarget: {url: 'https://[::1]'}\nrequests: [{path: /}]\nload: {rate: 5/s, for: 1s}\n"
	for clients, want := range map[string]int{
		"":                             1,
		"clients: {protocol: h2}\n":    1,
		"clients: {protocol: h1}\n":    6,
		"clients: {connections: 8}\n":  8,
		"clients: {connections: 64}\n": 64,
		"clients: {protocol: h1, connections: 1}\n": 1,
	} {
		if got := parse(t, rest+clients).Clients.Connections; got != want {
			t.Errorf("%q: %d connections, want %d", clients, got, want)
		}
	}
}

func TestNewViewersAndResumption(t *testing.T) {
	const rest = "version: 1\ntarget: {url: 'https://[::1]'}\nrequests: [{path: /}]\nload: {rate: 5/s, for: 1s, seed: 3}\n"
	c := parse(t, rest+"clients: {new-viewers: 12.5%, resumption: false}\n").Clients
	if c.NewViewers != (NewViewers{0.125, 3}) || c.Resumption {
		t.Errorf("new viewers %+v, resumption %t", c.NewViewers, c.Resumption)
	}
	for clients, want := range map[string]string{
		"{new-viewers: 101%}":   "clients.new-viewers: 101% of the requests is more than all of them",
		"{resumption: perhaps}": `clients.resumption: want true or false, got "perhaps"`,
	} {
		if _, err := Parse("test.yaml", []byte(rest+"clients: "+clients+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", clients, err, want)
		}
	}
}

func TestYAMLHidesSecrets(t *testing.T) {
	s := load(t, "testdata/stages.yaml")
	written, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"hunter2", "abc", "a={word}", "x y"} {
		if strings.Contains(string(written), leak) {
			t.Errorf("%q is in\n%s", leak, written)
		}
	}
	for _, kept := range []string{"(hidden){word}", "(hidden){n}", "application/json", "d e"} {
		if !strings.Contains(string(written), kept) {
			t.Errorf("%q is not in\n%s", kept, written)
		}
	}
	m := hideSecrets(document{Origin: &originSection{Control: "http://origin.test/health?token=hunter2&full=1"}})
	if got, want := m.Origin.Control, "http://origin.test/health?token=(hidden)&full=1"; got != want {
		t.Errorf("origin.control is written as %s, want %s", got, want)
	}
	if s.model.Requests[1].Headers[2].Value != "a={word}" {
		t.Error("hiding secrets changed the scenario")
	}
}

func TestStages(t *testing.T) {
	p := plan(t, load(t, "testdata/stages.yaml"))
	want := time.Minute + 90*time.Minute + 500*time.Millisecond + 30*time.Second
	if p.Schedule.Duration() != want {
		t.Errorf("lasts %v, want %v", p.Schedule.Duration(), want)
	}
	if p.Seed != 0 {
		t.Errorf("seed %d, want the 0 that is written", p.Seed)
	}
	var r urls.Request
	for n := range uint64(100) {
		if p.URLs.Next(n, &r); r.Index != 0 {
			t.Fatalf("request %d is of entry %d, whose weight is zero", n, r.Index)
		}
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]pacing.Rate{"500/s": 500, "30/m": 0.5, "0.5/s": 0.5} {
		if got, err := parseRate(text); err != nil || got != want {
			t.Errorf("parseRate(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1h30m": 90 * time.Minute} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("parseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for d, want := range map[time.Duration]string{5 * time.Minute: "5m", time.Hour: "1h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", time.Hour + 10*time.Second: "1h0m10s"} {
		if got := formatDuration(d); got != want {
			t.Errorf("formatDuration(%d) = %q, want %q", d, got, want)
		}
	}
	for text, want := range map[string]percent{"50%": 0.5, "0": 0, "25%": 0.25} {
		if got, err := parsePercent(text); err != nil || got != want {
			t.Errorf("parsePercent(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}

// TestFaults compares what is said of each testdata/faults/*.yaml with the
// text beside it.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		_, err := Load(file, Inputs{})
		if err == nil {
			t.Errorf("%s is read without a fault", file)
			continue
		}
		golden := strings.TrimSuffix(file, ".yaml") + ".txt"
		got := err.Error() + "\n"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

var located = regexp.MustCompile(`^test\.yaml:[1-9][0-9]*:[1-9][0-9]*: [^\n]+\n[^\n]*\n[ \t]*\^$`)

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/faults/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	f.Add("a: &a [*a]\n")
	f.Add("a: &a {b: 1}\nc: {<<: *a}\n")
	f.Add("? [a]\n: b\n")
	f.Add("\ufeffversion: 1\r\n")
	f.Add(whole + "    headers: {Authorization: 'bearer ${env:A}', Cookie: 'a=${env:B};{b'}\n    expect: [2xx, 304]\nbudget: {bytes: 1.5GB}\nwarmup: 1s\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file:") || strings.Contains(text, "ca:") || strings.Contains(text, "from:") {
			return // no reading of files that the fuzzer makes up
		}
		s, err := parseWith("test.yaml", []byte(text), Inputs{Env: everySet})
		if err == nil {
			checkParsed(t, s)
			return
		}
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("Parse returns %T: %v", err, err)
		}
		for _, fault := range faults {
			if !located.MatchString(fault.Error()) {
				t.Fatalf("%q does not begin with FILE:LINE:COLUMN, with a source and a caret line", fault.Error())
			}
		}
	})
}

// everySet is an environment in which every variable is set.
func everySet(name string) (string, bool) { return "{id} " + name, true }

// checkParsed holds what every good scenario keeps: it has a plan, and what
// it writes is good again.
func checkParsed(t *testing.T, s *Scenario) {
	if _, err := s.Plan(); err != nil {
		t.Fatalf("Plan() after Parse without a fault: %v", err)
	}
	written, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseWith("test.yaml", written, Inputs{Env: everySet}); err != nil {
		t.Fatalf("what was written is refused: %v\n%s", err, written)
	}
}
