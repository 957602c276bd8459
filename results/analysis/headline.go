package analysis

import (
	"fmt"
	"slices"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

// headline says the findings in a few sentences, the bursts in one. Where the
// run is not to be believed it says so first.
func headline(a *results.Analysis) string {
	var sentences, bursts []string
	at := 0
	for _, f := range a.Findings {
		if f.Burst == 0 {
			sentences = append(sentences, plain.Capital(f.String())+".")
			continue
		}
		if bursts == nil {
			at = len(sentences)
		}
		bursts = append(bursts, f.String())
	}
	if bursts != nil {
		all := many(len(a.Bursts), "burst", "bursts") + " of 503s: " + strings.Join(bursts, "; ") + "."
		sentences = slices.Insert(sentences, at, all)
	}
	text := strings.Join(sentences, " ")
	if !a.Trust.OK && a.Run.Requests > 0 {
		return "Not to be believed, the load generator was the bottleneck: " + text
	}
	return text
}

// when says when a burst was, in seconds of the run or in times of the day.
func when(a *results.Analysis, b *results.Burst) string {
	if a.Run.Source == sourceLog {
		return "at " + clockTimes(a, b)
	}
	return fmt.Sprintf("at %.0f–%.0f s", b.Start.Sub(a.Run.Start).Seconds(), b.End.Sub(a.Run.Start).Seconds())
}

// tell says of one burst when it was, what caused it, and how sure that is.
func tell(a *results.Analysis, b *results.Burst) string {
	when := when(a, b)
	if b.Family == results.FamilyOrigin && replayed(b) {
		when += ", the later 503s replayed by the cache"
	}
	return fmt.Sprintf("%s %s (%s)", what(b), when, sure(b))
}

// sure says how sure the verdict is, and of an undetermined one which is the
// likeliest.
func sure(b *results.Burst) string {
	share := plain.Share(b.Confidence)
	switch {
	case b.Verdict == results.VerdictUndetermined:
		return "likeliest " + verdictWords[likeliest(b.Probabilities)] + ", " + share
	case b.NeverGood && b.Family == results.FamilyOrigin:
		return share + " sure that load did it"
	}
	return share + " sure"
}

// verdictWords are the verdicts in words.
var verdictWords = map[string]string{
	results.VerdictEdgeCapacity:     "edge capacity",
	results.VerdictEdgeQuota:        "a quota of CloudFront's",
	results.VerdictEdgeCompute:      "a function at the edge",
	results.VerdictOriginSaturation: "the origin",
}

// likeliest returns the verdict with the highest probability.
func likeliest(p map[string]float64) string {
	best := verdicts[0]
	for _, v := range verdicts {
		if p[v] > p[best] {
			best = v
		}
	}
	return best
}

func what(b *results.Burst) string {
	at := where(b)
	switch {
	case b.NeverGood && b.Family == results.FamilyOrigin:
		return "the " + originWords(b) + " gave not one good answer" + at + ", only 503s"
	case b.NeverGood && b.Verdict == results.VerdictUndetermined:
		return "not one good answer came" + at + ", only 503s"
	}
	switch b.Verdict {
	case results.VerdictEdgeCapacity:
		return "the edge" + at + " ran out of capacity"
	case results.VerdictEdgeQuota:
		return "a CloudFront quota was exceeded" + at
	case results.VerdictEdgeCompute:
		return "a function at the edge failed" + at
	case results.VerdictOriginSaturation:
		switch {
		case b.ElsewhereGood:
			return "the " + originWords(b) + " failed" + at + " alone"
		case out(b):
			return "the " + originWords(b) + " failed" + at + " (overwhelmed or down)"
		}
		return "the " + originWords(b) + " was overwhelmed" + at
	}
	return "503s of undetermined cause" + at
}

func where(b *results.Burst) string {
	switch b.Scope.Kind {
	case kindPOP, kindEdge, kindRegion:
		return " at " + list(b.Scope.Values)
	case kindRequest, kindPrefix, kindClient:
		return " for " + list(b.Scope.Values)
	}
	return ""
}

func originWords(b *results.Burst) string {
	switch *b.OriginKind {
	case originS3:
		return "S3 origin"
	case originELB:
		return "load balancer at the origin"
	case originGateway:
		return "API Gateway origin"
	case originCustom:
		return "custom origin"
	}
	return "origin"
}

// todo is the first remedy of a burst in a few words.
func todo(b *results.Burst) string {
	first := b.Remedies[0].Brief
	if b.Verdict == results.VerdictEdgeCapacity && b.CausedByTest {
		return "the test sent one edge address too much; " + first
	}
	return first
}
