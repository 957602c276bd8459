package analysis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// notable is the share of the requests or arrivals from which what became of
// them belongs into the headline.
const notable = 0.01

// findings lists what a run showed: failures other than 503s, bursts, and
// arrivals that never left. A run with nothing of the kind is calm.
func findings(a *results.Analysis) []results.Finding {
	list := []results.Finding{}
	if a.Run.Unfinished && a.Run.Requests == 0 {
		return append(list, results.Finding{
			Say: "the run file has no end and holds no request",
			Do:  "if it was copied, copy the file beside it whose name ends in -wal as well",
		})
	}
	failed, most := failures(a)
	bursts := burstFindings(a)
	if most {
		list = append(list, failed...)
		list = append(list, bursts...)
	} else {
		list = append(list, bursts...)
		list = append(list, failed...)
	}
	list = append(list, leftBehind(a)...)
	if len(a.Bursts) == 0 && !most && (a.Run.Requests > 0 || len(list) == 0) {
		list = append(list, calm(a))
	}
	return list
}

// failures tells of requests that failed otherwise than in a burst of 503s,
// and whether they are most of all.
func failures(a *results.Analysis) (list []results.Finding, most bool) {
	finished := sumOf(a.Run.Outcomes)
	failed, kinds := failureKinds(a)
	if failed == 0 || float64(failed) < notable*float64(finished) {
		return nil, false
	}
	most = 2*failed >= finished
	f := results.Finding{Do: whereToLook(a)}
	if most && a.Run.Source != sourceLog {
		f.Do = "mend that before you trust anything else here"
	}
	if n := a.Run.Outcomes[results.Transport.String()]; 2*n >= finished {
		f.Say = sentence("%d of %d arrivals got no whole answer (%s)", n, finished, whyTransport(a))
		return append(list, f), most
	}
	f.Say = sentence("%d of %d requests (%s) failed: %s", failed, finished, share(failed, finished), strings.Join(kinds, ", "))
	if len(a.Bursts) > 0 && !most {
		f.Say = "beside the 503s, " + f.Say
	}
	return append(list, f), most
}

// whereToLook says where to look for errors other than bursts of 503s, by their
// status: what refuses requests need not be an origin.
func whereToLook(a *results.Analysis) string {
	log := "in the target's own log"
	if a.Run.Source == sourceLog {
		log = "in the origin's own log"
	}
	forbidden, limited, others := a.Run.FailedStatuses["403"], a.Run.FailedStatuses["429"], int64(0)
	unexpected := a.Run.Outcomes[results.Unexpected.String()]
	for status, n := range a.Run.FailedStatuses {
		if status >= "400" && status != "403" && status != "429" {
			others += n
		}
	}
	others += a.Run.Outcomes[results.Transport.String()]
	told := func(n int64) bool { return 10*n >= forbidden+limited+unexpected+others && n > 0 }
	var parts []string
	if told(unexpected) {
		parts = append(parts, "an unexpected status that is as it should be belongs into the request's expect")
	}
	if told(forbidden) {
		parts = append(parts, "a 403 may come from AWS WAF, a signed URL that is not valid, or the permissions of S3")
	}
	if told(limited) {
		parts = append(parts, "a 429 from a rate limit, be it AWS WAF's, a function's or the origin's")
	}
	switch {
	case len(parts) == 0:
		return "look for them " + log
	case told(others):
		parts = append(parts, "look for the others "+log)
	}
	return strings.Join(parts, "; ")
}

// failureKinds counts the failures outside bursts, each once, and names the
// three commonest kinds, the commonest first. Viewers of an access log that left
// before their answer are no failures.
func failureKinds(a *results.Analysis) (failed int64, kinds []string) {
	failed = sumOf(a.Run.Outcomes) - a.Run.Outcomes[results.OK.String()]
	if len(a.Bursts) > 0 {
		failed -= a.Run.Responses503
	}
	if a.Run.Source == sourceLog {
		failed -= a.Run.Statuses["none"]
	}
	failed = max(0, failed)
	counts := map[string]int64{}
	for status, n := range a.Run.FailedStatuses {
		switch {
		case status == "503" && len(a.Bursts) > 0:
		case status < "400":
			counts["status "+status+", which the scenario does not expect,"] = n
		default:
			counts["status "+status] = n
		}
	}
	if n := a.Run.Outcomes[results.Transport.String()]; n > 0 {
		counts["no whole answer ("+whyTransport(a)+")"] = n
	}
	for _, kind := range slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	}) {
		if len(kinds) < 3 {
			kinds = append(kinds, sentence("%s on %d", kind, counts[kind]))
		}
	}
	return failed, kinds
}

func whyTransport(a *results.Analysis) string {
	return cmp.Or(a.Run.TransportReason(), "transport error")
}

// leftBehind tells of arrivals that were never sent, where they are many.
func leftBehind(a *results.Analysis) (list []results.Finding) {
	t, all := &a.Trust, a.Run.Scheduled
	if float64(t.UnsentArrivals) >= notable*float64(all) && t.UnsentArrivals > 0 && t.LatencyIsAFloor {
		list = append(list, results.Finding{
			Say: sentence("%d of %d arrivals (%s) were never sent, %s/s of the %s/s asked for went out", t.UnsentArrivals, all,
				share(t.UnsentArrivals, all), plain.Number(a.Run.RateReached), plain.Number(a.Run.RateAsked)),
			Do: whyUnsent(a) + "; the percentiles are lower bounds",
		})
	} else if float64(t.UnsentArrivals) >= notable*float64(all) && t.UnsentArrivals > 0 {
		list = append(list, results.Finding{
			Say: sentence("%d of %d arrivals (%s) were held back by the scenario's limits", t.UnsentArrivals, all, share(t.UnsentArrivals, all)),
			Do:  "use more clients, or raise the limits",
		})
	}
	if float64(t.MissedArrivals) >= notable*float64(all) && t.MissedArrivals > 0 {
		list = append(list, results.Finding{
			Say: sentence("%d of %d arrivals (%s) were missed by the load generator", t.MissedArrivals, all, share(t.MissedArrivals, all)),
			Do:  "use a larger machine, or a lower rate",
		})
	}
	return list
}

// whyUnsent says what to do about arrivals that were never sent.
func whyUnsent(a *results.Analysis) string {
	switch {
	case a.Run.Interrupted:
		return "those that waited when the run was ended are among them"
	case a.Trust.LimitedSeconds > 0:
		return "mend first what hindered the load generator"
	case a.Run.Requests == 0:
		return "no connection could be had in time: see whether the target listens there, over this protocol"
	}
	return "lower the rate, or see why answers take so long"
}

// calm speaks of a run without bursts.
func calm(a *results.Analysis) results.Finding {
	if a.Run.Source == sourceLog && a.Run.Requests == 0 {
		return results.Finding{Say: "there are no requests in these logs"}
	}
	text := sentence("no burst of 503s in %d requests", a.Run.Requests)
	if all := a.Latency[string(results.SeriesResponse)]["all"]; all.Count > 0 {
		least := ""
		if a.Trust.LatencyIsAFloor {
			least = "at least "
		}
		text += "; p99 response time " + least + inWords(time.Duration(all.P99*float64(time.Microsecond)))
	}
	return results.Finding{Say: text}
}

// unfinished says of a run without an end what that means for all else.
func unfinished(a *results.Analysis) string {
	const why = "the run file has no end: the run was killed, or goes on still"
	if a.Run.Requests == 0 {
		return why + ", and nothing is in it"
	}
	return why + "; this is what it holds so far, " + plain.Clock(a.Run.End.Sub(a.Run.Start)) + " of it"
}

// sumOf adds up counts.
func sumOf(counts map[string]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// share returns a part of a whole in per cent.
func share(part, whole int64) string { return plain.Share(float64(part) / float64(max(1, whole))) }

// sentence is fmt.Sprintf with a comma before every third digit of whole
// numbers.
func sentence(format string, args ...any) string {
	for i, arg := range args {
		switch n := arg.(type) {
		case int:
			args[i] = grouped(n)
		case int64:
			args[i] = grouped(n)
		}
	}
	return fmt.Sprintf(format, args...)
}

// A grouped number is written with a comma before every third digit.
type grouped int64

// Format writes the number, whatever the verb.
func (g grouped) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(plain.Count(int64(g)))) }

// inWords tells a span with about three digits.
func inWords(d time.Duration) string { return plain.Span(d) }
