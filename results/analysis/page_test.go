package analysis

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var page = flag.Bool("page", false, "simulate all tables of docs/bursts.md anew and write them there")

const pageFile = "../../docs/bursts.md"

// The page says what the code does; with -page its tables are made anew.
func TestBurstsPage(t *testing.T) {
	data, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if *page {
		*long = true
		text = fill(t, text, "excursions", excursionTable())
		text = fill(t, text, "false", falseTable())
		text = fill(t, text, "curve", curveTable(t))
		if err := os.WriteFile(pageFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		fmt.Sprintf("taken to be %g times the 503s a second, and %g at most", excursionSlope, excursionCeiling),
		fmt.Sprintf("%g %%, which finds the ends of a burst best, then %g %%", 100*severeShare, 100*slightShare),
		fmt.Sprintf("less\n  than %g %% nor more than %g %%", 100*leastCalm, 100*mostCalm),
		"| 0.05 % | 0 |", "| 1000 | 100 % | 100 % |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q: change it, or run this test with -page", pageFile, want)
		}
	}
}

// fill puts a table where the page names it.
func fill(t *testing.T, text, name, table string) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, "<!-- "+name+" -->\n")
	_, after, ended := strings.Cut(rest, "<!-- end -->")
	if !ok || !ended {
		t.Fatalf("%s has no place for the table %q", pageFile, name)
	}
	return before + "<!-- " + name + " -->\n" + table + "<!-- end -->" + after
}

func excursionTable() string {
	var s strings.Builder
	s.WriteString("| 503s/s when raised |")
	for _, ratio := range simulatedTimes {
		fmt.Fprintf(&s, " %.0f times |", ratio)
	}
	s.WriteString(" taken |\n|" + strings.Repeat(" ---: |", len(simulatedTimes)+2) + "\n")
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, raised := range simulatedRaised {
		fmt.Fprintf(&s, "| %g |", raised)
		for _, ratio := range simulatedTimes {
			fmt.Fprintf(&s, " %.4f |", simulated(rnd, ratio, raised))
		}
		fmt.Fprintf(&s, " %.4f |\n", excursions(raised))
	}
	return s.String()
}

func falseTable() string {
	var s strings.Builder
	s.WriteString("| noise | false bursts in 10 × 24 hours |\n| --- | ---: |\n")
	for _, z := range noises {
		n := 0
		for seed := range uint64(10) {
			n += len(z.bursts(seed, 24*3600))
		}
		fmt.Fprintf(&s, "| %s | %d |\n", z.name, n)
	}
	return s.String()
}

func curveTable(t *testing.T) string {
	var s strings.Builder
	s.WriteString("| requests/s | share that fails | found | delay, median | delay, p90 |\n| ---: | ---: | ---: | ---: | ---: |\n")
	for _, rate := range []float64{10, 100, 1000} {
		for _, share := range []float64{0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1} {
			fmt.Fprintln(&s, curve(t, rate, share, 100))
		}
	}
	return s.String()
}
