package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"frontload/results"
	"frontload/scenarios/urls"
)

// whole is a scenario of one request, of which tests add the rest.
const whole = "version: 1\ntarget: {url: 'https://www.example.com'}\nload: {rate: 5/s, for: 10s}\nrequests:\n  - path: /\n"

func read(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"0B": 0, "1B": 1, "300B": 300, "10MB": 10_000_000, "1.5MB": 1_500_000, "1KiB": 1024, "1 KB": 1000, "2kB": 2000,
		"50GiB": 50 << 30, "2TiB": 2 << 40, "1e3MB": 1_000_000_000, "0.5KiB": 512, "8192TiB": 1 << 53,
	} {
		got, err := parseSize(text)
		if err != nil || int64(got) != want {
			t.Errorf("parseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
		if again, err := parseSize(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q, which is read as %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "5", "GiB", "x MB", "-1B", "NaNB", "InfB", "8193TiB", "1e300B", "5 bytes", "5Gi", "5gib"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", text, got)
		}
	}
	for n, want := range map[size]string{0: "0B", 50 << 30: "50GiB", 1_500_000: "1.5MB", 1023: "1023B", 1024: "1KiB", 999_999_999: "999999999B"} {
		if n.String() != want {
			t.Errorf("%d bytes are written %s, want %s", int64(n), n, want)
		}
	}
}

// The keys come out in the plan, and the scenario as written makes the same one.
func TestExpectWarmupAndBudget(t *testing.T) {
	text := whole + "    expect: [200, 3xx, 404]\n  - {name: b, path: /b, expect: 204}\n  - {name: c, path: /c}\nwarmup: 2s\nbudget: {requests: 1e6, bytes: 1.5GiB}\n"
	s := read(t, text)
	written, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Scenario{s, read(t, string(written))} {
		p, err := s.Plan()
		if err != nil {
			t.Fatal(err)
		}
		if p.Warmup.Seconds() != 2 || p.Budget != (Budget{Requests: 1_000_000, Bytes: 3 << 29}) || p.Budget.String() != "1000000 requests or 1.5GiB received" {
			t.Errorf("warm-up %v, budget %v", p.Warmup, p.Budget)
		}
		for i, want := range []string{"200 301 304 404", "204", "200 204 301 304"} {
			var good []string
			for _, status := range []int{200, 204, 301, 304, 404} {
				alone := (&results.Answer{Status: status}).Outcome(0)
				if p.Expect[i].Judge(status, alone) == results.OK {
					good = append(good, fmt.Sprint(status))
				}
			}
			if got := strings.Join(good, " "); got != want {
				t.Errorf("request %d finds %s good, want %s", i, got, want)
			}
		}
	}
	if err := validate(t, compileSchema(t), written); err != nil {
		t.Errorf("as written: %v\n%s", err, written)
	}
}

func env(vars map[string]string) Env {
	return func(name string) (string, bool) { v, set := vars[name]; return v, set }
}

// The value of an environment variable is in the headers that are sent, in
// flag mode too, and in nothing else.
func TestEnvironmentInHeaders(t *testing.T) {
	vars := env(map[string]string{"A": "psst", "B": "psst-{id}", "_c9": "{{id}} ${env:A} é"})
	text := whole + `    vars: {id: {list: [seven]}}
    headers:
      Authorization: "bearer ${env:A}"
      Cookie: "x=${env:A}; y=${env:B}${env:A}; z={id}; {${env:A}}"
      X-All: "${env:B}${env:_c9}{id} ${id} $${env:A} ${jndi:x}"
`
	s, err := parseWith("test.yaml", []byte(text), Inputs{Env: vars})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var r urls.Request
	p.URLs.Next(0, &r)
	want := []results.Header{
		{Name: "Authorization", Value: "bearer psst"},
		{Name: "Cookie", Value: "x=psst; y=psst-{id}psst; z=seven; {psst}"},
		{Name: "X-All", Value: "psst-{id}{{id}} ${env:A} éseven $seven $psst ${jndi:x}"},
	}
	if !slices.Equal(r.Header, want) {
		t.Errorf("headers %q\nwant    %q", r.Header, want)
	}
	if want := []string{"{{id}} ${env:A} é", "psst-{id}", "psst"}; !slices.Equal(p.Secrets, want) {
		t.Errorf("secrets %q, want %q, the longest first", p.Secrets, want)
	}
	written, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(written), "psst") {
		t.Errorf("a secret is written:\n%s", written)
	}
	for _, want := range []string{"Authorization: bearer ${env:A}", "Cookie: x=${env:A};(hidden);(hidden){id};(hidden)", "X-All: ${env:B}${env:_c9}{id} ${id} $${env:A} ${jndi:x}"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("there is no %q in\n%s", want, written)
		}
	}
	s, err = FromFlags(Flags{URL: "http://127.0.0.1/", Rate: "1/s", For: "1s", Headers: []string{"Cookie: ${env:A}"}, Env: vars})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = s.Plan(); err != nil {
		t.Fatal(err)
	}
	if p.URLs.Next(0, &r); len(r.Header) != 1 || r.Header[0].Value != "psst" {
		t.Errorf("headers by flag: %q", r.Header)
	}
}

// A value that no header may hold is refused without being shown.
func TestEnvironmentThatNoHeaderMayHold(t *testing.T) {
	for value, want := range map[string]string{
		"":               "the environment variable A is empty",
		"psst\n":         "begins or ends with a space or a line break",
		" psst":          "begins or ends with a space or a line break",
		"psst\r\nX: y":   "holds a control character",
		"psst\x00":       "holds a control character",
		"psst\x7f psst.": "holds a control character",
	} {
		text := whole + "    headers:\n      Authorization: Bearer ${env:A}\n"
		_, err := parseWith("test.yaml", []byte(text), Inputs{Env: env(map[string]string{"A": value})})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "test.yaml:7:22: ") || strings.Contains(err.Error(), "psst") {
			t.Errorf("A=%q: %v\nwant one fault at test.yaml:7:22 with %q", value, err, want)
		}
		if faults, ok := err.(Faults); ok && len(faults) != 1 {
			t.Errorf("A=%q: %d faults, want 1: %v", value, len(faults), err)
		}
		_, err = FromFlags(Flags{URL: "http://127.0.0.1/", Rate: "1/s", For: "1s", Headers: []string{"Cookie: ${env:A}"}, Env: env(map[string]string{"A": value})})
		if err == nil || !strings.HasPrefix(err.Error(), "--header: ") || strings.Contains(err.Error(), "psst") {
			t.Errorf("A=%q by flag: %v", value, err)
		}
	}
}
