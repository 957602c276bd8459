package record

import (
	"strings"
	"sync/atomic"

	"frontload/results"
)

// keepWhy says why a sample is kept whole. Each kind has its own budget, so
// that errors of one kind do not crowd out the others.
type keepWhy int

const (
	keepError     keepWhy = iota // status 500 or more
	keepTransport                // no whole answer
	keepOther                    // one in N
	keepKinds     = iota
	keepNot       = keepWhy(-1)
)

// keep says whether to keep a sample whole. It counts the samples that might be.
func (s *shard) keep(sample *results.Sample) keepWhy {
	switch {
	case sample.Status >= 500:
		return keepError
	case sample.Outcome == results.Transport:
		return keepTransport
	case s.cfg.SuccessExemplarEvery < 0:
		return keepNot
	}
	s.others++
	if s.others < s.cfg.SuccessExemplarEvery {
		return keepNot
	}
	s.others = 0
	return keepOther
}

// exemplarsPerSecond is how many samples of a kind are kept in one second.
const exemplarsPerSecond = 50

// A budget counts what was kept in each of the latest seconds: the second in
// the upper bits and the count in the lower 8, by second modulo 8.
type budget [8]atomic.Uint64

func (n *notes) allow(why keepWhy, second int) bool { return n.budgets[why].allow(second) }

// allow reports whether one more may be kept in the given second, and counts
// it. A second that is 8 or more before a known one has nothing left.
func (b *budget) allow(second int) bool {
	slot := &b[second%len(b)]
	for {
		old := slot.Load()
		known, n := int(old>>8), old&0xff
		switch {
		case second < known, second == known && n >= exemplarsPerSecond:
			return false
		case second > known:
			n = 0
		}
		if slot.CompareAndSwap(old, uint64(second)<<8|(n+1)) {
			return true
		}
	}
}

// exemplarOf returns a sample whole, with what d adds, bounded and without secrets.
func exemplarOf(s *results.Sample, d results.Detail, request string, secrets []string) results.Exemplar {
	var e results.Exemplar
	if d != nil {
		e = d.Exemplar()
		withoutTexts(&e, secrets)
	}
	e.At, e.Client, e.Source, e.Edge = s.Done, s.Client, s.Source, s.Edge
	e.Request, e.Status, e.Cache, e.Outcome, e.Signals = request, s.Status, s.Cache, s.Outcome, s.Signals
	e.Protocol, e.Response, e.Service = s.Protocol, s.Response(), s.Service()
	e.POP, e.Reason = cut(s.POP, 16), cut(s.Reason, 256)
	e.Method, e.RequestID = cut(e.Method, 32), cut(e.RequestID, 256)
	e.URL = cut(withoutSecrets(e.URL), 2048)
	e.Headers = cleanHeaders(e.Headers)
	return e
}

const (
	mostHeaders     = 64
	mostHeaderName  = 128  // bytes
	mostHeaderValue = 1024 // bytes
)

// notStored stands in for what must not be stored.
const notStored = "(not stored)"

func cleanHeaders(in []results.Header) []results.Header {
	in = in[:min(len(in), mostHeaders)]
	out := make([]results.Header, 0, len(in))
	for _, h := range in {
		if results.Secret(h.Name) {
			h.Value = notStored
		}
		h.Value = withoutSecrets(h.Value) // any header may hold a URL
		out = append(out, results.Header{Name: cut(h.Name, mostHeaderName), Value: cut(h.Value, mostHeaderValue)})
	}
	return out
}

// withoutTexts replaces texts that an answer gave back, or that the URL holds.
func withoutTexts(e *results.Exemplar, texts []string) {
	for _, text := range texts {
		hide := func(s *string) { *s = strings.ReplaceAll(*s, text, notStored) }
		hide(&e.URL)
		hide(&e.RequestID)
		for i := range e.Headers {
			hide(&e.Headers[i].Name)
			hide(&e.Headers[i].Value)
		}
	}
}

// withoutSecrets replaces the values of query parameters that are named like a
// secret.
func withoutSecrets(url string) string {
	path, query, ok := strings.Cut(url, "?")
	if !ok {
		return url
	}
	pairs := strings.Split(query, "&")
	for i, p := range pairs {
		if name, _, ok := strings.Cut(p, "="); ok && results.Secret(name) {
			pairs[i] = name + "=" + notStored
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}
