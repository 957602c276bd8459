package accesslog

import (
	"time"

	"frontload/results"
	"frontload/results/hist"
)

// eraSeconds is how many seconds an era has: 31 days. A run holds two
// neighbouring eras at most, those with the most rows, since analysis needs
// memory for every second. So 31 days of logs are always held whole, and a
// stray date far from all others costs nothing.
const eraSeconds = 31 * 86400

// An era sums up the rows of its days. What it holds does not grow with the
// number of rows.
type era struct {
	rows        int64
	first, last uint32 // seconds since 1970
	classes     [results.Classes]*hist.Histogram
	firstByte   *hist.Histogram
	paths       []*tally // by number of the shard
	places      []*hist.Histogram
	clients     clients
	errors      errorLog
}

// A tally sums up the rows of one path.
type tally struct {
	results.Tally
	taken *hist.Histogram
}

// Of the whole run and its classes latencies are kept to 3 digits, of each
// path and place to 2.
const (
	fine   = 3
	coarse = 2
)

func (e *era) add(r *row, path, place uint16, mostClients int) {
	second, gone := r.second(), r.entry == nil && r.gone()
	if e.rows == 0 {
		e.first, e.last = second, second
	}
	e.first, e.last = min(e.first, second), max(e.last, second)
	e.rows++
	t := e.path(path)
	t.Requests++
	t.BytesIn += r.sent
	if r.status != 0 {
		t.Answers++
	}
	if r.status == 503 {
		t.Status503++
	}
	if r.timed && !gone {
		record(&e.classes[r.class()], fine, r.taken)
		record(&t.taken, coarse, r.taken)
		if place > 0 {
			for int(place) >= len(e.places) {
				e.places = append(e.places, nil)
			}
			record(&e.places[place], coarse, r.taken)
		}
	}
	if r.firstTimed && !(gone && (r.status < 200 || r.status >= 400)) {
		record(&e.firstByte, fine, r.firstByte)
	}
	if address := r.columns[fieldClient]; !isDash(address) && len(address) <= 64 {
		e.clients.add(r, address, mostClients)
	}
}

func (e *era) path(i uint16) *tally {
	for int(i) >= len(e.paths) {
		e.paths = append(e.paths, nil)
	}
	if e.paths[i] == nil {
		e.paths[i] = &tally{}
	}
	return e.paths[i]
}

// class returns the latency class of the row's sample.
func (r *row) class() results.Class {
	s := results.Sample{Outcome: r.outcome, Cache: r.cache}
	return s.Class()
}

func record(c **hist.Histogram, digits int, d time.Duration) {
	if *c == nil {
		*c = hist.New(digits)
	}
	(*c).Record(d)
}

func addHistogram(to **hist.Histogram, from *hist.Histogram, digits int) {
	if from == nil {
		return
	}
	if *to == nil {
		*to = hist.New(digits)
	}
	(*to).Merge(from)
}

// merge adds an era of a shard, whose paths and places are renamed.
func (e *era) merge(o *era, paths, places []uint16) {
	if o == nil {
		return
	}
	if e.rows == 0 {
		e.first, e.last = o.first, o.last
	}
	e.first, e.last = min(e.first, o.first), max(e.last, o.last)
	e.rows += o.rows
	for i := range o.classes {
		addHistogram(&e.classes[i], o.classes[i], fine)
	}
	addHistogram(&e.firstByte, o.firstByte, fine)
	for i, t := range o.paths {
		if t != nil {
			to := e.path(paths[i])
			addTally(&to.Tally, &t.Tally)
			addHistogram(&to.taken, t.taken, coarse)
		}
	}
	for i, c := range o.places {
		for int(places[i]) >= len(e.places) {
			e.places = append(e.places, nil)
		}
		addHistogram(&e.places[places[i]], c, coarse)
	}
	e.clients.merge(&o.clients)
	e.errors.merge(&o.errors, paths)
}
