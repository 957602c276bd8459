package run

import (
	"runtime"
	"testing"
)

// A little heap is collected; a large one is left to the runtime, for which it
// costs less.
func TestTidyHeap(t *testing.T) {
	collections := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumGC
	}
	runtime.GC()
	before := collections()
	tidyHeap()
	if n := collections() - before; n == 0 {
		t.Error("a little heap was not collected")
	}
	large := make([]byte, 2*mostTidied)
	runtime.GC()
	before = collections()
	tidyHeap()
	if n := collections() - before; n != 0 {
		t.Errorf("a large heap was collected %d times", n)
	}
	runtime.KeepAlive(large)
}
