package urls

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"frontload/results"
)

// A tally counts recorded requests in memory that does not grow with them.
//
// It is exact until it holds too much. Then it goes on with a sample of the
// requests, each as likely in it as any other: it keeps each that it counted
// with a chance of a half, and takes later ones with that chance too; and so
// again, each time that there is no more room. A URL's expected share stays
// what was recorded. It is the concise sample of P. B. Gibbons and Y. Matias
// ("New sampling-based summary statistics for improving approximate query
// answers", SIGMOD 1998).
type tally struct {
	mostRows, mostBytes int

	index  map[rowKey]uint32
	rows   []row
	shapes []shape
	shape  map[string]uint32 // by the shape as text
	bytes  int               // of paths and shapes
	halved int               // the sample has one of 2^halved requests
	seen   int64             // requests, those among them that are not in the sample
	random stream
	text   []byte // scratch
}

// A shape is what a recorded request is beside its path and query.
type shape struct {
	method string
	header []results.Header
	body   []byte
}

type rowKey struct {
	path  string // and query, as sent
	shape uint32
}

// A row is one recorded request and how often it was.
type row struct {
	rowKey
	count uint64
}

// What a tally holds at most: about 200 MB in all.
const (
	mostRows  = 1 << 20
	mostBytes = 64 << 20
)

func newTally() *tally {
	return &tally{mostRows: mostRows, mostBytes: mostBytes, index: map[rowKey]uint32{}, shape: map[string]uint32{}}
}

// add counts one request. It keeps path and what s holds.
func (t *tally) add(path string, s shape) {
	t.seen++
	if t.halved > 0 && t.random.next()>>(64-t.halved) != 0 {
		return
	}
	t.put(rowKey{path, t.shapeOf(s)}, 1)
	for len(t.rows) > t.mostRows || t.bytes > t.mostBytes && len(t.rows) > 1 {
		t.thin()
	}
}

func (t *tally) put(key rowKey, n uint64) {
	if i, ok := t.index[key]; ok {
		t.rows[i].count += n
		return
	}
	t.index[key] = uint32(len(t.rows))
	t.rows = append(t.rows, row{key, n})
	t.bytes += len(key.path)
}

// shapeOf returns the number of a shape.
func (t *tally) shapeOf(s shape) uint32 {
	t.text = s.append(t.text[:0])
	if i, ok := t.shape[string(t.text)]; ok {
		return i
	}
	i := uint32(len(t.shapes))
	t.shapes = append(t.shapes, s)
	t.shape[string(t.text)] = i
	t.bytes += 2 * len(t.text) // the shape, and its text
	return i
}

// append appends the shape as text, each of which stands for one shape.
func (s shape) append(b []byte) []byte {
	add := func(text string) { b = append(binary.AppendUvarint(b, uint64(len(text))), text...) }
	add(s.method)
	for _, h := range s.header {
		add(h.Name)
		add(h.Value)
	}
	return append(append(b, 0), s.body...)
}

// thin keeps each request with a chance of a half.
func (t *tally) thin() {
	t.halved++
	rows, shapes := t.rows, t.shapes
	t.rows, t.shapes, t.bytes = nil, nil, 0
	clear(t.index)
	clear(t.shape)
	for _, r := range rows {
		if n := half(r.count, &t.random); n > 0 {
			t.put(rowKey{r.path, t.shapeOf(shapes[r.shape])}, n)
		}
	}
}

// half returns how many of n are left when each is kept with a chance of a half.
func half(n uint64, r *stream) (left uint64) {
	for ; n >= 64; n -= 64 {
		left += uint64(bits.OnesCount64(r.next()))
	}
	return left + uint64(bits.OnesCount64(r.next()<<(64-n)))
}

// sorted returns the rows in an order that does not depend on that in which
// they were counted.
func (t *tally) sorted() []row {
	texts := make([]string, len(t.shapes))
	for text, i := range t.shape {
		texts[i] = text
	}
	slices.SortFunc(t.rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(texts[a.shape], texts[b.shape]))
	})
	return t.rows
}
