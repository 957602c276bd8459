//go:build linux

package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// A turn is what one run of a tool showed.
type turn struct {
	requests int64
	cpu      time.Duration // user and system time
	memory   int64         // most bytes resident
	errors   []time.Duration
	gaps     float64 // coefficient of variation of the gaps between arrivals
}

// micros is the CPU time of a request in microseconds.
func (t turn) micros() float64 { return float64(t.cpu.Microseconds()) / float64(t.requests) }

// takeTurn runs a tool once. What it printed is shown when it failed or sent
// nothing.
func takeTurn(t tool, j job, s server) (turn, error) {
	before, err := s.requests()
	if err != nil {
		return turn{}, err
	}
	s.arrivals()
	args := t.command(j)
	cmd := exec.Command(args[0], args[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := func() error { return startOn(cmd, toolCPU()) }
	if j.smooth() {
		start = cmd.Start // how exact a tool can be is a matter of all CPUs
	}
	if err := start(); err != nil {
		return turn{}, err
	}
	failed := waitFor(cmd, j.span+time.Minute)
	after, err := s.requests()
	if err != nil {
		return turn{}, err
	}
	got := turn{requests: after - before, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		got.memory = use.Maxrss << 10
	}
	if got.requests < 100 {
		return got, fmt.Errorf("it sent %d requests (%v):\n%.2000s", got.requests, failed, &out)
	}
	if at := s.arrivals(); len(at) > 1 {
		got.errors, got.gaps = sendErrors(at, j.rate)
	}
	return got, nil
}

// waitFor waits for a process, and ends it when it takes too long.
func waitFor(cmd *exec.Cmd, most time.Duration) error {
	timer := time.AfterFunc(most, func() { cmd.Process.Kill() })
	defer timer.Stop()
	return cmd.Wait()
}

func stopProcess(cmd *exec.Cmd) {
	if err := cmd.Process.Signal(syscall.SIGTERM); err == nil || !errors.Is(err, syscall.ESRCH) {
		waitFor(cmd, 5*time.Second)
	}
}

// sendErrors tells how late each arrival was against a uniform schedule that
// begins such that none was early, and the coefficient of variation of the
// gaps: 0 for a smooth stream, 1 for a Poisson process.
func sendErrors(at []time.Duration, rate int) (late []time.Duration, gaps float64) {
	slices.Sort(at)
	earliest := time.Duration(math.MaxInt64)
	for i := range at {
		late = append(late, at[i]-time.Duration(float64(i)/float64(rate)*float64(time.Second)))
		earliest = min(earliest, late[i])
	}
	for i := range late {
		late[i] -= earliest
	}
	var sum, squares float64
	for i := 1; i < len(at); i++ {
		gap := (at[i] - at[i-1]).Seconds()
		sum += gap
		squares += gap * gap
	}
	n := float64(len(at) - 1)
	mean := sum / n
	slices.Sort(late)
	return late, math.Sqrt(max(0, squares/n-mean*mean)) / mean
}

// A measurement is what all turns of a tool at a job showed together: medians,
// and the lowest and the highest.
type measurement struct {
	Job     string      `json:"job"`
	Tool    string      `json:"tool"`
	Command string      `json:"command"`
	Wanted  int         `json:"wanted_per_second"` // zero: flat out
	Rate    float64     `json:"sent_per_second"`
	Micros  [3]float64  `json:"cpu_us_per_request"`        // median, lowest, highest
	Ratio   *[3]float64 `json:"frontload_ratio,omitempty"` // Frontload's CPU time to the tool's, round by round: median, lowest, highest
	Memory  float64     `json:"peak_memory_mb"`
	Late    *[2]float64 `json:"send_error_us,omitempty"` // median of the turns' p50 and p99
	Gaps    *float64    `json:"burstiness,omitempty"`
}

// sumUp sums up a tool's turns. Own are Frontload's in the same rounds, or
// nil.
func sumUp(name, command string, j job, turns, own []turn) measurement {
	m := measurement{Job: j.String(), Tool: name, Command: command, Wanted: j.rate}
	of := func(f func(turn) float64) []float64 {
		var v []float64
		for _, t := range turns {
			v = append(v, f(t))
		}
		slices.Sort(v)
		return v
	}
	micros := of(turn.micros)
	m.Micros = [3]float64{median(micros), micros[0], micros[len(micros)-1]}
	m.Ratio = ratios(own, turns)
	m.Rate = median(of(func(t turn) float64 { return float64(t.requests) / j.span.Seconds() }))
	m.Memory = median(of(func(t turn) float64 { return float64(t.memory) / (1 << 20) }))
	if len(turns[0].errors) > 0 {
		at := func(q float64) float64 {
			return median(of(func(t turn) float64 { return float64(t.errors[int(q*float64(len(t.errors)-1))].Microseconds()) }))
		}
		m.Late = &[2]float64{at(0.5), at(0.99)}
		gaps := median(of(func(t turn) float64 { return t.gaps }))
		m.Gaps = &gaps
	}
	return m
}

// ratios are those of Frontload's CPU time a request to a tool's, each of the
// same round, in which the machine was equally busy: median, lowest, highest.
func ratios(own, turns []turn) *[3]float64 {
	var v []float64
	for i := range min(len(own), len(turns)) {
		v = append(v, own[i].micros()/turns[i].micros())
	}
	if len(v) == 0 {
		return nil
	}
	slices.Sort(v)
	return &[3]float64{median(v), v[0], v[len(v)-1]}
}

// median is that of sorted values.
func median(v []float64) float64 {
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// compare orders by what a job is about.
func (m measurement) compare(b measurement) int {
	if m.Late != nil && b.Late != nil {
		return cmp.Compare(m.Late[1], b.Late[1])
	}
	return cmp.Compare(m.Micros[0], b.Micros[0])
}

// fellShort reports whether a tool sent less than it was asked to.
func (m measurement) fellShort() bool { return m.Wanted > 0 && m.Rate < 0.98*float64(m.Wanted) }

// ratio is Frontload's ratio to the tool with its range, or a dash.
func (m measurement) ratio() string {
	if m.Ratio == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", m.Ratio[0], m.Ratio[1], m.Ratio[2])
}

// printTable prints a job's measurements.
func printTable(w io.Writer, j job, all []measurement) {
	fmt.Fprintf(w, "\n%s\n", j)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "tool\tCPU µs/request\t(range)\tfrontload's ratio\tsent/s\tpeak MB\t"
	if j.smooth() {
		head += "send error p50 µs\tp99 µs\tburstiness\t"
	}
	fmt.Fprintln(t, head)
	for _, m := range all {
		sent := strconv.FormatFloat(m.Rate, 'f', 0, 64)
		if m.fellShort() {
			sent += " (fell short)"
		}
		row := []string{
			m.Tool, fmt.Sprintf("%.1f", m.Micros[0]), fmt.Sprintf("%.1f–%.1f", m.Micros[1], m.Micros[2]),
			m.ratio(), sent, fmt.Sprintf("%.0f", m.Memory),
		}
		if m.Late != nil {
			row = append(row, fmt.Sprintf("%.0f", m.Late[0]), fmt.Sprintf("%.0f", m.Late[1]), fmt.Sprintf("%.2f", *m.Gaps))
		}
		fmt.Fprintln(t, strings.Join(row, "\t")+"\t")
	}
	t.Flush()
}
