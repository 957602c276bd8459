//go:build linux

// Bench measures Frontload beside other load generators: the same requests to
// the same local server, in turn, several rounds, each tool pinned to one CPU
// and the server to another. It prints CPU time per request, the rate that
// really arrived, peak memory, and how exactly arrivals keep to their
// schedule, as a table and as JSON.
//
// It also shows what the tools say of a server that is frozen for a second,
// beside what its users waited in truth, and how the tools' memory grows.
//
// It needs nginx as the server. Peers that are not on PATH are named and left
// out; --help says how to get them.
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
	requests    int64
	frontload   string
	json, svg   string
}

// findings are all that was measured.
type findings struct {
	Measurements []measurement `json:"measurements,omitempty"`
	Stalls       []stall       `json:"stalls,omitempty"`
	Memory       []memory      `json:"memory,omitempty"`
}

// kinds are what can be measured.
var kinds = []string{"h1", "tls", "h2", "arrivals", "stall", "memory"}

func main() {
	var o options
	f := pflag.NewFlagSet("bench", pflag.ContinueOnError)
	f.IntVar(&o.rounds, "rounds", 5, "how often each tool has its turn: `N`; stall and memory have one")
	f.DurationVar(&o.span, "for", 10*time.Second, "how long each turn is, such as `10s`; stall and memory have their own")
	f.IntVar(&o.connections, "connections", 64, "connections: `N`; stall has its own")
	f.IntSliceVar(&o.rates, "rates", []int{0, 10_000, 20_000}, "requests per second, `0` for flat out")
	f.StringSliceVar(&o.kinds, "kinds", kinds, "what to measure: `KIND`s; stall is what tools say of a server that is frozen for a second")
	f.StringSliceVar(&o.tools, "tools", nil, "only these tools, by `NAME`; left out: all on PATH")
	f.StringVar(&o.frontload, "frontload", "", "the frontload `BINARY`; left out: built from this module")
	f.Int64Var(&o.requests, "requests", 1_000_000, "memory: look at it after 100,000 requests and after `N`")
	f.StringVar(&o.svg, "svg", "", "stall: draw what the tools say into `FILE`, too")
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
	if err := o.validate(); err != nil {
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
	var all findings
	for _, kind := range o.kinds {
		if err := all.add(kind, o, found, dir); err != nil {
			return err
		}
	}
	return all.write(o)
}

// validate reports what cannot be measured.
func (o options) validate() error {
	for _, kind := range o.kinds {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("--kinds: there is no %q; there are %s", kind, strings.Join(kinds, ", "))
		}
	}
	if o.svg != "" && !slices.Contains(o.kinds, "stall") {
		return fmt.Errorf("--svg draws the stall; add --kinds stall")
	}
	if o.requests <= memoryFirst {
		return fmt.Errorf("--requests is %d, want more than the first %d", o.requests, memoryFirst)
	}
	return nil
}

// add measures a kind and prints it.
func (all *findings) add(kind string, o options, tools []tool, dir string) error {
	switch kind {
	case "stall":
		stalls, err := measureStalls(tools, o.frontload, dir)
		printStalls(os.Stdout, stalls)
		all.Stalls = append(all.Stalls, stalls...)
		return err
	case "memory":
		memory, err := measureMemory(o, tools, dir)
		printMemory(os.Stdout, o.connections, memory)
		all.Memory = append(all.Memory, memory...)
		return err
	}
	more, err := measureKind(kind, o, tools, dir)
	all.Measurements = append(all.Measurements, more...)
	return err
}

// write writes the files that were asked for.
func (all *findings) write(o options) error {
	if o.svg != "" {
		if err := writeSVG(o.svg, all.Stalls); err != nil {
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
		all = append(all, sumUp(t.name, strings.Join(t.command(j), " "), j, turns[t.name], turns["frontload"]))
	}
	slices.SortStableFunc(all, func(a, b measurement) int { return a.compare(b) })
	return all, nil
}
