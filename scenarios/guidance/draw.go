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
	byPrefix     map[PrefixFact]*prefixCount // by prefix and what is behind it
}

// prefixCount counts the requests under one key prefix. What caches may answer
// is counted by its distinct URLs: each has to be fetched once at least.
type prefixCount struct{ reads, writes, distinct int }

func newDraw(known *distribution.Distribution) *draw {
	return &draw{distribution: known, byURL: map[string]int{}, byPrefix: map[PrefixFact]*prefixCount{}}
}

func (d *draw) add(r *urls.Request) {
	d.seen++
	url := string(r.Target)
	key := d.behind(r.Prefix, url)
	p := d.byPrefix[key]
	if p == nil {
		p = &prefixCount{}
		d.byPrefix[key] = p
	}
	d.byURL[url]++
	if r.Method != "GET" && r.Method != "HEAD" && r.Method != "OPTIONS" {
		p.writes++
		return
	}
	p.reads++
	if d.byURL[url] == 1 {
		p.distinct++
	}
}

// behind returns a key prefix with what the distribution has behind it.
func (d *draw) behind(prefix, url string) PrefixFact {
	p := PrefixFact{Prefix: prefix}
	if d.distribution == nil {
		return p
	}
	b := d.distribution.Match(url)
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
		misses := 0
		for _, p := range d.byPrefix {
			misses += p.distinct + p.writes
		}
		hits := 1 - float64(misses)/float64(d.seen)
		u.Hits = &hits
	}
	return u
}

// mostPrefixes is how many key prefixes facts tell of.
const mostPrefixes = 100

// prefixes tells how much is asked for under each key prefix at a rate of all
// together, the busiest first.
func (d *draw) prefixes(peak float64) []PrefixFact {
	var list []PrefixFact
	each := peak / float64(max(1, d.seen))
	for key, p := range d.byPrefix {
		key.Reads, key.Writes, key.Misses = float64(p.reads)*each, float64(p.writes)*each, float64(p.distinct)*each
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
