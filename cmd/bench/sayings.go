//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A saying is how a tool is run such that it tells its response times in
// full, and how to read them.
type saying struct {
	closed  bool // it sends as fast as answers come, and knows no rate
	command func(job) ([]string, error)
	read    func(j job, out []byte) (spectrum, error)
}

// sayings are those of all tools, by name.
func sayings(frontload string) map[string]saying {
	return map[string]saying{
		"frontload": {command: func(j job) ([]string, error) { return frontloadCommand(frontload, "auto", j), nil }, read: frontloadSaid},
		"vegeta":    {command: vegetaStall, read: vegetaSaid},
		"wrk":       {closed: true, command: wrkStall("wrk"), read: wrkSaid},
		"wrk2":      {command: wrkStall("wrk2", "-R"+strconv.Itoa(stallRate)), read: wrkSaid},
		"k6":        {command: k6Stall, read: k6Said},
		"ab": {closed: true, read: abSaid, command: func(j job) ([]string, error) {
			return []string{"ab", "-q", "-k", "-c", strconv.Itoa(j.connections), "-t", j.seconds(), "-n", abMost, "-e", j.file("ab.csv"), j.url}, nil
		}},
		"hey": {read: heySaid, command: func(j job) ([]string, error) {
			return slices.Insert(hey(j), 1, "-o", "csv"), nil
		}},
		"h2load": {read: h2loadSaid, command: func(j job) ([]string, error) {
			os.Remove(j.file("h2load.log")) // it appends
			return slices.Insert(h2load(j), 1, "--log-file="+j.file("h2load.log")), nil
		}},
		"bombardier": {read: bombardierSaid, command: func(j job) ([]string, error) {
			n, rate := strconv.Itoa(j.connections), strconv.Itoa(j.rate)
			return []string{"bombardier", "-p", "r", "-o", "json", "-l", "-t", "10s", "-c", n, "-d", j.span.String(), "-r", rate, j.url}, nil
		}},
		"fortio": {read: fortioSaid, command: func(j job) ([]string, error) {
			n, rate := strconv.Itoa(j.connections), strconv.Itoa(j.rate)
			args := []string{"fortio", "load", "-quiet", "-c", n, "-t", j.span.String(), "-qps", rate, "-timeout", "10s"}
			return append(args, "-p", asked("", ","), "-json", j.file("fortio.json"), j.url), nil
		}},
		"oha": {read: ohaSaid, command: func(j job) ([]string, error) {
			n, rate := strconv.Itoa(j.connections), strconv.Itoa(j.rate)
			return []string{"oha", "--no-tui", "--output-format", "json", "-c", n, "-z", j.span.String(), "-q", rate, j.url}, nil
		}},
	}
}

// file is a path for a tool's own output.
func (j job) file(name string) string { return filepath.Join(j.dir, name) }

// asked lists the percentiles below the maximum, for a tool's command line.
func asked(before, between string) string {
	var all []string
	for _, p := range percents[1 : len(percents)-1] {
		all = append(all, before+number(p))
	}
	return strings.Join(all, between)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func vegetaStall(j job) ([]string, error) {
	args := vegeta(j)
	if args == nil {
		return nil, fmt.Errorf("cannot write %s", j.file("targets"))
	}
	args[slices.Index(args, "/dev/null")] = j.file("vegeta.bin")
	return args, nil
}

const wrkScript = `done = function(summary, latency, requests)
  for p in string.gmatch("%s", "%%S+") do
    io.write(string.format("percentile %%s %%d\n", p, latency:percentile(tonumber(p))))
  end
  io.write(string.format("percentile 100 %%d\n", latency.max))
end
`

func wrkStall(name string, more ...string) func(job) ([]string, error) {
	return func(j job) ([]string, error) {
		script := j.file("wrk.lua")
		err := os.WriteFile(script, fmt.Appendf(nil, wrkScript, asked("", " ")), 0o644)
		args := append([]string{name, "-t1", "-c" + strconv.Itoa(j.connections), "-d" + j.seconds()}, more...)
		return append(args, "--timeout", "10s", "--latency", "-s", script, j.url), err
	}
}

func k6Stall(j job) ([]string, error) {
	args := k6(j)
	if args == nil {
		return nil, fmt.Errorf("cannot write %s", j.file("k6.js"))
	}
	stats := strings.ReplaceAll(asked("p(", "),")+"),max", " ", "")
	args[slices.Index(args, "--no-summary")] = "--summary-trend-stats=" + stats
	return slices.Insert(args, len(args)-1, "--summary-export="+j.file("k6.json")), nil
}
