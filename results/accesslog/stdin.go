package accesslog

import (
	"context"
	"io"
)

// An interruptible reader gives up when its context is done, though the reader
// behind it, such as a terminal, may wait for ever: the goroutine that waits
// there ends when that one returns.
type interruptible struct {
	ctx  context.Context
	get  <-chan chunk
	back chan<- []byte
	now  chunk
	used int
}

// A chunk is what one read gave.
type chunk struct {
	b   []byte
	err error
}

// interrupted reads r ahead by one chunk.
func interrupted(ctx context.Context, r io.Reader) io.Reader {
	get, back := make(chan chunk), make(chan []byte, 2)
	back <- make([]byte, peekSize)
	back <- make([]byte, peekSize)
	go func() {
		for {
			var b []byte
			select {
			case b = <-back:
			case <-ctx.Done():
				return
			}
			n, err := r.Read(b[:peekSize])
			select {
			case get <- chunk{b[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return &interruptible{ctx: ctx, get: get, back: back}
}

// Read returns the context's error once it is done.
func (i *interruptible) Read(p []byte) (int, error) {
	for i.used == len(i.now.b) {
		if i.now.err != nil {
			return 0, i.now.err
		}
		if i.now.b != nil {
			i.back <- i.now.b // there is room for both
		}
		select {
		case i.now = <-i.get:
			i.used = 0
		case <-i.ctx.Done():
			return 0, context.Cause(i.ctx)
		}
	}
	n := copy(p, i.now.b[i.used:])
	i.used += n
	return n, nil
}
