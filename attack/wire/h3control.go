package wire

import (
	"bufio"
	"errors"
	"io"

	"frontload/internal/quic"
)

// accept takes the server's one-way streams.
func (c *h3Conn) accept() {
	for {
		s, err := c.quic.AcceptUni()
		if err != nil {
			return
		}
		c.t.work.Go(func() {
			if err := c.control(bufio.NewReaderSize(s, 64)); err != nil {
				c.fail(err)
			}
		})
	}
}

// control reads a one-way stream of the server's: the control stream until the
// connection ends. The others say nothing that is needed: there is no dynamic
// table, and kinds that are not known mean nothing. Its error ends the
// connection.
func (c *h3Conn) control(in *bufio.Reader) error {
	kind, err := readVarint(in)
	switch {
	case err != nil:
		return nil // of what kind it was is not known
	case kind == h3PushStream:
		return malformed("the server pushes, though that is off")
	case kind != h3ControlStream:
		return nil
	}
	c.mu.Lock()
	second := c.greeted
	c.greeted = true
	c.mu.Unlock()
	if second {
		return malformed("the server opens a second control stream")
	}
	r := h3ControlReader{in: in, goAway: c.goAway}
	for err == nil {
		err = r.next()
	}
	if _, reset := quic.Reset(err); reset || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("the server closes its control stream")
	}
	if errors.Is(err, ErrMalformed) {
		return err
	}
	return nil // the connection has ended
}

// goAway takes note that the server leaves: it has not processed, and will not,
// the streams from the given one on (RFC 9114, section 5.2).
func (c *h3Conn) goAway(from uint64) {
	c.mu.Lock()
	c.gone = true
	for _, x := range c.underWay {
		if x.stream.ID() >= from {
			x.abandon(leftBehind)
		}
	}
	c.mu.Unlock()
	c.pool.lost(c)
}

// An h3ControlReader reads the frames of a control stream.
type h3ControlReader struct {
	in      *bufio.Reader
	goAway  func(from uint64)
	greeted bool // the settings came
	leaves  bool // a GOAWAY came
	from    uint64
}

// mostControl bounds the content of a frame of a kind that is known.
const mostControl = 4 << 10

// next reads a frame. Its error is a malformed one, or one of reading.
func (r *h3ControlReader) next() error {
	kind, err := readVarint(r.in)
	if err != nil {
		return err
	}
	length, err := readVarint(r.in)
	if err != nil {
		return err
	}
	settings := kind == h3Settings
	switch {
	case settings == r.greeted:
		return malformed("settings do not come first, or not once")
	case kind == h3Data, kind == h3Headers, kind == h3PushPromise, kind == h3MaxPush, ofHTTP2(kind):
		return malformed("a frame of kind %d, which is not for control streams", kind)
	case !settings && kind != h3GoAway:
		return r.skip(length)
	case length > mostControl:
		return malformed("a frame of kind %d with %d bytes", kind, length)
	}
	p := make([]byte, length)
	if _, err := io.ReadFull(r.in, p); err != nil {
		return err
	}
	if settings {
		r.greeted = true
		return checkH3Settings(p)
	}
	return r.leave(p)
}

func (r *h3ControlReader) skip(length uint64) error {
	const most = 1 << 20
	if length > most {
		return malformed("a frame of %d bytes on the control stream", length)
	}
	_, err := io.CopyN(io.Discard, r.in, int64(length))
	return err
}

// leave takes the content of a GOAWAY.
func (r *h3ControlReader) leave(p []byte) error {
	from, n := varint(p)
	if n == 0 || n != len(p) || from%4 != 0 || r.leaves && from > r.from {
		return malformed("a GOAWAY of %d bytes with the stream %d", len(p), from)
	}
	r.leaves, r.from = true, from
	r.goAway(from)
	return nil
}

// checkH3Settings reads settings. None of them matters to a client without a
// dynamic table; those of HTTP/2 are forbidden.
func checkH3Settings(p []byte) error {
	for len(p) > 0 {
		id, n := varint(p)
		_, m := varint(p[n:])
		if n == 0 || m == 0 {
			return malformed("settings that end within one")
		}
		if 2 <= id && id <= 5 {
			return malformed("the setting %d, which only HTTP/2 has", id)
		}
		p = p[n+m:]
	}
	return nil
}
