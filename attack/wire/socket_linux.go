package wire

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A socket is a link on a descriptor of its own. Its bytes go over with one
// system call each way: whoever sends writes them, and a collector reads.
//
// The descriptor's number alone could by the next moment be another
// connection's, so that it is used under a lock only: reading while bytes are
// taken from it, mu for all else. To close it takes both.
type socket struct {
	collector *collector
	near      netip.Addr
	far       net.Addr
	take      func([]byte, time.Duration)

	reading sync.Mutex // held while bytes are handed over; before any other lock
	window  uint32     // of the collector's traffic: behind the last in which something came

	over  atomic.Bool // nothing more is handed over
	stuck atomic.Bool // there are bytes left to write
	wake  chan struct{}

	mu      sync.Mutex
	fd      int // -1 when it is closed
	slot    slot
	left    []byte // what could not be written yet
	failure error  // why writing failed
	ended   error  // why reading ended
	due     time.Time
}

// socketLink returns a link over a socket, with TLS where secured is not nil,
// or nil when the connection is no socket. The descriptor is made a second
// time and the first closed with the connection, as the only way to have one
// that the runtime does not wait for as well.
func (t *Transport) socketLink(conn net.Conn, secured *tls.Conn, pump *tlsPump) (link, error) {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, nil
	}
	collector, err := t.collectors.next(t)
	if err != nil {
		return nil, err
	}
	fd, err := duplicate(c)
	if err != nil {
		return nil, err
	}
	s := &socket{
		collector: collector, near: localAddr(c), far: c.RemoteAddr(), fd: fd, slot: noSlot, wake: make(chan struct{}, 1),
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) // without it the time of reading is taken
	c.Close()
	if secured != nil {
		return newTLSLink(s, secured, pump), nil
	}
	return s, nil
}

func duplicate(c *net.TCPConn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var failed error
	err = raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) })
	if err == nil {
		err = os.NewSyscallError("dup", failed)
	}
	return fd, err
}

func (s *socket) read(take func([]byte, time.Duration)) error {
	if s.take == nil {
		s.take = take
		if err := s.collector.add(s); err != nil {
			return err
		}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, why := s.state()
		switch left := time.Until(due); {
		case why != nil:
			return why
		case due.IsZero():
			timer.Stop()
		case left <= 0:
			return os.ErrDeadlineExceeded
		default:
			timer.Reset(left)
		}
		select {
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// state is until when is read, and why no longer, if so.
func (s *socket) state() (due time.Time, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.due, s.failure
	}
	return s.due, s.ended
}

// poke has read look at the state again.
func (s *socket) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *socket) deadline(at time.Time) {
	if at.Equal(longAgo) {
		s.over.Store(true)
	}
	s.mu.Lock()
	s.due = at
	s.mu.Unlock()
	s.poke()
}

// end ends the reading.
func (s *socket) end(why error) {
	s.over.Store(true)
	s.mu.Lock()
	if s.ended == nil {
		s.ended = why
	}
	s.mu.Unlock()
	s.poke()
}

// mostReads is how often a socket is read before others have their turn.
const mostReads = 16

// onEvents writes and reads what can be, and reports whether there may be more to
// read. The collector's lock is held, for its buffer.
func (s *socket) onEvents(events uint32) (more bool) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if events&unix.EPOLLOUT != 0 && s.stuck.Load() {
		s.flush()
	}
	if events&^unix.EPOLLOUT == 0 {
		return false
	}
	// A short read has taken all there was when the events were told; what came
	// since makes another event. Only a connection's end is not seen yet.
	toEnd := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	for range mostReads {
		if s.over.Load() {
			return false
		}
		b, at, err := s.collector.receive(s.fd)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return false
		case err != 0:
			s.end(&net.OpError{Op: "read", Net: "tcp", Addr: s.far, Err: err})
			return false
		case len(b) == 0:
			s.end(io.EOF)
			return false
		}
		s.take(b, at)
		if len(b) < readSize && !toEnd {
			return false
		}
	}
	return true
}

func (s *socket) send(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.failure
	}
	rest := b
	if len(s.left) == 0 {
		rest = s.write(b)
	}
	if s.failure != nil && len(rest) == len(b) {
		return s.failure
	}
	if len(rest) > 0 {
		s.left = append(s.left, rest...)
		s.stuck.Store(true)
		s.writeLeft() // room that came before nobody was told of
	}
	return nil
}

// flush writes what is left, now that there is room for it.
func (s *socket) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeLeft()
}

// writeLeft writes what can be of what is left. When that fails, read tells. The
// lock is held.
func (s *socket) writeLeft() {
	if s.failure == nil {
		s.left = s.write(s.left)
	}
	if s.failure != nil {
		s.over.Store(true)
		s.poke()
	}
	if len(s.left) == 0 {
		s.left = nil
		s.stuck.Store(false)
	}
}

// write writes what can be written at once, and returns the rest. The lock is
// held.
func (s *socket) write(b []byte) []byte {
	for len(b) > 0 {
		n, err := writeFD(s.fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return b
		case err == unix.EBADF: // it is closed
			s.failure = net.ErrClosed
			return b
		case err != 0:
			s.failure = &net.OpError{Op: "write", Net: "tcp", Addr: s.far, Err: err}
			return b
		default:
			b = b[n:]
		}
	}
	return nil
}

func (s *socket) local() netip.Addr { return s.near }

func (s *socket) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.left)
}

// unseen asks how many of the bytes sent the peer's TCP has not acknowledged
// (SIOCOUTQ of tcp(7)). It acknowledges all that it takes for a socket that its
// program still has open, at the latest when that closes it.
func (s *socket) unseen(last int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := unix.IoctlGetInt(s.fd, unix.TIOCOUTQ)
	return err == nil && n > 0 && n+len(s.left) >= last
}

// open looks at the socket without taking anything from it.
func (s *socket) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var one [1]byte
	_, _, err := unix.Recvfrom(s.fd, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == unix.EAGAIN || err == unix.EINTR
}

func (s *socket) close() int {
	s.over.Store(true)
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd >= 0 {
		s.collector.remove(s)
		unix.Close(s.fd)
		s.fd = -1
	}
	return len(s.left)
}

// writeFD is write(2) on a socket, and never blocks. The scheduler is not told
// of the call, as it is of others: since the call may take longer than the
// scheduler's patience with system calls, some 20 µs, it would hand this
// goroutine's processor to another thread, and back.
func writeFD(fd int, b []byte) (int, syscall.Errno) {
	return sendto(fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}
