package analysis

import (
	"math"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// enough is how many answers a mean time needs before it is compared.
const enough = 5

// onset is how many of a fault's first seconds are looked at apart: later, an
// edge's cache may replay an origin's errors as fast as it answers hits.
const onset = 3

// slowAtFirst names the observation that the first 503s were slow, later ones
// fast: the cache replays what an origin answered.
const slowAtFirst = "slow-at-first"

// speeds counts 503s by how long their first byte took, in half octaves of
// microseconds. The answers of one cell count with their mean.
type speeds [48]int64

func (s *speeds) add(c *results.Counts) {
	if c.Count > 0 && c.TTFB > 0 {
		s[halfOctave(float64(c.TTFB)/float64(c.Count)/float64(time.Microsecond))] += c.Count
	}
}

func halfOctave(micros float64) int {
	return max(0, min(len(speeds{})-1, int(2*math.Log2(max(1, micros)))))
}

// above returns the share of the answers that fall beyond a bucket.
func (s *speeds) above(bucket int) (share float64, all int64) {
	slow := int64(0)
	for i, n := range s {
		all += n
		if i > bucket {
			slow += n
		}
	}
	return float64(slow) / float64(max(1, all)), all
}

// plus adds the answers of o.
func (s *speeds) plus(o *speeds) {
	for i, n := range o {
		s[i] += n
	}
}

// slowHit returns the bucket beyond which an answer is slow for a hit: nearly
// three times as slow as the median one. Some hits are, since they waited for
// another request's miss.
func (s *speeds) slowHit() int {
	for b := range s {
		if share, all := s.above(b); share <= 0.5 && all > 0 {
			return b + 3
		}
	}
	return len(s)
}

// speed weighs how fast the 503s came, beside hits and misses when all is
// well: of the scope, or of the whole run where the scope has too few. What
// is nearer to misses, in the logarithm, is slow, and so is what is much slower
// than most hits: an origin that refuses at once still costs the way to it.
func (j *judge) speed() {
	fail := j.inScope(j.inside).fail
	hit, miss := j.usual(func(v view) answers { return v.hit }), j.usual(func(v view) answers { return v.miss })
	if fail.mean() == 0 || hit.n < enough || miss.n < enough || miss.mean() < 2*hit.mean() {
		return
	}
	hits := j.usualHits()
	limit := min(halfOctave(math.Sqrt(hit.mean()*miss.mean())), hits.slowHit())
	usual, _ := hits.above(limit)
	slow, _ := j.took.above(limit)
	first, n := j.tookFirst.above(limit)
	slow, first = slow-usual, first-usual
	told := "503s took " + millis(fail) + ", hits " + millis(hit) + ", misses " + millis(miss)
	switch {
	case slow >= 0.5:
		j.add("slow-503s", results.FamilyOrigin, weightSlow*min(1, 2*slow-0.5), "%s", told)
	case first >= 0.1 && first*float64(n) >= 5:
		j.echo = true
		j.add(slowAtFirst, results.FamilyOrigin, weightSlowFirst*min(1, first/0.3), "%s of the first 503s are slower than any hit, later ones are fast, as replayed errors are; %s", plain.Share(first), told)
	case slow < 0.04:
		j.add("fast-503s", results.FamilyEdge, weightFast*min(1, math.Log(miss.mean()/hit.mean())/math.Log(4)), "%s", told)
	}
}

// usualHits returns the speeds of hits when all is well: those of the request
// names of the scope, or else all.
func (j *judge) usualHits() *speeds {
	var scoped, all speeds
	names := j.requestAtoms()
	for name, s := range j.hits {
		all.plus(s)
		if names[name] {
			scoped.plus(s)
		}
	}
	if _, n := scoped.above(-1); n >= enough {
		return &scoped
	}
	return &all
}

// usual sums up answers when all is well: of the scope, or of the whole run,
// or else of the fault's own seconds, the first that has enough.
func (j *judge) usual(of func(view) answers) answers {
	everywhere := func(int) bool { return true }
	for _, v := range []view{j.inScope(j.quiet), sum(j.quiet, everywhere), j.inScope(j.inside), sum(j.inside, everywhere)} {
		if a := of(v); a.n >= enough {
			return a
		}
	}
	return answers{}
}

// latency weighs whether misses, or hits, became slower in the scope. Hits
// that waited for another's miss are slow with the misses, so they count only
// where misses are not.
func (j *judge) latency() {
	now, ref := j.inScope(j.inside), j.inScope(j.quiet)
	slow := ratio(now.miss, ref.miss)
	switch {
	case slow > 1.25:
		j.add("misses-slow", results.FamilyOrigin, weightMissesSlow*min(1, 0.3+math.Log2(slow)), "misses took %s, %s when all is well", millis(now.miss), millis(ref.miss))
	case slow > 0 && slow < 1.15 && now.miss.n >= 4*enough:
		j.add("misses-steady", results.FamilyEdge, weightMissesSteady, "misses took %s, %s when all is well", millis(now.miss), millis(ref.miss))
		if hits := ratio(now.hit, ref.hit); hits > 1.5 {
			j.add("hits-slow", results.FamilyEdge, weightHitsSlow*min(1, math.Log2(hits)), "hits took %s, %s when all is well", millis(now.hit), millis(ref.hit))
		}
	}
}

// ratio returns how many times slower the first are, 0 where too few tell.
func ratio(now, ref answers) float64 {
	if now.n < enough || ref.n < enough || ref.mean() == 0 {
		return 0
	}
	return now.mean() / ref.mean()
}

// gateways weighs 502s and 504s beside the 503s.
func (j *judge) gateways() {
	now, ref := j.inScope(j.inside), j.inScope(j.quiet)
	usual := (float64(ref.gateway) + 0.5) / (float64(ref.n) + 100)
	if now.gateway >= 3 && float64(now.gateway) > 5*usual*float64(now.n) {
		j.add("gateway-errors", results.FamilyOrigin, weightGateway, "%d answers 502 or 504 beside the 503s", now.gateway)
	}
}
