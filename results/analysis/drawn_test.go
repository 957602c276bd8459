package analysis

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"time"

	"frontload/results"
)

// A drawing is a run of plain traffic, drawn request by request: steady noise,
// and faults in it.
type drawing struct {
	rate                  float64 // requests/s
	seconds               int
	pops, edges, requests int
	noise                 float64 // share of 503s that come of nothing
	faults                []drawnFault
	region                func(edge int) string
	source                string
}

// A drawnFault makes a share of the requests of its scope fail.
type drawnFault struct {
	from, to float64 // seconds from the run's start
	share    float64
	in       func(edge, request int) bool // nil for all
	signals  results.Signals              // of the 503s
}

var (
	tellsNothing  = results.SignalServerAbsent
	tellsCapacity = results.SignalServerCloudFront | results.SignalPageCloudFront | results.SignalXCacheCapacity
	tellsQuota    = results.SignalServerCloudFront | results.SignalPageCloudFront | results.SignalXCacheLimit
	tellsS3       = results.SignalServerS3 | results.SignalS3IDs | results.SignalPageS3 | results.SignalUpstream
)

// rigged is the traffic that most of these tests look at.
func rigged(rate float64, seconds int, faults ...drawnFault) drawing {
	return drawing{rate: rate, seconds: seconds, pops: 3, edges: 12, requests: 4, noise: 0.0005, faults: faults}
}

func drawnEdge(edge, pops int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 2, byte(edge % pops), byte(edge)})
}

// draw returns the run.
func (d drawing) draw(seed uint64) *results.Run {
	rnd := rand.New(rand.NewPCG(seed, 5))
	var list []results.Cell
	for t := range d.seconds {
		list = append(list, d.second(rnd, t)...)
	}
	run := &results.Run{Cells: stream(list), Info: results.RunInfo{
		Name: "drawn", Source: d.source, Start: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}}
	run.Info.End = run.Info.Start.Add(time.Duration(d.seconds) * time.Second)
	for r := range d.requests {
		run.Info.Requests = append(run.Info.Requests, fmt.Sprintf("r%d", r))
	}
	return run
}

// second draws the requests of one second and counts them into cells.
func (d drawing) second(rnd *rand.Rand, t int) []results.Cell {
	good := make([]int64, d.edges*d.requests)
	failed := map[failure]int64{}
	for range poissonOf(rnd, d.rate) {
		f := d.request(rnd, float64(t)+rnd.Float64())
		if f.signals == 0 {
			good[f.edge*d.requests+f.request]++
		} else {
			failed[f]++
		}
	}
	var cells []results.Cell
	for i, n := range good {
		if n > 0 {
			cells = append(cells, d.cell(t, failure{i / d.requests, i % d.requests, 0}, n))
		}
	}
	for f, n := range failed {
		cells = append(cells, d.cell(t, f, n))
	}
	return cells
}

// A failure is a drawn request; the signals are those of its 503, none for a
// good answer.
type failure struct {
	edge, request int
	signals       results.Signals
}

func (d drawing) request(rnd *rand.Rand, at float64) failure {
	r := failure{edge: rnd.IntN(d.edges), request: rnd.IntN(d.requests)}
	if rnd.Float64() < d.noise {
		r.signals = tellsNothing
	}
	for _, f := range d.faults {
		if f.from <= at && at < f.to && (f.in == nil || f.in(r.edge, r.request)) && rnd.Float64() < f.share {
			r.signals = f.signals
		}
	}
	return r
}

func (d drawing) cell(t int, f failure, n int64) results.Cell {
	key := results.CellKey{
		Edge: drawnEdge(f.edge, d.pops), POP: fmt.Sprintf("POP%d-P1", f.edge%d.pops), Request: uint16(f.request),
		Status: 200, Outcome: results.OK, Cache: results.CacheHit,
	}
	if d.region != nil {
		key.Region = d.region(f.edge)
	}
	if f.signals != 0 {
		answer := results.Answer{Status: 503}
		key.Status, key.Cache, key.Signals, key.Outcome = 503, results.CacheError, f.signals, answer.Outcome(f.signals)
	}
	return results.Cell{Second: t, CellKey: key, Counts: results.Counts{Count: n, Written: n}}
}

// until returns the run as it was known at the end of a second.
func until(run *results.Run, second int) *results.Run {
	cut := *run
	cells := run.Cells
	cut.Cells = iter.Seq2[results.Cell, error](func(yield func(results.Cell, error) bool) {
		for c, err := range cells {
			if c.Second > second || !yield(c, err) {
				return
			}
		}
	})
	return &cut
}
