package analysis

import (
	"math"

	"frontload/results/report/plain"
)

// mostHeard is how many answers at most count as independent witnesses of the
// mix of hits and misses: caches warm up and cool down, so that a large
// number of answers tells the mix of before no better.
const mostHeard = 60

// mostMix is the log likelihood from which the mix of good answers tells all
// that it can.
const mostMix = 3.0

// mix weighs what became of hits and misses. Failures at the edge take both
// alike, so that the good answers that are left have the mix that they had;
// failures at an origin take misses, so that hits are what is left. Replayed
// errors take both; where they are at work only the first seconds tell, and
// that both are taken tells nothing.
func (j *judge) mix() {
	seen := j.inside
	if j.echo {
		seen = j.first
	}
	var odds, fails, surplus, usual float64
	var hits, misses int64
	for request := range j.requestAtoms() {
		now := sum(seen, func(i int) bool { return j.in[i] && j.atoms[i].request == request })
		ref := j.reference(request)
		if now.fail.n == 0 || ref.hit.n+ref.miss.n < 20 {
			continue
		}
		q := j.fewerMisses(now, (float64(ref.miss.n)+0.5)/(float64(ref.hit.n+ref.miss.n)+1))
		odds += originOdds(now, q)
		hits += now.hit.n
		misses += now.miss.n
		usual += (1 - q) * float64(now.hit.n+now.miss.n)
		fails += float64(now.fail.n)
		surplus += max(0, float64(now.fail.n)-q*float64(now.fail.n+now.hit.n+now.miss.n))
	}
	now, well := share(hits, hits+misses), plain.Share(usual/float64(max(1, hits+misses)))
	switch {
	case odds > 0.1:
		j.add("misses-lacking", odds/mostMix, "%s of %d good answers are hits, %s when all is well: misses are lacking", now, hits+misses, well)
	case odds < -0.1 && !j.echo:
		if j.slow > 0.5 {
			j.add("hits-fail-slowly", -odds/mostMix, "%s of %d good answers are hits, much as when all is well (%s), and 503s are slow: replayed errors would be fast", now, hits+misses, well)
		}
		j.add("hits-and-misses-alike", -odds/mostMix, "%s of %d good answers are hits, much as when all is well (%s)", now, hits+misses, well)
	}
	if slowly := surplus - (1-j.slow)*fails; slowly > 0.2*fails {
		if odds >= -0.1 {
			j.add("hits-fail-slowly", 1.5*slowly/fails, "%s of the 503s must have been hits, and are slow: replayed errors would be fast", plain.Share(slowly/fails))
		}
		return
	}
	if !j.echo && surplus > 0.2*fails {
		j.add("hits-fail", 1.5*surplus/fails, "%s of the 503s must have been hits", plain.Share(surplus/fails))
	}
}

// fewerMisses returns the share of misses to be expected in the fault, where it
// is q when all is well. A cache is asked by the origin's TTLs: with more
// requests for the same keys the share falls, at most as much as the rate grew.
func (j *judge) fewerMisses(now view, q float64) float64 {
	before := sum(j.recent, func(i int) bool { return j.in[i] })
	seconds := float64(j.lately.seconds)
	if before.n == 0 || seconds < 5 {
		return q
	}
	growth := float64(j.requests) / float64(j.to-j.from) / (float64(before.n) / seconds)
	seen := float64(now.miss.n) / float64(max(1, now.hit.n+now.miss.n))
	if growth < 1.2 || seen >= q {
		return q
	}
	return max(q/growth, seen)
}

// reference returns the answers to a request when all is well: in the fault's
// scope lately, or else at any quiet time, or else at other places meanwhile.
func (j *judge) reference(request uint16) view {
	of := func(views []view, in bool) view {
		return sum(views, func(i int) bool { return j.in[i] == in && j.atoms[i].request == request })
	}
	ref := of(j.recent, true)
	if ref.hit.n+ref.miss.n < 60 {
		ref = of(j.quiet, true)
	}
	if j.isPlace() && ref.hit.n+ref.miss.n < 20 {
		return of(j.inside, false)
	}
	return ref
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

// leastApart is by how much the shares of misses of request names must differ
// before their shares of 503s are held against them.
const leastApart = 0.2

// acrossNames weighs whether request names that miss more fail more. Names
// that fail as often as they miss ask an origin; those that fail alike, however
// often they miss, do not.
func (j *judge) acrossNames() {
	if j.echo {
		return
	}
	var names []missing
	total, least, most := missing{}, 1.0, 0.0
	for request := range j.requestAtoms() {
		now := sum(j.inside, func(i int) bool { return j.in[i] && j.atoms[i].request == request })
		ref := j.reference(request)
		if ref.hit.n+ref.miss.n < 20 {
			ref = now
		}
		good := float64(ref.hit.n + ref.miss.n)
		if good < 10 || now.n < 20 {
			continue
		}
		m := missing{count{float64(now.n), float64(now.fail.n)}, (float64(ref.miss.n) + 0.5) / (good + 1)}
		names = append(names, m)
		total.count = total.add(m.count)
		total.misses += m.n * m.misses
		least, most = min(least, m.misses), max(most, m.misses)
	}
	if len(names) < 2 || most-least < leastApart || total.k < 2*fewest {
		return
	}
	odds := 0.0
	for _, m := range names {
		as := min(0.98, total.k/total.misses*m.misses)
		odds += (m.likelihood(as) - m.likelihood(total.share())) * min(1, mostHeard/m.n)
	}
	switch {
	case odds > 0.5:
		j.add("follows-misses", odds/mostMix, "of %d request names those that miss more fail more", len(names))
	case odds < -0.5:
		j.add("whatever-misses", -odds/mostMix, "%d request names fail much alike, though %s of one and %s of another are misses", len(names), plain.Share(least), plain.Share(most))
	}
}

// missing is a request name's count, and its share of misses when all is well.
type missing struct {
	count
	misses float64
}

// likelihood returns the log likelihood of the count under a share of failures.
func (m missing) likelihood(p float64) float64 {
	p = max(0.001, min(0.999, p))
	return m.k*math.Log(p) + (m.n-m.k)*math.Log(1-p)
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
	return max(-mostMix, min(mostMix, math.Log(origin/n)))
}

// mixLikelihood returns the log likelihood of the good answers' mix when so
// many of them are misses, as that of [mostHeard] answers at most.
func mixLikelihood(now view, misses float64) float64 {
	good := float64(now.hit.n + now.miss.n)
	l := float64(now.miss.n)*math.Log(misses) + float64(now.hit.n)*math.Log(1-misses)
	return l * min(1, mostHeard/good)
}
