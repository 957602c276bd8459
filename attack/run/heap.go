package run

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// A heapKeeper keeps what a run takes of memory small and even from its start.
// A run makes little garbage, so that the runtime's usual rule, to collect it
// when the heap has doubled, would have the heap grow for minutes. Collecting
// sooner costs nothing that can be measured, as long as there is little of it and
// the heap is small; where that is not so, the usual rule comes back.
type heapKeeper struct {
	usual int // the GC percent to come back to
	tight bool
	first uint64 // collections before the run
}

const (
	tightPercent   = 25
	mostTightLive  = 16 << 20 // bytes of live heap
	tightAllowance = 3        // collections beyond one a second
)

// keepHeap begins to, unless GOGC says in the environment what the user wants.
func keepHeap() *heapKeeper {
	k := &heapKeeper{}
	if os.Getenv("GOGC") != "" {
		return k
	}
	k.tight, k.usual = true, debug.SetGCPercent(tightPercent)
	k.first, _ = k.read()
	return k
}

// look is called once a second with how many seconds the run has lasted.
func (k *heapKeeper) look(seconds int) {
	if !k.tight {
		return
	}
	cycles, live := k.read()
	if !cheap(cycles-k.first, live, seconds) {
		k.end()
	}
}

// cheap reports whether collecting soon costs next to nothing. At its limits, one
// collection a second of so much memory, it is about half a percent of a CPU.
func cheap(cycles, live uint64, seconds int) bool {
	return live <= mostTightLive && cycles <= uint64(seconds)+tightAllowance
}

// end brings the usual rule back. It may be called again.
func (k *heapKeeper) end() {
	if k.tight {
		k.tight = false
		debug.SetGCPercent(k.usual)
	}
}

func (k *heapKeeper) read() (cycles, live uint64) {
	samples := [...]metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples[:])
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
