package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontload/results"
	"frontload/results/report/plain"
)

// checks are documents of many kinds.
func checks(t *testing.T) map[string]*results.Check {
	t.Helper()
	files, err := filepath.Glob("../../internal/app/testdata/check/*.golden.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	all := map[string]*results.Check{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := &results.Check{}
		if err := json.Unmarshal(data, c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = c
	}
	return all
}

func checkLines(t *testing.T, c *results.Check, width int) []string {
	t.Helper()
	var b bytes.Buffer
	if err := CheckText(&b, c, width); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// No line is wider than asked for, at any width; what matters most stands last.
func TestCheckTextIsNoWider(t *testing.T) {
	for name, c := range checks(t) {
		for _, width := range []int{40, 55, 72, 80, 100} {
			lines := checkLines(t, c, width)
			for i, l := range lines {
				if plain.Width(l) > width {
					t.Errorf("%s at %d columns: line %d has %d: %q", name, width, i+1, plain.Width(l), l)
				}
			}
			if !strings.Contains(strings.Join(lines[max(0, len(lines)-4):], " "), "next: frontload ") {
				t.Errorf("%s at %d columns ends in %q, want the next command", name, width, lines[len(lines)-1])
			}
		}
		if !slices.Equal(checkLines(t, c, 0), checkLines(t, c, 300)) {
			t.Errorf("%s: a width of 0 and one of 300 differ, want 100 columns for both", name)
		}
	}
}

// What comes from outside cannot move a cursor.
func TestCheckTextIsHarmless(t *testing.T) {
	const evil = "\x1b[2J\u202e\r\n"
	c := &results.Check{
		Name: evil, Target: evil, Summary: evil, Next: evil, Authorisation: results.Authorisation{State: results.Authorised, Why: evil},
		Guidance: []results.Rule{{Rule: evil, Status: evil, Planned: evil, Fix: evil}},
		DNS: results.Names{
			Name: evil, Lookups: 1, Failed: 1, Answers: []results.NameAnswer{{Error: evil}}, Sets: []results.AddressSet{{Addresses: []string{evil}}},
		},
		Plan: results.PlanSummary{Cost: results.Cost{Assumptions: []string{evil}}, Shortfalls: []results.Shortfall{{Say: evil}}, BytesFrom: evil},
		Head: &results.Head{URL: evil, Address: evil, Server: evil, XCache: evil, POP: evil},
	}
	for _, l := range checkLines(t, c, 100) {
		if plain.Line(l) != l {
			t.Errorf("line %q is not harmless", l)
		}
	}
}

// Whatever happens within a column shows in it.
func TestChartShowsShortSpans(t *testing.T) {
	spike := planSummary{Duration: 3600, PeakRate: 1000, Points: []results.PlanPoint{
		{At: 0, Rate: 10}, {At: 1800, Rate: 10}, {At: 1800, Rate: 1000}, {At: 1801, Rate: 1000}, {At: 1801, Rate: 0}, {At: 3600, Rate: 0},
	}}
	var got []float64
	for i := range 4 {
		got = append(got, spike.highest(i, 4))
	}
	if want := []float64{10, 10, 1000, 0}; !slices.Equal(got, want) {
		t.Errorf("highest rates of the quarters are %v, want %v", got, want)
	}
	for _, c := range []struct {
		rate, peak float64
		want       int
	}{{0, 100, 0}, {0.001, 100, 1}, {50, 100, 24}, {100, 100, 48}, {0, 0, 0}} {
		if got := eighths(c.rate, c.peak); got != c.want {
			t.Errorf("eighths(%v, %v) = %d, want %d", c.rate, c.peak, got, c.want)
		}
	}
}

// The table of a long ramp is short, and has its begin, its peak and its end.
func TestTableOfALongRamp(t *testing.T) {
	p := results.PlanSummary{PeakRate: 90}
	for i := range 100 {
		rate := float64(i)
		if i > 90 {
			rate = 180 - rate
		}
		p.Points = append(p.Points, results.PlanPoint{At: float64(i), Rate: rate})
	}
	var got []float64
	for _, at := range (checkText{c: &results.Check{Plan: p}}).shown() {
		got = append(got, at.At)
	}
	if diff := cmp.Diff([]float64{0, 14, 28, 42, 56, 70, 90, 99}, got); diff != "" {
		t.Errorf("times shown (-want +got):\n%s", diff)
	}
}

// Clients that waited in vain, each a moment more or less, are told together.
func TestFailuresAreToldTogether(t *testing.T) {
	c := &results.Check{}
	for _, text := range []string{"nothing came within 5s", "nothing came within 5.001s", "refused", "nothing came within 4999ms"} {
		c.DNS.Answers = append(c.DNS.Answers, results.NameAnswer{Error: text})
	}
	got := checkText{text{width: 100}, c}.failures()
	want := []string{"    3 clients  no answer: nothing came within 5s", "     1 client  no answer: refused"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}
