package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	memoryRate  = 20_000  // requests/s, of tools that know a rate
	memoryFirst = 100_000 // requests after which memory is looked at first
	memoryMost  = 10 * time.Minute
	memoryLook  = 50 * time.Millisecond
	memoryFlat  = 0.05 // the most that flat memory grows, as a share
)

// A footprint is a tool's memory after some requests.
type footprint struct {
	Requests int64   `json:"requests"`
	Resident float64 `json:"resident_mb"` // median during the later half of them: garbage comes and goes
	Peak     float64 `json:"peak_mb"`
}

// A memory is how a tool's memory grew.
type memory struct {
	Tool    string    `json:"tool"`
	Command string    `json:"command"`
	Rate    float64   `json:"sent_per_second"`
	First   footprint `json:"first"`
	Last    footprint `json:"last"`
	Growth  float64   `json:"growth"` // of resident memory, as a share of the first
}

// flat reports whether memory hardly grew.
func (m memory) flat() bool { return m.Growth <= memoryFlat }

// measureMemory gives each tool one turn of that many requests.
func measureMemory(o options, tools []tool, dir string) ([]memory, error) {
	j := job{kind: "h1", span: memoryMost + time.Minute, connections: o.connections, dir: dir}
	server, err := startServer(j)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	j.url = server.url()
	var all []memory
	for _, t := range tools {
		j.rate = memoryRate
		if t.command(j) == nil {
			j.rate = 0
		}
		m, err := watchMemory(t, j, server, o.requests)
		if err != nil {
			return all, fmt.Errorf("memory of %s: %w", t.name, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// watchMemory runs a tool until the server has had the requests, looks at its
// memory on the way, and ends it.
func watchMemory(t tool, j job, s server, requests int64) (memory, error) {
	args := t.command(j)
	m := memory{Tool: t.name, Command: strings.Join(args, " ")}
	before, err := s.requests()
	if err != nil {
		return m, err
	}
	var out bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := startOn(cmd, toolCPU()); err != nil {
		return m, err
	}
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { cmd.Process.Kill(); <-ended }()
	look := time.NewTicker(memoryLook)
	defer look.Stop()
	var looks []footprint
	for {
		select {
		case err := <-ended:
			ended <- err
			return m, fmt.Errorf("it ended after %d requests (%v):\n%.2000s", m.Last.Requests, err, &out)
		case <-look.C:
		}
		count, err := s.requests()
		if err != nil {
			return m, err
		}
		before++ // this question
		now, peak, err := residentOf(cmd.Process.Pid)
		if err != nil {
			continue // it has just ended
		}
		looks = append(looks, footprint{count - before, now, peak})
		m.Last = steady(looks)
		if m.First.Requests == 0 && m.Last.Requests >= memoryFirst {
			m.First = m.Last
		}
		if took := time.Since(began); m.Last.Requests >= requests || took > memoryMost {
			m.Rate = float64(m.Last.Requests) / took.Seconds()
			if m.First.Requests == 0 {
				return m, fmt.Errorf("in %v it sent %d requests only", memoryMost, m.Last.Requests)
			}
			m.Growth = m.Last.Resident/m.First.Resident - 1
			return m, nil
		}
	}
}

// steady is the last of the looks, with the median of those at the later half
// of its requests.
func steady(looks []footprint) footprint {
	last := looks[len(looks)-1]
	var resident []float64
	for _, l := range looks {
		if l.Requests >= last.Requests/2 {
			resident = append(resident, l.Resident)
		}
	}
	slices.Sort(resident)
	last.Resident = median(resident)
	return last
}

// residentOf reads a process's resident memory and its highest, in MB.
func residentOf(pid int) (now, peak float64, err error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	return parseResident(f)
}

func parseResident(status io.Reader) (now, peak float64, err error) {
	for lines := bufio.NewScanner(status); lines.Scan(); {
		var kb float64
		if n, _ := fmt.Sscanf(lines.Text(), "VmRSS: %f kB", &kb); n == 1 {
			now = kb / 1024
		}
		if n, _ := fmt.Sscanf(lines.Text(), "VmHWM: %f kB", &kb); n == 1 {
			peak = kb / 1024
		}
	}
	if now == 0 || peak == 0 {
		return 0, 0, fmt.Errorf("the process's status has no VmRSS and VmHWM")
	}
	return now, peak, nil
}

func printMemory(w io.Writer, connections int, all []memory) {
	fmt.Fprintf(w, "\nmemory at %d connections, %d/s where a tool knows a rate, else flat out\n", connections, memoryRate)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "tool\trequests\tresident MB\tpeak MB\trequests\tresident MB\tpeak MB\tgrowth\tflat\tsent/s\t")
	for _, m := range all {
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%.1f\t%d\t%.1f\t%.1f\t%+.1f%%\t%s\t%.0f\t\n", m.Tool, m.First.Requests, m.First.Resident, m.First.Peak,
			m.Last.Requests, m.Last.Resident, m.Last.Peak, 100*m.Growth, map[bool]string{true: "yes", false: "no"}[m.flat()], m.Rate)
	}
	t.Flush()
}
