package host

import (
	"math"
	"runtime"
	"testing"
	"time"

	"frontload/results"
)

var bounds = []float64{math.Inf(-1), 0, 0.001, 0.002, 0.004, 0.08, math.Inf(1)}

func TestPausesOfTheSecond(t *testing.T) {
	for _, c := range []struct {
		name           string
		before, now    []uint64
		longest, total time.Duration
	}{
		{"none", []uint64{0, 5, 0, 0, 1, 0}, []uint64{0, 5, 0, 0, 1, 0}, 0, 0},
		{"two of 1 to 2 ms", []uint64{0, 5, 1, 0, 1, 0}, []uint64{0, 5, 3, 0, 1, 0}, 2 * time.Millisecond, 3 * time.Millisecond},
		{"one of up to 80 ms, and no sum below it", nil, []uint64{0, 0, 0, 0, 1, 0}, 80 * time.Millisecond, 80 * time.Millisecond},
		{"one beyond the last bound", nil, []uint64{0, 0, 0, 0, 0, 1}, 80 * time.Millisecond, 80 * time.Millisecond},
		{"one below zero", nil, []uint64{1, 0, 0, 0, 0, 0}, 0, 0},
	} {
		longest, total := pausesOf(bounds, c.before, c.now)
		if longest != c.longest || total != c.total {
			t.Errorf("%s: pausesOf() = %v, %v, want %v, %v", c.name, longest, total, c.longest, c.total)
		}
	}
}

func TestQuantileOfTheSecond(t *testing.T) {
	for _, c := range []struct {
		name        string
		before, now []uint64
		want        time.Duration
		ok          bool
	}{
		{"nothing waited", []uint64{0, 7, 0, 0, 0, 0}, []uint64{0, 7, 0, 0, 0, 0}, 0, false},
		{"99 of 100", nil, []uint64{0, 99, 0, 0, 1, 0}, time.Millisecond, true},
		{"98 of 100", nil, []uint64{0, 98, 0, 0, 2, 0}, 80 * time.Millisecond, true},
		{"what was before does not count", []uint64{0, 0, 0, 0, 50, 0}, []uint64{0, 0, 10, 0, 50, 0}, 2 * time.Millisecond, true},
	} {
		got, ok := quantileOf(bounds, c.before, c.now, 0.99)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: quantileOf() = %v, %t, want %v, %t", c.name, got, ok, c.want, c.ok)
		}
	}
}

// The runtime has both metrics by these names, and counts a collection.
func TestRuntimeTellsItsPauses(t *testing.T) {
	r := newRuntimeMetrics()
	runtime.GC()
	var h results.Host
	r.read(&h)
	if h.GCLongest == nil || *h.GCLongest <= 0 || *h.GCTotal < *h.GCLongest || *h.GCTotal > time.Minute {
		t.Errorf("after a collection: longest %v, total %v", h.GCLongest, h.GCTotal)
	}
	if n := testing.AllocsPerRun(20, func() { r.read(&h) }); n > 4 {
		t.Errorf("a reading allocates %v times, want no more than for the figures it tells", n)
	}
}
