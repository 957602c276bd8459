package main

import (
	"fmt"
	"io"
	"math"

	"frontload/results"
	"frontload/scenarios/lab"
)

// titles are what the matrices show.
var titles = []struct{ tells, title string }{
	{string(lab.TellAll), "every 503 tells who wrote it"},
	{string(lab.TellSome), "what is left tells it by halves, or misleads"},
	{string(lab.TellNone), "every telling header is stripped"},
}

// print writes a score for people.
func (s *score) print(w io.Writer, title string) {
	fmt.Fprintf(w, "\n%s: %d runs, %d bursts; %d bursts where no fault was, %d runs whose 503s no burst covers\n", title, s.Runs, s.Bursts, s.Strays, s.Unfound)
	for _, t := range titles {
		if m := s.Matrices[t.tells]; m != nil {
			m.print(w, t.title)
		}
	}
	s.Untold.print(w, "apart from these, what the record cannot tell")
	fmt.Fprintf(w, "\n  Of %d verdicts of over 0.95 confidence %d are wrong (%s). Brier score %.4f.\n", s.Sure, s.SureWrong, percent(s.SureWrong, s.Sure), s.Brier)
	fmt.Fprintf(w, "  Expected calibration error %.4f (95 %% of bootstrap samples: %.4f to %.4f).\n", s.ECE, s.ECELow, s.ECEHigh)
	fmt.Fprintf(w, "    %-12s %8s %16s %12s\n", "confidence", "bursts", "mean confidence", "share right")
	for _, b := range s.Reliability {
		if b.Bursts > 0 {
			fmt.Fprintf(w, "    %.1f to %.1f   %8d %16.3f %12.3f\n", b.From, b.From+1.0/tenths, b.Bursts, b.Confidence, b.Right)
		}
	}
}

func percent(part, whole int) string {
	return fmt.Sprintf("%.2f %%", 100*float64(part)/float64(max(1, whole)))
}

var short = map[string]string{
	results.VerdictEdgeCapacity: "capacity", results.VerdictEdgeQuota: "quota", results.VerdictEdgeCompute: "compute",
	results.VerdictOriginSaturation: "origin", results.VerdictUndetermined: "undetermined",
}

func (m *matrix) print(w io.Writer, title string) {
	fmt.Fprintf(w, "\n  %s: %d of %d right (%s)\n", title, m.Right, m.Bursts, percent(m.Right, m.Bursts))
	fmt.Fprintf(w, "    %-14s", "truth")
	for _, v := range verdicts {
		fmt.Fprintf(w, "%13s", short[v])
	}
	fmt.Fprintln(w)
	for _, truth := range verdicts[:4] {
		if m.Counts[truth] == nil {
			continue
		}
		fmt.Fprintf(w, "    %-14s", short[truth])
		for _, v := range verdicts {
			fmt.Fprintf(w, "%13d", m.Counts[truth][v])
		}
		fmt.Fprintln(w)
	}
}

// tell writes a burst whose verdict is wrong, for whoever wants to know why.
func (j *judged) tell(w io.Writer) {
	fmt.Fprintf(w, "\n%v: the truth is %s (%.2f of the 503s), told %t\n  burst of %s, %v, %v: %s (%.2f), %d 503s of %d\n", j.draw, j.truth, j.purity, j.told,
		j.End.Sub(j.Start), j.Scope.Kind, j.Scope.Values, j.Verdict, j.Confidence, j.Responses503, j.Requests)
	for _, e := range j.Evidence {
		fmt.Fprintf(w, "    %s → %s %+.2f: %s\n", e.Signal, e.Favours, e.LogOdds, e.Observed)
	}
}

// table solves the fit and tells the weights, beside the present ones.
func (f *fit) table(w io.Writer, quiet bool) ([]float64, []fitted) {
	weights, by, seen := f.solve(f.examples), f.shrink(), f.seen()
	var list []fitted
	for i, r := range f.rows {
		weights[i] = math.Round(weights[i]*by*10) / 10
		if weights[i] == 0 {
			weights[i] = math.Copysign(0.1, r.Reasoned)
		}
		list = append(list, fitted{r.Signal, r.Favours, r.Reasoned, r.Odds, weights[i], seen[i]})
	}
	if quiet {
		return weights, list
	}
	fmt.Fprintf(w, "Fitted on %d bursts, and shrunk to %.2f:\n", len(f.examples), by)
	for _, r := range list {
		fmt.Fprintf(w, "  %-24s %-18s %6.2f %6.2f   (now %6.2f)  seen on %d\n", r.Signal, r.Favours, r.Reasoned, r.Fitted, r.Present, r.Seen)
	}
	return weights, list
}

// printEach tells how many verdicts are right by generator, of what can be told.
func printEach(w io.Writer, all []outcome) {
	fmt.Fprintf(w, "\n  right by generator, where headers tell all, some, none\n")
	for _, of := range []func(*judged) string{
		func(j *judged) string { return "fault " + j.fault.Name },
		func(j *judged) string { return "headers " + j.headers.Name },
		func(j *judged) string { return "traffic " + j.traffic.Name },
	} {
		sums, names := map[string]map[lab.Tells]*matrix{}, map[string]bool{}
		for _, j := range burstsOf(all) {
			if !j.told {
				continue
			}
			name := of(j)
			names[name] = true
			if sums[name] == nil {
				sums[name] = map[lab.Tells]*matrix{}
				for _, t := range titles {
					m := newMatrix()
					sums[name][lab.Tells(t.tells)] = &m
				}
			}
			sums[name][j.headers.Tells].add(j)
		}
		for _, name := range sorted(names) {
			fmt.Fprintf(w, "    %-28s", name)
			for _, t := range titles {
				m := sums[name][lab.Tells(t.tells)]
				fmt.Fprintf(w, "%10d of %4d", m.Right, m.Bursts)
			}
			fmt.Fprintln(w)
		}
	}
}
