package run

import (
	"runtime/debug"
	"runtime/metrics"
)

// mostTidied is up to how much live heap, in bytes, is tidied. Marking that
// much takes some milliseconds.
const mostTidied = 8 << 20

// tidyHeap collects the garbage and gives the memory back to the system, as long
// as there is so little that this takes a few thousandths of a CPU once a
// second. A run makes little garbage, so that the runtime's usual rule, to
// collect it when the heap has doubled, would have the heap grow for minutes: so
// what a run takes shows in its first seconds.
func tidyHeap() {
	live := [...]metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live[:])
	if live[0].Value.Uint64() <= mostTidied {
		debug.FreeOSMemory()
	}
}
