package analysis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// notable is the share of the requests or arrivals from which what became of
// them belongs into the headline.
const notable = 0.01

// mostTold is how many bursts, those with the most 503s, the headline tells.
const mostTold = 3

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
	list = append(list, failed...)
	list = append(list, burstFindings(a)...)
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
	f := results.Finding{Do: "look for them in the target's own log"}
	if most {
		f.Do = "mend that before you trust anything else here"
	}
	if a.Run.Source == sourceLog {
		f.Do = "look for them in the origin's own log"
	}
	if n := a.Run.Outcomes[results.Transport.String()]; 2*n >= finished {
		f.Say = sentence("%d of %d arrivals got no whole answer (%s)", n, finished, whyTransport(a))
	} else {
		f.Say = sentence("%d of %d requests (%s) failed: %s", failed, finished, share(failed, finished), strings.Join(kinds, ", "))
	}
	return append(list, f), most
}

// failureKinds counts the failures outside bursts, and names the three
// commonest kinds, the commonest first.
func failureKinds(a *results.Analysis) (failed int64, kinds []string) {
	counts := map[string]int64{}
	for status, n := range a.Run.Statuses {
		code, err := strconv.Atoi(status)
		if err != nil || code < 400 || code == 503 && len(a.Bursts) > 0 {
			continue
		}
		counts["status "+status] = n
	}
	if n := a.Run.Outcomes[results.Transport.String()]; n > 0 {
		counts["no whole answer ("+whyTransport(a)+")"] = n
	}
	for _, kind := range slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	}) {
		failed += counts[kind]
		if len(kinds) < 3 {
			kinds = append(kinds, sentence("%s on %d", kind, counts[kind]))
		}
	}
	return failed, kinds
}

func whyTransport(a *results.Analysis) string {
	return cmp.Or(a.Run.TransportReason(), "transport error")
}

// burstFindings tells the bursts with the most 503s, in order of time.
func burstFindings(a *results.Analysis) (list []results.Finding) {
	order := make([]int, len(a.Bursts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(a.Bursts[y].Responses503, a.Bursts[x].Responses503) })
	told := order[:min(mostTold, len(order))]
	slices.Sort(told)
	for _, i := range told {
		b := &a.Bursts[i]
		list = append(list, results.Finding{Say: tell(a, b), Do: todo(b), Burst: b.ID})
	}
	if more := len(a.Bursts) - mostTold; more > 0 {
		list = append(list, results.Finding{Say: many(more, "burst", "bursts") + " more with fewer 503s", Burst: a.Bursts[order[mostTold]].ID})
	}
	return list
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
