package analysis

import (
	"cmp"
	"math"
	"slices"
)

// A span is a run of seconds, from its first to the one after its last.
type span struct{ from, to int }

func (s span) overlaps(o span) bool { return s.from < o.to && o.from < s.to }

// gap returns how many seconds lie between the spans, 0 when they touch.
func (s span) gap(o span) int { return max(0, max(s.from, o.from)-min(s.to, o.to)) }

func (s span) union(o span) span { return span{min(s.from, o.from), max(s.to, o.to)} }

// A series counts the samples and the 503s of one scope, second by second.
type series struct{ n, k []uint32 }

func newSeries(seconds int) series {
	return series{make([]uint32, seconds), make([]uint32, seconds)}
}

// An automaton has two states: in the calm one a request is answered with
// 503 with probability calm, in the raised one with probability raised.
// Entering the raised state costs a fixed sum of log likelihood; the path of
// the greatest likelihood through a series gives its bursts.
//
// It is Kleinberg's burst automaton for batched events ("Bursty and
// Hierarchical Structure in Streams", 2002) with two states.
type automaton struct {
	calm, raised float64
	cost         float64 // natural logarithm
}

const (
	// The least share of 503s that the calm state allows. Noise of 0.05 % at
	// any rate stays far below it.
	leastCalm = 0.002
	// The calm share is taken to be at most this, so that a run that is bad
	// from end to end is still one long burst.
	mostCalm = 0.02
	// The raised share. A series of seconds raises the likelihood of the
	// raised state once about 1.5 % of its requests fail.
	raisedShare = 0.05
	// A burst has at least this many 503s.
	least503s = 5
	// Natural logarithm of one in 10,000: the chance of a false alarm that
	// all scopes and seconds of a calm run share.
	falseAlarms = 9.2
)

// newAutomaton returns the automaton for a run in which the calm share of
// 503s is as given and so many scopes of so many seconds are looked at. By
// the union bound the cost of entering keeps the false alarms of all of them
// together under their budget.
func newAutomaton(calm float64, seconds, scopes int) automaton {
	calm = min(max(calm, leastCalm), mostCalm)
	return automaton{
		calm:   calm,
		raised: max(raisedShare, 4*calm),
		cost:   falseAlarms + math.Log(float64(max(1, seconds)*max(1, scopes))),
	}
}

// gain returns by how much k 503s among n requests raise the log likelihood
// of the raised state over that of the calm one.
func (a automaton) gain(n, k uint32) float64 {
	return float64(k)*math.Log(a.raised/a.calm) + float64(n-k)*math.Log((1-a.raised)/(1-a.calm))
}

// spans returns the maximal runs of seconds in which the series is raised.
func (a automaton) spans(s series) []span {
	fromRaised := make([]bool, len(s.n)) // the best calm path came from the raised state
	fromCalm := make([]bool, len(s.n))   // the best raised path came from the calm state
	calm, raised := 0.0, math.Inf(-1)
	for t := range s.n {
		enter := calm - a.cost
		fromRaised[t], fromCalm[t] = raised > calm, enter > raised
		calm, raised = max(calm, raised), max(raised, enter)+a.gain(s.n[t], s.k[t])
	}
	up := raised > calm
	path := make([]bool, len(s.n))
	for t := len(s.n) - 1; t >= 0; t-- {
		path[t] = up
		if up {
			up = !fromCalm[t]
		} else {
			up = fromRaised[t]
		}
	}
	return a.runs(s, path)
}

// runs returns the runs of seconds on the raised path, each without the
// seconds at its ends that have no 503: those that have enough 503s and, also
// where a run was cut, are worth the cost of entering by themselves.
func (a automaton) runs(s series, path []bool) []span {
	var runs []span
	for t := 0; t < len(path); t++ {
		if !path[t] || s.k[t] == 0 {
			continue
		}
		run, sum := span{t, t}, uint32(0)
		for ; t < len(path) && path[t]; t++ {
			if s.k[t] > 0 {
				run.to = t + 1
				sum += s.k[t]
			}
		}
		for _, piece := range s.cut(run, float64(sum)) {
			if s.failures(piece) >= least503s && a.worth(s, piece) >= a.cost {
				runs = append(runs, piece)
			}
		}
	}
	return runs
}

// worth returns the gain of all seconds of a span.
func (a automaton) worth(s series, in span) (sum float64) {
	for t := in.from; t < in.to; t++ {
		sum += a.gain(s.n[t], s.k[t])
	}
	return sum
}

// failures returns the 503s of a span.
func (s series) failures(in span) (k uint32) {
	for t := in.from; t < in.to; t++ {
		k += s.k[t]
	}
	return k
}

// missed is how many 503s a gap in a span must lack before the span is cut
// there: a chance of 1 in 20,000 that the fault went on.
const missed = 10

// cut cuts a span with k 503s at gaps too long for the fault to have gone on.
// In a scope of few requests per second the automaton passes over them.
func (s series) cut(run span, k float64) []span {
	requests := 0.0
	for t := run.from; t < run.to; t++ {
		if s.k[t] > 0 {
			requests += float64(s.n[t])
		}
	}
	var cuts []span
	from, last, lack := run.from, run.from, 0.0
	for t := run.from; t < run.to; t++ {
		if s.k[t] == 0 {
			lack += float64(s.n[t]) * k / requests
			continue
		}
		if lack > missed && t-last > mostGap+1 {
			cuts = append(cuts, span{from, last + 1})
			from = t
		}
		last, lack = t, 0
	}
	return append(cuts, span{from, run.to})
}

// calmShare estimates the share of 503s outside bursts: that of the half of
// the busy seconds that have the least, plus what one more 503 would add.
func calmShare(s series) float64 {
	type second struct{ n, k uint32 }
	var busy []second
	for t := range s.n {
		if s.n[t] > 0 {
			busy = append(busy, second{s.n[t], s.k[t]})
		}
	}
	slices.SortFunc(busy, func(x, y second) int {
		return cmp.Compare(float64(x.k)/float64(x.n), float64(y.k)/float64(y.n))
	})
	n, k := 0.0, 0.0
	for _, b := range busy[:(len(busy)+1)/2] {
		n += float64(b.n)
		k += float64(b.k)
	}
	return (k + 1) / (n + 1)
}

// join returns the spans in order, those that overlap or touch made one.
func join(spans []span) []span {
	slices.SortFunc(spans, func(x, y span) int { return cmp.Compare(x.from, y.from) })
	var joined []span
	for _, s := range spans {
		if last := len(joined) - 1; last >= 0 && s.from <= joined[last].to {
			joined[last] = joined[last].union(s)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}
