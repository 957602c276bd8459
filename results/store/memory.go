package store

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"frontload/results"
	"frontload/results/hist"
	"frontload/results/record"
)

// A Memory holds a run like a file does, without touching the disk: for
// simulations that are analysed at once. It grows with the seconds of the run.
// It is for one goroutine at a time.
type Memory struct {
	run     results.Run
	cells   [][]results.Cell       // by second, in order
	sends   map[results.Send]int64 // by what has no count
	rates   map[edgeSecond]int64   // requests sent
	seconds map[secondKey]*hist.Histogram
	whole   []record.Histogram
}

type edgeSecond struct {
	second int
	edge   netip.Addr
}

type secondKey struct {
	second int
	key    results.LatencyKey
}

// NewMemory begins a run in memory.
func NewMemory(info results.RunInfo) *Memory {
	return &Memory{
		run:   results.Run{Info: info},
		sends: map[results.Send]int64{}, rates: map[edgeSecond]int64{}, seconds: map[secondKey]*hist.Histogram{},
	}
}

// Append adds an interval. The error is always nil; it is there so that a
// Memory can stand in for a [Writer].
func (m *Memory) Append(iv *record.Interval) error {
	m.addSeconds(iv)
	m.addCells(iv.Cells)
	for _, s := range iv.Sends {
		n := s.Count
		m.rates[edgeSecond{s.Second, s.Edge}] += n
		s.Second, s.Count = 0, 0
		m.sends[s] += n
	}
	m.addHistograms(iv)
	if iv.Clients != nil {
		m.run.Clients = iv.Clients
	}
	if iv.Prefixes != nil {
		m.run.Prefixes = iv.Prefixes
	}
	m.run.Exemplars = append(m.run.Exemplars, iv.Exemplars...)
	m.run.Lookups = append(m.run.Lookups, iv.Lookups...)
	m.run.Events = append(m.run.Events, iv.Events...)
	m.run.Control = append(m.run.Control, iv.Control...)
	m.run.Clamped += iv.Clamped
	m.run.ClientsSeen = iv.ClientsSeen
	return nil
}

// Close completes the description of the run. The error is always nil.
func (m *Memory) Close(info results.RunInfo) error {
	m.run.Info = info
	return nil
}

func (m *Memory) addSeconds(iv *record.Interval) {
	for _, later := range iv.Seconds {
		i, found := slices.BinarySearchFunc(m.run.Seconds, later.Second,
			func(s results.Second, n int) int { return cmp.Compare(s.Second, n) })
		if !found {
			m.run.Seconds = slices.Insert(m.run.Seconds, i, results.Second{Second: later.Second})
		}
		record.AddSecond(&m.run.Seconds[i], later)
	}
}

// addCells adds an interval's cells, which have each second and key once.
func (m *Memory) addCells(cells []results.Cell) {
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].Second == cells[0].Second {
			n++
		}
		one := cells[:n:n]
		cells = cells[n:]
		i, found := slices.BinarySearchFunc(m.cells, one[0].Second,
			func(of []results.Cell, second int) int { return cmp.Compare(of[0].Second, second) })
		if !found {
			m.cells = slices.Insert(m.cells, i, one)
			continue
		}
		for _, c := range one {
			m.cells[i] = addCell(m.cells[i], c)
		}
	}
}

// addCell adds c to the one of the same key, or behind all others.
func addCell(to []results.Cell, c results.Cell) []results.Cell {
	for j := range to {
		if to[j].CellKey == c.CellKey {
			to[j].Counts.Add(c.Counts)
			return to
		}
	}
	return append(to, c)
}

func (m *Memory) addHistograms(iv *record.Interval) {
	older := len(m.whole)
	for _, h := range iv.Histograms {
		switch h.Span {
		case record.SpanRun:
			m.whole = append(m.whole, h)
		case record.SpanSecond:
			k := secondKey{h.Start, h.Key}
			if full := m.seconds[k]; full != nil {
				full.Merge(h.Hist)
			} else {
				m.seconds[k] = h.Hist.Clone()
			}
		}
	}
	if len(m.whole) > older {
		m.whole = slices.Delete(m.whole, 0, older)
	}
}

// Run returns what was appended. Nothing may be appended afterwards, and it must
// be called before the recorder is used again.
func (m *Memory) Run() (*results.Run, error) {
	run := m.run
	run.Seconds = slices.Clone(run.Seconds)
	for s, n := range m.sends {
		s.Count = n
		run.Sends = append(run.Sends, s)
	}
	slices.SortFunc(run.Sends, func(a, b results.Send) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), a.Edge.Compare(b.Edge), cmp.Compare(a.Request, b.Request))
	})
	run.EdgePeaks = map[netip.Addr]int64{}
	for at, n := range m.rates {
		run.EdgePeaks[at.edge] = max(run.EdgePeaks[at.edge], n)
	}
	run.Exemplars, run.Lookups, run.Events = slices.Clone(run.Exemplars), slices.Clone(run.Lookups), slices.Clone(run.Events)
	slices.SortStableFunc(run.Exemplars, func(a, b results.Exemplar) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(run.Lookups, func(a, b results.Lookup) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(run.Events, func(a, b results.Event) int { return cmp.Compare(a.At, b.At) })
	run.Control = slices.Clone(run.Control)
	slices.SortStableFunc(run.Control, func(a, b results.Control) int { return cmp.Compare(a.At, b.At) })
	run.Cells = func(yield func(results.Cell, error) bool) {
		for _, second := range m.cells {
			for _, c := range second {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
	run.Latency = map[results.LatencyKey]results.Quantiles{}
	for _, h := range m.whole {
		run.Latency[h.Key] = h.Hist.Quantiles()
	}
	var err error
	run.Series, err = m.series()
	return &run, err
}

func (m *Memory) series() ([]results.LatencySecond, error) {
	var out []results.LatencySecond
	for k, h := range m.seconds {
		class, err := results.ParseClass(k.key.Value)
		if err != nil {
			return nil, fmt.Errorf("second %d: %w", k.second, err)
		}
		out = append(out, results.LatencySecond{Second: k.second, Series: k.key.Series, Class: class, Quantiles: h.Quantiles()})
	}
	slices.SortFunc(out, func(a, b results.LatencySecond) int {
		return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.Series, b.Series), cmp.Compare(a.Class, b.Class))
	})
	return out, nil
}
