//go:build unix

package wire

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A socket is a link whose reader is parked in the network poller and whose
// bytes go over with one system call each way.
//
// It stays inside one call of RawConn.Read from one deadline to the next: that
// call asks the poller for readiness before it tries to read, and so would
// lose the news of what came between two calls. It writes through
// RawConn.Write, which holds the descriptor: its number alone could by then
// be another connection's. Nobody may close it but its reader, since Close
// waits for RawConn.Read to return.
type socket struct {
	conn  net.Conn
	raw   syscall.RawConn
	spawn func(func())
	out   outbox

	take  func([]byte) bool
	ended error       // why reading ended, when it was not the deadline; take may set it
	over  atomic.Bool // the deadline is longAgo: what goes on coming is not read

	// Under out.mu:
	sending []byte // what is left to write

	receive, transmit func(fd uintptr) bool // the methods, bound once
}

// newSocketLink returns a link over a socket, with TLS where secured is not
// nil, or nil when the connection is no socket.
func newSocketLink(conn net.Conn, secured *tls.Conn, pump *tlsPump, spawn func(func())) link {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{conn: conn, raw: raw, spawn: spawn}
	s.receive, s.transmit = s.onReadable, s.onWritable
	if secured != nil {
		return newTLSLink(s, secured, pump)
	}
	return s
}

func (s *socket) read(take func([]byte) bool) error {
	s.take = take
	if err := s.raw.Read(s.receive); err != nil {
		return s.out.reason(err)
	}
	return s.ended
}

// onReadable takes what has come. It returns false to wait for more.
func (s *socket) onReadable(fd uintptr) bool {
	buf := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buf)
	for {
		n, err := readFD(fd, *buf)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return false
		case err != 0:
			s.ended = &net.OpError{Op: "read", Net: "tcp", Addr: s.conn.RemoteAddr(), Err: err}
			return true
		case n == 0:
			s.ended = io.EOF
			return true
		}
		// A short read says that there was no more, except perhaps the end of
		// the connection, of which no other news will come. Where nothing is
		// due that may stay unseen until the connection is used again.
		settled := s.take((*buf)[:n])
		if s.over.Load() && s.ended == nil {
			s.ended = os.ErrDeadlineExceeded
		}
		if s.ended != nil {
			return true
		}
		if settled && n < len(*buf) {
			return false
		}
	}
}

func (s *socket) send(b []byte) error {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	if s.out.err != nil {
		return s.out.err
	}
	if !s.out.flushing {
		s.sending = b
		err := s.raw.Write(s.transmit)
		b, s.sending = s.sending, nil
		if s.out.err == nil {
			s.out.err = err
		}
		if s.out.err != nil {
			return s.out.err
		}
	}
	if len(b) == 0 {
		return nil
	}
	if s.out.hold(b) {
		s.spawn(func() { s.out.flush(s.conn, s.conn) })
	}
	return nil
}

// onWritable writes once, and never waits.
func (s *socket) onWritable(fd uintptr) bool {
	for {
		n, err := writeFD(fd, s.sending)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
		case err != 0:
			s.out.err = &net.OpError{Op: "write", Net: "tcp", Addr: s.conn.RemoteAddr(), Err: err}
		default:
			s.sending = s.sending[n:]
		}
		return true
	}
}

func (s *socket) local() netip.Addr { return localAddr(s.conn) }

func (s *socket) deadline(at time.Time) {
	if at.Equal(longAgo) {
		s.over.Store(true)
	}
	s.conn.SetReadDeadline(at)
}

func (s *socket) waiting() int { return s.out.left() }

func (s *socket) unseen(last int) bool {
	n := 0
	err := s.raw.Control(func(fd uintptr) { n = unacknowledged(int(fd)) })
	return err == nil && n > 0 && n+s.waiting() >= last
}

func (s *socket) close() int {
	s.conn.Close()
	return s.out.left()
}

// open looks at the socket without taking anything from it. It goes through
// RawConn.Control, since the reader is inside RawConn.Read.
func (s *socket) open() bool {
	gone := false
	err := s.raw.Control(func(fd uintptr) {
		var one [1]byte
		_, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		gone = err == nil || err != unix.EAGAIN && err != unix.EINTR
	})
	return err == nil && !gone
}
