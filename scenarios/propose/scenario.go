package propose

import (
	"fmt"
	"strconv"
	"strings"
)

// A Scenario is what the proposed scenario file says.
type Scenario struct {
	Origin   string // what it was made of, in words
	Name     string
	URL      string // scheme, host and port of the target
	Host     string // its host name
	Loopback bool   // every address of it is: no authorisation is needed
	Token    string // that proves ownership

	CA, Resolver string // empty for none

	Notes    []string  // stand above the requests
	Requests []Request // or else
	From     []string  // files with recorded requests
}

// Text returns the file: YAML with comments.
func (s *Scenario) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by `frontload init` of %s.\n# A start: change what you like. `frontload schema` describes every key.\n", line(s.Origin))
	fmt.Fprintf(&b, "version: 1\nname: %s\n", strconv.Quote(s.Name))
	s.target(&b)
	s.clients(&b)
	s.requests(&b)
	s.load(&b)
	return b.String()
}

func (s *Scenario) target(b *strings.Builder) {
	fmt.Fprintf(b, "\ntarget:\n  url: %s\n", strconv.Quote(s.URL))
	if s.CA != "" {
		fmt.Fprintf(b, "  ca: %s\n", strconv.Quote(s.CA))
	}
	b.WriteString(`  # What CloudFront forbids to load is read from the distribution's configuration:
  #   aws cloudfront get-distribution-config --id ID > distribution.json
  # distribution: ./distribution.json
  # marker: {header: X-Origin-Id} # a header that only your origin sets, as evidence of who wrote a 503
`)
	if s.Loopback {
		fmt.Fprintf(b, `  # Loopback needs no authorisation. Any other target does: publish this token in a
  # TXT record at _frontload.HOST, or on a line of https://HOST/.well-known/frontload.txt
  # authorization: {proof: dns, token: %s}
`, s.Token)
		return
	}
	fmt.Fprintf(b, `  # Before the first run, show that the target is yours: publish the token in a TXT
  # record at _frontload.%s
  #   "frontload=%s"
  # or, with proof: well-known, on a line of its own in
  #   https://%s/.well-known/frontload.txt
  # Or give your word in place of a proof: authorization: {attest: "CHG-4711, we own it"}
  authorization: {proof: dns, token: %s}
`, s.Host, s.Token, s.Host, s.Token)
}

func (s *Scenario) clients(b *strings.Builder) {
	b.WriteString(`
clients:
  count: 20 # viewer hosts at peak; CloudFront asks for many, each with its own look-ups
  # addresses: [198.51.100.0/28] # source addresses to send from; left out: what the system picks
  # resolvers: ["192.0.2.53:53", system] # dealt round robin
  # subnets: [203.0.113.0/24, 198.51.100.0/24] # viewers' networks, told to DNS by EDNS Client Subnet
`)
	if s.Resolver != "" {
		fmt.Fprintf(b, "  resolvers: [%s]\n", strconv.Quote(s.Resolver))
	}
}

func (s *Scenario) requests(b *strings.Builder) {
	b.WriteString("\n")
	for _, n := range s.Notes {
		fmt.Fprintf(b, "# %s\n", line(n))
	}
	b.WriteString("requests:\n")
	for _, f := range s.From {
		fmt.Fprintf(b, "  - from: %s\n", strconv.Quote(f))
	}
	for _, r := range s.Requests {
		fmt.Fprintf(b, "  - name: %s\n    weight: %s\n    path: %s\n", strconv.Quote(r.Name), strconv.FormatFloat(r.Weight, 'f', -1, 64), strconv.Quote(r.Path))
		if len(r.Files) == 0 {
			continue
		}
		if r.Of > len(r.Files) {
			fmt.Fprintf(b, "    # %d of %d; with `vars: {file: {file: ./files.txt}}` they come from a file, one a line\n", len(r.Files), r.Of)
		}
		quoted := make([]string, len(r.Files))
		for i, f := range r.Files {
			quoted[i] = strconv.Quote(f)
		}
		fmt.Fprintf(b, "    vars: {file: {list: [%s]}}\n", strings.Join(quoted, ", "))
	}
}

func (s *Scenario) load(b *strings.Builder) {
	if s.Loopback {
		b.WriteString(`
load:
  rate: 50/s
  for: 1m
  arrivals: poisson # as viewers come; or uniform
  # A target in the world is approached slowly:
  # guided: {start: 10/s, peak: 100/s, growth: 50%, every: 5m, hold: 10m}
`)
		return
	}
	b.WriteString(`
load:
  # From start to peak, by growth at each step: as gently as CloudFront's origins ask for.
  guided: {start: 10/s, peak: 100/s, growth: 50%, every: 5m, hold: 10m}
  arrivals: poisson # as viewers come; or uniform
`)
}

// line makes a text fit for one line of a comment.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\ufeff' || r == '\ufffd' {
			return ' '
		}
		return r
	}, text)
}
