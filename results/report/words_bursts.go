package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"

	"frontload/results"
	"frontload/results/report/plain"
)

// sure writes how sure the verdict of a burst is; of an undetermined one,
// which is the likeliest.
func sure(b results.Burst) string {
	if b.Verdict != results.VerdictUndetermined {
		return plain.Share(b.Confidence) + " sure"
	}
	best := ""
	for _, v := range slices.Sorted(maps.Keys(b.Probabilities)) {
		if best == "" || b.Probabilities[v] > b.Probabilities[best] {
			best = v
		}
	}
	if best == "" {
		return plain.Share(b.Confidence)
	}
	return "likeliest " + verdict(results.Burst{Verdict: best}) + ", " + plain.Share(b.Confidence)
}

// weight writes how strongly an evidence speaks, and for or against what.
func weight(e results.Evidence) (odds, side, of string) {
	side = "for"
	if e.LogOdds < 0 {
		side = "against"
	}
	return strconv.FormatFloat(math.Abs(e.LogOdds), 'f', 1, 64), side, verdict(results.Burst{Verdict: e.Favours})
}

// judgedBy says of a burst that only some of its 503s count as evidence.
func judgedBy(b results.Burst) string {
	if b.Judged503 == 0 || b.Judged503 >= b.Responses503 {
		return ""
	}
	return "judged by " + plain.Count(b.Judged503) + " of them: in the other seconds the load generator was the bottleneck"
}

// strongest returns the evidence of a burst, the weightiest first.
func strongest(evidence []results.Evidence) []results.Evidence {
	sorted := slices.Clone(evidence)
	slices.SortStableFunc(sorted, func(a, b results.Evidence) int {
		return cmp.Compare(math.Abs(b.LogOdds), math.Abs(a.LogOdds))
	})
	return sorted
}

// verdict writes a verdict as words, with the kind of origin where there is one.
func verdict(b results.Burst) string {
	words := plain.Cut(plain.Line(results.VerdictWords(b.Verdict)), 40)
	kinds := map[string]string{"s3": "S3", "elb": "load balancer", "api-gateway": "API Gateway", "custom": "custom"}
	if b.OriginKind != nil && kinds[*b.OriginKind] != "" {
		words += " (" + kinds[*b.OriginKind] + ")"
	}
	return words
}
