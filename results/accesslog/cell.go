package accesslog

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"frontload/results"
)

// A cellKey is what rows are counted by. Places and paths are told by their
// number in the counting shard.
type cellKey struct {
	second  uint32 // since 1970
	signals uint32
	place   uint16
	path    uint16
	status  uint16
	cache   results.Cache
	outcome results.Outcome
}

func (k *cellKey) compare(o *cellKey) int {
	if k.second != o.second {
		return cmp.Compare(k.second, o.second)
	}
	a, b := k.packed(), o.packed()
	if a != b {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(k.rest(), o.rest())
}

func (k *cellKey) packed() uint64 {
	return uint64(k.place)<<48 | uint64(k.path)<<32 | uint64(k.status)<<16 | uint64(k.cache)<<8 | uint64(k.outcome)
}

func (k *cellKey) rest() uint64 { return uint64(k.signals)<<32 | uint64(k.second) }

func (k *cellKey) hash() uint64 {
	hi, lo := bits.Mul64(k.packed()^0x9e3779b97f4a7c15, k.rest()^0xd6e8feb86659fd93)
	return hi ^ lo
}

// A cell counts the rows of one key.
type cell struct {
	cellKey
	count          uint32
	sent, received int64
	taken          time.Duration
	firstByte      time.Duration
}

func (c *cell) add(o *cell) {
	c.count += o.count
	c.sent += o.sent
	c.received += o.received
	c.taken += o.taken
	c.firstByte += o.firstByte
}

func (c *cell) counts() results.Counts {
	n := int64(c.count)
	return results.Counts{
		Count: n, Written: n, BytesIn: c.sent, BytesOut: c.received, Response: c.taken, Service: c.taken, TTFB: c.firstByte,
	}
}

// mostCells is how many cells a shard holds in memory, 56 bytes each, before
// it writes them to a file.
const mostCells = 1 << 17

// A cellTable finds cells by key. It has room for so many and never grows.
type cellTable struct {
	cells []cell
	index []uint32 // of a cell, plus one; open addressing
	most  int
}

func newCellTable(most int) *cellTable {
	size := 1
	for size < 2*most {
		size *= 2
	}
	return &cellTable{index: make([]uint32, size), most: most}
}

func (t *cellTable) full() bool { return len(t.cells) >= t.most }

// at returns the cell of a key, a new one where there is none; the table must
// not be full. It is valid until the next call.
func (t *cellTable) at(k *cellKey) *cell {
	mask := uint64(len(t.index) - 1)
	for i := k.hash() & mask; ; i = (i + 1) & mask {
		at := t.index[i]
		if at == 0 {
			t.cells = append(t.cells, cell{cellKey: *k})
			t.index[i] = uint32(len(t.cells))
			return &t.cells[len(t.cells)-1]
		}
		if c := &t.cells[at-1]; c.cellKey == *k {
			return c
		}
	}
}

// sorted returns the cells in order of their keys; after it the table must be
// reset before it is used again.
func (t *cellTable) sorted() []cell {
	sortCells(t.cells)
	return t.cells
}

func (t *cellTable) reset() {
	t.cells = t.cells[:0]
	clear(t.index)
}

func sortCells(cells []cell) {
	slices.SortFunc(cells, func(x, y cell) int { return x.compare(&y.cellKey) })
}

// combine makes neighbours of the same key one, in place.
func combine(cells []cell) []cell {
	out := cells[:0]
	for i := range cells {
		if n := len(out); n > 0 && out[n-1].cellKey == cells[i].cellKey {
			out[n-1].add(&cells[i])
			continue
		}
		out = append(out, cells[i])
	}
	return out
}
