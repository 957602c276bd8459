package main

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"frontload/results"
	"frontload/scenarios/lab"
)

// A record is a sink that keeps a simulated run as a run file would hold it,
// and beside it the truth about each 503.
type record struct {
	names   []string      // of requests, by index
	unseen  time.Duration // nothing is recorded before
	log     lab.LogKind
	cells   []map[results.CellKey]*results.Counts // by second
	seconds []results.Second
	clients map[netip.Addr]*results.Tally
	prefix  map[string]*results.Tally
	peaks   map[netip.Addr]int64
	sent    map[netip.Addr]int64 // of the current second
	second  int
	truth   map[place]*[lab.CauseCachedOrigin + 1]int64
	kept    map[int]int // 503s kept whole, by second
	whole   []results.Exemplar
	control []results.Control
}

// A place is where and when a 503 was: what bursts are told apart by.
type place struct {
	second  int
	edge    netip.Addr
	pop     string
	request uint16
}

func newRecord(names []string, unseen time.Duration, log lab.LogKind) *record {
	return &record{
		names: names, unseen: unseen, log: log,
		clients: map[netip.Addr]*results.Tally{}, prefix: map[string]*results.Tally{},
		peaks: map[netip.Addr]int64{}, sent: map[netip.Addr]int64{}, truth: map[place]*[lab.CauseCachedOrigin + 1]int64{}, kept: map[int]int{},
	}
}

var _ results.Sink = (*record)(nil)

func (r *record) Arrival(at time.Duration, _ results.Fate, n int64) {
	s := int(at / time.Second)
	for len(r.seconds) <= s {
		r.seconds = append(r.seconds, results.Second{Second: len(r.seconds)})
	}
	r.seconds[s].Scheduled += n
	r.seconds[s].Sent += n
}

func (r *record) Sent(at time.Duration, edge netip.Addr, _ uint16) {
	if s := int(at / time.Second); s != r.second {
		r.second = s
		clear(r.sent)
	}
	r.sent[edge]++
	r.peaks[edge] = max(r.peaks[edge], r.sent[edge])
}

func (r *record) Record(s *results.Sample, d results.Detail) {
	if s.Done < r.unseen {
		return
	}
	key := results.CellKey{Edge: s.Edge, POP: s.POP, Request: s.Request, Cache: s.Cache, Outcome: s.Outcome, Status: s.Status, Signals: s.Signals}
	counts := results.Counts{
		Count: 1, Written: 1, BytesIn: s.BytesIn, BytesOut: s.BytesOut,
		Response: s.Response(), Service: s.Service(), TTFB: s.TTFB(), Queueing: s.Queueing(),
	}
	if r.log != lab.LogNone {
		asLog(r.log, &key, &counts, d)
	}
	second := int(s.Done / time.Second)
	for len(r.cells) <= second {
		r.cells = append(r.cells, map[results.CellKey]*results.Counts{})
	}
	c := r.cells[second][key]
	if c == nil {
		c = &results.Counts{}
		r.cells[second][key] = c
	}
	c.Add(counts)
	tally(r.clients, s.Source, s.Source.String(), s)
	tally(r.prefix, s.Prefix, s.Prefix, s)
	if s.Status == 503 {
		at := place{second, key.Edge, key.POP, key.Request}
		if r.truth[at] == nil {
			r.truth[at] = &[lab.CauseCachedOrigin + 1]int64{}
		}
		r.truth[at][lab.CauseOf(d)]++
		r.keep(s, &key, &counts)
	}
}

// mostKept is how many 503s a second are kept whole.
const mostKept = 50

func (r *record) keep(s *results.Sample, k *results.CellKey, c *results.Counts) {
	second := int(s.Done / time.Second)
	if r.kept[second]++; r.kept[second] > mostKept {
		return
	}
	r.whole = append(r.whole, results.Exemplar{
		At: s.Done, Client: s.Client, Source: s.Source, Edge: k.Edge, POP: k.POP, Request: r.names[k.Request],
		Status: k.Status, Cache: k.Cache, Outcome: k.Outcome, Signals: k.Signals, Response: c.Response, Service: c.Service,
	})
}

func (r *record) Lookup(results.Lookup) {}
func (r *record) Event(results.Event)   {}

func tally[K comparable](of map[K]*results.Tally, key K, name string, s *results.Sample) {
	t := of[key]
	if t == nil {
		t = &results.Tally{Name: name, Client: s.Client}
		of[key] = t
	}
	t.Requests++
	t.Answers++
	t.BytesIn += s.BytesIn
	if s.Status == 503 {
		t.Status503++
	}
}

// asLog leaves of a sample what a row of an access log holds: no header, no
// edge address, and milliseconds.
func asLog(kind lab.LogKind, k *results.CellKey, c *results.Counts, d results.Detail) {
	result, detailed := lab.ResultTypes(d)
	k.Edge, k.Signals, k.Cache = netip.Addr{}, 0, results.CacheUnknown
	answer := results.Answer{Status: int(k.Status), XCache: result}
	switch kind {
	case lab.LogFull:
		k.Cache = answer.Cache()
		k.Signals = logSignals(k.Status, result, detailed)
	case lab.LogShort:
		k.Cache = answer.Cache()
		k.Signals = logSignals(k.Status, result, result)
		c.TTFB = 0
	case lab.LogResults, lab.LogShortResults:
		if kind == lab.LogShortResults {
			c.TTFB = 0
		}
		if k.Status >= 400 {
			answer.XCache = "Error"
		}
		k.Cache = answer.Cache()
	case lab.LogOldest:
		c.TTFB, c.Service, c.Response = 0, 0, 0
	}
	k.Outcome = answer.Outcome(k.Signals)
	c.TTFB, c.Service = c.TTFB.Round(time.Millisecond), c.Service.Round(time.Millisecond)
	c.Queueing = 0
}

func logSignals(status uint16, result, detailed string) (s results.Signals) {
	switch {
	case status < 500:
	case result == "CapacityExceeded":
		s = results.SignalLogCapacity
	case result == "LimitExceeded":
		s = results.SignalLogLimit
	case result != "Error":
		s = results.SignalLogCompute
	case detailed == "OriginError" || detailed == "OriginConnectError":
		s = results.SignalLogOrigin
	}
	return s
}

// run returns what was recorded, as analysis reads it.
func (r *record) run(info results.RunInfo) *results.Run {
	run := &results.Run{Info: info, EdgePeaks: r.peaks, ClientsSeen: len(r.clients), Exemplars: r.whole, Control: r.control}
	if r.log == lab.LogNone {
		run.Seconds = r.seconds
	} else {
		run.EdgePeaks = nil
	}
	for _, t := range r.clients {
		run.Clients = append(run.Clients, *t)
	}
	for _, t := range r.prefix {
		run.Prefixes = append(run.Prefixes, *t)
	}
	byName := func(a, b results.Tally) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(run.Clients, byName)
	slices.SortFunc(run.Prefixes, byName)
	var list []results.Cell
	for second, keys := range r.cells {
		from := len(list)
		for k, c := range keys {
			list = append(list, results.Cell{Second: second, CellKey: k, Counts: *c})
		}
		slices.SortFunc(list[from:], compareCells)
	}
	run.Cells = func(yield func(results.Cell, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
	return run
}

func compareCells(x, y results.Cell) int {
	return cmp.Or(x.Edge.Compare(y.Edge), cmp.Compare(x.POP, y.POP), cmp.Compare(x.Request, y.Request),
		cmp.Compare(x.Status, y.Status), cmp.Compare(x.Cache, y.Cache), cmp.Compare(x.Outcome, y.Outcome), cmp.Compare(x.Signals, y.Signals))
}
