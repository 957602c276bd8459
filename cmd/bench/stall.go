//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// The stall that every tool meets: a server that answers in half a
// millisecond and is frozen for a second, four seconds after the first
// request.
const (
	stallRate    = 1000
	stallSpan    = 10 * time.Second
	stallService = 500 * time.Microsecond
	stallAfter   = 4 * time.Second
	stallFor     = time.Second
)

// The connections that tools are allowed. Peers are shown with few and with
// plenty.
var (
	stallLimits = []int{1, 8, 64, 1000}
	peerLimits  = []int{8, 1000}
)

// A stall is what a tool said of a frozen server, beside the truth.
type stall struct {
	Tool        string   `json:"tool"`
	Connections int      `json:"connections"`
	Command     string   `json:"command"`
	Sent        int      `json:"requests"`
	Said        spectrum `json:"said"`
	Truth       truth    `json:"truth"`
	Served      spectrum `json:"served,omitempty"` // by the server's record, of a tool that sent the schedule's requests
}

// A truth is what users who keep to the schedule wait with so many
// connections, as [freeze] has it.
type truth struct {
	Service float64  `json:"service_ms"` // by the server's clock
	Cycle   float64  `json:"cycle_ms"`   // of a connection that is waited for
	Waits   spectrum `json:"waits"`
}

// off is how far the p95 and p99 that a tool said are from others, as a share
// of those: the larger of both. It is NaN when either tells neither.
func (s spectrum) off(from spectrum) float64 {
	worst := math.NaN()
	for _, p := range []float64{95, 99} {
		off := s.at(p)/from.at(p) - 1
		if !math.IsNaN(off) && !(math.Abs(off) <= math.Abs(worst)) {
			worst = off
		}
	}
	return worst
}

// measureStalls freezes a server for each tool in turn. The truth for a limit
// takes the server's pace from the first tool's turn, which is Frontload's
// unless that was left out.
func measureStalls(tools []tool, frontload, dir string) ([]stall, error) {
	var all []stall
	for _, limit := range stallLimits {
		for _, t := range tools {
			say, ok := sayings(frontload)[t.name]
			peer := t.name != "frontload"
			if !ok || peer && limit != peerLimits[0] && limit != peerLimits[1] {
				continue
			}
			if say.closed && limit > peerLimits[0] {
				continue // without a rate, many connections are another load altogether
			}
			s, seen, err := meetStall(t.name, say, limit, dir)
			if err != nil {
				return all, fmt.Errorf("a frozen server, %s: %w", t.name, err)
			}
			if s.Truth = newTruth(seen, limit); len(all) > 0 && all[len(all)-1].Connections == limit {
				s.Truth = all[len(all)-1].Truth
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// meetStall runs one tool against a server that freezes.
func meetStall(name string, say saying, limit int, dir string) (stall, []exchange, error) {
	server, err := startFrozen(stallService, stallAfter, stallFor)
	if err != nil {
		return stall{}, nil, err
	}
	defer server.listener.Close()
	j := job{kind: "stall", rate: stallRate, span: stallSpan, connections: limit, dir: dir, url: server.url()}
	args, err := say.command(j)
	if err != nil {
		return stall{}, nil, err
	}
	cmd := exec.Command(args[0], args[1:]...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Start(); err != nil {
		return stall{}, nil, err
	}
	failed := waitFor(cmd, stallSpan+time.Minute)
	seen := server.exchanges()
	s := stall{Tool: name, Connections: limit, Command: strings.Join(args, " "), Sent: len(seen)}
	if s.Said, err = say.read(j, out.Bytes()); err != nil {
		return s, nil, fmt.Errorf("it ended with %v, and what it said is not understood: %w\n%.2000s%.2000s", failed, err, &out, &talk)
	}
	if !say.closed {
		s.Served = spectrumOf(served(seen, stallRate, stallSpan))
	}
	return s, seen, nil
}

func newTruth(seen []exchange, limit int) truth {
	thaw := stallAfter + stallFor
	service, cycle := pace(seen, stallRate, stallAfter, thaw)
	f := freeze{stallRate, stallSpan, limit, service, cycle, stallAfter, thaw}
	return truth{millis(service), millis(cycle), spectrumOf(f.waits())}
}

// printStalls prints what all said below the truth for their connections.
func printStalls(w io.Writer, all []stall) {
	fmt.Fprintf(w, "\na server that answers in %v, frozen for %v of %v, at %d/s; response times in ms\n", stallService, stallFor, stallSpan, stallRate)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "connections\ttool\tp50\tp90\tp95\tp99\tmax\toff the truth\tserved p95\tp99\toff that\tsent\t")
	for i, s := range all {
		limit := strconv.Itoa(s.Connections)
		if i == 0 || all[i-1].Connections != s.Connections {
			fmt.Fprintf(t, "%s\t%s\t%s\t\t\t\t\t\t\n", limit, "the truth", s.Truth.Waits)
		}
		row := []string{limit, s.Tool, s.Said.String(), percent(s.Said.off(s.Truth.Waits))}
		row = append(row, inMillis(s.Served.at(95)), inMillis(s.Served.at(99)), percent(s.Said.off(s.Served)), s.sent())
		fmt.Fprintln(t, strings.Join(row, "\t")+"\t")
	}
	t.Flush()
}

// String is the cells of a table: p50, p90, p95, p99 and the maximum.
func (s spectrum) String() string {
	var cells []string
	for _, p := range []float64{50, 90, 95, 99, 100} {
		cells = append(cells, inMillis(s.at(p)))
	}
	return strings.Join(cells, "\t")
}

// sent is how many requests reached the server, and whether all did that the
// schedule has.
func (s stall) sent() string {
	if wanted := stallRate * stallSpan.Seconds(); float64(s.Sent) < 0.98*wanted {
		return strconv.Itoa(s.Sent) + " (fell short)"
	}
	return strconv.Itoa(s.Sent)
}

func percent(share float64) string {
	if math.IsNaN(share) {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", 100*share)
}

func inMillis(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// writeSVG draws the stalls into a file.
func writeSVG(file string, all []stall) error {
	var b bytes.Buffer
	if err := picture(&b, all); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
