package main

import (
	"frontload/results"
	"frontload/scenarios/lab"
)

// The least that a record must hold for the truth to be told where headers do
// not tell it. These are rules about the record, not about what the analysis
// made of it, and were set before the first figure was measured.
const (
	leastHeard = 20 // 503s of the burst
	leastSeen  = 20 // requests of a value during the burst, or good answers of a kind
	leastMiss  = 5  // good answers that were misses
)

// tellable reports whether the truth about a burst can be told. Where answers
// tell it, it can. Where not, each cause shows itself by a contrast alone, and
// the record must hold that contrast:
//
//   - capacity, by places that are spared while others fail;
//   - a quota, by edge locations and request names that fail alike, and by hits
//     that fail with the misses; one location alone may as well lack capacity;
//   - a function, by request names that are spared, and by hits that fail with
//     the misses;
//   - an origin, by hits that are spared while misses fail; the record must have
//     503s for which it was asked, not only what caches replayed.
func tellable(r *record, j *judged, from, to int) bool {
	if j.headers.Tells == lab.TellAll {
		return true
	}
	places, pops, names := map[string]contrast{}, map[string]contrast{}, map[string]contrast{}
	hits, misses := map[string]int64{}, map[string]int64{}
	for s, keys := range r.cells {
		for k, c := range keys {
			name := r.names[k.Request]
			if k.Outcome == results.OK {
				switch k.Cache {
				case results.CacheHit:
					hits[name] += c.Count
				case results.CacheMiss, results.CacheRefresh:
					misses[name] += c.Count
				}
			}
			if s < from || s >= to {
				continue
			}
			at := k.POP
			if k.Edge.IsValid() {
				at += k.Edge.String()
			}
			places[at] = places[at].add(k.Status, c.Count)
			pops[k.POP] = pops[k.POP].add(k.Status, c.Count)
			names[name] = names[name].add(k.Status, c.Count)
		}
	}
	struckHits, struckMisses := int64(0), int64(0)
	for name, c := range names {
		if c.bad > 0 {
			struckHits += hits[name]
			struckMisses += misses[name]
		}
	}
	mixed := struckHits >= leastSeen && struckMisses >= leastMiss
	if j.Judged503 < leastHeard {
		return false
	}
	switch j.truth {
	case results.VerdictEdgeCapacity:
		return spared(places) > 0
	case results.VerdictEdgeQuota:
		return seen(pops) > 1 && seen(names) > 1 && mixed
	case results.VerdictEdgeCompute:
		return spared(names) > 0 && mixed
	}
	return mixed && j.asked >= leastMiss
}

// A contrast counts one value's requests during a burst.
type contrast struct{ all, bad int64 }

func (c contrast) add(status uint16, n int64) contrast {
	c.all += n
	if status == 503 {
		c.bad += n
	}
	return c
}

// seen returns how many values had requests enough.
func seen(of map[string]contrast) (n int) {
	for _, c := range of {
		if c.all >= leastSeen {
			n++
		}
	}
	return n
}

// spared returns how many of them had hardly a 503.
func spared(of map[string]contrast) (n int) {
	for _, c := range of {
		if c.all >= leastSeen && 50*c.bad <= c.all {
			n++
		}
	}
	return n
}
