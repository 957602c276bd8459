package accesslog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"frontload/results"
	"frontload/results/hist"
	"frontload/results/report/plain"
)

// A total is what all shards counted together.
type total struct {
	shards []*shard
	spill  *spill

	paths  *paths
	places []string
	path   [][]uint16 // by shard and its number, the one here
	place  [][]uint16
	unread unread
	hosts  map[string]int64

	era         era // the eras that the run holds, as one
	from, until uint32
	naming      naming
}

// sum adds up what the shards counted.
func sum(shards []*shard, from *spill) *total {
	t := &total{shards: shards, spill: from, paths: newPaths(), hosts: map[string]int64{}}
	t.places, t.place = joinPlaces(shards)
	for _, s := range shards {
		t.path = append(t.path, t.paths.merge(s.paths))
		t.unread.merge(&s.unread)
		for host, n := range s.hosts.counts {
			t.hosts[host] += *n
		}
		s.cells.sorted()
	}
	t.choose()
	return t
}

// choose takes the two neighbouring eras that hold the most rows, the later
// ones where it is the same, and counts the rows of all others as unread.
func (t *total) choose() {
	numbers, rows := eraRows(t.shards)
	best, most, all := uint32(0), int64(-1), int64(0)
	for _, n := range numbers {
		all += rows[n]
		if sum := rows[n] + rows[n+1]; sum >= most {
			best, most = n, sum
		}
	}
	for i, s := range t.shards {
		t.era.merge(s.eras[best], t.path[i], t.place[i])
		t.era.merge(s.eras[best+1], t.path[i], t.place[i])
	}
	if all > most && most >= 0 {
		t.unread.add(outside, all-most, location{})
	}
	for _, s := range t.shards { // only their cells are needed from here on
		s.eras, s.now, s.places, s.names, s.cells.index = nil, nil, nil, nil, nil
	}
	t.from, t.until = t.era.first, t.era.last
	t.naming = newNaming(t.paths, t.pathRows())
}

func (t *total) pathRows() []int64 {
	rows := make([]int64, len(t.paths.nodes))
	for i, p := range t.era.paths {
		if p != nil {
			rows[i] = p.Requests
		}
	}
	return rows
}

// run makes a run of what was counted.
func (t *total) run(info results.RunInfo) *results.Run {
	info.Source, info.Requests = cmp.Or(info.Source, "access-log"), t.naming.names
	if info.Requests == nil {
		info.Requests = []string{}
	}
	if t.era.rows > 0 {
		info.Start = millis(int64(t.from) * 1000)
		info.End = millis(int64(t.until+1) * 1000)
	}
	info.Target = cmp.Or(info.Target, t.target())
	r := &results.Run{Info: info, Cells: t.cells, Prefixes: t.prefixes(), Exemplars: t.named(t.era.errors.rows()), Latency: map[results.LatencyKey]results.Quantiles{}}
	var exact bool
	r.Clients, r.ClientsSeen, exact = t.era.clients.tallies()
	if !exact {
		r.Doubts = append(r.Doubts, fmt.Sprintf("there are too many clients to count each: that there are %s is an estimate, right to 2 %%", plain.Count(int64(r.ClientsSeen))))
	}
	t.latencies(r)
	return r
}

// target names the host that most rows ask for, and how many others there are.
func (t *total) target() string {
	hosts := slices.SortedFunc(maps.Keys(t.hosts), func(x, y string) int {
		return cmp.Or(cmp.Compare(t.hosts[y], t.hosts[x]), cmp.Compare(x, y))
	})
	switch len(hosts) {
	case 0:
		return ""
	case 1:
		return hosts[0]
	case 2:
		return hosts[0] + " and another host"
	}
	return fmt.Sprintf("%s and %d other hosts", hosts[0], len(hosts)-1)
}

// prefixes tallies the named paths, those of directories up to their slash.
func (t *total) prefixes() []results.Tally {
	var list []results.Tally
	sums := make([]results.Tally, len(t.naming.names))
	for i, p := range t.era.paths {
		if p != nil {
			addTally(&sums[t.naming.of[i]], &p.Tally)
		}
	}
	for i := range sums {
		node := t.naming.nodes[i]
		if sums[i].Name = t.naming.names[i]; !t.paths.nodes[node].file {
			sums[i].Name = t.paths.directory(node)
		}
		list = append(list, sums[i])
	}
	return list
}

// named returns kept rows with their times from the start of the run, which
// may be negative, and the names of their requests.
func (t *total) named(rows []keptRow) []results.Exemplar {
	list := make([]results.Exemplar, len(rows))
	for i, k := range rows {
		list[i] = k.Exemplar
		list[i].At = time.Duration(k.millis-int64(t.from)*1000) * time.Millisecond
		list[i].Request = t.naming.names[t.naming.of[k.path]]
	}
	return list
}

// latencies fills in the whole run's latencies. A log tells neither from when
// on a viewer wanted to send nor how long that took: response time is the
// edge's own, as service time is.
func (t *total) latencies(r *results.Run) {
	put := func(by, value string, c *hist.Histogram) {
		if c == nil || c.Count() == 0 {
			return
		}
		q := c.Quantiles()
		r.Latency[results.LatencyKey{Series: results.SeriesResponse, By: by, Value: value}] = q
		r.Latency[results.LatencyKey{Series: results.SeriesService, By: by, Value: value}] = q
	}
	var all *hist.Histogram
	for class, c := range t.era.classes {
		put("class", results.Class(class).String(), c)
		addHistogram(&all, c, fine)
	}
	put("all", "", all)
	if all != nil {
		r.Clamped = all.Over()
	}
	named := make([]*hist.Histogram, len(t.naming.names))
	for i, p := range t.era.paths {
		if p != nil {
			addHistogram(&named[t.naming.of[i]], p.taken, coarse)
		}
	}
	for i, c := range named {
		put("request", t.naming.names[i], c)
	}
	for i, c := range t.era.places {
		put("pop", t.places[i], c)
	}
	if c := t.era.firstByte; c != nil && c.Count() > 0 {
		r.Latency[results.LatencyKey{Series: results.SeriesTTFB, By: "all"}] = c.Quantiles()
	}
}

// cells yields the cells in order of seconds.
func (t *total) cells(yield func(results.Cell, error) bool) {
	if t.era.rows == 0 {
		return
	}
	m, err := startMerge(t.shards, t.spill, t.rename)
	for err == nil {
		var second []cell
		if second, err = m.nextSecond(); len(second) == 0 {
			break
		}
		if second[0].second < t.from || second[0].second > t.until {
			continue
		}
		for i := range second {
			if !yield(t.cell(&second[i]), nil) {
				return
			}
		}
	}
	if err != nil {
		yield(results.Cell{}, err)
	}
}

func (t *total) rename(shard int, c *cell) {
	c.place = t.place[shard][c.place]
	c.path = t.naming.of[t.path[shard][c.path]]
}

func (t *total) cell(c *cell) results.Cell {
	return results.Cell{
		Second: int(c.second - t.from),
		CellKey: results.CellKey{
			POP: t.places[c.place], Request: c.path, Cache: c.cache, Outcome: c.outcome, Status: c.status,
			Signals: results.Signals(c.signals),
		},
		Counts: c.counts(),
	}
}
