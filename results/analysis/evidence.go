package analysis

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"frontload/results"
)

// A judge gathers the evidence on one fault.
type judge struct {
	*watcher
	*observation
	evidence []results.Evidence
	echo     bool // slow 503s came first: the later ones may be replayed
}

// add notes one observation; a negative weight speaks against the cause.
func (j *judge) add(signal, favours string, weight float64, format string, args ...any) {
	weight = math.Round(weight*j.trust()*100) / 100
	if weight == 0 {
		return
	}
	j.evidence = append(j.evidence, results.Evidence{
		Signal: signal, Favours: favours, LogOdds: weight, Observed: sentence(format, args...),
	})
}

// trust is the share of its full weight that evidence from so many 503s has:
// half at [halfTrust], nine tenths at nine times as many.
func (j *judge) trust() float64 {
	return float64(j.heard) / (float64(j.heard) + halfTrust)
}

// gather lists the evidence on a fault, the weightiest first.
func (w *watcher) gather(run *results.Run, o *observation) []results.Evidence {
	j := &judge{watcher: w, observation: o, evidence: []results.Evidence{}}
	j.answersSay()
	j.logsSay(run)
	j.places()
	j.names()
	j.speed()
	j.mix()
	j.latency()
	j.gateways()
	j.rate()
	slices.SortStableFunc(j.evidence, func(x, y results.Evidence) int {
		return cmp.Compare(math.Abs(y.LogOdds), math.Abs(x.LogOdds))
	})
	return j.evidence
}

// answersSay weighs what the 503s themselves show. Of the signs for one cause
// the first counts in full and each further one less.
func (j *judge) answersSay() {
	rows := slices.Clone(signs)
	worth := func(s sign) float64 { return s.weight * j.seenShare(s.signal) }
	slices.SortStableFunc(rows, func(x, y sign) int { return cmp.Compare(worth(y), worth(x)) })
	factor := map[string]float64{}
	for _, s := range rows {
		n := j.seen(s.signal)
		if n == 0 {
			continue
		}
		if s.favours == results.FamilyEdge && j.seen(results.SignalUpstream)*2 > j.heard {
			continue // CloudFront wrote it after it had asked the origin
		}
		f, again := factor[family(s.favours)]
		if !again {
			f = 1
		}
		factor[family(s.favours)] = f * diminish
		j.add(s.signal.Names()[0], s.favours, worth(s)*f, "%s on %d of %d", s.words, n, j.heard)
	}
}

// family returns the family of a verdict, or a family as it is.
func family(verdict string) string {
	switch verdict {
	case results.VerdictEdgeCapacity, results.VerdictEdgeQuota, results.VerdictEdgeCompute:
		return results.FamilyEdge
	case results.VerdictOriginSaturation:
		return results.FamilyOrigin
	}
	return verdict
}

// seen returns how many of the 503s carry the signal.
func (j *judge) seen(s results.Signals) int64 { return j.signals[bits.TrailingZeros32(uint32(s))] }

func (j *judge) seenShare(s results.Signals) float64 {
	return float64(j.seen(s)) / float64(max(1, j.heard))
}
