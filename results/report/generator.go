package report

import "time"

// generatorCharts show how the load generator itself did, its limited seconds
// shaded. There are none where nobody looked.
func (in Input) generatorCharts(b buckets) []chart {
	line := func(name string, k ink) curve { return curve{Name: name, Ink: k, values: b.none()} }
	process, machine := line("this process", inkSent), line("the whole machine", inkFlight)
	lag, pause, wait := line("send lag p99", inkError), line("longest garbage collection pause", inkRefresh), line("wait of goroutines for a CPU p99", inkHit)
	process.area, machine.Dashed, wait.Dashed = true, true, true
	any := false
	for i := range in.Run.Seconds {
		s := &in.Run.Seconds[i]
		if s.Sent > 0 {
			b.span(lag.values, s.Second, &s.LagP99)
		}
		if s.Host == nil {
			continue
		}
		any = true
		b.figure(process.values, s.Second, s.Host.ProcessCPU)
		b.figure(machine.values, s.Second, s.Host.MachineCPU)
		b.span(pause.values, s.Second, s.Host.GCLongest)
		b.span(wait.values, s.Second, s.Host.RunQueueP99)
	}
	if !any {
		return nil
	}
	limited := in.limited()
	return []chart{
		{label: "CPUs used", buckets: b, curves: []curve{process, machine}, tick: countTick, bands: limited, height: 150},
		{label: "Delays of its own", buckets: b, curves: []curve{lag, pause, wait}, log: true, tick: spanTick, bands: limited, height: 200},
	}
}

// figure keeps v, if there is one, where it is the highest.
func (b buckets) figure(values []float64, second int, v *float64) {
	if v != nil {
		b.highest(values, second, *v)
	}
}

// span keeps d in microseconds, at least one, where it is the highest.
func (b buckets) span(values []float64, second int, d *time.Duration) {
	if d != nil {
		b.highest(values, second, max(1, float64(*d)/float64(time.Microsecond)))
	}
}
