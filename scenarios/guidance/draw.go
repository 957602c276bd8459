package guidance

import (
	"cmp"
	"slices"
	"strings"

	"frontload/scenarios/distribution"
	"frontload/scenarios/urls"
)

// A draw counts requests by URL and by key prefix.
type draw struct {
	distribution *distribution.Distribution // nil for not known
	seen         int
	byURL        map[string]int
	keys         map[string]bool             // by which caches tell URLs apart
	byPrefix     map[PrefixFact]*prefixCount // by prefix and what is behind it
}

// prefixCount counts the requests under one key prefix. Of the reads passing are
// those that no cache answers, and distinct how many of the others differ: each
// of these has to be fetched once at least.
type prefixCount struct{ reads, writes, passing, distinct int }

func newDraw(known *distribution.Distribution) *draw {
	return &draw{distribution: known, byURL: map[string]int{}, keys: map[string]bool{}, byPrefix: map[PrefixFact]*prefixCount{}}
}

func (d *draw) add(r *urls.Request) {
	d.seen++
	url := string(r.Target)
	b := d.behaviour(url)
	fact := d.behind(r.Prefix, b)
	p := d.byPrefix[fact]
	if p == nil {
		p = &prefixCount{}
		d.byPrefix[fact] = p
	}
	d.byURL[url]++
	if r.Method != "GET" && r.Method != "HEAD" && r.Method != "OPTIONS" {
		p.writes++
		return
	}
	p.reads++
	key := url
	if b != nil {
		key = b.Caching.Key(url)
	}
	switch {
	case b != nil && b.Caching.Disabled(), strings.Contains(key, urls.BypassParameter+"="):
		p.passing++
	case !d.keys[key]:
		d.keys[key] = true
		p.distinct++
	}
}

// behaviour returns what a URL meets, nil where that is not known.
func (d *draw) behaviour(url string) *distribution.Behaviour {
	if d.distribution == nil {
		return nil
	}
	return d.distribution.Match(url)
}

// leastMisses returns how many of the reads that were drawn reach the origin at
// least, when the draw is one in so many of all requests of the load: the later
// ones may find in the caches what the first have fetched. Where no two reads
// of r were alike there are very likely r²/10 different ones at least: of so few
// some would have come twice with 99 %.
func (p *prefixCount) leastMisses(oneIn float64) float64 {
	r := float64(p.reads - p.passing)
	distinct := float64(p.distinct)
	if p.distinct == p.reads-p.passing {
		distinct = min(r*oneIn, max(r, r*r/10))
	}
	return float64(p.passing) + distinct/oneIn
}

// behind returns a key prefix with what the distribution has behind it.
func (d *draw) behind(prefix string, b *distribution.Behaviour) PrefixFact {
	p := PrefixFact{Prefix: prefix}
	if b == nil {
		return p
	}
	p.Lambda = len(b.Lambdas) > 0
	if origins := d.distribution.OriginsOf(b); len(origins) > 0 {
		p.Origin = string(origins[0].Kind)
	}
	return p
}

// facts tells of the URLs; all says whether every request of the plan was added.
func (d *draw) facts(all bool) URLFacts {
	names := map[string]bool{}
	for key := range d.byPrefix {
		names[key.Prefix] = true
	}
	u := URLFacts{Seen: d.seen, All: all, Distinct: len(d.byURL), Prefixes: len(names)}
	top, most := "", 0
	for url, n := range d.byURL {
		if n > most || n == most && url < top {
			top, most = url, n
		}
	}
	if d.seen == 0 {
		return u
	}
	u.Top = float64(most) / float64(d.seen)
	u.TopPath, _, _ = strings.Cut(top, "?") // a query may hold what is nobody's business
	if all {
		misses := 0.0
		for _, p := range d.byPrefix {
			misses += p.leastMisses(1) + float64(p.writes)
		}
		hits := 1 - misses/float64(d.seen)
		u.Hits = &hits
	}
	return u
}

// mostPrefixes is how many key prefixes facts tell of.
const mostPrefixes = 100

// prefixes tells how much is asked for under each key prefix at a rate of all
// together, the busiest first, in a load of so many requests.
func (d *draw) prefixes(peak, requests float64) []PrefixFact {
	var list []PrefixFact
	seen := float64(max(1, d.seen))
	each, oneIn := peak/seen, max(1, requests/seen)
	for key, p := range d.byPrefix {
		key.Reads, key.Writes, key.Misses = float64(p.reads)*each, float64(p.writes)*each, p.leastMisses(oneIn)*each
		list = append(list, key)
	}
	return busiest(list)
}

// busiest returns the prefixes that are asked for most, in order.
func busiest(list []PrefixFact) []PrefixFact {
	slices.SortFunc(list, func(a, b PrefixFact) int {
		return cmp.Or(cmp.Compare(b.Reads+b.Writes, a.Reads+a.Writes), cmp.Compare(a.Prefix, b.Prefix), cmp.Compare(a.Origin, b.Origin))
	})
	return list[:min(len(list), mostPrefixes)]
}
