// Bench measures Frontload beside other load generators: the same requests to
// the same local server, in turn, several rounds, each tool pinned to one CPU
// and the server to another. It prints CPU time per request, the rate that
// really arrived, peak memory, and how exactly arrivals keep to their
// schedule, as a table and as JSON.
//
// What it needs besides Go: nginx as the server, and the peers, of which those
// that are not on PATH are named and left out. On Debian:
//
//	apt-get install nginx-light wrk nghttp2-client apache2-utils
//	go install github.com/tsenart/vegeta/v12@v12.12.0
//	go install github.com/rakyll/hey@latest
//	go install fortio.org/fortio@latest
//	go install github.com/codesenberg/bombardier@latest
//	go install go.k6.io/k6@latest
//
// It sends to loopback only. With fewer than two CPUs it refuses to measure.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// options are what the flags say.
type options struct {
	rounds      int
	span        time.Duration
	connections int
	rates       []int
	kinds       []string
	tools       []string
	frontload   string
	json        string
}

func main() {
	var o options
	f := pflag.NewFlagSet("bench", pflag.ContinueOnError)
	f.IntVar(&o.rounds, "rounds", 5, "how often each tool has its turn: `N`")
	f.DurationVar(&o.span, "for", 10*time.Second, "how long each turn is, such as `10s`")
	f.IntVar(&o.connections, "connections", 64, "connections: `N`")
	f.IntSliceVar(&o.rates, "rates", []int{0, 10_000, 20_000}, "requests per second, `0` for flat out")
	f.StringSliceVar(&o.kinds, "kinds", []string{"h1", "tls", "h2", "arrivals"}, "what to measure: `h1`, tls, h2, arrivals")
	f.StringSliceVar(&o.tools, "tools", nil, "only these tools, by `NAME`; left out: all on PATH")
	f.StringVar(&o.frontload, "frontload", "", "the frontload `BINARY`; left out: built from this module")
	f.StringVar(&o.json, "json", "", "write what was measured to `FILE`, too")
	f.Usage = func() {
		fmt.Fprintf(os.Stderr, "%s\nUsage:\n  go run ./cmd/bench [flags]\n\nFlags:\n%s\n%s", about, f.FlagUsages(), howToGet())
	}
	switch err := f.Parse(os.Args[1:]); {
	case err == pflag.ErrHelp:
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const about = "Bench measures Frontload beside other load generators against a local server."

func run(o options) error {
	if runtime.NumCPU() < 2 {
		return fmt.Errorf("this machine has one CPU: the server and the tool that is measured need one each")
	}
	dir, err := os.MkdirTemp("", "frontload-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.frontload == "" {
		if o.frontload, err = build(dir); err != nil {
			return err
		}
	}
	found, missing := findTools(o)
	if len(missing) > 0 {
		fmt.Printf("not on PATH, and so not measured: %s\n", strings.Join(missing, ", "))
	}
	var all []measurement
	for _, kind := range o.kinds {
		more, err := measureKind(kind, o, found, dir)
		all = append(all, more...)
		if err != nil {
			return err
		}
	}
	if o.json == "" {
		return nil
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(b, '\n'), 0o644)
}

// measureKind measures all tools that can do a kind, rate by rate.
func measureKind(kind string, o options, tools []tool, dir string) ([]measurement, error) {
	var all []measurement
	for _, rate := range o.rates {
		if kind == "arrivals" && rate == 0 {
			continue
		}
		job := job{kind: kind, rate: rate, span: o.span, connections: o.connections, dir: dir}
		m, err := measure(job, o.rounds, tools)
		if err != nil {
			return all, fmt.Errorf("%s: %w", job, err)
		}
		if len(m) > 0 {
			printTable(os.Stdout, job, m)
		}
		all = append(all, m...)
	}
	return all, nil
}

// measure gives each tool its turns.
func measure(j job, rounds int, tools []tool) ([]measurement, error) {
	server, err := startServer(j)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	j.url, j.ca = server.url(), server.certificate()
	var able []tool
	for _, t := range tools {
		if t.command(j) != nil {
			able = append(able, t)
		}
	}
	turns := map[string][]turn{}
	for range rounds {
		for _, t := range able {
			got, err := takeTurn(t, j, server)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			turns[t.name] = append(turns[t.name], got)
		}
	}
	var all []measurement
	for _, t := range able {
		all = append(all, sumUp(t.name, strings.Join(t.command(j), " "), j, turns[t.name]))
	}
	slices.SortStableFunc(all, func(a, b measurement) int { return a.compare(b) })
	return all, nil
}
