package analysis

import (
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"frontload/results"
)

// Spans lie in the series, apart and in order, begin and end with a 503, and
// hold enough of them.
func TestSpansLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "seconds")
		s := newSeries(n)
		for i := range n {
			s.n[i] = rapid.Uint32Range(0, 300).Draw(t, "n")
			s.k[i] = rapid.Uint32Range(0, s.n[i]).Draw(t, "k") * rapid.Uint32Range(0, 1).Draw(t, "fails")
		}
		last := 0
		for _, sp := range newAutomaton(calmShare(s), n, 3).spans(s) {
			if sp.from < last || sp.to <= sp.from || sp.to > n {
				t.Fatalf("span %v after second %d of %d", sp, last, n)
			}
			if s.k[sp.from] == 0 || s.k[sp.to-1] == 0 || s.failures(sp) < least503s {
				t.Fatalf("span %v begins or ends without a 503, or has too few", sp)
			}
			last = sp.to
		}
	})
}

func TestSpansOfDrawnSeries(t *testing.T) {
	cases := []struct {
		name string
		k    string // 503s of each second among 100 requests: a digit times ten
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
		s := newSeries(len(c.k))
		for i, digit := range c.k {
			s.n[i], s.k[i] = 1000, uint32(digit-'0')*100
		}
		got := newAutomaton(0, len(c.k), 1).spans(s)
		if len(got) != len(c.want) {
			t.Errorf("%s: spans of %s = %v, want %v", c.name, c.k, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: spans of %s = %v, want %v", c.name, c.k, got, c.want)
			}
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
