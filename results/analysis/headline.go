package analysis

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"frontload/results"
)

// headline says in one sentence what happened and what to do about it. Where
// the run is not to be believed it says so first.
func headline(a *results.Analysis) string {
	text := calmHeadline(a)
	if len(a.Bursts) > 0 {
		parts := make([]string, len(a.Bursts))
		for i := range a.Bursts {
			parts[i] = tell(a, &a.Bursts[i])
		}
		noun := "bursts"
		if len(parts) == 1 {
			noun = "burst"
		}
		text = fmt.Sprintf("%d %s of 503s: %s.", len(parts), noun, strings.Join(parts, "; "))
	}
	if !a.Trust.OK {
		return "Not to be believed, the load generator was the bottleneck: " + text
	}
	return text
}

// calmHeadline speaks of a run without bursts. Where most requests failed in
// another way, that comes first.
func calmHeadline(a *results.Analysis) string {
	finished := int64(0)
	for _, n := range a.Run.Outcomes {
		finished += n
	}
	if failed := a.Run.Outcomes[results.Transport.String()]; failed > 0 && 2*failed >= finished {
		return fmt.Sprintf("%s of %s arrivals got no whole answer (%s): mend that before you trust anything else here.",
			thousands(failed), thousands(finished), cmp.Or(a.Run.TransportReason(), "transport error"))
	}
	all := a.Latency[string(results.SeriesResponse)]["all"]
	text := fmt.Sprintf("No burst of 503s in %s requests", thousands(a.Run.Requests))
	if all.Count > 0 {
		p99 := time.Duration(all.P99 * float64(time.Microsecond))
		text += fmt.Sprintf("; p99 response time %s", inWords(p99))
	}
	return text + "."
}

// inWords tells a span with about three digits.
func inWords(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// thousands writes a number with a comma before every three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// tell says of one burst when it was, what caused it, and what to do.
func tell(a *results.Analysis, b *results.Burst) string {
	when := fmt.Sprintf("at %.0f–%.0f s", b.Start.Sub(a.Run.Start).Seconds(), b.End.Sub(a.Run.Start).Seconds())
	sure := fmt.Sprintf("%.0f %% sure", 100*b.Confidence)
	return fmt.Sprintf("%s %s (%s): %s", what(b), when, sure, todo(b))
}

func what(b *results.Burst) string {
	at := where(b)
	switch b.Verdict {
	case results.VerdictEdgeCapacity:
		return "the edge" + at + " ran out of capacity"
	case results.VerdictEdgeQuota:
		return "a CloudFront quota was exceeded" + at
	case results.VerdictEdgeCompute:
		return "a function at the edge failed" + at
	case results.VerdictOriginSaturation:
		return "the " + originWords(b) + " was overwhelmed" + at
	}
	return "503s of undetermined cause" + at
}

func where(b *results.Burst) string {
	switch b.Scope.Kind {
	case kindPOP, kindEdge:
		return " at " + list(b.Scope.Values)
	case kindRequest:
		return " by " + list(b.Scope.Values)
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

// todo is the first thing to do about a burst, in a few words.
func todo(b *results.Burst) string {
	switch {
	case b.Verdict == results.VerdictEdgeCapacity && b.CausedByTest:
		return "the test sent one edge address too much; spread it over more clients, resolvers and regions"
	case b.Verdict == results.VerdictEdgeCapacity:
		return "spread the load over more clients, resolvers and regions"
	case b.Verdict == results.VerdictEdgeQuota:
		return "use more client addresses, or ask for a higher quota"
	case b.Verdict == results.VerdictEdgeCompute:
		return "look at the function's errors, duration and concurrency"
	case b.Verdict == results.VerdictUndetermined:
		return "ask the target for Server-Timing, or compare the origin's own log"
	}
	return originTodo(*b.OriginKind)
}

func originTodo(kind string) string {
	switch kind {
	case originS3:
		return "use more key prefixes and raise the rate more slowly"
	case originELB:
		return "check that its targets are healthy and enough of them run"
	case originGateway:
		return "raise the API's throttling limits or its backend's capacity"
	}
	return "give it more capacity or a higher hit ratio"
}
