//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A job is what a tool is asked to do.
type job struct {
	kind        string // h1, tls, h2 or arrivals
	rate        int    // requests/s; zero for flat out
	span        time.Duration
	connections int
	dir         string // for files
	url, ca     string // ca is empty without TLS
}

func (j job) String() string {
	what := map[string]string{
		"h1": "HTTP/1.1", "tls": "HTTP/1.1 over TLS", "h2": "HTTP/2 over TLS, 8 connections of 8 streams",
		"arrivals": "arrivals at the server against the schedule",
	}[j.kind]
	if j.rate == 0 {
		return what + ", flat out"
	}
	return fmt.Sprintf("%s, %d/s", what, j.rate)
}

func (j job) seconds() string { return strconv.Itoa(int(j.span / time.Second)) }
func (j job) secure() bool    { return j.ca != "" }
func (j job) smooth() bool    { return j.kind == "arrivals" }

// A tool is a load generator. Its command is nil for a job that it cannot do.
type tool struct {
	name    string
	get     string // how to get it
	command func(job) []string
}

// plain returns a command's arguments, with more of them over TLS.
func plain(j job, secure []string, args ...string) []string {
	if j.secure() {
		args = slices.Insert(args, 1, secure...)
	}
	return args
}

// abMost is how many requests ab may send at most. It must come after the
// time, which sets it to 50,000.
const abMost = "20000000"

// tools are Frontload and its peers, by the names of their programs.
func tools(frontload string) []tool {
	return []tool{
		{"frontload", "", func(j job) []string { return frontloadCommand(frontload, "1ms", j) }},
		{"frontload-precise", "", func(j job) []string {
			if j.rate == 0 {
				return nil
			}
			return frontloadCommand(frontload, "precise", j)
		}},
		{"wrk", "apt-get install wrk", func(j job) []string {
			if j.rate > 0 || j.kind == "h2" {
				return nil
			}
			return []string{"wrk", "-t1", "-c" + strconv.Itoa(j.connections), "-d" + j.seconds(), "--latency", j.url}
		}},
		{"wrk2", "built from github.com/giltene/wrk2, its program called wrk2", func(j job) []string {
			if j.rate == 0 || j.kind == "h2" {
				return nil
			}
			return []string{"wrk2", "-t1", "-c" + strconv.Itoa(j.connections), "-d" + j.seconds(), "-R" + strconv.Itoa(j.rate), "--latency", j.url}
		}},
		{"h2load", "apt-get install nghttp2-client", h2load},
		{"ab", "apt-get install apache2-utils", func(j job) []string {
			if j.rate > 0 || j.kind != "h1" {
				return nil
			}
			return []string{"ab", "-q", "-k", "-c", strconv.Itoa(j.connections), "-t", j.seconds(), "-n", abMost, j.url}
		}},
		{"vegeta", "go install github.com/tsenart/vegeta/v12@v12.13.0", vegeta},
		{"hey", "go install github.com/rakyll/hey@v0.1.5", hey},
		{"bombardier", "go install github.com/codesenberg/bombardier@v1.2.6", func(j job) []string {
			if j.kind == "h2" {
				return nil
			}
			args := plain(j, []string{"-k"}, "bombardier", "-q", "-c", strconv.Itoa(j.connections), "-d", j.span.String())
			if j.rate > 0 {
				args = append(args, "-r", strconv.Itoa(j.rate))
			}
			return append(args, j.url)
		}},
		{"fortio", "go install fortio.org/fortio@v1.63.0", func(j job) []string {
			if j.kind == "h2" {
				return nil
			}
			qps := strconv.Itoa(j.rate) // zero is flat out there, too
			return []string{"fortio", "load", "-quiet", "-k", "-c", strconv.Itoa(j.connections), "-t", j.span.String(), "-qps", qps, j.url}
		}},
		{"oha", "cargo install oha", func(j job) []string {
			if j.kind == "h2" {
				return nil
			}
			args := []string{"oha", "--no-tui", "--insecure", "-c", strconv.Itoa(j.connections), "-z", j.span.String()}
			if j.rate > 0 {
				args = append(args, "-q", strconv.Itoa(j.rate))
			}
			return append(args, j.url)
		}},
		{"k6", "go install go.k6.io/k6@v1.8.1", k6},
	}
}

func frontloadCommand(binary, pace string, j job) []string {
	rate := j.rate
	if rate == 0 {
		rate = 200_000 // more than any server here answers
	}
	args := []string{
		binary, "attack", "--url", j.url, "--rate", fmt.Sprintf("%d/s", rate), "--for", j.span.String(), "--pace", pace,
		"--out", filepath.Join(j.dir, "run.db"), "--quiet", "--json", "--timeout", "5s",
	}
	if j.secure() {
		args = append(args, "--ca", j.ca)
	}
	if j.kind == "h2" {
		return append(args, "--protocol", "h2", "--clients", "8")
	}
	return append(args, "--protocol", "h1", "--connections", strconv.Itoa(j.connections))
}

func h2load(j job) []string {
	args := []string{"h2load", "-t1", "-D" + j.seconds()}
	clients := j.connections
	if j.kind == "h2" {
		clients = 8
		args = append(args, "-m8")
	} else {
		args = append(args, "--h1")
	}
	if j.rate > 0 {
		args = append(args, "--rps", number(float64(j.rate)/float64(clients)))
	}
	return append(args, "-c"+strconv.Itoa(clients), j.url)
}

func hey(j job) []string {
	if j.kind == "h2" {
		return nil
	}
	args := []string{"hey", "-c", strconv.Itoa(j.connections), "-z", j.span.String()}
	if j.rate > 0 {
		args = append(args, "-q", number(float64(j.rate)/float64(j.connections))) // of each connection
	}
	return append(args, j.url)
}

func vegeta(j job) []string {
	targets := filepath.Join(j.dir, "targets")
	if err := os.WriteFile(targets, []byte("GET "+j.url+"\n"), 0o644); err != nil {
		return nil
	}
	args := []string{
		"vegeta", "attack", "-insecure", "-targets", targets, "-output", "/dev/null",
		"-duration", j.span.String(), "-rate", strconv.Itoa(j.rate), "-http2=" + strconv.FormatBool(j.kind == "h2"),
	}
	// Without a bound on its workers it opens a connection for each request that
	// is late, and on one CPU never recovers from that.
	n := strconv.Itoa(j.connections)
	args = append(args, "-workers", n, "-max-workers", n, "-connections", n)
	return args
}

func k6(j job) []string {
	if j.rate == 0 {
		return nil
	}
	most := 4 * j.connections
	if j.kind == "stall" {
		most = j.connections // a virtual user has a connection
	}
	script := filepath.Join(j.dir, "k6.js")
	text := fmt.Sprintf(`import http from 'k6/http';
export const options = { insecureSkipTLSVerify: true, discardResponseBodies: true, scenarios: { a: { executor: 'constant-arrival-rate',
  rate: %d, timeUnit: '1s', duration: '%ds', preAllocatedVUs: %d, maxVUs: %d } } };
export default function () { http.get('%s'); }
`, j.rate, int(j.span/time.Second), j.connections, most, j.url)
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		return nil
	}
	return []string{"k6", "run", "--quiet", "--no-summary", script}
}

// findTools returns the tools that are there, and the names of those that are
// not.
func findTools(o options) (found []tool, missing []string) {
	for _, t := range tools(o.frontload) {
		if len(o.tools) > 0 && !slices.Contains(o.tools, t.name) {
			continue
		}
		if _, err := exec.LookPath(t.name); err != nil && t.get != "" {
			missing = append(missing, t.name)
			continue
		}
		found = append(found, t)
	}
	return found, missing
}

// howToGet says how to install the peers.
func howToGet() string {
	var b strings.Builder
	b.WriteString("The server, and peers that are measured when they are on PATH:\n  nginx        apt-get install nginx-light\n")
	for _, t := range tools("") {
		if t.get != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", t.name, t.get)
		}
	}
	return b.String()
}

// build builds the frontload of this module.
func build(dir string) (string, error) {
	binary := filepath.Join(dir, "frontload")
	cmd := exec.Command("go", "build", "-o", binary, "frontload/cmd/frontload")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build frontload (run bench from its module, or give --frontload): %w", err)
	}
	return binary, nil
}
