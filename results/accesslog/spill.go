package accesslog

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"frontload/results"
)

// A spill is a temporary file of sorted runs of cells. It is made when it is
// first written to, and where the system allows it has no name from then on,
// so that nothing is left behind however the process ends. Several goroutines
// may use it at once.
type spill struct {
	dir string // empty for the system's own

	mu   sync.Mutex
	file *temporary
	size int64
}

// A stretch is one run of cells in a spill.
type stretch struct{ from, to int64 }

// write writes cells, which must be sorted, and returns where they are.
func (s *spill) write(cells []cell) (stretch, error) {
	b := make([]byte, 0, 32*len(cells))
	last := uint32(0)
	for i := range cells {
		b = appendCell(b, &cells[i], last)
		last = cells[i].second
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return stretch{}, err
	}
	at := stretch{s.size, s.size + int64(len(b))}
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		return stretch{}, fmt.Errorf("set rows aside in a temporary file: %w; point TMPDIR to where there is room", err)
	}
	s.size = at.to
	return at, nil
}

func (s *spill) open() error {
	if s.file != nil {
		return nil
	}
	f, err := newTemporary(s.dir, "frontload-rows-")
	if err != nil {
		return fmt.Errorf("set rows aside in a temporary file: %w", err)
	}
	s.file = f
	return nil
}

// close removes the file. A closed spill must not be used again.
func (s *spill) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.close()
	s.file = nil
	return err
}

// appendCell appends a cell; last is the second of the one before it.
func appendCell(b []byte, c *cell, last uint32) []byte {
	b = binary.AppendUvarint(b, uint64(c.second-last))
	b = append(b, byte(c.cache), byte(c.outcome))
	for _, n := range [...]uint64{
		uint64(c.place), uint64(c.path), uint64(c.status), uint64(c.signals), uint64(c.count),
		uint64(c.sent), uint64(c.received), uint64(c.taken), uint64(c.firstByte),
	} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// readCell reads what appendCell wrote.
func readCell(r *bufio.Reader, last uint32) (c cell, err error) {
	var n [10]uint64
	if n[0], err = binary.ReadUvarint(r); err != nil {
		return c, err
	}
	cache, err1 := r.ReadByte()
	outcome, err2 := r.ReadByte()
	err = errors.Join(err1, err2)
	for i := 1; i < len(n) && err == nil; i++ {
		n[i], err = binary.ReadUvarint(r)
	}
	c.cellKey = cellKey{
		second: last + uint32(n[0]), place: uint16(n[1]), path: uint16(n[2]), status: uint16(n[3]), signals: uint32(n[4]),
		cache: results.Cache(cache), outcome: results.Outcome(outcome),
	}
	c.count, c.sent, c.received = uint32(n[5]), int64(n[6]), int64(n[7])
	c.taken, c.firstByte = time.Duration(n[8]), time.Duration(n[9])
	if err != nil {
		err = fmt.Errorf("read rows that were set aside: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	return c, err
}
