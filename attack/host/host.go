// Package host watches the machine that the load generator runs on, and the
// generator's own process, so that a run can say what held the generator up.
//
// It reads small files of /proc, the Go runtime's metrics and the counters of
// network interfaces once a second, away from the send loop. What a system
// does not tell is left out, never told as zero.
package host

import (
	"runtime"
	"time"

	"frontload/results"
)

// leastSpan is the shortest span of which an account is given: the kernel
// counts CPU time in hundredths of a second.
const leastSpan = 100 * time.Millisecond

// A Watcher gives an account of each span between two readings. It is for one
// goroutine at a time.
type Watcher struct {
	system   system
	runtime  *runtimeMetrics
	networks []*network

	cpus        int // that the process may use
	machineCPUs int // zero when not known
	at          time.Duration
	before      reading
}

// A reading is what the kernel counts. What it does not tell is not ok.
type reading struct {
	process   time.Duration // CPU time of the process
	processOK bool
	machine   cpuTimes
	machineOK bool
}

// New begins to watch at a time of the run's clock. Close ends it.
func New(now time.Duration) *Watcher {
	w := &Watcher{runtime: newRuntimeMetrics(), cpus: min(runtime.NumCPU(), runtime.GOMAXPROCS(0)), at: now}
	w.system.open()
	w.networks = w.system.networks()
	w.machineCPUs = w.system.cpus()
	w.before = w.system.read()
	return w
}

// Close ends watching.
func (w *Watcher) Close() { w.system.close() }

// Read gives the account of the span since the last reading, or nil when that
// was a moment ago. What could not be read is left out of it.
func (w *Watcher) Read(now time.Duration) *results.Host {
	span := now - w.at
	if span < leastSpan {
		return nil
	}
	h := &results.Host{Span: span, CPUs: w.cpus, MachineCPUs: w.machineCPUs}
	w.cpu(h, span)
	w.runtime.read(h)
	w.system.sizes(h)
	for _, n := range w.networks {
		n.read(h)
	}
	w.at = now
	return h
}

// cpu tells what the CPUs did.
func (w *Watcher) cpu(h *results.Host, span time.Duration) {
	now, before := w.system.read(), w.before
	w.before = now
	if now.processOK && before.processOK {
		h.ProcessCPU = new(float64(now.process-before.process) / float64(span))
	}
	if !now.machineOK || !before.machineOK {
		return
	}
	if busy, steal, ok := now.machine.since(before.machine); ok {
		h.Steal = &steal
		if w.machineCPUs > 0 {
			h.MachineCPU = new(busy * float64(w.machineCPUs))
		}
	}
}
