package quic

import (
	"io"

	"github.com/quic-go/quic-go"
)

// A Conn is a connection. Its methods may be called by many goroutines at once.
// When it has ended, they and those of its streams fail with net.ErrClosed,
// in the words of why, or with the system's error where that would not send.
type Conn struct {
	conn *quic.Conn
	at   *Endpoint
}

// Open begins a stream for a request. It does not wait: it fails with an error
// of which [AtLimit] is true when the peer allows no more streams for now.
func (c *Conn) Open() (Stream, error) {
	s, err := c.conn.OpenStream()
	return Stream{s, c.at}, err
}

// OpenWait begins a stream as soon as the peer allows one.
func (c *Conn) OpenWait() (Stream, error) {
	s, err := c.conn.OpenStreamSync(c.conn.Context())
	return Stream{s, c.at}, err
}

// OpenUni begins a one-way stream with the given bytes, and keeps it open. It
// does not wait.
func (c *Conn) OpenUni(begin []byte) error {
	s, err := c.conn.OpenUniStream()
	if err != nil {
		return err
	}
	return s.TryWriteAll(begin)
}

// AcceptUni returns the next one-way stream of the peer's.
func (c *Conn) AcceptUni() (io.Reader, error) {
	s, err := c.conn.AcceptUniStream(c.conn.Context())
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Accept returns the next stream of the peer's.
func (c *Conn) Accept() (Stream, error) {
	s, err := c.conn.AcceptStream(c.conn.Context())
	return Stream{s, c.at}, err
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.conn.Context().Done() }

// Close ends the connection, tells the peer the code and why, and returns when
// the connection has ended. Reads and writes of its streams fail.
func (c *Conn) Close(code uint64, why string) {
	_ = c.conn.CloseWithError(quic.ApplicationErrorCode(code), why) // which always returns nil
}

// A Stream carries a request there and its answer back. One goroutine at a
// time may read it, and one write it.
type Stream struct {
	stream *quic.Stream
	at     *Endpoint
}

// ID is the number of the stream in its connection: 0, 4, 8 and so on for
// those that the client opened.
func (s Stream) ID() uint64 { return uint64(s.stream.StreamID()) }

// Read returns what has come, and waits for something if need be. The last
// bytes may come with io.EOF.
func (s Stream) Read(p []byte) (int, error) {
	n, err := s.stream.Read(p)
	if err != nil && err != io.EOF {
		err = s.at.why(err)
	}
	return n, err
}

// Write writes p, and waits until the peer takes it.
func (s Stream) Write(p []byte) (int, error) { return s.stream.Write(p) }

// TryWrite writes p if the peer takes the whole of it at once; otherwise it
// writes nothing and fails with an error of which [WouldBlock] is true.
func (s Stream) TryWrite(p []byte) error { return s.stream.TryWriteAll(p) }

// CloseWrite says that nothing more will be written.
func (s Stream) CloseWrite() { _ = s.stream.Close() } // it fails only after Cancel

// Cancel ends both directions with the given code, as far as they have not
// ended. It may be called while others read and write: both fail then.
func (s Stream) Cancel(code uint64) {
	s.stream.CancelWrite(quic.StreamErrorCode(code))
	s.stream.CancelRead(quic.StreamErrorCode(code))
}
