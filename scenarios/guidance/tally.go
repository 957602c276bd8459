package guidance

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"frontload/results"
)

// A tally counts a run's cells by what rules ask for.
type tally struct {
	regions, places set
	edges           map[netip.Addr]float64 // samples of each address
	peaks           map[netip.Addr]int64   // the most of them in one second
	seconds         []int64                // samples that finished
	caches          [results.CacheError + 1]int64
	quota, lambda   int64
	mostBytes       int64 // received in one second

	second int // that is being read
	bytes  int64
	here   map[netip.Addr]int64
}

// A set is one of names.
type set map[string]bool

func (s set) list() []string { return slices.Sorted(maps.Keys(s)) }

func tallyOf(run *results.Run) *tally {
	t := &tally{regions: set{}, places: set{}, edges: map[netip.Addr]float64{}, peaks: map[netip.Addr]int64{}, here: map[netip.Addr]int64{}}
	if len(run.Sends) == 0 {
		t.regions[run.Info.Region] = true
	}
	for _, s := range run.Sends {
		t.regions[s.Region] = true
	}
	return t
}

func (t *tally) add(c *results.Cell) {
	if c.Second != t.second {
		t.close()
		t.second = c.Second
	}
	t.bytes += c.BytesIn
	if 0 <= c.Second && c.Second < mostSeconds {
		t.seconds = addAt(t.seconds, c.Second, c.Written)
	}
	if c.Edge.IsValid() {
		t.here[c.Edge] += c.Written
	}
	if city := place(c.POP); city != "" {
		t.places[city] = true
	}
	if c.Outcome == results.OK {
		t.caches[min(c.Cache, results.CacheError)] += c.Count
	}
	if c.Outcome == results.EdgeQuota {
		t.quota += c.Count
	}
	if c.Signals&results.SignalXCacheLambda != 0 {
		t.lambda += c.Count
	}
}

// mostSeconds bounds what is kept of a run, which a damaged run file may make
// endless: 100 days, the longest that a schedule may be.
const mostSeconds = 100 * 24 * 3600

// addAt adds n to the count of a second, and makes the list that long.
func addAt(counts []int64, second int, n int64) []int64 {
	for len(counts) <= second {
		counts = append(counts, 0)
	}
	counts[second] += n
	return counts
}

// close ends the second that was read.
func (t *tally) close() {
	for edge, n := range t.here {
		t.edges[edge] += float64(n)
		t.peaks[edge] = max(t.peaks[edge], n)
	}
	t.mostBytes = max(t.mostBytes, t.bytes)
	clear(t.here)
	t.bytes = 0
}

// place returns the city of an edge location: FRA of FRA56-P1.
func place(pop string) string {
	city := strings.TrimLeft(pop, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	return pop[:len(pop)-len(city)]
}

// sent returns the requests that were written in each second: by the
// generator's own account where there is one, else by when they finished.
func (t *tally) sent(run *results.Run) []int64 {
	if len(run.Seconds) == 0 {
		return t.seconds
	}
	var sent []int64
	for _, s := range run.Seconds {
		if s.Second < 0 || s.Second >= mostSeconds {
			continue
		}
		sent = addAt(sent, s.Second, s.Sent)
	}
	for len(sent) > 0 && sent[len(sent)-1] == 0 {
		sent = sent[:len(sent)-1] // answers were awaited still
	}
	return sent
}

// spread tells how the requests were spread over edge addresses.
func (t *tally) spread(run *results.Run, p *parts) SpreadFacts {
	counts, peaks := edgeCounts(run), run.EdgePeaks
	if len(counts) == 0 {
		counts, peaks = t.edges, t.peaks
	}
	if len(peaks) == 0 {
		peaks = t.peaks
	}
	if len(counts) == 0 {
		return SpreadFacts{}
	}
	s := evenness(counts)
	s.Off = off(counts, dueOf(run, p))
	for _, addr := range slices.SortedFunc(maps.Keys(peaks), netip.Addr.Compare) {
		if n := float64(peaks[addr]); addr.IsValid() && n > s.Busiest {
			s.Busiest, s.Address = n, addr.String()
		}
	}
	return s
}

// leastSeen is how many kept requests it takes to tell of URLs.
const leastSeen = 50

// urls tells what was asked for, by the good requests that were kept whole: one
// in so many, whatever their URL.
func (t *tally) urls(run *results.Run) URLFacts {
	u := URLFacts{}
	for _, p := range run.Prefixes {
		if p.Name != "" && p.Requests > 0 {
			u.Prefixes++
		}
	}
	if told := t.caches[results.CacheHit] + t.caches[results.CacheMiss] + t.caches[results.CacheRefresh]; told > 0 {
		hits := float64(t.caches[results.CacheHit]) / float64(told)
		u.Hits = &hits
	}
	d := map[string]int{}
	for _, e := range run.Exemplars {
		if e.Outcome == results.OK && e.URL != "" {
			d[e.URL]++
			u.Seen++
		}
	}
	if u.Seen < leastSeen {
		u.Seen = 0
		return u
	}
	most := 0
	for _, url := range slices.Sorted(maps.Keys(d)) {
		if d[url] > most {
			most = d[url]
			u.TopPath, _, _ = strings.Cut(url, "?")
		}
	}
	u.Distinct, u.Top = len(d), float64(most)/float64(u.Seen)
	return u
}

// prefixes tells how much was asked for under each key prefix at the peak: as
// large a part as over the whole run.
func (t *tally) prefixes(run *results.Run, f *Facts) []PrefixFact {
	var list []PrefixFact
	for _, p := range run.Prefixes {
		if p.Name != "" && p.Requests > 0 && f.Requests > 0 {
			list = append(list, PrefixFact{Prefix: p.Name, Reads: f.Peak * float64(p.Requests) / f.Requests})
		}
	}
	return busiest(list)
}
