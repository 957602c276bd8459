package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"frontload/results"
)

// run is what attack and rehearse print with --json.
type runDocument struct {
	Schema    string
	Analysis  results.Analysis
	Rehearsal struct {
		Right bool
		Truth struct {
			Requests     int64
			Responses503 int64 `json:"responses_503"`
			Faults       []struct {
				Start time.Duration `json:"start_ns"`
			}
			Edges   map[string]counts
			Clients map[string]counts
		}
		Lookups int64
	}
}

type counts struct {
	Requests     int64
	Responses503 int64 `json:"responses_503"`
}

// finish runs the program to its end and decodes what it printed.
func finish(t *testing.T, cmd *exec.Cmd, allowed ...int) runDocument {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	code := exitOf(t, cmd.Run())
	for _, a := range allowed {
		if code == a {
			return decode[runDocument](t, out.Bytes())
		}
	}
	t.Fatalf("%v exited with %d, want one of %v:\n%s", cmd.Args[1:], code, allowed, errs.String())
	return runDocument{}
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("standard output is no JSON: %v\n%.500s", err, data)
	}
	if _, err := dec.Token(); err != io.EOF {
		t.Fatalf("standard output holds more than one JSON document")
	}
	keepsContract(t, data)
	return v
}

// After a kill -9 the run file can be reported, and misses at most the last
// two seconds.
func TestKilledRunCanBeReported(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	cmd := program(t, dir, "attack", "--url", server.URL, "--rate", "100/s", "--for", "60s", "--out", "run.db", "--quiet")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for served.Load() < 550 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	doc := finish(t, program(t, dir, "report", "run.db", "--json"), 0)
	total := served.Load()
	t.Logf("the server got %d requests, the run file holds %d", total, doc.Analysis.Run.Requests)
	if got := doc.Analysis.Run.Requests; got < total-200 || got > total {
		t.Errorf("the run file holds %d requests, the server got %d: over two seconds are missing", got, total)
	}
	if _, err := os.Stat(filepath.Join(dir, "run.db")); err != nil {
		t.Error(err)
	}
}

// A burst is known while it lasts: within three seconds of its first answer
// that fails, the run file has an event that names it, and who looks on is told.
func TestBurstIsKnownWhileItLasts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var doc runDocument
	var talk bytes.Buffer
	for try := 1; try <= 3 && !doc.Analysis.Trust.OK; try++ { // a busy machine's run is not to be believed
		cmd := program(t, dir, "rehearse", "--case", "edge-capacity", "--for", "14s", "--out", "run.db", "--json", "--html", "")
		var out bytes.Buffer
		talk.Reset()
		cmd.Stdout, cmd.Stderr = &out, &talk
		if code := exitOf(t, cmd.Run()); code != 0 && code != 6 {
			t.Fatalf("exit code %d:\n%s", code, talk.String())
		}
		doc = decode[runDocument](t, out.Bytes())
	}
	if len(doc.Rehearsal.Truth.Faults) != 1 {
		t.Fatalf("the lab made these faults: %+v, want one", doc.Rehearsal.Truth.Faults)
	}
	const answerTime = time.Second // at most, of a 503; see the lab's edges
	fault := doc.Rehearsal.Truth.Faults[0].Start
	events, err := exec.Command("sqlite3", filepath.Join(dir, "run.db"), "select at_ns, text from events where kind = 'burst' order by id").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, events)
	}
	first, rest, _ := strings.Cut(string(events), "\n")
	at, text, _ := strings.Cut(first, "|")
	ns, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		t.Fatalf("the run file's events are: %q\n%s", events, talk.String())
	}
	limited := doc.Analysis.Trust.LimitedSeconds // they tell of no cause
	if late := time.Duration(ns) - fault; late < 0 || late > 3*time.Second+answerTime+time.Duration(limited)*time.Second {
		t.Errorf("the burst is told of %v after the fault began, %d seconds were limited by the generator", late, limited)
	}
	cause := text
	if limited > 0 {
		cause, _, _ = strings.Cut(string(events), "burst 1 ended, ")
	}
	if !strings.Contains(text, "burst 1 began at ") || !strings.Contains(cause, "edge capacity at ") || !strings.Contains(rest, "burst 1 ended, ") {
		t.Errorf("%d seconds were limited by the generator; the run file's events are:\n%s", limited, events)
	}
	for _, want := range []string{text, "burst: edge capacity at "} {
		if !strings.Contains(talk.String(), want) {
			t.Errorf("who looks on is not told %q:\n%s", want, talk.String())
		}
	}
}

// An interrupt ends a run gently: exit 130, a whole run file, the report
// printed.
func TestInterruptKeepsTheRun(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	cmd := program(t, dir, "attack", "--url", server.URL, "--rate", "100/s", "--for", "60s", "--out", "run.db", "--json")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for served.Load() < 150 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := exitOf(t, cmd.Wait()); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	doc := decode[runDocument](t, out.Bytes())
	if got, want := doc.Analysis.Run.Requests, served.Load(); got != want || !doc.Analysis.Run.Interrupted {
		t.Errorf("%d requests (interrupted: %t), the server got %d", got, doc.Analysis.Run.Interrupted, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "run.db-*")); left != nil {
		t.Errorf("%v are left beside the run file", left)
	}
}

// A server that stalls for 2 s in a run of 10 s at 100/s: a tenth of the
// requests waits for over a second, however few connections are allowed. The
// exact truth for each limit is asserted in virtual time, in package attack.
func TestStalledServer(t *testing.T) {
	t.Parallel()
	for _, connections := range []int{1, 6, 64} {
		t.Run(fmt.Sprintf("connections=%d", connections), func(t *testing.T) {
			t.Parallel()
			var once atomic.Pointer[time.Time]
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				now := time.Now()
				once.CompareAndSwap(nil, &now)
				from := once.Load().Add(4 * time.Second)
				if to := from.Add(2 * time.Second); now.After(from) && now.Before(to) {
					time.Sleep(to.Sub(now))
				}
			}))
			t.Cleanup(server.Close)
			doc := finish(t, program(t, t.TempDir(), "attack", "--url", server.URL, "--rate", "100/s", "--for", "10s",
				"--connections", fmt.Sprint(connections), "--json", "--quiet", "--out", "run.db"), 0, 6)
			p90 := time.Duration(doc.Analysis.Latency["response"]["all"].P90) * time.Microsecond
			for _, series := range []string{"response", "service"} {
				t.Logf("%s time: %+v µs", series, doc.Analysis.Latency[series]["all"])
			}
			if p90 < 800*time.Millisecond || p90 > 1300*time.Millisecond {
				t.Errorf("response p90 = %v, want about 1 s", p90)
			}
			if r := doc.Analysis.Run; r.Requests+doc.Analysis.Trust.MissedArrivals != 1000 {
				t.Errorf("%d requests and %d missed arrivals, want 1000 together", r.Requests, doc.Analysis.Trust.MissedArrivals)
			}
		})
	}
}

// A generator that stood still shows as missed arrivals and lag, never as the
// target's latency, and its run is not to be believed.
func TestStalledGenerator(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	t.Cleanup(server.Close)
	cmd := program(t, t.TempDir(), "attack", "--url", server.URL, "--rate", "100/s", "--for", "6s", "--json", "--out", "run.db")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for served.Load() < 120 {
		time.Sleep(10 * time.Millisecond)
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGSTOP, 2500 * time.Millisecond}, {syscall.SIGCONT, 0}} {
		if err := cmd.Process.Signal(step.signal); err != nil {
			t.Fatal(err)
		}
		time.Sleep(step.wait)
	}
	if code := exitOf(t, cmd.Wait()); code != 6 {
		t.Errorf("exit code %d, want 6", code)
	}
	a := decode[runDocument](t, out.Bytes()).Analysis
	if a.Trust.OK || a.Trust.MissedArrivals < 200 || a.Trust.UnsentArrivals != 0 {
		t.Errorf("trust = %+v, want over 200 missed arrivals and no belief", a.Trust)
	}
	if !strings.Contains(strings.Join(a.Trust.Reasons, "\n"), "the generator stood still in ") {
		t.Errorf("reasons: %q, want that the generator stood still", a.Trust.Reasons)
	}
	if a.Run.Requests != served.Load() || a.Run.Requests+a.Trust.MissedArrivals != 600 {
		t.Errorf("%d requests, %d served, %d missed; want 600 arrivals in all", a.Run.Requests, served.Load(), a.Trust.MissedArrivals)
	}
	if p90 := a.Latency["service"]["all"].P90; p90 > 500_000 {
		t.Errorf("service time p90 = %v µs: the generator's stall shows as the target's", p90)
	}
}

// An answer that came while the generator stood still was read late, and no
// arrival was due meanwhile that would have been late itself: its second is
// limited all the same, and the report says why.
func TestStallBetweenArrivals(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	third := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if served.Add(1) == 3 {
			close(third)
			time.Sleep(200 * time.Millisecond)
		}
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	cmd := program(t, dir, "attack", "--url", server.URL, "--rate", "1/s", "--for", "8s", "--json", "--out", "run.db")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-third
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGSTOP, 600 * time.Millisecond}, {syscall.SIGCONT, 0}} {
		if err := cmd.Process.Signal(step.signal); err != nil {
			t.Fatal(err)
		}
		time.Sleep(step.wait)
	}
	if code := exitOf(t, cmd.Wait()); code != 0 && code != 6 {
		t.Errorf("exit code %d, want 0, or 6 where the machine is busy", code)
	}
	for _, doc := range []runDocument{decode[runDocument](t, out.Bytes()), finish(t, program(t, dir, "report", "run.db", "--json"), 0, 6)} {
		trust := doc.Analysis.Trust
		t.Logf("service time: %+v µs; reasons: %q", doc.Analysis.Latency["service"]["all"], trust.Reasons)
		if trust.LimitedSeconds == 0 || !strings.Contains(strings.Join(trust.Reasons, "\n"), "the generator stood still in ") {
			t.Errorf("trust = %+v, want the seconds limited in which the generator stood still", trust)
		}
		if g := trust.Generator; g == nil || g.Stall == nil || *g.Stall < 500_000 {
			t.Errorf("the generator's own account: %+v, want that it stood still for about 600 ms", g)
		}
	}
}

// What the lab counted itself is what the analysis counts.
func TestRehearsalAgreesWithTheLab(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--simulate"}, {"--for", "12s"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			args = append([]string{"rehearse", "--json", "--quiet"}, args...)
			doc := finish(t, program(t, t.TempDir(), args...), 0, 6)
			run, truth := doc.Analysis.Run, doc.Rehearsal.Truth
			if run.Requests != truth.Requests || run.Responses503 != truth.Responses503 || run.Requests == 0 {
				t.Errorf("%d requests and %d 503s, the lab counted %d and %d", run.Requests, run.Responses503, truth.Requests, truth.Responses503)
			}
			compareCounts(t, "edge address", run.Edges, truth.Edges)
			compareCounts(t, "client", run.Sources, truth.Clients)
			// On a machine that is busy otherwise the generator may fall behind, and
			// seconds in which it does carry no evidence; virtual time knows no such.
			if simulated := args[len(args)-1] == "--simulate"; simulated && !doc.Rehearsal.Right {
				t.Errorf("the verdicts are wrong: %+v", doc.Analysis.Bursts)
			}
		})
	}
}

func compareCounts(t *testing.T, what string, got []results.AddressCount, want map[string]counts) {
	t.Helper()
	if len(got) == 0 {
		t.Errorf("no %s", what)
	}
	for _, a := range got {
		if w := want[a.Address]; a.Requests != w.Requests || a.Responses503 != w.Responses503 {
			t.Errorf("%s %s: %d requests and %d 503s, the lab counted %d and %d",
				what, a.Address, a.Requests, a.Responses503, w.Requests, w.Responses503)
		}
	}
}

// A reader that goes away must not end a run.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", os.Args[0]+" attack --url "+server.URL+" --rate 50/s --for 1s --out run.db | true")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asMain+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	finish(t, program(t, dir, "report", "run.db", "--json"), 0)
}
