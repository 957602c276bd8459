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

// An automaton has two states: in the calm one a request is answered with
// 503 with the calm probability of its time, in the raised one with a raised
// probability. Entering the raised state costs a fixed sum of log likelihood;
// the path of the greatest likelihood through a series gives its bursts.
//
// It is Kleinberg's burst automaton for batched events ("Bursty and
// Hierarchical Structure in Streams", 2002) with two states. A calm series
// enters the raised state just where its cumulative sum (CUSUM) of log
// likelihood ratios climbs by the cost; how often that is, is in
// excursions.go.
type automaton struct {
	raised float64 // share of 503s; but at least raisedTimes that of the calm state
	cost   float64 // natural logarithm
}

const (
	// The raised shares that are tried, one after the other. A series of
	// seconds raises the likelihood of the severe one over a calm share of
	// 0.2 % once 2.6 % of its requests fail, of the slight one once 0.8 % do.
	severeShare = 0.1
	slightShare = 0.02
	raisedTimes = 3
	// A burst has at least this many 503s.
	least503s = 5
)

// odds are what a 503, and what any other answer, adds to the log likelihood
// of the raised state over that of the calm one.
type odds struct{ fail, pass float64 }

func (a automaton) odds(calm, clumped float64) odds {
	raised := max(a.raised, raisedTimes*calm)
	return odds{math.Log(raised/calm) / clumped, math.Log((1-raised)/(1-calm)) / clumped}
}

// A step is what one moment of a series adds to the log likelihood of the
// raised state, and the calm seconds before it.
type step struct{ gap, gain float64 }

func (a automaton) steps(s series, l level, blockSeconds int) []step {
	steps := make([]step, len(s.moments))
	at, o := -1, odds{}
	for i, m := range s.moments {
		if b := m.second / blockSeconds; b != at {
			at, o = b, a.odds(l.at(b), l.clumped)
		}
		steps[i] = step{float64(m.before) * o.pass, float64(m.k)*o.fail + float64(m.n-m.k)*o.pass}
	}
	return steps
}

// spans returns the maximal spans in which the series is raised. Each begins
// and ends with a second that has a 503, has enough of them and is, also where
// a span was cut, worth the cost of entering by itself.
func (a automaton) spans(s series, l level, blockSeconds int) []span {
	steps := a.steps(s, l, blockSeconds)
	var spans []span
	for _, run := range a.path(steps) {
		for _, piece := range s.cut(run) {
			in := s.moments[piece.from:piece.to]
			if sum503s(in) >= least503s && worth(steps[piece.from:piece.to]) >= a.cost {
				spans = append(spans, span{in[0].second, in[len(in)-1].second + 1})
			}
		}
	}
	return spans
}

// path returns the runs of moments on the raised part of the likeliest path.
func (a automaton) path(steps []step) []span {
	fromRaised := make([]bool, len(steps)) // the best calm path to before the moment came from the raised state
	fromCalm := make([]bool, len(steps))   // the best raised path through it came from the calm state
	calm, raised := 0.0, math.Inf(-1)
	for i, st := range steps {
		fromRaised[i] = raised > calm
		calm = max(calm, raised)
		stay, enter := raised+st.gap, calm-a.cost
		fromCalm[i] = enter > stay
		raised = max(stay, enter) + st.gain
	}
	var runs []span
	up := raised > calm
	for i := len(steps) - 1; i >= 0; i-- {
		if !up {
			up = fromRaised[i]
			continue
		}
		end := i + 1
		for !fromCalm[i] {
			i--
		}
		runs = append(runs, span{i, end})
		up = fromRaised[i]
	}
	slices.Reverse(runs)
	return runs
}

// worth returns the gain of the moments and of the seconds between them.
func worth(steps []step) float64 {
	sum := -steps[0].gap
	for _, st := range steps {
		sum += st.gap + st.gain
	}
	return sum
}

func sum503s(in []moment) (k uint32) {
	for _, m := range in {
		k += m.k
	}
	return k
}

// missed is how many 503s a gap in a span must lack before the span is cut
// there: a chance of 1 in 20,000 that the fault went on.
const missed = 10

// cut cuts a run of moments at gaps too long for the fault to have gone on. In
// a scope of few requests per second the automaton passes over them.
func (s series) cut(run span) []span {
	requests, k := 0.0, 0.0
	for _, m := range s.moments[run.from:run.to] {
		requests += float64(m.n)
		k += float64(m.k)
	}
	var cuts []span
	from := run.from
	for i := run.from + 1; i < run.to; i++ {
		m, last := s.moments[i], s.moments[i-1]
		if float64(m.before)*k/requests > missed && m.second-last.second > mostGap+1 {
			cuts = append(cuts, span{from, i})
			from = i
		}
	}
	return append(cuts, span{from, run.to})
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
