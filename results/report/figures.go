package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// classes are the latency classes in the order of the tables.
var classes = [...]string{"hit", "miss", "refresh", "error", "all"}

// start returns when the run's clock began.
func (in Input) start() time.Time {
	if t := in.Run.Info.Start; !t.IsZero() {
		return t
	}
	return in.Analysis.Run.Start
}

// length returns how long the run took, or zero when its end is not known.
func (in Input) length() time.Duration {
	end := in.Analysis.Run.End
	if end.IsZero() {
		end = in.Run.Info.End
	}
	if end.IsZero() || in.start().IsZero() {
		return 0
	}
	return max(0, end.Sub(in.start()))
}

// interrupted reports whether the run was ended early.
func (in Input) interrupted() bool { return in.Analysis.Run.Interrupted || in.Run.Info.Interrupted }

// latency returns the quantiles of a series and class: the analysis's own, or
// else those of the run. ok is false when nothing was recorded.
func (in Input) latency(series results.Series, class string) (q results.Quantiles, ok bool) {
	if l, ok := in.Analysis.Latency[string(series)][class]; ok && l.Count > 0 {
		return results.Quantiles{
			P50: micro(l.P50), P90: micro(l.P90), P99: micro(l.P99), P999: micro(l.P999),
			Max: micro(l.Max), Count: l.Count,
		}, true
	}
	key := results.LatencyKey{Series: series, By: "class", Value: class}
	if class == "all" {
		key.By, key.Value = "all", ""
	}
	q = in.Run.Latency[key]
	return q, q.Count > 0
}

// micro returns a number of microseconds as a span.
func micro(us float64) time.Duration {
	if math.IsNaN(us) {
		return 0
	}
	return time.Duration(min(max(us, 0), 1e12) * float64(time.Microsecond))
}

// lagP99 returns the 99th percentile of the send lag; ok is false when nothing
// was sent by us.
func (in Input) lagP99() (time.Duration, bool) {
	if us := in.Analysis.Trust.SendLagP99; us != nil {
		return micro(*us), true
	}
	q, ok := in.latency(results.SeriesLag, "all")
	return q.P99, ok
}

// tally is what came of a run's samples.
type tally struct{ ok, errors, transport int64 }

// tally counts good answers, errors other than 503s, and those of them that
// brought no answer at all.
func (in Input) tally() tally {
	var t tally
	for outcome, n := range in.Analysis.Run.Outcomes {
		t.errors += n
		switch outcome {
		case results.OK.String():
			t.ok += n
		case results.Transport.String():
			t.transport += n
		}
	}
	// A 503 whose body broke off is a transport error too; it counts as a 503.
	t.errors = max(0, t.errors-t.ok-in.Analysis.Run.Responses503)
	t.transport = min(t.transport, t.errors)
	return t
}

// otherStatuses counts the errors other than 503s by status, the commonest
// first, naming at most n of them.
func (in Input) otherStatuses(n int) string {
	var kinds []string
	for _, s := range in.statuses() {
		if s.Status >= 400 && s.Status != 503 {
			kinds = append(kinds, strconv.Itoa(s.Status)+" on "+plain.Count(s.Count))
		}
	}
	return list(kinds, n)
}

// A statusCount counts the samples of one HTTP status; that of no answer is 0.
type statusCount struct {
	Status int
	Count  int64
}

// statuses counts the samples by HTTP status, the commonest first.
func (in Input) statuses() []statusCount {
	var counts []statusCount
	for key, n := range in.Analysis.Run.Statuses {
		status, _ := strconv.Atoi(key) // no answer has no number
		counts = append(counts, statusCount{status, n})
	}
	slices.SortFunc(counts, func(a, b statusCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Status, b.Status))
	})
	return counts
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

// pops names the edge locations, or says that there are none to be seen.
func (in Input) pops() string {
	r := in.Analysis.Run
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

// shares returns the least and the most requests of an edge address as shares
// of them all. ok is false when none got any.
func (in Input) shares() (least, most float64, ok bool) {
	var sum, lo, hi int64
	for i, e := range in.Analysis.Run.Edges {
		if i == 0 {
			lo = e.Requests
		}
		lo, hi, sum = min(lo, e.Requests), max(hi, e.Requests), sum+e.Requests
	}
	if sum <= 0 {
		return 0, 0, false
	}
	return float64(lo) / float64(sum), float64(hi) / float64(sum), true
}

// broken returns the rules of the guidance that were broken.
func (in Input) broken() []results.Rule {
	var rules []results.Rule
	for _, r := range in.Analysis.Guidance {
		if r.Status == "broken" {
			rules = append(rules, r)
		}
	}
	return rules
}

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

// between writes a burst's span in seconds since the start of the run.
func (in Input) between(b results.Burst) string {
	return seconds(b.Start.Sub(in.start())) + "–" + seconds(b.End.Sub(in.start())) + " s"
}

// seconds writes an offset in seconds, with a decimal where it has one.
func seconds(d time.Duration) string { return plain.Number(math.Round(d.Seconds()*10) / 10) }

// scope writes where a burst was, naming at most three places.
func scope(s results.Scope) string {
	if s.Kind == "all" || s.Kind == "" {
		return "everywhere"
	}
	kind := map[string]string{
		"pop": "POP", "edge-address": "edge address", "key-prefix": "key prefix",
		"region": "region", "client": "client", "request": "request",
	}[s.Kind]
	if kind == "" {
		kind = plain.Line(s.Kind)
	}
	return kind + " " + list(s.Values, 3)
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

// verdict writes a verdict as words, with the kind of origin where there is one.
func verdict(b results.Burst) string {
	words := map[string]string{
		results.VerdictEdgeCapacity:     "edge capacity",
		results.VerdictEdgeQuota:        "edge quota",
		results.VerdictEdgeCompute:      "edge compute",
		results.VerdictOriginSaturation: "origin saturation",
		results.VerdictUndetermined:     "undetermined",
		results.FamilyEdge:              "the edge",
		results.FamilyOrigin:            "the origin",
	}[b.Verdict]
	if words == "" {
		words = plain.Cut(plain.Line(b.Verdict), 40)
	}
	kinds := map[string]string{"s3": "S3", "elb": "load balancer", "api-gateway": "API Gateway", "custom": "custom"}
	if b.OriginKind != nil && kinds[*b.OriginKind] != "" {
		words += " (" + kinds[*b.OriginKind] + ")"
	}
	return words
}
