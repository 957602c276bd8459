package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// otherStatuses counts the errors other than 503s by status, the commonest
// first, naming at most n of them.
func (in Input) otherStatuses(n int) string {
	var kinds []string
	for _, s := range byCount(in.Analysis.Run.FailedStatuses) {
		if s.Status == 503 {
			continue
		}
		kind := strconv.Itoa(s.Status)
		if s.Status < 400 {
			kind = "unexpected " + kind
		}
		kinds = append(kinds, kind+" on "+plain.Count(s.Count))
	}
	return list(kinds, n)
}

// early says why the load ended before its schedule did, though nothing went
// wrong; nothing where it did not.
func (in Input) early() string { return plain.Line(in.Analysis.Run.EndedBy) }

// warmup says how long the target was warmed up, nothing where it was not.
func (in Input) warmup() string {
	if w := in.Run.Info.Warmup; w > 0 {
		return "warm-up " + plain.Clock(w) + ", which no threshold counts"
	}
	return ""
}

// rate writes what the schedule wanted, what was sent, and the busiest second.
func (in Input) rate() string {
	r := in.Analysis.Run
	peak := "peak " + plain.Number(r.RatePeak) + "/s"
	if r.RateAsked == 0 {
		return peak
	}
	return "asked " + plain.Number(r.RateAsked) + "/s, sent " + plain.Number(r.RateReached) + "/s, " + peak
}

// hitRatio writes the share of hits among the good answers, or nothing.
func (in Input) hitRatio() string {
	if h := in.Analysis.Run.HitRatio; h != nil {
		return "hit ratio " + plain.Share(*h)
	}
	return ""
}

// hitsWanted writes the hit ratio of each request that was to be held at one.
func (in Input) hitsWanted() string {
	var held []string
	for _, r := range in.Analysis.Run.ByRequest {
		if r.HitsWanted == nil {
			continue
		}
		reached := "not told"
		if r.HitRatio != nil {
			reached = tenths(*r.HitRatio)
		}
		held = append(held, plain.Cut(plain.Line(r.Name), 40)+" "+reached+" of "+tenths(*r.HitsWanted)+" wanted")
	}
	return strings.Join(held[:min(len(held), maxRequests)], ", ")
}

// tenths writes a share to a tenth of a per cent.
func tenths(share float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(100*share, 'f', 1, 64), ".0") + "%"
}

// pops names the edge locations, or says that there are none to be seen.
func (in Input) pops() string {
	r := in.Analysis.Run
	if in.fromLogs() && len(r.POPs) == 0 {
		return ""
	}
	if in.noCloudFront() {
		return "no CloudFront headers seen: every good answer counts as a miss"
	}
	if len(r.POPs) == 0 {
		return "POPs 0"
	}
	return "POPs " + plain.Count(int64(len(r.POPs))) + ": " + list(r.POPs, 6)
}

// noCloudFront reports whether there were answers, none of them CloudFront's.
func (in Input) noCloudFront() bool {
	return in.Analysis.Run.Responses > 0 && !in.Analysis.Run.CloudFrontSeen && len(in.Analysis.Run.POPs) == 0
}

// ended says in capitals that a run has not come to its end; nothing when it has.
func (in Input) ended() string {
	switch {
	case in.interrupted():
		return "INTERRUPTED before its end"
	case in.Analysis.Run.Unfinished:
		return "NO END: killed, or still going on"
	case in.stopped():
		return "STOPPED by the guard"
	}
	return ""
}

// source says what the run was.
func (in Input) source() string {
	s := plain.Line(in.Analysis.Run.Source)
	if in.Analysis.Run.Simulated {
		s += ", SIMULATED in virtual time"
	}
	return s
}

// spread writes which share of the requests each edge address got, or nothing
// when there was none to compare.
func (in Input) spread() string {
	least, most, ok := in.shares()
	switch {
	case !ok || len(in.Analysis.Run.Edges) == 1:
		return ""
	case plain.Share(least) == plain.Share(most):
		return plain.Share(most) + " of the requests each"
	}
	return plain.Share(least) + " to " + plain.Share(most) + " of the requests each"
}

// headline returns the sentence to act on.
func (in Input) headline() string {
	switch {
	case in.Analysis.Headline != "":
		return plain.Line(in.Analysis.Headline)
	case len(in.Analysis.Bursts) == 0:
		return "No burst of 503s stood out."
	}
	b := in.Analysis.Bursts[0]
	return "Look at burst 1 first: " + plain.Line(b.Verdict) + "."
}

// doubts returns why the run is not to be believed, or to be believed with
// care. It is empty when nothing speaks against it.
func (in Input) doubts() []string {
	t := in.Analysis.Trust
	var doubts []string
	for _, r := range t.Reasons {
		doubts = append(doubts, plain.Line(r))
	}
	if !t.OK && len(doubts) == 0 {
		doubts = append(doubts, "the load generator was the bottleneck")
	}
	return doubts
}

// disbelief says why a run is not to be believed.
func (in Input) disbelief() string {
	if in.Analysis.Run.Requests == 0 {
		return "nothing of it was recorded"
	}
	return "its load generator, not the target, set what was measured"
}

// fromLogs reports whether the run is what access logs tell: nobody of ours
// sent anything.
func (in Input) fromLogs() bool { return in.Analysis.Run.Source == "access-log" }

// fromVegeta reports whether the run is what vegeta's results tell: they know
// neither clients, nor edge addresses, nor when a request was to be sent.
func (in Input) fromVegeta() bool { return in.Analysis.Run.Source == "vegeta" }

// gone counts the viewers that left before their answer, nothing where none did.
func (in Input) gone() string {
	if n := in.tally().left; n > 0 {
		return "viewers that left " + plain.Count(n)
	}
	return ""
}

// whichTimes says which times those of access logs are.
func (in Input) whichTimes() string {
	if !in.fromLogs() || in.Analysis.Run.Requests == 0 {
		return ""
	}
	return "times are when answers ended, as CloudFront logs them"
}

// between writes a burst's span in seconds since the start of the run, and that
// of one in access logs in times of day.
func (in Input) between(b results.Burst) string {
	if in.fromLogs() {
		return b.Start.UTC().Format("2006-01-02 15:04:05") + "–" + b.End.UTC().Format("15:04:05 MST")
	}
	return seconds(b.Start.Sub(in.start())) + "–" + seconds(b.End.Sub(in.start())) + " s"
}

// seconds writes an offset in seconds, with a decimal where it has one.
func seconds(d time.Duration) string { return plain.Number(math.Round(d.Seconds()*10) / 10) }

// scope writes where a burst was, naming at most three places.
func scope(s results.Scope) string {
	if s.Kind == "all" || s.Kind == "" {
		return "everywhere"
	}
	kinds, known := map[string][2]string{
		"pop": {"POP", "POPs"}, "edge-address": {"edge address", "edge addresses"}, "key-prefix": {"key prefix", "key prefixes"},
		"region": {"region", "regions"}, "client": {"client", "clients"}, "request": {"request", "requests"},
	}[s.Kind]
	switch {
	case !known:
		return plain.Line(s.Kind) + " " + list(s.Values, 3)
	case len(s.Values) > 1:
		return kinds[1] + " " + list(s.Values, 3)
	}
	return kinds[0] + " " + list(s.Values, 3)
}

// many writes a number with its noun.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return plain.Count(int64(n)) + " " + more
}

// list joins foreign words with commas, naming at most n of them.
func list(values []string, n int) string {
	out := ""
	for i, v := range values {
		if i == n {
			return out + " and " + plain.Count(int64(len(values)-n)) + " more"
		}
		if i > 0 {
			out += ", "
		}
		out += plain.Cut(plain.Line(v), 40)
	}
	return out
}
