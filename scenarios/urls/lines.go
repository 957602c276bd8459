package urls

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A lineReader reads the lines of an input, none longer than a number of bytes.
type lineReader struct {
	in     *input
	most   int
	text   string // of the line, without its end and the spaces around it
	number int
	buffer []byte
	err    error
}

const (
	maxListLine = 64 << 10
	maxJSONLine = 2 << 20 // a body in base64 is in it
)

// next reads a line, and reports whether there is one.
func (l *lineReader) next() bool {
	if l.err != nil {
		return false
	}
	l.number++
	l.buffer = l.buffer[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		l.buffer = append(l.buffer, part...)
		switch {
		case len(l.buffer) > l.most:
			l.err = l.fault(fmt.Errorf("the line is longer than %d bytes", l.most))
			return false
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			l.err = io.EOF
		case err != nil:
			l.err = l.fault(fmt.Errorf("no more can be read: %w", err))
			return false
		}
		break
	}
	text := string(l.buffer)
	if l.number == 1 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	l.text = strings.TrimSpace(text)
	return len(l.buffer) > 0
}

// fault puts the place of the line before an error.
func (l *lineReader) fault(err error) error {
	return fmt.Errorf("%s:%d: %w", l.in.name, l.number, err)
}

// end returns why reading ended, nil for the end of the input.
func (l *lineReader) end() error {
	if errors.Is(l.err, io.EOF) && !errors.Is(l.err, io.ErrUnexpectedEOF) {
		return nil
	}
	return l.err
}
