package analysis

import (
	"time"

	"frontload/results"
)

// sourceLog is the source of a run that only access logs tell of: nobody sent
// load, so that neither rules nor advice for load tests apply.
const sourceLog = "access-log"

// noTest says why a rule does not apply to an access log.
const noTest = "an access log of viewers' requests: there was no load test to judge"

// withoutTest returns the rules of a run that was no test.
func withoutTest(rules []results.Rule) []results.Rule {
	for i, r := range rules {
		rules[i] = results.Rule{Rule: r.Rule, Status: ruleNone, Observed: noTest}
	}
	return rules
}

const ruleNone = "not-applicable"

// sourceFields tells of the fields that a log may have.
const sourceFields = "Amazon CloudFront Developer Guide: Standard logging reference, log file fields"

// logRemedies are those of verdicts for which advice to testers would not do.
var logRemedies = map[string][]results.Remedy{
	results.VerdictEdgeCapacity: {
		{Brief: "give AWS Support the request ids", Do: "Contact AWS Support with the request ids below: an edge location without capacity is for CloudFront to mend.", Source: source503},
		{Do: "If a load test of yours ran at that time, spread it: several regions, and a DNS request of its own for every client.", Source: sourceLoadTest},
	},
	results.VerdictEdgeQuota: {
		{Brief: "request a higher quota", Do: "Request a higher quota for the distribution.", Source: sourceQuotas},
		{Do: "Look whether few client addresses sent most of it, a crawler or a load test, and limit them by a rate-based rule of AWS WAF.", Source: sourceQuotas},
	},
	results.VerdictUndetermined: {
		{Brief: "compare the origin's own log", Do: "Look for the same seconds in the origin's own log: a 503 that is not there was not the origin's.", Source: source503},
		{Do: "Choose the fields x-edge-detailed-result-type and origin-fbl for the distribution's logs: they tell whether the origin answered.", Source: sourceFields},
	},
}

// edgeRemediesOf returns the remedies of a verdict that is not the origin's.
func edgeRemediesOf(source, verdict string) []results.Remedy {
	if list := logRemedies[verdict]; source == sourceLog && list != nil {
		return list
	}
	return edgeRemedies[verdict]
}

// clockTimes writes a burst's span in times of day, and its day where the run
// has several.
func clockTimes(a *results.Analysis, b *results.Burst) string {
	from, to := "15:04:05", "15:04:05 MST"
	if a.Run.End.Sub(a.Run.Start) > 12*time.Hour {
		from = "2006-01-02 15:04:05"
	}
	if b.Start.YearDay() != b.End.YearDay() {
		to = "2006-01-02 15:04:05 MST"
	}
	return b.Start.UTC().Format(from) + "–" + b.End.UTC().Format(to)
}
