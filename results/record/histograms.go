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

// histograms holds histograms of 3 digits by number; nil where there is none.
type histograms []*hist.Histogram

func (h *histograms) at(id int) *hist.Histogram {
	for id >= len(*h) {
		*h = append(*h, nil)
	}
	if (*h)[id] == nil {
		(*h)[id] = hist.New(3)
	}
	return (*h)[id]
}

func (h *histograms) record(s *results.Sample, names series, pop uint16) {
	h.latency(s, s.Response(), idResponse, 0, names, pop)
	if s.Written {
		h.latency(s, s.Service(), idService, 1, names, pop)
		h.at(idLag).Record(s.Lag())
	}
	if queued(s) {
		h.at(idQueueing).Record(s.Queueing())
	}
	if s.FirstByte != 0 {
		h.at(idTTFB).Record(s.TTFB())
	}
	h.waited(idConnect, s.Connect)
	h.waited(idTLS, s.TLS)
}

// latency records a response or service time by class, request and edge location.
func (h *histograms) latency(s *results.Sample, d time.Duration, byClass, second int, names series, pop uint16) {
	h.at(byClass + int(s.Class())).Record(d)
	if id, ok := names.request(s.Request); ok {
		h.at(id + second).Record(d)
	}
	if id, ok := names.pop(pop); ok {
		h.at(id + second).Record(d)
	}
}

func (h *histograms) waited(id int, d time.Duration) {
	if d != 0 {
		h.at(id).Record(d)
	}
}

// merge adds o to h.
func (h *histograms) merge(o histograms) {
	for id, from := range o {
		if from != nil && from.Count() > 0 {
			h.at(id).Merge(from)
		}
	}
}

// sum makes the histograms for all classes from those by class.
func (h *histograms) sum() {
	for class := range results.Classes {
		h.mergeOne(idResponseAll, idResponse+class)
		h.mergeOne(idServiceAll, idService+class)
	}
}

func (h *histograms) mergeOne(into, from int) {
	if from < len(*h) && (*h)[from] != nil {
		h.at(into).Merge((*h)[from])
	}
}

// clamped counts the latencies over [hist.Highest] and those below zero, each once.
func (h histograms) clamped() (over, negative int64) {
	for id := range min(len(h), idResponseAll) {
		if h[id] != nil {
			over += h[id].Over()
			negative += h[id].Negative()
		}
	}
	return over, negative
}

func (h histograms) reset() {
	for _, one := range h {
		if one != nil {
			one.Reset()
		}
	}
}
