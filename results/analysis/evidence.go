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
	run      *results.Run
	evidence []results.Evidence
	echo     bool    // many of the 503s are errors that the cache replays
	slow     float64 // share of the 503s that are slower than hits, where they are timed one by one and take longer than misses
	clients  float64 // how surely the 503s are those of some clients only
}

// add notes one observation of the given strength, from 0 to 1, for every
// verdict and family to which the table gives the signal a weight.
func (j *judge) add(signal string, strength float64, format string, args ...any) {
	strength = max(0, min(1, strength)) * j.trust()
	for _, w := range bySignal[signal] {
		j.note(w, strength, format, args...)
	}
}

// addFor is [judge.add] for one verdict or family only.
func (j *judge) addFor(favours, signal string, strength float64, format string, args ...any) {
	strength = max(0, min(1, strength)) * j.trust()
	for _, w := range bySignal[signal] {
		if w.Favours == favours {
			j.note(w, strength, format, args...)
		}
	}
}

func (j *judge) note(w Weight, strength float64, format string, args ...any) {
	odds := math.Round(w.Odds*strength*100) / 100
	if odds == 0 {
		return
	}
	j.evidence = append(j.evidence, results.Evidence{
		Signal: w.Signal, Favours: w.Favours, LogOdds: odds, Observed: sentence(format, args...),
	})
}

// trust is the share of its full weight that evidence from so many 503s has:
// half at [halfTrust], nine tenths at nine times as many.
func (j *judge) trust() float64 {
	return float64(j.heard) / (float64(j.heard) + halfTrust)
}

// gather lists the evidence on a fault, the weightiest first.
func (w *watcher) gather(run *results.Run, o *observation) []results.Evidence {
	j := &judge{watcher: w, observation: o, run: run, evidence: []results.Evidence{}}
	j.echo = float64(o.cached) > leastEcho*float64(o.heard)
	j.answersSay()
	j.logsSay()
	j.markerIsAbsent()
	told := len(j.evidence)
	j.speed()
	j.tallies()
	j.places()
	j.names()
	before := len(j.evidence)
	j.mix()
	j.acrossNames()
	j.thin(before)
	j.latency()
	j.gateways()
	j.limits()
	j.control()
	j.contradict(told)
	slices.SortStableFunc(j.evidence, func(x, y results.Evidence) int {
		return cmp.Compare(math.Abs(y.LogOdds), math.Abs(x.LogOdds))
	})
	return j.evidence
}

// thin lessens evidence from a place on: pieces that show one thing in several
// ways, as the mix of hits and misses, are no independent witnesses. The
// weightiest for each side counts in full.
func (j *judge) thin(from int) {
	list := j.evidence[from:]
	slices.SortStableFunc(list, func(x, y results.Evidence) int {
		return cmp.Compare(math.Abs(y.LogOdds), math.Abs(x.LogOdds))
	})
	factor := map[string]float64{}
	for i := range list {
		e := &list[i]
		f, again := factor[e.Favours]
		if !again {
			f = 1
		}
		factor[e.Favours] = f * alsoShown
		e.LogOdds = math.Round(e.LogOdds*f*100) / 100
	}
	j.evidence = append(j.evidence[:from], slices.DeleteFunc(list, func(e results.Evidence) bool { return e.LogOdds == 0 })...)
}

// alsoShown is what each further piece of evidence on one thing is worth.
const alsoShown = 0.4

// leastEcho is the share of replayed errors from which a burst's hits fail, and
// fast, because the cache replays errors to them.
const leastEcho = 0.1

// answersSay weighs what the 503s themselves show. Of the signs for one family
// the first counts in full and each further one less.
func (j *judge) answersSay() {
	rows := slices.Clone(signs)
	worth := func(s sign) float64 { return bySignal[s.name()][0].Odds * j.shown(s.signal) }
	slices.SortStableFunc(rows, func(x, y sign) int { return cmp.Compare(worth(y), worth(x)) })
	factor := map[string]float64{}
	for _, s := range rows {
		n := j.seen(s.signal)
		if n == 0 {
			continue
		}
		of := family(bySignal[s.name()][0].Favours)
		if of == results.FamilyEdge && j.seen(results.SignalUpstream)*2 > j.heard {
			continue // CloudFront wrote it after it had asked the origin
		}
		f, again := factor[of]
		if !again {
			f = 1
		}
		factor[of] = f * diminish
		j.add(s.name(), j.shown(s.signal)*f, "%s on %d of %d", s.words, n, j.heard)
	}
	if j.missed > 0 {
		j.add("answered-as-miss", shownShare(j.missed, j.heard), "%d of %d are answers to misses", j.missed, j.heard)
	}
	if j.info.Source == sourceLog && j.plain > 0 {
		j.add("log-error", float64(j.plain)/float64(j.heard), "the log's result type is Error on %d of %d, and not one of the edge's own", j.plain, j.heard)
	}
}

// seen returns how many of the 503s carry the signal.
func (j *judge) seen(s results.Signals) int64 { return j.signals[bits.TrailingZeros32(uint32(s))] }

// shown is the strength of a sign, by the share of the 503s that carry it.
func (j *judge) shown(s results.Signals) float64 { return shownShare(j.seen(s), j.heard) }

func shownShare(n, of int64) float64 {
	share := float64(n) / float64(max(1, of))
	return share * (1 + halfShare) / (share + halfShare)
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

// mostMarked is the share of good answers with the owner's marker from which
// its absence tells something.
const mostMarked = 0.9

// markerIsAbsent weighs that 503s lack the owner's header, which good answers
// to the same requests have.
func (j *judge) markerIsAbsent() {
	good, marked := int64(0), int64(0)
	names := j.requestAtoms()
	for i, a := range j.atoms {
		if names[a.request] {
			good += j.good[i]
			marked += j.marked[i]
		}
	}
	if absent := j.heard - j.seen(results.SignalMarker); good >= 4*enough && float64(marked) > mostMarked*float64(good) && 2*absent > j.heard {
		j.add("marker-absent", float64(absent)/float64(j.heard), "the owner's header is on %d of %d good answers, and not on %d of these %d 503s", marked, good, absent, j.heard)
	}
}

// contradiction names the observation that answers and spread disagree.
const contradiction = "contradiction"

// leastSaid is by how much each side must favour its family to contradict.
const leastSaid = 2

// contradict weighs that the spread, speed and all else favours one family
// while what the answers say, the first so many pieces, favours the other.
func (j *judge) contradict(told int) {
	said, shown := lean(j.evidence[:told]), lean(j.evidence[told:])
	if said*shown >= 0 || min(math.Abs(said), math.Abs(shown)) < leastSaid {
		return
	}
	strength := min(1, math.Abs(shown)/6)
	if shown > 0 {
		j.addFor(results.FamilyOrigin, contradiction, strength, "the answers name the edge, but how the 503s are spread speaks for an origin: a header or page may be rewritten")
	} else {
		j.addFor(results.FamilyEdge, contradiction, strength, "the answers name an origin, but how the 503s are spread speaks for the edge: a header or page may be rewritten")
	}
}

// lean returns by how much evidence favours the origin over the likeliest
// verdict of the edge; negative where it favours the edge.
func lean(evidence []results.Evidence) float64 {
	s := scores(evidence)
	best := math.Inf(-1)
	for _, v := range verdicts {
		if v != results.VerdictOriginSaturation {
			best = max(best, s[v]-prior[v])
		}
	}
	return s[results.VerdictOriginSaturation] - prior[results.VerdictOriginSaturation] - best
}
