package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"frontload/results"
	"frontload/results/report/plain"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// linesOf returns the report's lines.
func linesOf(t *testing.T, in Input, width int) []string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, in, width); err != nil {
		t.Fatalf("Text = %v", err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestTextGolden(t *testing.T) {
	doubted := interrupted(sample(usual))
	doubted.Analysis.Trust = results.Trust{
		Reasons:        []string{"12 of 30 seconds were generator-limited: send lag p99 was 180 ms", "the system ran out of file descriptors"},
		MissedArrivals: 812, UnsentArrivals: 40, LimitedSeconds: 12, SendLagP99: ptr(180000.0), LatencyIsAFloor: true,
	}
	for name, in := range map[string]Input{
		"usual": sample(usual), "doubted": doubted, "guarded": guarded(sample(usual)), "empty": {Analysis: &results.Analysis{Trust: results.Trust{OK: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(linesOf(t, in, 100), "\n") + "\n"
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("Text(%s) differs from %s (-want +got):\n%s", name, file, diff)
			}
		})
	}
}

// early returns the run as one that its budget ended, warmed up before, with
// answers that nobody expected.
func early(in Input) Input {
	r := &in.Analysis.Run
	in.Run.Info.Warmup, r.EndedBy = 10*time.Second, "ended by its budget of 9 requests"
	r.Outcomes = map[string]int64{"ok": 540, "unexpected": 50, "client-error": 10, "edge-capacity": r.Responses503}
	r.Statuses = map[string]int64{"200": 540, "302": 50, "404": 10, "503": r.Responses503}
	r.FailedStatuses = map[string]int64{"302": 50, "404": 10, "503": r.Responses503}
	r.ByRequest = []results.RequestCount{{Name: "article", Samples: 600, OK: 540, Unexpected: 50}}
	return in
}

// interrupted returns the run as one that the user ended.
func interrupted(in Input) Input {
	in.Analysis.Run.Interrupted = true
	return in
}

// guarded returns the run as one that its guard held, slowed down and stopped.
func guarded(in Input) Input {
	for i, e := range []results.Event{
		results.GuardEvent(8*time.Second, results.GuardHold, "the rate stays at 400/s, since burst 1 (edge capacity at IAD89-C2, 97% sure) has gone on for 3s"),
		results.GuardEvent(16*time.Second, results.GuardBackOff, "the rate falls to 200/s, since burst 1 (edge capacity at IAD89-C2, 97% sure) went on for 8s after the rate was held"),
		results.GuardEvent(26*time.Second, results.GuardStop, "the load ends, since burst 1 (edge capacity at IAD89-C2, 97% sure) went on for 10s after the rate was lowered"),
	} {
		in.Run.Events = append(in.Run.Events, e, results.Event{At: e.At, Kind: "step", Text: fmt.Sprint("step ", i)})
	}
	return in
}

// However much there is to tell, the text fits its screen and ends with the
// headline.
func TestTextFitsAScreen(t *testing.T) {
	crowded := sample(usual)
	for i := range 30 {
		b := crowded.Analysis.Bursts[i%2]
		b.ID, b.Responses503 = i+3, int64(i)
		crowded.Analysis.Bursts = append(crowded.Analysis.Bursts, b)
		crowded.Analysis.Trust.Reasons = append(crowded.Analysis.Trust.Reasons, strings.Repeat("a reason with many words ", 20))
	}
	for i := range crowded.Analysis.Guidance {
		crowded.Analysis.Guidance[i].Status = "broken"
	}
	crowded.Analysis.Trust.OK = false
	crowded = guarded(crowded)
	crowded.Analysis.Headline = strings.Repeat("do this first ", 60)
	for name, in := range map[string]Input{"usual": sample(usual), "crowded": crowded, "hostile": poison(sample(usual))} {
		for _, width := range []int{0, 1, 40, 61, 80, 100, 500} {
			lines := linesOf(t, in, width)
			bound := 100
			if width > 0 {
				bound = min(max(width, 40), 100)
			}
			if bound == 100 && len(lines) > 40 {
				t.Errorf("%s at width %d has %d lines, want at most 40", name, width, len(lines))
			}
			for _, l := range lines {
				if plain.Width(l) > bound {
					t.Errorf("%s at width %d has a line of %d columns: %q", name, width, plain.Width(l), l)
				}
			}
			if !slices.ContainsFunc(lines[len(lines)-min(9, len(lines)):], func(l string) bool { return strings.HasPrefix(l, "→ ") }) {
				t.Errorf("%s at width %d does not end with its headline: %q", name, width, lines[len(lines)-1])
			}
		}
	}
}

func TestTextHoldsNothingThatMovesACursor(t *testing.T) {
	for _, l := range linesOf(t, poison(sample(usual)), 100) {
		if i := strings.IndexFunc(l, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
			t.Errorf("control character %q in line %q", l[i], l)
		}
	}
}

func TestTextSays(t *testing.T) {
	failed := sample(shape{seconds: 10, edges: 3, rate: 60})
	failed.Analysis.Latency = nil
	failed.Analysis.Run.Outcomes = map[string]int64{"transport": 600}
	failed.Analysis.Run.Responses, failed.Analysis.Run.Responses503 = 0, 0
	because := func(reasons map[string]int64) Input {
		in := failed
		a := *failed.Analysis
		in.Analysis, a.Run.TransportReasons = &a, reasons
		return in
	}
	doubted := sample(usual)
	doubted.Analysis.Trust.OK = false
	unsure := sample(usual)
	b := &unsure.Analysis.Bursts[0]
	b.Verdict, b.Confidence, b.Evidence, b.Judged503 = results.VerdictUndetermined, 0.61, nil, 31
	b.Probabilities = map[string]float64{results.VerdictOriginSaturation: 0.61, results.VerdictEdgeQuota: 0.39}
	b.Remedies[0].Do = strings.Repeat("one of many things to do, ", 12) + "and the last."
	killed := sample(usual)
	killed.Analysis.Run.Unfinished, killed.Analysis.Run.Simulated = true, true
	lost := sample(usual)
	lost.Analysis.Run.Outcomes["client-error"], lost.Analysis.Run.FailedStatuses = 60, map[string]int64{"404": 58, "410": 2, "503": 9}
	lost.Analysis.Run.RateAsked, lost.Analysis.Run.RateReached = 60000, 30546.4
	lost.Analysis.Run.POPs = nil
	spent := early(sample(usual))
	for _, row := range []struct {
		about string
		in    Input
		first bool // the words stand in the first line
		want  string
	}{
		{"a run that nothing answered", failed, false, "other errors 600  missed 0, unsent 0\n600 errors without a whole answer (reason not known)"},
		{"a run of time-outs", because(map[string]int64{"time-out": 51}), false, "600 errors without a whole answer (time-out)"},
		{
			"a run of time-outs and refusals", because(map[string]int64{"time-out": 51, "connect refused": 49}), false,
			"600 errors without a whole answer (most often time-out, 51 of 100 kept)",
		},
		{"a run without any latency", failed, false, "No response time was recorded."},
		{"an interrupted run", interrupted(sample(usual)), false, "INTERRUPTED"},
		{"a run whose generator was the bottleneck", doubted, true, "DO NOT BELIEVE THIS RUN"},
		{"one second", sample(shape{seconds: 1, edges: 3, rate: 60}), false, "No burst of 503s stood out"},
		{"a burst of unknown cause", unsure, false, "Burst 1: undetermined, likeliest origin saturation, 61%"},
		{"a burst without evidence", unsure, false, "nothing in the answers or in their spread tells who wrote them"},
		{"a burst with distrusted seconds", unsure, false, "31 of them: in the other seconds the load generator was the bottleneck"},
		{"a long remedy", unsure, false, "and the last."},
		{"a killed run", killed, false, "NO END: killed, or still going on"},
		{"a simulated run", killed, false, "rehearsal, SIMULATED in virtual time"},
		{"a run with other errors", lost, false, "other errors 60 (404 on 58, 410 on 2)"},
		{"a run that was asked for more", lost, false, "asked 60,000/s, sent 30,546/s, peak 400/s"},
		{"a server that is no CloudFront", lost, false, "no CloudFront headers seen"},
		{"a run that its budget ended", spent, false, "warm-up 10s, which no threshold counts  ended by its budget of 9 requests"},
		{"a run with unexpected answers", spent, false, "other errors 60 (unexpected 302 on 50, 404 on 10)"},
		{"where times count from", sample(usual), false, "from the intended time"},
	} {
		lines := linesOf(t, row.in, 100)
		if row.first {
			lines = lines[:1]
		}
		if got := strings.Join(lines, "\n"); !strings.Contains(got, row.want) {
			t.Errorf("the text of %s lacks %q:\n%s", row.about, row.want, got)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, sample(usual).Analysis); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "{\n  \"schema\": \"frontload.analysis/1\"") || !strings.HasSuffix(b.String(), "}\n") {
		t.Errorf("JSON wrote %.60q…, want one indented document", b.String())
	}
	b.Reset()
	if err := JSON(&b, func() {}); err == nil || b.Len() > 0 {
		t.Errorf("JSON(func) = %v and wrote %q, want an error and nothing", err, b.String())
	}
}

// full is a disk without room.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorsComeBack(t *testing.T) {
	in := sample(usual)
	broken := in
	run := *in.Run
	run.Cells = func(yield func(results.Cell, error) bool) { yield(results.Cell{}, errFull) }
	broken.Run = &run
	for about, err := range map[string]error{
		"JSON to a full disk":      JSON(full{}, in.Analysis),
		"Text to a full disk":      Text(full{}, in, 100),
		"HTML to a full disk":      HTML(full{}, in),
		"HTML of unreadable cells": HTML(new(bytes.Buffer), broken),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s = %v, want one that wraps %v", about, err, errFull)
		}
	}
	for about, err := range map[string]error{
		"Text": Text(new(bytes.Buffer), Input{}, 0), "HTML": HTML(new(bytes.Buffer), Input{}),
	} {
		if err == nil {
			t.Errorf("%s without an analysis gave no error", about)
		}
	}
}

func TestLatencyComesFromTheRunWhereTheAnalysisLacksIt(t *testing.T) {
	in := Input{Analysis: &results.Analysis{}, Run: &results.Run{Latency: map[results.LatencyKey]results.Quantiles{
		{Series: results.SeriesResponse, By: "class", Value: "hit"}: {P50: time.Second, Count: 1},
		{Series: results.SeriesResponse, By: "all"}:                 {P50: time.Minute, Count: 2},
	}}}
	for class, want := range map[string]time.Duration{"hit": time.Second, "all": time.Minute, "miss": 0} {
		if q, ok := in.latency(results.SeriesResponse, class); q.P50 != want || ok != (want > 0) {
			t.Errorf("latency(response, %s) = %v, %v, want %v", class, q.P50, ok, want)
		}
	}
}

// What came of the control requests is told, and drawn over time.
func TestControlRequestsAreTold(t *testing.T) {
	in := sample(usual)
	in.Run.Control = []results.Control{
		{At: time.Second, Status: 200, Took: 2 * time.Millisecond},
		{At: 2 * time.Second, Status: 503, Took: 3 * time.Millisecond},
		{At: 3 * time.Second, Took: 5 * time.Second, Err: "no answer within 5s"},
	}
	in.Analysis.Control = &results.ControlSummary{
		Requests: 3, OK: 1, Statuses: map[string]int64{"200": 1, "503": 1, "none": 1}, Errors: map[string]int64{"no answer within 5s": 1}, P50: 3000, Max: 5e6,
	}
	want := "3 control requests, 1 ok, 1 with status 503, 1 without an answer (no answer within 5s); median 3.00 ms, slowest 5.00 s"
	if got := in.control(); got != want {
		t.Errorf("told is %q, want %q", got, want)
	}
	var text, page strings.Builder
	if err := errors.Join(Text(&text, in, 200), HTML(&page, in)); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"Straight to the origin", "What the origin took for control requests"} {
		if !strings.Contains(page.String(), w) {
			t.Errorf("%q is not in the page", w)
		}
	}
	if !strings.Contains(text.String(), "straight to the origin: 3 control requests, 1 ok") {
		t.Errorf("the text has no control requests:\n%s", text.String())
	}
}

// What the text of an access log counts agrees with itself: who left is no
// error, clients that the log does not name are not none, and burst lines send
// to where all is told.
func TestTextOfLogsCounts(t *testing.T) {
	a := &results.Analysis{Run: results.RunSummary{
		Source: "access-log", Requests: 110, Responses503: 5,
		Outcomes:       map[string]int64{"ok": 95, "client-error": 10, "edge-capacity": 5},
		Statuses:       map[string]int64{"200": 95, "503": 5, "404": 3, "none": 7},
		FailedStatuses: map[string]int64{"503": 5, "404": 3},
	}}
	a.Trust.OK = true
	for i := range 11 {
		a.Bursts = append(a.Bursts, results.Burst{
			ID: i + 1, Verdict: results.VerdictEdgeCapacity, Family: results.FamilyEdge, Responses503: 5,
			Scope: results.Scope{Kind: "key-prefix", Values: []string{"/a/", "/b/"}}, Exemplars: []results.ExemplarRef{{POP: "FRA56-P1"}},
		})
	}
	text := strings.Join(linesOf(t, Input{Analysis: a}, 100), "\n") + "\n"
	for _, want := range []string{"other errors 3 (404 on 3)", "viewers that left 7", "key prefixes /a/, /b/", "times are when answers ended", "ids: --json\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	for _, not := range []string{"clients 0", "request ids:\n", "request ids: \n", "--html"} {
		if strings.Contains(text, not) {
			t.Errorf("the text has %q:\n%s", not, text)
		}
	}
}

// The bar of a verdict claims no more than its words.
func TestBarIsNoSurerThanTheWords(t *testing.T) {
	b := newBurst(Input{Analysis: &results.Analysis{}, Run: &results.Run{}}, results.Burst{
		Verdict: results.VerdictEdgeQuota, Confidence: 0.99, Probabilities: map[string]float64{results.VerdictEdgeQuota: 1, results.VerdictEdgeCapacity: 0},
	})
	if b.Confidence != "99% sure" || b.Chances[0].Share != "99%" || b.Chances[0].Percent != 99 {
		t.Errorf("%s beside a bar of %s, %g%% long; want 99%% for each", b.Confidence, b.Chances[0].Share, b.Chances[0].Percent)
	}
}
