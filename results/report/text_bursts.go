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
	left, more := 0, false
	for i, b := range all {
		switch {
		case rank[i] < d.bursts:
			lines = append(lines, t.burst(b, d)...)
			more = more || t.keepsBack(b)
		case rank[i] < d.bursts+d.lines:
			lines = append(lines, t.burstLine(b))
			more = true
		default:
			left++
		}
	}
	if left > 0 {
		lines = append(lines, "… and "+many(left, "burst", "bursts")+" with fewer 503s")
	}
	if more || left > 0 {
		lines = append(lines, t.wrap("", t.in.wholeStory(), 2)...)
	}
	return lines
}

// keepsBack reports whether a burst has request ids that the text does not tell.
func (t text) keepsBack(b results.Burst) bool {
	return !t.tellsIDs(b) && len(requestIDs(b)) > 0
}

// wholeStory says where all is told that the text leaves out of bursts.
func (in Input) wholeStory() string {
	const all = "All evidence, advice and request ids: --json"
	if in.fromLogs() || in.fromVegeta() {
		return all
	}
	return all + ", or frontload report --html FILE of a run file"
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
// itself answered: AWS Support asks for them. The advice above may do so already.
func (t text) requestIDs(b results.Burst, d detail) []string {
	ids := requestIDs(b)
	if !t.tellsIDs(b) || len(ids) == 0 || len(b.Remedies) > 0 && strings.Contains(b.Remedies[0].Do, ids[0]) {
		return nil
	}
	return t.wrap("  request ids: ", strings.Join(ids[:min(len(ids), 3)], " "), d.wrapped)
}

// tellsIDs reports whether the text names the burst's requests.
func (t text) tellsIDs(b results.Burst) bool {
	return t.in.fromLogs() && b.Family == results.FamilyEdge
}

// requestIDs returns the request ids that are known of a burst.
func requestIDs(b results.Burst) []string {
	var ids []string
	for _, e := range b.Exemplars {
		if e.RequestID != "" {
			ids = append(ids, plain.Line(e.RequestID))
		}
	}
	return ids
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

// guidance counts the rules, and names those that were broken; nothing where
// none applies.
func (t text) guidance(d detail) []string {
	broken, kept := t.in.broken(), 0
	for _, r := range t.in.Analysis.Guidance {
		if r.Status == "kept" {
			kept++
		}
	}
	if len(broken)+kept == 0 {
		return nil
	}
	var counts []string
	if len(broken) > 0 {
		counts = append(counts, many(len(broken), "rule", "rules")+" broken")
	}
	counts = append(counts, fmt.Sprintf("%d kept", kept))
	if other := len(t.in.Analysis.Guidance) - len(broken) - kept; other > 0 {
		counts = append(counts, fmt.Sprintf("%d not judged", other))
	}
	lines := []string{"CloudFront's load-testing guidance: " + strings.Join(counts, ", ")}
	for i, r := range broken {
		if i == d.rules {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(broken)-i))
			break
		}
		lines = append(lines, t.wrap("  "+plain.Left(plain.Cut(plain.Line(r.Rule), 17), 18), brokenBy(r), d.wrapped)...)
	}
	return lines
}

// brokenBy tells what broke a rule: what was observed, or else what was planned.
func brokenBy(r results.Rule) string {
	line := plain.Line(cmp.Or(r.Observed, r.Planned))
	if r.PlannedStatus == "broken" && r.ObservedStatus != "broken" {
		line = "planned: " + plain.Line(r.Planned)
	}
	if r.Fix != "" {
		line += "; fix: " + plain.Line(r.Fix)
	}
	return line
}
