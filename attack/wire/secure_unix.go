//go:build unix

package wire

import (
	"crypto/tls"
	"errors"
	"io"
)

// A tlsLink is a link over TLS on a socket.
type tlsLink struct {
	*socket
	conn    *tls.Conn
	pump    *tlsPump
	settled bool // what take said last
	saidEnd bool // the peer ended TLS in good order
}

func newTLSLink(s *socket, conn *tls.Conn, pump *tlsPump) *tlsLink {
	pump.to = s
	return &tlsLink{socket: s, conn: conn, pump: pump, settled: true}
}

func (l *tlsLink) read(take func([]byte) bool) error {
	l.drain(take) // what came along with the handshake
	if l.ended != nil {
		return l.ended
	}
	err := l.socket.read(func(b []byte) bool {
		l.pump.in = b
		l.drain(take)
		return l.settled
	})
	if errors.Is(err, io.EOF) && !l.saidEnd {
		return io.ErrUnexpectedEOF // cut off, by whomever
	}
	return err
}

// drain hands over what TLS makes of the bytes that it was given: nothing, as
// long as a record is not complete.
func (l *tlsLink) drain(take func([]byte) bool) {
	buf := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buf)
	some := false
	for {
		n, err := l.conn.Read(*buf)
		if n > 0 {
			some = true
			l.settled = take((*buf)[:n])
		}
		switch {
		case errors.Is(err, errNothingYet):
			if !some {
				l.settled = take(nil)
			}
			return
		case err != nil:
			l.saidEnd = errors.Is(err, io.EOF)
			l.ended = err
			return
		}
	}
}

func (l *tlsLink) send(b []byte) error {
	_, err := l.conn.Write(b)
	return err
}
