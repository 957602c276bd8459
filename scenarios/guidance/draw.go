package guidance

import (
	"bytes"
	"cmp"
	"slices"

	"frontload/scenarios/urls"
)

// A draw counts requests by URL and by key prefix.
type draw struct {
	seen     int
	byURL    map[string]int
	byPrefix map[string]*prefixCount
}

// prefixCount counts the requests under one key prefix. What caches may answer
// is counted by its distinct URLs: each has to be fetched once at least.
type prefixCount struct{ reads, writes, distinct int }

func newDraw() *draw { return &draw{byURL: map[string]int{}, byPrefix: map[string]*prefixCount{}} }

func (d *draw) add(r *urls.Request) {
	d.seen++
	p := d.byPrefix[r.Prefix]
	if p == nil {
		p = &prefixCount{}
		d.byPrefix[r.Prefix] = p
	}
	d.byURL[string(r.Target)]++
	switch {
	case r.Method != "GET" && r.Method != "HEAD" && r.Method != "OPTIONS":
		p.writes++
	default:
		p.reads++
		if d.byURL[string(r.Target)] == 1 {
			p.distinct++
		}
	}
}

// facts tells of the URLs; all says whether every request of the plan was added.
func (d *draw) facts(all bool) URLFacts {
	u := URLFacts{Seen: d.seen, All: all, Distinct: len(d.byURL), Prefixes: len(d.byPrefix)}
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
	path, _, _ := bytes.Cut([]byte(top), []byte("?")) // a query may hold what is nobody's business
	u.TopPath = string(path)
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
	for name, p := range d.byPrefix {
		list = append(list, PrefixFact{
			Prefix: name, Reads: float64(p.reads) * each, Writes: float64(p.writes) * each, Misses: float64(p.distinct) * each,
		})
	}
	return busiest(list)
}

// busiest returns the prefixes that are asked for most, in order.
func busiest(list []PrefixFact) []PrefixFact {
	slices.SortFunc(list, func(a, b PrefixFact) int {
		return cmp.Or(cmp.Compare(b.Reads+b.Writes, a.Reads+a.Writes), cmp.Compare(a.Prefix, b.Prefix))
	})
	return list[:min(len(list), mostPrefixes)]
}
