// Package urls makes the requests of a load test: which entry is asked next,
// by weight, and with which values its variables are filled in. Entries are
// templates, or requests that were recorded: [Record] reads lists of URLs,
// vegeta's targets, CloudFront's access logs, HAR files and sitemaps.
//
// Request n is a function of the seed and n alone, so that the shards of a
// fleet, each making its own share, together make the very same requests as
// one machine would. Only how an entry that is held at a hit ratio draws also
// follows from the answers so far: see [Generator.Watch].
package urls

import (
	"strings"

	"frontload/results"
)

// BypassParameter is the query parameter that an entry with Bypass gets. Its
// value is SEED-N, with N the number of the request in the plan: no two
// requests of a run have the same, whatever shard sends them. Two runs with
// the same seed do.
const BypassParameter = "frontload-bypass"

// An Entry is one kind of request. Path, query, header values and body are
// templates: {name} stands for a variable's value, {{name}} for itself.
type Entry struct {
	Name   string
	Weight float64 // share of the requests, in proportion to the sum of all; zero means never
	Method string  // empty means GET

	// Path begins with a slash and may carry a query. What cannot stand in a
	// URL is percent-encoded; escapes stay as they are.
	Path string

	// Query is added to the path's own, in this order. Names and values are
	// plain text here: everything but letters, digits and -._~ is encoded.
	Query []results.Header

	Headers []results.Header // sent in this order
	Body    []byte           // only with POST, PUT, PATCH, DELETE and OPTIONS; nil for none
	Vars    map[string]Var
	Env     map[string]string // what ${env:NAME} stands for in header values; one that is not here is text
	Bypass  bool              // add [BypassParameter], so that every request is a cache miss

	// Targets are recorded requests, each drawn as often as it was recorded, in
	// the place of Method, Path, Query and Body. Headers are sent with all of
	// them, in the place of recorded ones of the same name. Nil for none.
	Targets *Targets

	// Hits is the hit ratio that the entry is held at: see [Generator.Watch].
	// It is above 0 and at most 1; zero leaves it to chance. The entry asks
	// with GET or HEAD, and has no Bypass.
	Hits float64
}

// A Request is one request to send. Header and Body are shared: they must not
// be written to, but may be kept. Target is in memory of the request's own,
// which the next [Generator.Next] uses again.
type Request struct {
	Index  uint16 // of the entry
	Method string
	Target []byte // path and query as sent, percent-encoded
	Header []results.Header
	Body   []byte // nil for none

	// Prefix is the key prefix that the request counts for: the path up to the
	// last slash before its first variable, or up to its last slash when the
	// path has none, and no more than its first two segments: /a/b/ at the
	// longest.
	Prefix string
}

// A Generator makes requests. One goroutine at a time may use it.
type Generator struct {
	seed    uint64
	entries []entry
	sums    []float64 // sums[i]: the weights of entries 0 to i together

	counting bool     // some entry has a sequence, so picks must be counted
	picked   []uint64 // how often each entry was picked, for requests 0 to walked-1
	walked   uint64

	hits   []*steering // by entry; nil where no hit ratio is wanted
	values []value
}

// New returns a generator of requests of the given entries. Its errors join
// one [Error] for each fault of the entries.
func New(entries []Entry, seed uint64) (*Generator, error) {
	g := &Generator{seed: seed, picked: make([]uint64, len(entries))}
	var faults faults
	faults.checkWeights(entries)
	sum := 0.0
	for i := range entries {
		e := compile(&faults, i, &entries[i])
		g.entries = append(g.entries, e)
		g.hits = append(g.hits, newSteering(entries[i].Hits))
		g.counting = g.counting || e.sequence
		sum += entries[i].Weight
		g.sums = append(g.sums, sum)
	}
	if err := faults.join(); err != nil {
		return nil, err
	}
	return g, nil
}

// Natural returns a generator of the same requests that holds no hit ratio. It
// shares nothing that changes with g.
func (g *Generator) Natural() *Generator {
	n := *g
	n.hits, n.picked, n.walked, n.values = make([]*steering, len(g.hits)), make([]uint64, len(g.picked)), 0, nil
	return &n
}

// Next makes request n, and overwrites all of r. Calls must go up in n; what
// is left out is what other shards send. A call that goes back is right but
// slow where there are sequences: their picks are counted from 0 again.
func (g *Generator) Next(n uint64, r *Request) {
	s := requestStream(g.seed, n)
	i := g.pick(&s)
	earlier := uint64(0)
	if g.counting {
		earlier = g.count(n, i)
	}
	e, bypass := &g.entries[i], g.entries[i].bypass
	if h := g.hits[i]; h != nil {
		switch way, hot := h.choose(&s); way {
		case repeat:
			s, earlier = requestStream(g.seed+hotSalt+uint64(i), hot), hot
		case miss:
			bypass = true
		}
	}
	if e.targets != nil {
		g.recorded(n, i, s, bypass, r)
		return
	}
	g.values = g.values[:0]
	for j, draw := range e.vars {
		g.values = append(g.values, draw(s.variable(j), earlier))
	}
	*r = Request{
		Index: uint16(i), Method: e.method, Prefix: e.prefix, Header: e.fixedHeader, Body: e.fixedBody,
		Target: g.appendTarget(r.Target[:0], e, n, bypass),
	}
	if e.header != nil {
		r.Header = e.fill(g.values)
	}
	if e.body != nil {
		r.Body = e.body.append(nil, g.values, inBody)
	}
}

// recorded makes request n of entry i, which has recorded ones.
func (g *Generator) recorded(n uint64, i int, s stream, bypass bool, r *Request) {
	e := &g.entries[i]
	draw := s.variable(0)
	row := &e.targets.rows[e.targets.alias.draw(&draw)]
	shape := &e.targets.shapes[row.shape]
	*r = Request{
		Index: uint16(i), Method: shape.method, Prefix: pathPrefix(row.path), Header: e.shapeHeader[row.shape], Body: shape.body,
		Target: append(r.Target[:0], row.path...),
	}
	if bypass {
		r.Target = g.appendBypass(r.Target, strings.IndexByte(row.path, '?') >= 0, n)
	}
}

// pick draws an entry by weight.
func (g *Generator) pick(s *stream) int {
	u := s.float() * g.sums[len(g.sums)-1]
	low, high := 0, len(g.sums)-1
	for low < high { // the first entry whose sum is above u
		if middle := (low + high) / 2; g.sums[middle] > u {
			high = middle
		} else {
			low = middle + 1
		}
	}
	for low > 0 && g.sums[low] == g.sums[low-1] {
		low-- // rounding may take u up to the sum of all: never to an entry of weight zero
	}
	return low
}

// count walks to request n, which picks entry i, and returns how often that
// entry was picked before.
func (g *Generator) count(n uint64, i int) uint64 {
	if n < g.walked {
		g.walked = 0
		clear(g.picked)
	}
	for ; g.walked < n; g.walked++ {
		s := requestStream(g.seed, g.walked)
		g.picked[g.pick(&s)]++
	}
	earlier := g.picked[i]
	g.picked[i]++
	g.walked = n + 1
	return earlier
}
