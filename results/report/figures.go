package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"frontload/results"
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
type tally struct {
	ok, errors, transport int64
	left                  int64 // viewers of an access log that went away before their answer
}

// tally counts good answers, errors other than 503s, and those of them that
// brought no answer at all. Viewers that left are no errors.
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
	if in.fromLogs() {
		t.left = in.Analysis.Run.Statuses["none"]
	}
	t.errors = max(0, t.errors-t.ok-in.Analysis.Run.Responses503-t.left)
	t.transport = min(t.transport, t.errors)
	return t
}

// A statusCount counts the samples of one HTTP status; that of no answer is 0.
type statusCount struct {
	Status int
	Count  int64
}

// byCount returns counts by HTTP status, the commonest first.
func byCount(statuses map[string]int64) []statusCount {
	var counts []statusCount
	for key, n := range statuses {
		status, _ := strconv.Atoi(key) // no answer has no number
		counts = append(counts, statusCount{status, n})
	}
	slices.SortFunc(counts, func(a, b statusCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Status, b.Status))
	})
	return counts
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
