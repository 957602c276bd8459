package accesslog

import (
	"bytes"
	"context"
)

// parse reads the rows of blocks into a shard until there are no more.
func parse(ctx context.Context, s *shard, blocks <-chan *block, free chan<- []byte) error {
	for b := range blocks {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := s.block(b); err != nil {
			return err
		}
		free <- b.memory // there is always room for what came from there
	}
	return nil
}

// block reads the rows of one block.
func (s *shard) block(b *block) error {
	for _, p := range b.pieces {
		s.at = location{b.name, p.first}
		read := func(line []byte) error { return s.columnsRow(line, p.layout) }
		if b.kind == rowsOfJSON {
			read = s.jsonRow
		}
		if err := s.lines(p.lines, read); err != nil {
			return err
		}
	}
	return nil
}

func (s *shard) lines(b []byte, read func(line []byte) error) error {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		line := b
		if end >= 0 {
			line, b = b[:end], b[end+1:]
		} else {
			b = nil
		}
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if len(line) > 0 {
			if err := read(line); err != nil {
				return err
			}
		}
		s.at.line++
	}
	return nil
}

// columnsRow reads a row of columns.
func (s *shard) columnsRow(line []byte, l *layout) error {
	switch {
	case l == nil:
		s.unread.add(noFields, 1, s.at)
		return nil
	case l.split(line, &s.columns) == len(l.of):
		return s.add()
	case !l.salvage(line, &s.columns):
		s.unread.add(badColumns, 1, s.at)
		return nil
	}
	if why, _ := s.row.read(&s.columns, &s.clock); why == none {
		s.unread.add(fewColumns, 1, s.at)
	}
	s.columns[fieldHost], s.columns[fieldViewed] = nil, nil // one may be cut
	return s.add()
}

// jsonRow reads the objects of a line.
func (s *shard) jsonRow(line []byte) error {
	for line = objectStart(line); len(line) > 0; line = objectStart(line) {
		var err error
		if line, err = s.json.next(line, &s.columns); err != nil {
			s.unread.add(badJSON, 1, s.at)
			return nil
		}
		if err := s.add(); err != nil {
			return err
		}
	}
	return nil
}
