package record

import (
	"cmp"
	"slices"
	"time"

	"frontload/results"
	"frontload/results/hist"
)

// Gauges are the load generator's state when it cuts. They belong to the
// second that ended last.
type Gauges struct {
	Asked    float64 // rate that the schedule wanted, requests/s, mean over the second
	InFlight int64   // arrivals queued or awaiting an answer
	Stage    string  // what the schedule was doing

	Host     *results.Host     // of its process and machine up to the cut; nil where nobody looked
	Stalls   []results.Stall   // that have become known since the last cut
	Troubles []results.Trouble // the same
}

// An Interval is what one cut took out of a [Recorder]. Seconds, cells, sends
// and histograms of a second or of ten add to what earlier intervals told of
// the same; [AddSecond] says how for seconds.
type Interval struct {
	Seconds    []results.Second // in order
	Cells      []results.Cell   // in order of seconds, then of their keys
	Sends      []results.Send   // the same
	Histograms []Histogram

	// Clients and Prefixes are counted from the start of the run and replace
	// what earlier intervals told; nil when nothing changed.
	Clients, Prefixes []results.Tally

	ClientsSeen int // from the start of the run: clients that sent anything

	Exemplars []results.Exemplar // in order of time, as are the next three
	Lookups   []results.Lookup
	Events    []results.Event
	Control   []results.Control

	Folded   int64 // samples and sends beyond [Config].MaxCells, counted without all of their key
	Clamped  int64 // latencies over one hour, recorded as one hour
	Negative int64 // latencies below zero, recorded as zero
	LeftOut  LeftOut
}

// second returns the account of a second, which may be one not told of yet.
func (iv *Interval) second(n int) *results.Second {
	i, found := slices.BinarySearchFunc(iv.Seconds, n, func(s results.Second, n int) int { return cmp.Compare(s.Second, n) })
	if !found {
		iv.Seconds = slices.Insert(iv.Seconds, i, results.Second{Second: n})
	}
	return &iv.Seconds[i]
}

// host gives the account of a span that ends now to the second in the middle of
// it.
func (iv *Interval) host(h *results.Host, now time.Duration) {
	if h == nil {
		return
	}
	s := iv.second(secondOf(now - h.Span/2))
	s.Host = h
	s.Trouble = results.JoinTroubles(s.Trouble, h.Trouble())
	s.Limited = Limited(*s)
}

// troubles marks the seconds in which the generator lacked something.
func (iv *Interval) troubles(troubles []results.Trouble) {
	for _, t := range troubles {
		s := iv.second(secondOf(t.At))
		s.Trouble = results.JoinTroubles(s.Trouble, t.Text)
		s.Limited = Limited(*s)
	}
}

// afterStall is how long a generator that stood still takes to read what came
// meanwhile.
const afterStall = 50 * time.Millisecond

// stalls marks the seconds in which what finished may have been read late.
func (iv *Interval) stalls(stalls []results.Stall) {
	for _, stall := range stalls {
		for n := secondOf(stall.From); n <= secondOf(stall.To+afterStall); n++ {
			s := iv.second(n)
			s.Trouble = results.JoinTroubles(s.Trouble, results.TroubleStall)
			s.Limited = Limited(*s)
		}
	}
}

// The spans of a [Histogram] in seconds.
const (
	SpanSecond = 1
	SpanTen    = 10
	SpanRun    = 0 // the whole run
)

// A Histogram is one of an interval's. Those of the whole run come with some
// intervals only ([Config].WholeRunEvery): of 3 digits, they hold everything so
// far and replace what earlier intervals told. All are the Recorder's own, and
// are valid until the next cut.
type Histogram struct {
	Start int // its first second
	Span  int // SpanSecond (2 digits, response and service by class), SpanTen (3 digits) or SpanRun
	Key   results.LatencyKey
	Hist  *hist.Histogram
}

// Totals sums up an interval for a line of progress.
type Totals struct {
	Sent      int64         // requests written
	OK        int64         // good answers
	Status503 int64         // answers with status 503
	Errors    int64         // whatever else went wrong, clients' errors (4xx) included
	P99       time.Duration // of the response time in its last second with samples
}

// Totals returns the sums over everything in iv.
func (iv *Interval) Totals() Totals {
	var t Totals
	for _, s := range iv.Seconds {
		t.Sent += s.Sent
	}
	for _, c := range iv.Cells {
		switch {
		case c.Status == 503:
			t.Status503 += c.Count
		case c.Outcome == results.OK:
			t.OK += c.Count
		default:
			t.Errors += c.Count
		}
	}
	if len(iv.Cells) > 0 {
		t.P99 = iv.response(iv.Cells[len(iv.Cells)-1].Second).Quantile(0.99)
	}
	return t
}

// response returns the response times of one second, over all classes.
func (iv *Interval) response(second int) *hist.Histogram {
	sum := hist.New(2)
	for _, h := range iv.Histograms {
		if h.Span == SpanSecond && h.Start == second && h.Key.Series == results.SeriesResponse {
			sum.Merge(h.Hist)
		}
	}
	return sum
}
