package wire

import (
	"crypto/tls"
	"errors"
	"io"
	"time"
)

// A tlsLink is a link over TLS on a socket.
type tlsLink struct {
	*socket
	conn    *tls.Conn
	pump    *tlsPump
	take    func([]byte, time.Duration)
	saidEnd bool // the peer ended TLS in good order
}

func newTLSLink(s *socket, conn *tls.Conn, pump *tlsPump) *tlsLink {
	pump.to = s
	return &tlsLink{socket: s, conn: conn, pump: pump}
}

func (l *tlsLink) read(take func([]byte, time.Duration)) error {
	if l.take == nil {
		l.take = take
		l.drain(nil, l.collector.now()) // what came along with the handshake
	}
	err := l.socket.read(l.drain)
	if errors.Is(err, io.EOF) && !l.saidEnd {
		return io.ErrUnexpectedEOF // cut off, by whomever
	}
	return err
}

// drain hands over what TLS makes of the bytes that have come: nothing, as
// long as a record is not complete.
func (l *tlsLink) drain(b []byte, at time.Duration) {
	l.pump.in = b
	buf := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buf)
	for {
		n, err := l.conn.Read(*buf)
		if n > 0 {
			l.take((*buf)[:n], at)
		}
		switch {
		case errors.Is(err, errNothingYet):
			return
		case err != nil:
			l.saidEnd = errors.Is(err, io.EOF)
			l.end(err)
			return
		}
	}
}

func (l *tlsLink) send(b []byte) error {
	_, err := l.conn.Write(b)
	return err
}
