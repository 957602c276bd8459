// Package analysis turns what a run left behind into the analysis document:
// what happened, whether to believe it, and who caused each burst of 503s.
//
// [Analyze] is a function of its argument: it has no clock, does no input or
// output of its own and keeps nothing. It works in four steps.
//
//  1. A first reading of the cells makes the [ledger]: per second, how many
//     requests each edge address and request name had and how many 503s,
//     apart by what the answers say of their writer.
//  2. A two-state automaton over each scope's seconds (series.go) finds the
//     spans in which 503s stand out (detect.go) from the calm around (calm.go),
//     at a cost that simulation sets (excursions.go); for each the narrowest
//     scope that explains it is chosen (scope.go), so that one fault is one
//     burst (fault.go). See docs/bursts.md.
//  3. A second reading of the cells observes each burst: its answers, its
//     speed, its hits and misses, its spread, beside the quiet rest of the run.
//  4. Each observation that bears on the cause becomes one piece of evidence
//     with log odds; their sum and a prior give the verdict (verdict.go).
package analysis

import (
	"fmt"

	"frontload/results"
)

// Analyze reads the run's cells twice and returns its analysis document, but for
// the guidance, which is not judged here and stays empty. It
// fails only when the cells cannot be read or are not in order of seconds. It
// changes nothing in run, and may be called by several goroutines at once if
// run.Cells may be read by them.
func Analyze(run *results.Run) (*results.Analysis, error) {
	l, err := readLedger(run)
	if err != nil {
		return nil, fmt.Errorf("read the run's cells to find bursts: %w", err)
	}
	faults := findFaults(l)
	nameClients(run, faults)
	w, err := watch(run, l, faults)
	if err != nil {
		return nil, fmt.Errorf("read the run's cells again to judge the bursts: %w", err)
	}
	a := &results.Analysis{
		Schema:   results.AnalysisSchema,
		Run:      summarize(run, l),
		Trust:    judgeTrust(run),
		Guidance: []results.Rule{},
		Latency:  latencies(run),
		Bursts:   bursts(run, l, w),
		Control:  controls(run),
		Join:     joined(run),
		Unread:   run.Unread,
	}
	if a.Unread.Reasons == nil {
		a.Unread.Reasons = map[string]int64{}
	}
	a.Trust.Reasons = append(a.Trust.Reasons, run.Doubts...)
	if a.Run.Unfinished {
		a.Trust.Reasons = append(a.Trust.Reasons, unfinished(a))
		a.Trust.OK = a.Trust.OK && a.Run.Requests > 0
	}
	a.Findings = findings(a)
	a.Headline = headline(a)
	return a, nil
}
