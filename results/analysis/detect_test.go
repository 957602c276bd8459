package analysis

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"frontload/results"
)

// drawn makes a series of one second after the other.
func drawn(n, k []uint32) series {
	c := collector{blockSeconds: blockSeconds(len(n))}
	for t := range n {
		c.count(t, n[t], k[t])
	}
	c.close()
	return c.series
}

// spansOf looks at the severe and at the slight raised state, at the cost of
// entering that a lone scope has in a calm run.
func spansOf(s series, seconds int) [2][]span {
	l := s.level(nil)
	cost := costOf(excursions(math.Inf(1)), seconds)
	return [2][]span{
		automaton{severeShare, cost}.spans(s, l, blockSeconds(seconds)),
		automaton{slightShare, cost}.spans(s, l, blockSeconds(seconds)),
	}
}

// Spans lie in the series, apart and in order, begin and end with a 503, and
// hold enough of them.
func TestSpansLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.IntRange(1, 80).Draw(t, "seconds")
		n, k := make([]uint32, seconds), make([]uint32, seconds)
		for i := range n {
			n[i] = rapid.Uint32Range(0, 300).Draw(t, "n")
			k[i] = rapid.Uint32Range(0, n[i]).Draw(t, "k") * rapid.Uint32Range(0, 1).Draw(t, "fails")
		}
		for _, spans := range spansOf(drawn(n, k), seconds) {
			last := 0
			for _, sp := range spans {
				if sp.from < last || sp.to <= sp.from || sp.to > seconds {
					t.Fatalf("span %v after second %d of %d", sp, last, seconds)
				}
				sum := uint32(0)
				for _, x := range k[sp.from:sp.to] {
					sum += x
				}
				if k[sp.from] == 0 || k[sp.to-1] == 0 || sum < least503s {
					t.Fatalf("span %v begins or ends without a 503, or has too few", sp)
				}
				last = sp.to
			}
		}
	})
}

func TestSpansOfDrawnSeries(t *testing.T) {
	cases := []struct {
		name string
		k    string // 503s of each second among 1,000 requests: a digit times a hundred
		want []span
	}{
		{"nothing", "00000000", nil},
		{"one burst", "00444400", []span{{2, 6}}},
		{"to the end", "00000044", []span{{6, 8}}},
		{"from end to end", "33333333", []span{{0, 8}}},
		{"two", "0440000440", []span{{1, 3}, {7, 9}}},
		{"a short pause is left to the merging of spans", "04404400", []span{{1, 3}, {4, 6}}},
	}
	for _, c := range cases {
		n, k := make([]uint32, len(c.k)), make([]uint32, len(c.k))
		for i, digit := range c.k {
			n[i], k[i] = 1000, uint32(digit-'0')*100
		}
		got := spansOf(drawn(n, k), len(n))[0]
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: spans of %s = %v, want %v", c.name, c.k, got, c.want)
		}
	}
}

// A long run of many cells is streamed: what is kept grows with seconds and
// scopes, not with cells.
func TestMemoryIsThatOfScopesNotOfCells(t *testing.T) {
	w := rig(1, 100)
	const long, perAtom = 300, 20
	cells := func(yield func(results.Cell, error) bool) {
		for s := range long {
			for _, e := range w.edges {
				for r := range w.requests {
					for i := range perAtom {
						c := results.Cell{Second: s, Counts: results.Counts{Count: 1, Written: 1}}
						c.Edge, c.POP, c.Request, c.Status, c.Outcome = e.addr, e.pop, uint16(r), 200, results.OK
						c.Signals = results.Signals(i)
						if !yield(c, nil) {
							return
						}
					}
				}
			}
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := analyze(t, &results.Run{Cells: cells})
	runtime.ReadMemStats(&after)
	all := long * len(w.edges) * len(w.requests) * perAtom
	if got := a.Run.Outcomes["ok"]; got != int64(all) {
		t.Fatalf("%d samples, want %d", got, all)
	}
	if perCell := float64(after.TotalAlloc-before.TotalAlloc) / float64(all); perCell > 16 {
		t.Errorf("%.1f bytes allocated for each of %d cells, want 16 at most", perCell, all)
	}
}
