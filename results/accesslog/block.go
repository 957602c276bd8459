package accesslog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
)

// maxLine is the longest line that is read, and the size of a block.
const maxLine = 1 << 20

// A block is some whole lines of one input, which one goroutine reads.
type block struct {
	memory []byte // to be used again
	name   string
	pieces []piece
	kind   kind
}

// A piece is lines of one layout.
type piece struct {
	lines  []byte
	first  int64   // number of its first line
	layout *layout // nil where rows cannot be counted
}

// A cutter cuts an input into blocks.
type cutter struct {
	ctx  context.Context
	out  chan<- *block
	free chan []byte // memory for blocks

	in     *input
	layout *layout
	line   int64 // number of the next line
	unread unread
}

// read cuts all of an input. It fails only when the context is done.
func (c *cutter) read(in *input, from *opened) error {
	c.in, c.layout, c.line = in, in.format.layout, 1
	if mark, _ := from.Peek(3); len(withoutMark(mark)) < len(mark) {
		_, _ = from.Discard(len(mark)) // it was peeked at
	}
	var carry []byte // the beginning of a line, of the last block
	for end := false; !end; {
		memory, err := c.memory()
		if err != nil {
			return err
		}
		n := copy(memory, carry)
		m, err := fill(from, memory[n:])
		if end = err != nil; end && !errors.Is(err, io.EOF) && c.ctx.Err() == nil {
			c.broke(err)
		}
		lines, rest := cutLast(memory[:n+m], end)
		if lines == nil && !end {
			rest, end = c.skipLine(from)
		}
		carry = append(carry[:0], rest...)
		if err := c.send(memory, lines); err != nil {
			return err
		}
	}
	return context.Cause(c.ctx)
}

// fill reads until b is full or there is an error, io.EOF at the end.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

// broke notes why no more of the input can be read.
func (c *cutter) broke(err error) {
	why := corrupt
	if errors.Is(err, io.ErrUnexpectedEOF) {
		why = cutShort
	}
	c.unread.add(why, 1, location{c.in.name, c.line})
}

// cutLast cuts whole lines from the beginning of one; at the end of an input
// all is whole.
func cutLast(b []byte, end bool) (lines, rest []byte) {
	if end {
		return b, nil
	}
	i := bytes.LastIndexByte(b, '\n')
	if i < 0 {
		return nil, b
	}
	return b[:i+1], b[i+1:]
}

// skipLine passes over the rest of a line that is too long.
func (c *cutter) skipLine(from *opened) (rest []byte, end bool) {
	c.unread.add(tooLong, 1, location{c.in.name, c.line})
	c.line++
	for {
		_, err := from.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err != nil
		}
	}
}

func (c *cutter) memory() ([]byte, error) {
	select {
	case b := <-c.free:
		return b[:maxLine], nil
	case <-c.ctx.Done():
		return nil, context.Cause(c.ctx)
	}
}

// send sends lines to be read, apart by their layout.
func (c *cutter) send(memory, lines []byte) error {
	b := &block{memory: memory, name: c.in.name, kind: c.in.format.kind}
	if b.kind == rowsOfJSON {
		b.pieces = []piece{{lines: lines, first: c.line}}
		c.line += int64(bytes.Count(lines, []byte{'\n'}))
	} else {
		c.pieces(b, lines)
	}
	if len(b.pieces) == 0 {
		c.free <- memory // there is always room for what came from there
		return nil
	}
	select {
	case c.out <- b:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// pieces cuts lines at those that begin with '#', and heeds these.
func (c *cutter) pieces(b *block, lines []byte) {
	if c.in.format.titled && c.line == 1 {
		i := bytes.IndexByte(lines, '\n') + 1
		if i == 0 {
			i = len(lines)
		}
		lines = lines[i:]
		c.line++
	}
	for len(lines) > 0 {
		if lines[0] == '#' {
			lines = c.header(lines)
			continue
		}
		end := bytes.Index(lines, []byte("\n#")) + 1
		if end == 0 {
			end = len(lines)
		}
		b.pieces = append(b.pieces, piece{lines[:end], c.line, c.layout})
		c.line += int64(bytes.Count(lines[:end], []byte{'\n'}))
		lines = lines[end:]
	}
}

// header reads a line that begins with '#', and returns those behind it.
func (c *cutter) header(lines []byte) []byte {
	line, rest, _ := bytes.Cut(lines, []byte{'\n'})
	c.line++
	if names, ok := fieldsLine(line); ok {
		c.layout = nil
		if judgeNames(names) == nil {
			c.layout, _ = newLayout(names)
		}
	}
	return rest
}
