package analysis

import (
	"math"

	"frontload/results"
	"frontload/results/report/plain"
)

// mostHeard is how many answers at most count as independent witnesses of the
// mix of hits and misses: caches warm up and cool down, so that a large
// number of answers tells the mix of before no better.
const mostHeard = 60

// mix weighs what became of hits and misses. Failures at the edge take both
// alike, so that the good answers that are left have the mix that they had;
// failures at an origin take misses, so that hits are what is left. Replayed
// errors take both; where they are at work only the first seconds tell.
func (j *judge) mix() {
	seen := j.inside
	if j.echo {
		seen = j.first
	}
	var odds, fails, surplus, usual float64
	var hits, misses int64
	for request := range j.requestAtoms() {
		now := sum(seen, func(i int) bool { return j.in[i] && j.atoms[i].request == request })
		ref := sum(j.quiet, func(i int) bool { return j.in[i] && j.atoms[i].request == request })
		if now.fail.n == 0 || ref.hit.n+ref.miss.n < 20 {
			continue
		}
		q := (float64(ref.miss.n) + 0.5) / (float64(ref.hit.n+ref.miss.n) + 1)
		odds += originOdds(now, q)
		hits += now.hit.n
		misses += now.miss.n
		usual += (1 - q) * float64(now.hit.n+now.miss.n)
		fails += float64(now.fail.n)
		surplus += max(0, float64(now.fail.n)-q*float64(now.fail.n+now.hit.n+now.miss.n))
	}
	odds = max(-weightMix, min(weightMix, odds))
	now, well := share(hits, hits+misses), plain.Share(usual/float64(max(1, hits+misses)))
	switch {
	case odds > 0.1:
		j.add("misses-lacking", results.FamilyOrigin, odds, "%s of %d good answers are hits, %s when all is well: misses are lacking", now, hits+misses, well)
	case odds < -0.1:
		j.add("hits-and-misses-alike", results.FamilyEdge, -odds, "%s of %d good answers are hits, much as when all is well (%s)", now, hits+misses, well)
	}
	if !j.echo && surplus > 0.2*fails {
		j.add("hits-fail", results.FamilyEdge, weightHitsFail*min(1, 1.5*surplus/fails), "%s of the 503s must have been hits", plain.Share(surplus/fails))
	}
}

// requestAtoms returns the indices of the request names in the fault's scope.
func (j *judge) requestAtoms() map[uint16]bool {
	names := map[uint16]bool{}
	for i, a := range j.atoms {
		if j.in[i] && j.inside[i].fail.n > 0 {
			names[a.request] = true
		}
	}
	return names
}

// originOdds returns the log odds that an origin, not an edge, failed, by the
// mix of the good answers of one request name.
//
//	q    share of misses when all is well
//	φ    share of the 503s that were misses: q for an edge; more for an
//	     origin, though not all, since its errors are replayed to hits too
//	q'   share of misses that is left: (q·n − φ·k) / (n − k)
func originOdds(now view, q float64) float64 {
	k := float64(now.fail.n)
	good := float64(now.hit.n + now.miss.n)
	if good < 5 || q < 0.01 || q > 0.99 {
		return 0
	}
	edge := mixLikelihood(now, q)
	origin, n := 0.0, 0.0
	for _, part := range []float64{0.25, 0.5, 0.75, 1} {
		phi := q + part*(1-q)
		left := max(q*(good+k)-phi*k, 0.02*q*good) / good
		origin += math.Exp(mixLikelihood(now, min(left, 0.99)) - edge)
		n++
	}
	return math.Log(origin / n)
}

// mixLikelihood returns the log likelihood of the good answers' mix when so
// many of them are misses, as that of [mostHeard] answers at most.
func mixLikelihood(now view, misses float64) float64 {
	good := float64(now.hit.n + now.miss.n)
	l := float64(now.miss.n)*math.Log(misses) + float64(now.hit.n)*math.Log(1-misses)
	return l * min(1, mostHeard/good)
}
