package accesslog

import (
	"bufio"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
)

// mergeMemory bounds the buffers of all stretches that are read together.
const mergeMemory = 16 << 20

// A sortedRun is a run of cells in order: in memory or in a stretch of a file.
type sortedRun struct {
	shard int
	cells []cell // those in memory
	file  *bufio.Reader
	last  uint32
	now   cell
}

// next moves on to the next cell, and reports whether there is one.
func (r *sortedRun) next() (bool, error) {
	if r.file == nil {
		if len(r.cells) == 0 {
			return false, nil
		}
		r.now, r.cells = r.cells[0], r.cells[1:]
		return true, nil
	}
	c, err := readCell(r.file, r.last)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	r.now, r.last = c, c.second
	return err == nil, err
}

// runHeap has the run whose next cell is the earliest first.
type runHeap []*sortedRun

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return h[i].now.second < h[j].now.second }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*sortedRun)) }
func (h *runHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// A merger reads sorted runs together, second by second.
type merger struct {
	runs runHeap
	// rename gives a cell of a shard the numbers that all shards share.
	rename func(shard int, c *cell)
	second []cell // of one second, reused
}

// start returns a merger of what the shards hold in memory and in the spill.
func startMerge(shards []*shard, from *spill, rename func(int, *cell)) (*merger, error) {
	m := &merger{rename: rename}
	stretches := 0
	for _, s := range shards {
		stretches += len(s.stretches)
	}
	if stretches > 0 && from.file == nil {
		return nil, fmt.Errorf("read rows that were set aside: %w", os.ErrClosed)
	}
	size := max(4<<10, min(64<<10, mergeMemory/max(1, stretches)))
	for i, s := range shards {
		m.runs = append(m.runs, &sortedRun{shard: i, cells: s.cells.cells})
		for _, at := range s.stretches {
			section := io.NewSectionReader(from.file, at.from, at.to-at.from)
			m.runs = append(m.runs, &sortedRun{shard: i, file: bufio.NewReaderSize(section, size)})
		}
	}
	live := m.runs[:0]
	for _, r := range m.runs {
		more, err := r.next()
		if err != nil {
			return nil, err
		}
		if more {
			live = append(live, r)
		}
	}
	m.runs = live
	heap.Init(&m.runs)
	return m, nil
}

// nextSecond returns the cells of the next second that has any, sorted, those
// of the same key made one; none at the end. They are valid until the next call.
func (m *merger) nextSecond() ([]cell, error) {
	m.second = m.second[:0]
	for len(m.runs) > 0 && (len(m.second) == 0 || m.runs[0].now.second == m.second[0].second) {
		r := m.runs[0]
		second := r.now.second
		for more := true; more && r.now.second == second; {
			m.second = append(m.second, r.now)
			m.rename(r.shard, &m.second[len(m.second)-1])
			var err error
			if more, err = r.next(); err != nil {
				return nil, err
			}
			if !more {
				heap.Pop(&m.runs)
			}
		}
		if len(m.runs) > 0 && m.runs[0] == r {
			heap.Fix(&m.runs, 0)
		}
	}
	sortCells(m.second)
	m.second = combine(m.second)
	return m.second, nil
}
