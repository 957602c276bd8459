package analysis

import (
	"cmp"
	"time"

	"frontload/results"
)

// withHost adds the account of a second to the worst of each figure so far.
func withHost(g *results.Generator, h *results.Host) *results.Generator {
	if g == nil {
		g = &results.Generator{}
	}
	g.CPUs, g.MachineCPUs = max(g.CPUs, h.CPUs), max(g.MachineCPUs, h.MachineCPUs)
	g.ProcessCPU = highest(g.ProcessCPU, h.ProcessCPU)
	g.MachineCPU = highest(g.MachineCPU, h.MachineCPU)
	g.Steal = highest(g.Steal, h.Steal)
	g.GCLongest = highest(g.GCLongest, inMicros(h.GCLongest))
	g.RunQueueP99 = highest(g.RunQueueP99, inMicros(h.RunQueueP99))
	g.Stall = highest(g.Stall, inMicros(h.Stall))
	g.Resident = highest(g.Resident, h.Resident)
	g.OpenFiles = highest(g.OpenFiles, h.OpenFiles)
	g.TCPSockets = highest(g.TCPSockets, h.TCPSockets)
	for name, n := range h.Allowances {
		if g.Allowances == nil {
			g.Allowances = map[string]int64{}
		}
		g.Allowances[name] += n
	}
	return g
}

// highest returns the higher of two figures; either may be missing.
func highest[T cmp.Ordered](a, b *T) *T {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

func inMicros(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	us := micros(*d)
	return &us
}
