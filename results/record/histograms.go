package record

import (
	"time"

	"frontload/results"
	"frontload/results/hist"
)

// Histograms are numbered: first the classes of response and service, then
// the series that are kept for all samples only, then response and service by
// request name, last by edge location.
const (
	idResponse     = 0
	idService      = idResponse + results.Classes
	idLag          = idService + results.Classes
	idQueueing     = idLag + 1
	idDNS          = idLag + 2
	idConnect      = idLag + 3
	idTLS          = idLag + 4
	idTTFB         = idLag + 5
	idResponseAll  = idLag + 6 // the sum over the classes, made when cut
	idServiceAll   = idLag + 7
	idFirstRequest = idLag + 8
)

// mostRequestNames bounds the request names with histograms of their own.
const mostRequestNames = 256

// series knows which histogram has which number.
type series struct {
	region   string
	requests []string
}

func newSeries(cfg Config) series {
	return series{cfg.Region, cfg.Requests[:min(len(cfg.Requests), mostRequestNames)]}
}

func (n series) request(i uint16) (id int, ok bool) {
	return idFirstRequest + 2*int(i), int(i) < len(n.requests)
}

func (n series) pop(p uint16) (id int, ok bool) {
	return idFirstRequest + 2*len(n.requests) + 2*(int(p)-1), p > 0
}

// key returns the name of a histogram.
func (n series) key(id int, pops *popNames) results.LatencyKey {
	switch {
	case id < idService:
		return results.LatencyKey{Series: results.SeriesResponse, By: "class", Value: results.Class(id - idResponse).String()}
	case id < idLag:
		return results.LatencyKey{Series: results.SeriesService, By: "class", Value: results.Class(id - idService).String()}
	case id < idFirstRequest:
		return results.LatencyKey{Series: [...]results.Series{
			results.SeriesLag, results.SeriesQueueing, results.SeriesDNS, results.SeriesConnect,
			results.SeriesTLS, results.SeriesTTFB, results.SeriesResponse, results.SeriesService,
		}[id-idLag], By: "all"}
	}
	id -= idFirstRequest
	k := results.LatencyKey{Series: [...]results.Series{results.SeriesResponse, results.SeriesService}[id%2]}
	if id /= 2; id < len(n.requests) {
		k.By, k.Value = "request", n.requests[id]
	} else {
		k.By, k.Value = "pop", pops.name(uint16(id-len(n.requests)+1))
	}
	return k
}

// histograms holds histograms by number; nil where there is none.
type histograms []*hist.Histogram

// at returns a histogram, a new one of so many digits where there is none.
func (h *histograms) at(id, digits int) *hist.Histogram {
	for id >= len(*h) {
		*h = append(*h, nil)
	}
	if (*h)[id] == nil {
		(*h)[id] = hist.New(digits)
	}
	return (*h)[id]
}

// merge adds o to h.
func (h *histograms) merge(o histograms, digits int) {
	for id, from := range o {
		if from != nil && from.Count() > 0 {
			h.at(id, digits).Merge(from)
		}
	}
}

func (h histograms) reset() {
	for _, one := range h {
		if one != nil {
			one.Reset()
		}
	}
}

// A coarse set holds response and service times of one second by class.
type coarse struct{ histograms }

const coarseDigits = 2

func (c *coarse) record(s *results.Sample) {
	class := int(s.Class())
	c.at(idResponse+class, coarseDigits).Record(s.Response())
	if s.Written {
		c.at(idService+class, coarseDigits).Record(s.Service())
	}
}

func (c *coarse) merge(o coarse) { c.histograms.merge(o.histograms, coarseDigits) }

// A fine set holds everything, of many seconds.
type fine struct{ histograms }

const fineDigits = 3

func (f *fine) record(s *results.Sample, names series, pop uint16) {
	f.latency(s, s.Response(), idResponse, 0, names, pop)
	if s.Written {
		f.latency(s, s.Service(), idService, 1, names, pop)
		f.one(idLag, s.Lag())
	}
	if queued(s) {
		f.one(idQueueing, s.Queueing())
	}
	if s.FirstByte != 0 {
		f.one(idTTFB, s.TTFB())
	}
	f.waited(idConnect, s.Connect)
	f.waited(idTLS, s.TLS)
}

// latency records a response or service time by class, request and edge location.
func (f *fine) latency(s *results.Sample, d time.Duration, byClass, second int, names series, pop uint16) {
	f.one(byClass+int(s.Class()), d)
	if id, ok := names.request(s.Request); ok {
		f.one(id+second, d)
	}
	if id, ok := names.pop(pop); ok {
		f.one(id+second, d)
	}
}

func (f *fine) one(id int, d time.Duration) { f.at(id, fineDigits).Record(d) }

func (f *fine) waited(id int, d time.Duration) {
	if d != 0 {
		f.one(id, d)
	}
}

func (f *fine) merge(o fine) { f.histograms.merge(o.histograms, fineDigits) }

// sum makes the histograms for all classes anew from those by class.
func (f *fine) sum() {
	f.sumOf(idResponseAll, idResponse)
	f.sumOf(idServiceAll, idService)
}

func (f *fine) sumOf(into, first int) {
	all := f.at(into, fineDigits)
	all.Reset()
	for _, one := range f.histograms[first : first+results.Classes] {
		if one != nil {
			all.Merge(one)
		}
	}
}

// clamped counts the latencies over [hist.Highest] and those below zero, each once.
func (f fine) clamped() (over, negative int64) {
	for id := range min(len(f.histograms), idResponseAll) {
		if h := f.histograms[id]; h != nil {
			over += h.Over()
			negative += h.Negative()
		}
	}
	return over, negative
}
