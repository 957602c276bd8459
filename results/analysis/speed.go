package analysis

import (
	"cmp"
	"math"
	"slices"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// enough is how many answers a mean time needs before it is compared.
const enough = 5

// onset is how many of a fault's first seconds are looked at apart: later, an
// edge's cache may replay an origin's errors as fast as it answers hits.
const onset = 3

// waited returns the sum of the times to first byte, or of what the answers took
// in all where a log tells no more.
func waited(c *results.Counts) time.Duration {
	if c.TTFB > 0 {
		return c.TTFB
	}
	return c.Service
}

// wait tells how long the first byte of some answers took on the average, or all
// of them where the run does not tell that apart.
func (j *judge) wait(what string, a answers) string {
	if j.firstByte {
		return "first byte of " + what + " after " + millis(a)
	}
	return what + " took " + millis(a)
}

// waitToo goes on with other answers after [judge.wait].
func (j *judge) waitToo(what string, a answers) string {
	if j.firstByte {
		return ", of " + what + " after " + millis(a)
	}
	return ", " + what + " " + millis(a)
}

// slowAtFirst names the observation that the first 503s were slow, later ones
// fast: the cache replays what an origin answered.
const slowAtFirst = "slow-at-first"

// speeds counts 503s by how long their first byte took, in half octaves of
// microseconds. The answers of one cell count with their mean.
type speeds [48]int64

func (s *speeds) add(c *results.Counts) {
	if c.Count > 0 && waited(c) > 0 {
		s[halfOctave(float64(waited(c))/float64(c.Count)/float64(time.Microsecond))] += c.Count
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
// three times as slow as the fastest third of them. Some hits are, since they
// waited for another request's miss.
func (s *speeds) slowHit() int {
	for b := range s {
		if share, all := s.above(b); share <= 2.0/3 && all > 0 {
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
	switch {
	case fail.mean() == 0:
	case hit.n >= enough && hit.mean() > 0:
		if miss.n < enough || miss.mean() >= 2*hit.mean() {
			j.besideHits(fail, hit, miss)
		}
	case miss.n >= enough && fail.mean() < quick*miss.mean():
		j.add("faster-than-misses", 1, "%s", j.wait("503s", fail)+j.waitToo("misses", miss))
	}
}

// quick is the part of what misses take that no answer from an origin is
// likely to stay below.
const quick = 0.15

// besideHits weighs how many of the 503s are slower than hits.
func (j *judge) besideHits(fail, hit, miss answers) {
	hits := j.usualHits()
	told := j.wait("503s", fail) + j.waitToo("hits", hit)
	limit, apart := hits.slowHit(), 1.0
	if miss.n >= enough {
		limit = min(halfOctave(math.Sqrt(hit.mean()*miss.mean())), limit)
		apart = min(1, math.Log(miss.mean()/hit.mean())/math.Log(4))
		told += j.waitToo("misses", miss)
	}
	slow, first, all, early, twoKinds := j.slower(limit)
	least, leastFirst := leastSlow, 2*leastSlow
	if all > 0 {
		if fail.mean() > muchSlower*miss.mean() {
			j.slow = slow
		}
	} else {
		// A cell's mean is slow when few of its answers are, those of hits as well.
		usual, _ := hits.above(limit)
		slow, all = j.took.above(limit)
		first, early = j.tookFirst.above(limit)
		slow, first = slow-min(usual, mostWaiting), first-min(usual, mostWaiting)
		least, leastFirst = 2*leastSlow, 5*leastSlow
	}
	switch {
	case slow >= 0.5:
		// Fast ones that stand apart from slow ones are replayed.
		j.echo = j.echo || twoKinds && slow < 1-leastEcho
		j.add("slow-503s", 2*slow-0.5, "%s", told)
	case first >= leastFirst && first > 2*slow && first*float64(early) >= enough:
		j.echo = true
		j.add(slowAtFirst, first/0.3, "%s of the first 503s are slower than any hit, later ones are fast, as replayed errors are; %s", plain.Share(first), told)
	case slow >= least && slow*float64(all) >= enough-0.5:
		j.echo = true
		j.add("some-slow-503s", slow/0.1, "%s of the 503s are slower than any hit; %s", plain.Share(slow), told)
	case j.echo:
	default:
		j.add("fast-503s", apart*(1-max(0, slow)/least), "%s", told)
	}
}

// mostWaiting is the share of slow hits that is taken for usual: some wait for
// another's miss, more of them while an origin fails; 503s of an edge never do.
const mostWaiting = 0.05

// A pace is how fast the 503s of one POP came that were kept whole, each timed
// by itself.
type pace struct{ all, early speeds }

// slower returns the share of the 503s that are slower than the limit, or much
// slower than the fastest of the same POP; that of those in the first seconds;
// how many there were of each; and whether slow ones stand apart from fast ones
// at any POP. It returns nothing where too few were kept whole.
func (j *judge) slower(limit int) (slow, first float64, all, early int64, apart bool) {
	var late, lateEarly float64
	for _, p := range j.paces() {
		own := limit
		if _, n := p.all.above(-1); n >= 2*enough {
			own = min(limit, p.all.slowHit())
		}
		share, n := p.all.above(own)
		all += n
		early += sumOfSpeeds(&p.early)
		two := p.all.valley(own)
		apart = apart || two
		if share < 0.5 && !two {
			continue // they are of one kind, and vary much
		}
		late += share * float64(n)
		share, n = p.early.above(own)
		lateEarly += share * float64(n)
	}
	if all < 2*enough {
		return 0, 0, 0, 0, false
	}
	return late / float64(all), lateEarly / float64(max(1, early)), all, early, apart
}

// valley reports whether what is slower than a bucket stands apart from what is
// not: two hills, and not the slope of one.
func (s *speeds) valley(bucket int) bool {
	bucket = min(bucket, len(s)-3)
	fast, slow := slices.Max(s[:bucket+1]), slices.Max(s[bucket+2:])
	return slow > 0 && 2*min(s[bucket], s[bucket+1]) <= min(fast, slow)
}

func sumOfSpeeds(s *speeds) int64 {
	_, n := s.above(-1)
	return n
}

// paces times the burst's 503s that were kept whole, by POP.
func (j *judge) paces() map[string]*pace {
	by := map[string]*pace{}
	from := time.Duration(j.from) * time.Second
	start, _ := slices.BinarySearchFunc(j.run.Exemplars, from, func(e results.Exemplar, at time.Duration) int { return cmp.Compare(e.At, at) })
	for i := start; i < len(j.run.Exemplars); i++ {
		e := &j.run.Exemplars[i]
		if e.At >= time.Duration(j.to)*time.Second {
			break
		}
		if e.Status != 503 || e.Service <= 0 || j.isLimited(int(e.At/time.Second)) || !j.holds(j.ledger, e) {
			continue
		}
		if by[e.POP] == nil {
			by[e.POP] = &pace{}
		}
		bucket := halfOctave(float64(e.Service) / float64(time.Microsecond))
		by[e.POP].all[bucket]++
		if e.At < from+onset*time.Second {
			by[e.POP].early[bucket]++
		}
	}
	return by
}

// muchSlower is how many times as long as misses 503s must take to come from a
// time limit.
const muchSlower = 1.5

// leastSlow is the share of 503s slower than hits from which some of them are
// more than noise: they asked an origin, the others were replayed.
const leastSlow = 0.025

// usualHits returns the speeds of hits when all is well: those of the request
// names of the scope, or else all.
func (j *judge) usualHits() *speeds {
	names := j.requestAtoms()
	var all speeds
	for _, of := range []map[uint16]*speeds{j.hits, j.hitsEver} {
		var scoped speeds
		for name, s := range of {
			all.plus(s)
			if names[name] {
				scoped.plus(s)
			}
		}
		if _, n := scoped.above(-1); n >= enough {
			return &scoped
		}
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

// latency weighs whether misses, or hits, became slower in the scope, and
// whether misses did so before the first 503. Hits that waited for another's
// miss are slow with the misses, so they count only where misses are not.
func (j *judge) latency() {
	now, ref := j.inScope(j.inside), j.inScope(j.quiet)
	slow := ratio(now.miss, ref.miss)
	switch {
	case slow > 1.25:
		j.add("misses-slow", 0.3+math.Log2(slow), "%s, %s when all is well", j.wait("misses", now.miss), millis(ref.miss))
	case slow > 0 && slow < 1.15 && now.miss.n >= 4*enough:
		j.add("misses-steady", 1, "%s, %s when all is well", j.wait("misses", now.miss), millis(ref.miss))
		if hits := ratio(now.hit, ref.hit); hits > 1.5 {
			j.add("hits-slow", math.Log2(hits), "%s, %s when all is well", j.wait("hits", now.hit), millis(ref.hit))
		}
	}
	if before := ratio(j.before, ref.miss); before > 1.4 && j.before.n >= 2*enough {
		j.add("misses-slow-before", math.Log2(before), "%s in the %d s before it, %s when all is well", j.wait("misses", j.before), eve, millis(ref.miss))
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
		j.add("gateway-errors", 1, "%d answers 502 or 504 beside the 503s", now.gateway)
	}
}
