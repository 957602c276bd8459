package analysis

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/record"
	"frontload/results/store"
)

// hour is a run of an hour with 1,000 cells a second: 50 edge addresses, ten
// request names, hits and misses of each, and three faults.
func hour() *results.Run {
	const seconds, edges, requests = 3600, 50, 10
	run := &results.Run{Info: results.RunInfo{Name: "hour", Start: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}}
	run.Info.End = run.Info.Start.Add(seconds * time.Second)
	for r := range requests {
		run.Info.Requests = append(run.Info.Requests, fmt.Sprintf("r%d", r))
	}
	for s := range seconds {
		run.Seconds = append(run.Seconds, results.Second{Second: s, Sent: 10_000, Scheduled: 10_000})
	}
	run.Cells = func(yield func(results.Cell, error) bool) {
		for i := range seconds * edges * requests * 2 {
			second, edge, request, hit := i/(2*edges*requests), i/(2*requests)%edges, i/2%requests, i%2 == 0
			c := results.Cell{Second: second, CellKey: results.CellKey{
				Edge: drawnEdge(edge, 5), POP: pops5[edge%5], Request: uint16(request),
				Status: 200, Outcome: results.OK, Cache: results.CacheMiss,
			}}
			c.Counts = results.Counts{Count: 10, Written: 10, BytesIn: 9000, Service: 50 * time.Millisecond, TTFB: 50 * time.Millisecond}
			var signals results.Signals
			switch {
			case hit:
				c.Cache = results.CacheHit
			case second >= 600 && second < 640 && edge%5 == 2:
				signals = tellsCapacity
			case second >= 1800 && second < 1860 && request == 3:
				signals = tellsS3
			case second >= 3000 && second < 3200:
				signals = tellsNothing
			case i%201 == 1:
				signals = tellsNothing
				c.Counts = results.Counts{Count: 1, Written: 1, BytesIn: 900, Service: 5 * time.Millisecond, TTFB: 5 * time.Millisecond}
			}
			if signals != 0 {
				answer := results.Answer{Status: 503}
				c.Status, c.Cache, c.Signals, c.Outcome = 503, results.CacheError, signals, answer.Outcome(signals)
			}
			if !yield(c, nil) {
				return
			}
		}
	}
	return run
}

var pops5 = []string{"FRA56-P1", "IAD89-P2", "NRT57-C1", "SYD62-P1", "GRU3-C1"}

func BenchmarkHour(b *testing.B) {
	for b.Loop() {
		peak := peakHeap(func() {
			a, err := Analyze(hour())
			if err != nil || len(a.Bursts) != 3 {
				b.Fatalf("%d bursts, error %v, want 3 and none", len(a.Bursts), err)
			}
		})
		b.ReportMetric(peak/1e6, "peak-MB")
	}
}

// days is what a log of some days holds: a few requests a second with nights
// and gaps between, over 300 key prefixes and 20 POPs, 0.1 % of them 503s, and a
// burst of two minutes each day.
func days(n int, perSecond float64) *results.Run {
	run := &results.Run{Info: results.RunInfo{Name: "days", Source: "access-log", Start: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}}
	run.Info.End = run.Info.Start.Add(time.Duration(n) * 24 * time.Hour)
	for r := range 300 {
		run.Info.Requests = append(run.Info.Requests, fmt.Sprintf("/p%d/", r))
	}
	run.Cells = func(yield func(results.Cell, error) bool) {
		rnd := rand.New(rand.NewPCG(9, 9))
		for second := range n * 86400 {
			at := second % 86400
			if at < 4*3600 {
				continue // the nights have no requests
			}
			for range poissonOf(rnd, perSecond) {
				c := results.Cell{Second: second, CellKey: results.CellKey{
					POP: fmt.Sprintf("%s-%d", pops5[rnd.IntN(5)], rnd.IntN(4)), Request: uint16(rnd.IntN(300)), Status: 200, Outcome: results.OK,
				}, Counts: results.Counts{Count: 1, Written: 1}}
				if at >= 50_000 && at < 50_120 && rnd.IntN(2) == 0 || rnd.IntN(1000) == 0 {
					c.Status, c.Outcome, c.Signals = 503, results.UnknownError, tellsNothing
				}
				if !yield(c, nil) {
					return
				}
			}
		}
	}
	return run
}

// What a run costs goes with its requests, not with how long it took.
func TestLongLogsAreSparse(t *testing.T) {
	const n = 20
	run := days(n, 0.05)
	sparse := run.Cells
	run.Cells = func(yield func(results.Cell, error) bool) {
		for c := range sparse {
			if c.Second *= 17; !yield(c, nil) { // over 340 days
				return
			}
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if a := analyze(t, run); a.Run.Requests < 50_000 {
		t.Fatalf("%d requests, want some 70,000", a.Run.Requests)
	}
	runtime.ReadMemStats(&after)
	if mb := float64(after.TotalAlloc-before.TotalAlloc) / 1e6; mb > 150 {
		t.Errorf("%.0f MB allocated for 70,000 requests in 340 days, want 150 at most", mb)
	}
}

func BenchmarkMonth(b *testing.B) {
	for b.Loop() {
		peak := peakHeap(func() {
			a, err := Analyze(days(30, 3))
			if err != nil || len(a.Bursts) != 30 {
				b.Fatalf("%d bursts, error %v, want 30 and none", len(a.Bursts), err)
			}
		})
		b.ReportMetric(peak/1e6, "peak-MB")
	}
}

// fileOf writes the run's cells into a run file.
func fileOf(b *testing.B, run *results.Run) string {
	path := filepath.Join(b.TempDir(), "hour.db")
	w, err := store.Create(path, run.Info)
	if err != nil {
		b.Fatal(err)
	}
	iv := &record.Interval{}
	flush := func() {
		if err := w.Append(iv); err != nil {
			b.Fatal(err)
		}
		iv = &record.Interval{}
	}
	for c := range run.Cells {
		if len(iv.Cells) > 0 && iv.Cells[0].Second != c.Second {
			iv.Seconds = append(iv.Seconds, results.Second{Second: iv.Cells[0].Second, Scheduled: 10_000, Sent: 10_000})
			flush()
		}
		iv.Cells = append(iv.Cells, c)
	}
	flush()
	if err := w.Close(run.Info); err != nil {
		b.Fatal(err)
	}
	return path
}

func BenchmarkHourFromItsFile(b *testing.B) {
	path := fileOf(b, hour())
	for b.Loop() {
		peak := peakHeap(func() {
			r, err := store.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			run, err := r.Run()
			if err != nil {
				b.Fatal(err)
			}
			if a, err := Analyze(run); err != nil || len(a.Bursts) != 3 {
				b.Fatalf("%d bursts, error %v, want 3 and none", len(a.Bursts), err)
			}
		})
		b.ReportMetric(peak/1e6, "peak-MB")
	}
}

// peakHeap returns the most memory in bytes that the heap held while do ran.
func peakHeap(do func()) float64 {
	runtime.GC()
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		var m runtime.MemStats
		peak := uint64(0)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-tick.C:
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			case <-done:
				tick.Stop()
				most <- peak
				return
			}
		}
	}()
	do()
	close(done)
	return float64(<-most)
}
