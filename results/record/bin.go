package record

import (
	"net/netip"
	"time"

	"frontload/results"
	"frontload/results/hist"
)

type cellKey struct {
	edge    netip.Addr
	signals results.Signals
	request uint16
	status  uint16
	pop     uint16
	cache   results.Cache
	outcome results.Outcome
}

type sendKey struct {
	edge    netip.Addr
	request uint16
}

// A clientKey tells clients apart. One that the system picks addresses for may
// have several.
type clientKey struct {
	index uint32
	addr  netip.Addr
}

// mostNames bounds the clients and the prefixes that are told apart. Beyond
// it, what comes new counts among the rest.
const mostNames = 65_536

// A bin holds what one shard was told of one second.
type bin struct {
	second   int
	arrivals arrivals
	cells    table[cellKey, results.Counts]
	sends    table[sendKey, int64]
	clients  table[clientKey, results.Tally] // names are left empty
	prefixes table[string, results.Tally]
	times    coarse
	lag      *hist.Histogram
	folded   int64 // samples and sends counted without all of their key
}

type arrivals struct{ scheduled, missed, unsent, held int64 }

func (a *arrivals) add(o arrivals) {
	a.scheduled += o.scheduled
	a.missed += o.missed
	a.unsent += o.unsent
	a.held += o.held
}

func (b *bin) arrival(fate results.Fate, n int64) {
	if fate == results.Abandoned { // it was counted when it was started
		b.arrivals.unsent += n
		return
	}
	b.arrivals.scheduled += n
	switch fate {
	case results.Missed:
		b.arrivals.missed += n
	case results.Unsent:
		b.arrivals.unsent += n
	case results.Held:
		b.arrivals.unsent += n
		b.arrivals.held += n
	}
}

func (b *bin) sent(k sendKey, most int) { *b.send(k, 1, most) += 1 }

// send returns the count of k or, with the table full, of what k is folded
// into: the request without its edge address, then neither.
func (b *bin) send(k sendKey, n int64, most int) *int64 {
	if v := b.sends.find(k); v != nil {
		return v
	}
	full := k
	if b.sends.len() >= most {
		k.edge = netip.Addr{}
		if b.sends.len() >= 2*most {
			k.request = 0
		}
	}
	if k != full {
		b.folded += n
	}
	return b.sends.at(k)
}

// cell returns the counts of k or, with the table full, of what k is folded
// into. Status and outcome, of which there are few, are always kept.
func (b *bin) cell(k cellKey, n int64, most int) *results.Counts {
	if c := b.cells.find(k); c != nil {
		return c
	}
	full := k
	if b.cells.len() >= most {
		k.edge, k.pop, k.signals = netip.Addr{}, 0, 0
		if b.cells.len() >= 2*most {
			k.request, k.cache = 0, results.CacheUnknown
		}
	}
	if k != full {
		b.folded += n
	}
	return b.cells.at(k)
}

// client returns the tally of a client, or of the rest.
func (b *bin) client(k clientKey) *results.Tally {
	if t := b.clients.find(k); t != nil {
		return t
	}
	if b.clients.len() >= mostNames {
		k = clientKey{}
	}
	return b.clients.at(k)
}

func (b *bin) reset() {
	b.arrivals, b.folded = arrivals{}, 0
	b.cells.reset()
	b.sends.reset()
	b.clients.reset()
	b.prefixes.reset()
	b.times.reset()
	b.lag.Reset()
}

// counts returns what one sample adds to its cell. Spans below zero count as
// zero, those over an hour as an hour, as in the histograms.
func counts(s *results.Sample) results.Counts {
	c := results.Counts{
		Count: 1, BytesIn: s.BytesIn, BytesOut: s.BytesOut,
		Response: span(s.Response()), Service: span(s.Service()), TTFB: span(s.TTFB()), Queueing: span(queueing(s)),
	}
	if s.Written {
		c.Written = 1
	}
	if s.Fresh {
		c.FreshConn = 1
	}
	return c
}

func span(d time.Duration) time.Duration { return min(hist.Highest, max(0, d)) }

// queueing is the sample's, or zero when it never got a connection.
func queueing(s *results.Sample) time.Duration {
	if !queued(s) {
		return 0
	}
	return s.Queueing()
}

func queued(s *results.Sample) bool { return s.Written || s.Ready > 0 }

// tally returns what one sample adds to its client's and its prefix's tally.
func tally(s *results.Sample) results.Tally {
	t := results.Tally{BytesIn: s.BytesIn}
	if s.Written {
		t.Requests = 1
	}
	if s.Status != 0 {
		t.Answers = 1
	}
	if s.Status == 503 {
		t.Status503 = 1
	}
	return t
}

func addTally(t *results.Tally, o results.Tally) {
	t.Requests += o.Requests
	t.Answers += o.Answers
	t.Status503 += o.Status503
	t.BytesIn += o.BytesIn
}
