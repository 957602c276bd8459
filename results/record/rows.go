package record

import (
	"cmp"
	"slices"

	"frontload/results"
)

// cells returns a bin's cells in order of their keys.
func (r *Recorder) cells(b *bin) []results.Cell {
	out := make([]results.Cell, 0, b.cells.len())
	for i, k := range b.cells.keys {
		out = append(out, results.Cell{
			Second: b.second,
			CellKey: results.CellKey{
				Region: r.cfg.Region, Edge: k.edge, POP: r.pops.name(k.pop), Request: k.request,
				Cache: k.cache, Outcome: k.outcome, Status: k.status, Signals: k.signals,
			},
			Counts: b.cells.vals[i],
		})
	}
	slices.SortFunc(out, compareCells)
	return out
}

func compareCells(a, b results.Cell) int {
	return cmp.Or(
		a.Edge.Compare(b.Edge), cmp.Compare(a.POP, b.POP), cmp.Compare(a.Request, b.Request),
		cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Cache, b.Cache),
		cmp.Compare(a.Status, b.Status), cmp.Compare(a.Signals, b.Signals),
	)
}

// sends returns a bin's sends in order of edge address and request.
func (r *Recorder) sends(b *bin) []results.Send {
	out := make([]results.Send, 0, b.sends.len())
	for i, k := range b.sends.keys {
		out = append(out, results.Send{
			Second: b.second, Region: r.cfg.Region, Edge: k.edge, Request: k.request, Count: b.sends.vals[i],
		})
	}
	slices.SortFunc(out, func(a, b results.Send) int {
		return cmp.Or(a.Edge.Compare(b.Edge), cmp.Compare(a.Request, b.Request))
	})
	return out
}

// appendSecond appends the histograms that are kept each second.
func appendSecond(out []Histogram, b *bin, names series, pops *popNames) []Histogram {
	for id, c := range b.times.histograms {
		if c != nil && c.Count() > 0 {
			out = append(out, Histogram{b.second, SpanSecond, names.key(id, pops), c})
		}
	}
	return out
}

// histograms appends all that has counts, and the sums by region: a recorder
// has but one.
func (r *Recorder) histograms(out []Histogram, start, span int, from histograms) []Histogram {
	for id, h := range from {
		if h == nil || h.Count() == 0 {
			continue
		}
		key := r.names.key(id, &r.pops)
		out = append(out, Histogram{start, span, key, h})
		if r.cfg.Region != "" && (id == idResponseAll || id == idServiceAll) {
			key.By, key.Value = "region", r.cfg.Region
			out = append(out, Histogram{start, span, key, h})
		}
	}
	return out
}
