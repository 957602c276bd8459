package run

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// A collector keeps garbage collections few while a run is small. What the
// engine itself does leaves no garbage; writing a second to the run file
// leaves some megabytes, which with a heap as small as this would be collected
// several times over, each time at the expense of the send loop.
type collector struct {
	percent int // that is set; zero when none is
	before  int // what was set when the run began
}

const (
	roomForGarbage = 12 << 20 // bytes that may pile up before a collection
	usualPercent   = 100
	leastHeap      = 4 << 20 // at 100 %, the runtime collects no smaller one
	mostPercent    = 100 * roomForGarbage / leastHeap
)

// adapt sets how much garbage may pile up, by the size of the live heap. It
// leaves things alone where the user has said what is wanted (GOGC).
func (c *collector) adapt() {
	if _, said := os.LookupEnv("GOGC"); said {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := mostPercent
	if live[0].Value.Kind() == metrics.KindUint64 {
		percent = int(min(mostPercent, max(usualPercent, usualPercent*roomForGarbage/max(1, live[0].Value.Uint64()))))
	}
	if c.percent != 0 && percent < 2*c.percent && 2*percent > c.percent {
		return
	}
	if before := debug.SetGCPercent(percent); c.percent == 0 {
		c.before = before
	}
	c.percent = percent
}

// restore takes adapt back.
func (c *collector) restore() {
	if c.percent != 0 {
		debug.SetGCPercent(c.before)
	}
}
