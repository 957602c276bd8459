package analysis

import (
	"fmt"
	"time"

	"frontload/results"
)

// From here on a figure explains why the generator was late.
const (
	muchSteal    = 0.05                  // share of the machine's CPU time
	muchUsed     = 0.9                   // share of CPUs, those that the process may use or all of the machine's
	muchByOthers = 0.25                  // share of the machine's CPUs, where little is left
	longPause    = 10 * time.Millisecond // of garbage collection
	longWait     = 5 * time.Millisecond  // of goroutines for a CPU
)

// A witness sums up what the generator saw in the seconds in which it was
// late: means of what CPUs did, and the longest waits.
type witness struct {
	process, others, steal mean
	cpus, machine          int // how many the process may use, and the machine has
	pause, wait            time.Duration
	looked                 bool
}

// A mean is of the seconds that tell a figure.
type mean struct {
	sum, n float64
}

func (m *mean) add(v *float64) {
	if v != nil {
		m.sum, m.n = m.sum+*v, m.n+1
	}
}

// value returns the mean, or zero when no second tells the figure.
func (m *mean) value() float64 {
	if m.n == 0 {
		return 0
	}
	return m.sum / m.n
}

func (w *witness) add(h *results.Host) {
	if h == nil {
		return
	}
	w.looked = true
	w.cpus, w.machine = max(w.cpus, h.CPUs), max(w.machine, h.MachineCPUs)
	w.process.add(h.ProcessCPU)
	w.steal.add(h.Steal)
	if h.MachineCPU != nil && h.ProcessCPU != nil {
		others := max(0, *h.MachineCPU-*h.ProcessCPU)
		w.others.add(&others)
	}
	w.pause, w.wait = longer(w.pause, h.GCLongest), longer(w.wait, h.RunQueueP99)
}

func longer(a time.Duration, b *time.Duration) time.Duration {
	if b == nil {
		return a
	}
	return max(a, *b)
}

// explain says what stood in the generator's way, and what to do about it. It
// is empty when nothing of what was seen explains it.
func (w *witness) explain() []string {
	var r []string
	say := func(format string, args ...any) { r = append(r, fmt.Sprintf(format, args...)) }
	if s := w.steal.value(); s >= muchSteal {
		say("CPU steal took %.0f %% of the machine in those seconds: use a larger machine, or one whose CPUs are not shared or limited by credits", 100*s)
	}
	process, crowded := w.process.value(), w.crowded()
	switch {
	case crowded:
		say("other processes used %.2f of %d CPUs in those seconds, the generator %.2f: stop them, or give it a machine of its own", w.others.value(), w.machine, process)
	case w.cpus > 0 && process >= muchUsed*float64(w.cpus):
		say("the process used %.2f of %d CPUs in those seconds: use more or larger machines, or a lower rate", process, w.cpus)
	}
	fix := func(s string) string { // without a CPU both take long, and the CPU is what to mend
		if crowded {
			return ""
		}
		return ": " + s
	}
	if w.pause >= longPause {
		say("garbage collection paused it for up to %s%s", inWords(w.pause), fix("give it more memory to use, by a higher GOGC"))
	}
	if w.wait >= longWait {
		say("goroutines waited p99 %s for a CPU%s", inWords(w.wait), fix("leave it more CPUs, or lower the rate"))
	}
	return r
}

// crowded reports whether other processes left the generator too little.
func (w *witness) crowded() bool {
	machine, others := float64(w.machine), w.others.value()
	used := others + w.process.value() + w.steal.value()*machine
	return machine > 0 && others >= muchByOthers*machine && used >= muchUsed*machine
}
