package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

// bursts tells the bursts in their order: those with the most 503s in
// full, of some others a line each. Where there is none the headline says so.
func (t text) bursts(d detail) []string {
	all := t.in.Analysis.Bursts
	rank := ranks(all)
	var lines []string
	left := 0
	for i, b := range all {
		switch {
		case rank[i] < d.bursts:
			lines = append(lines, t.burst(b, d)...)
		case rank[i] < d.bursts+d.lines:
			lines = append(lines, t.burstLine(b))
		default:
			left++
		}
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("… and %s bursts with fewer 503s", plain.Count(int64(left))))
	}
	return lines
}

// ranks returns for each burst how many others have more 503s.
func ranks(all []results.Burst) []int {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[b].Responses503, all[a].Responses503) })
	rank := make([]int, len(all))
	for r, i := range order {
		rank[i] = r
	}
	return rank
}

func (t text) burstLine(b results.Burst) string {
	return fmt.Sprintf("Burst %d: %s, %s, %s, %s: %s 503s", b.ID, verdict(b), sure(b),
		t.in.between(b), scope(b.Scope), plain.Count(b.Responses503))
}

func (t text) burst(b results.Burst, d detail) []string {
	where := fmt.Sprintf("%s, %s: %s 503s of %s requests, peak %s in one second", t.in.between(b), scope(b.Scope),
		plain.Count(b.Responses503), plain.Count(b.Requests), plain.Share(b.PeakShare))
	for _, more := range []string{caused(b), judgedBy(b)} {
		if more != "" {
			where += "; " + more
		}
	}
	lines := append(t.wrap("", fmt.Sprintf("Burst %d: %s, %s", b.ID, verdict(b), sure(b)), 2), t.wrap("  ", where, d.wrapped)...)
	lines = append(lines, t.evidence(b, d)...)
	if len(b.Remedies) > 0 {
		lines = append(lines, t.wrap("  do: ", plain.Line(b.Remedies[0].Do), d.wrapped)...)
	}
	return append(lines, t.requestIDs(b, d)...)
}

// requestIDs names some requests of a burst in access logs that the edge
// itself answered: AWS Support asks for them.
func (t text) requestIDs(b results.Burst, d detail) []string {
	if !t.in.fromLogs() || b.Family != results.FamilyEdge || len(b.Exemplars) == 0 {
		return nil
	}
	var ids []string
	for _, e := range b.Exemplars {
		ids = append(ids, plain.Line(e.RequestID))
	}
	return t.wrap("  request ids: ", strings.Join(ids[:min(len(ids), 3)], " "), d.wrapped)
}

// evidence tells the strongest evidence of a burst, or that there is none.
func (t text) evidence(b results.Burst, d detail) []string {
	var lines []string
	told := map[string]bool{} // one observation may speak of several verdicts
	for _, e := range strongest(b.Evidence) {
		if told[e.Observed] || len(told) == d.evidence {
			continue
		}
		told[e.Observed] = true
		odds, side, of := weight(e)
		lines = append(lines, t.wrap("  - ", fmt.Sprintf("%s (%s %s %s)", plain.Line(e.Observed), odds, side, of), d.wrapped)...)
	}
	if len(lines) == 0 {
		return []string{"  - nothing in the answers or in their spread tells who wrote them"}
	}
	return lines
}

// caused says of a burst that the test itself brought it about.
func caused(b results.Burst) string {
	if b.CausedByTest {
		return "caused by the test"
	}
	return ""
}

// guidance names the rules that were broken; nothing when none was.
func (t text) guidance(d detail) []string {
	broken := t.in.broken()
	if len(broken) == 0 {
		return nil
	}
	kept := 0
	for _, r := range t.in.Analysis.Guidance {
		if r.Status == "kept" {
			kept++
		}
	}
	lines := []string{fmt.Sprintf("CloudFront's load-testing guidance: %d rules broken, %d kept, %d not judged",
		len(broken), kept, len(t.in.Analysis.Guidance)-len(broken)-kept)}
	for i, r := range broken {
		if i == d.rules {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(broken)-i))
			break
		}
		line := plain.Line(cmp.Or(r.Observed, r.Planned))
		if r.Fix != "" {
			line += "; fix: " + plain.Line(r.Fix)
		}
		lines = append(lines, t.wrap("  "+plain.Left(plain.Cut(plain.Line(r.Rule), 17), 18), line, d.wrapped)...)
	}
	return lines
}
