package urls

import (
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// rowsOf is a standard log of n rows, made while it is read. Half of the rows
// ask for one of few URLs, the others each for a URL of its own.
type rowsOf struct {
	n, at int
	rest  []byte
}

func (r *rowsOf) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		switch {
		case r.at == r.n:
			return 0, io.EOF
		case r.at == 0:
			r.rest = append(r.rest, "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query\n"...)
		}
		path := fmt.Sprintf("/items/%08d/a-page-with-a-longer-name", r.at)
		if r.at%2 == 0 {
			path = fmt.Sprintf("/popular/%d", r.at/2%100)
		}
		r.rest = fmt.Appendf(r.rest[:len(r.rest):len(r.rest)], "2026-05-04\t21:%02d:%02d\tFRA56-P1\t392\t192.0.2.10\tGET\td111111abcdef8.cloudfront.net\t%s\t200\t-\tMozilla/5.0\tid=%d\n",
			r.at/60%60, r.at%60, path, r.at%2*r.at)
		r.at++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// heapPeak returns the highest heap in use while do runs, beyond that before.
func heapPeak(do func()) uint64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var stop atomic.Bool
	done := make(chan uint64)
	go func() {
		peak := uint64(0)
		for !stop.Load() {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse)
			time.Sleep(5 * time.Millisecond)
		}
		done <- peak
	}()
	do()
	stop.Store(true)
	return max(<-done, before.HeapInuse) - before.HeapInuse
}

// What a log costs in memory is bounded by what a tally holds, not by its rows.
func TestMemoryDoesNotGrowWithRows(t *testing.T) {
	peak := func(rows int) uint64 {
		return heapPeak(func() {
			r := newRecorder(&Source{Inputs: Inputs{Stdin: &rowsOf{n: rows}}})
			r.tally.mostRows = 10_000
			if err := r.read(t.Context(), "-"); err != nil {
				t.Fatal(err)
			}
			rec := r.recording()
			if rec.Requests != int64(rows) || rec.URLs > 10_000 || !rec.Sampled {
				t.Errorf("%d requests, %d different, of %d rows", rec.Requests, rec.URLs, rows)
			}
			if g := rec.Groups[0]; g.Name != "/popular/*" && g.Name != "/items/*" || g.Share < 0.45 || g.Share > 0.55 {
				t.Errorf("%s has a share of %v, want a half", g.Name, g.Share)
			}
		})
	}
	few, many := peak(60_000), peak(300_000)
	if many > 2*few+8<<20 {
		t.Errorf("60,000 rows take %d bytes, and 300,000 take %d", few, many)
	}
}

// BenchmarkThreeMillionRows tells what three million rows with 1.5 million
// different URLs cost, and the highest heap in use. It took
// 11 s and 410 MiB on two busy cores.
func BenchmarkThreeMillionRows(b *testing.B) {
	for b.Loop() {
		peak := heapPeak(func() {
			r := newRecorder(&Source{Inputs: Inputs{Stdin: &rowsOf{n: 3_000_000}}})
			if err := r.read(b.Context(), "-"); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(r.recording().URLs), "URLs")
		})
		b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	}
}
