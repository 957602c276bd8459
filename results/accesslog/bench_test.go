package accesslog

import (
	"bytes"
	"context"
	"fmt"
	"testing"
)

// benchLog returns a standard log of so many rows, those of some seconds.
func benchLog(rows int) []byte {
	var b bytes.Buffer
	b.WriteString(header33)
	for i := range rows {
		r := testRow{
			time: fmt.Sprintf("09:30:%02d", i*60/rows), pop: fmt.Sprintf("FRA%d-P1", 50+i%10), ip: fmt.Sprintf("192.0.2.%d", i%200),
			path: fmt.Sprintf("/articles/%d", i%500), result: []string{"Hit", "Miss"}[i%5/4], taken: fmt.Sprintf("0.%03d", i%300),
			agent: "Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/131.0.0.0",
		}
		b.WriteString(r.String())
	}
	return b.Bytes()
}

// BenchmarkRead reads a log from memory, with all goroutines that it has.
func BenchmarkRead(b *testing.B) {
	const rows = 200_000
	log := benchLog(rows)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		l, err := Read(context.Background(), []string{"-"}, Options{Stdin: bytes.NewReader(log)})
		if err != nil || l.Rows != rows {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkBlock reads one block into one shard over and over: what a row
// costs a parser once everything has been seen before.
func BenchmarkBlock(b *testing.B) {
	const rows = 2000
	for _, c := range []struct {
		name   string
		kind   kind
		layout *layout
		text   []byte
	}{
		{"standard", rowsOfColumns, standard(33), bytes.TrimPrefix(benchLog(rows), []byte(header33))},
		{"json", rowsOfJSON, nil, bytes.Repeat([]byte(object(testRow{}, nil)+"\n"), rows)},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := newShard(&spill{dir: b.TempDir()}, mostCells)
			block := &block{name: "bench", kind: c.kind, pieces: []piece{{c.text, 1, c.layout}}}
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.block(block); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/line")
		})
	}
}

// A row of a kind that was seen before costs no allocation.
func TestRowsAllocateNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		kind kind
		text []byte
	}{
		{"standard", rowsOfColumns, bytes.TrimPrefix(benchLog(2000), []byte(header33))},
		{"json", rowsOfJSON, bytes.Repeat([]byte(object(testRow{}, nil)+"\n"), 500)},
	} {
		s := newShard(&spill{dir: t.TempDir()}, 1<<16)
		block := &block{name: "test", kind: c.kind, pieces: []piece{{c.text, 1, standard(33)}}}
		if n := testing.AllocsPerRun(5, func() {
			if err := s.block(block); err != nil {
				t.Fatal(err)
			}
		}); n > 5 { // of the block, not of its rows
			t.Errorf("%s: a block allocates %v times, want no more than for itself", c.name, n)
		}
	}
}
