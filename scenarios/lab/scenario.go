package lab

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Place is where and how long a case is rehearsed.
type Place struct {
	URL      string // of the lab, such as https://d111111abcdef8.cloudfront.test:41234
	CAFile   string // root certificate; empty for none
	Resolver string // "ip:port"; empty for the system's

	Distribution string // file with the distribution's configuration; empty for none

	For  time.Duration // length of the load
	Seed uint64
}

// The clients of a rehearsal.
const (
	clientCount = 40
	sourcePool  = "127.62.0.0/24"
)

// Scenario returns the case's load as a scenario file. With the same seed and
// length as the model's, its stages and the model's faults fit together.
func (c Case) Scenario(p Place) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nname: %s\ntarget:\n  url: %s\n", c.Name, strconv.Quote(p.URL))
	if p.CAFile != "" {
		fmt.Fprintf(&b, "  ca: %s\n", strconv.Quote(p.CAFile))
	}
	if p.Distribution != "" {
		fmt.Fprintf(&b, "  distribution: %s\n", strconv.Quote(p.Distribution))
	}
	fmt.Fprintf(&b, "clients:\n  count: %d\n  addresses: [%s]\n", cmp.Or(c.clients, clientCount), sourcePool)
	if p.Resolver != "" {
		fmt.Fprintf(&b, "  resolvers: [%s]\n", strconv.Quote(p.Resolver))
	}
	var subnets []string
	for i, l := range c.locations() {
		subnets = append(subnets, slices.Repeat([]string{l.near.String()}, c.busy(i))...)
	}
	fmt.Fprintf(&b, "  subnets: [%s]\n  protocol: %s\n", strings.Join(subnets, ", "), protocol(p.URL))
	b.WriteString("requests:\n")
	for _, r := range c.requests {
		r.write(&b)
	}
	b.WriteString("load:\n")
	c.writeLoad(&b, p)
	arrivals := "poisson"
	if c.uniform {
		arrivals = "uniform"
	}
	fmt.Fprintf(&b, "  arrivals: %s\n  seed: %d\n", arrivals, p.Seed)
	return b.String()
}

func protocol(url string) string {
	if strings.HasPrefix(url, "https:") {
		return "h2"
	}
	return "h1"
}

func (r requestConfig) write(b *strings.Builder) {
	fmt.Fprintf(b, "  - name: %s\n    weight: %d\n    path: %s\n", r.name, r.weight, strconv.Quote(r.path))
	if r.vars != "" {
		fmt.Fprintf(b, "    vars: %s\n", r.vars)
	}
	if r.bypass {
		b.WriteString("    cache: bypass\n")
	}
}

// writeLoad writes one rate, or stages around a fault that comes with a load
// of its own.
func (c Case) writeLoad(b *strings.Builder, p Place) {
	if c.stages != "" {
		b.WriteString("  stages: " + c.stages + "\n")
		return
	}
	faults, _ := c.draw(p.Seed, p.For)
	for _, f := range faults {
		if f.load > 0 && f.end < p.For {
			fmt.Fprintf(b, "  stages:\n    - {for: %s, at: %v/s}\n    - {for: %s, at: %v/s}\n    - {for: %s, at: %v/s}\n",
				f.start, c.rate, f.end-f.start, f.load, p.For-f.end, c.rate)
			return
		}
	}
	fmt.Fprintf(b, "  rate: %v/s\n  for: %s\n", c.rate, p.For)
}
