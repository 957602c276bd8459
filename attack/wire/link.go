package wire

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A link carries the bytes of one connection. One goroutine reads, by calling
// read in a loop, and alone closes it; the other methods may be called by many
// goroutines at once, from within take too, and none of them blocks.
type link interface {
	// read hands over what comes in until the connection ends or its deadline
	// passes, and returns why: io.EOF at its orderly end, or an error that is
	// a time-out. The bytes are only valid during the call. Take tells whether
	// nothing more is due: until then the connection's end must be seen as soon
	// as it comes.
	read(take func([]byte) (settled bool)) error

	// send writes b, or takes a copy of what cannot be written at once and
	// writes it as soon as that can be done.
	send(b []byte) error

	// deadline makes read return at a time of day; zero means never.
	deadline(time.Time)

	// open reports whether the peer has not closed its side and has sent
	// nothing that was not asked for, as far as can be seen without reading.
	open() bool

	// local is the address that the connection was made from; invalid where it
	// has none.
	local() netip.Addr

	// unseen reports whether the peer is known not to have taken any of the last
	// so many bytes that were written: it has not acknowledged them.
	unseen(last int) bool

	// waiting returns how many bytes could not be written yet.
	waiting() int

	// close returns how many bytes were not written.
	close() int
}

// newLink returns a link over a connection: on sockets one that costs a system
// call per write and per read, on others, such as one in memory, one that uses
// its methods.
func newLink(raw net.Conn, secured *tls.Conn, pump *tlsPump, spawn func(func())) link {
	if l := newSocketLink(raw, secured, pump, spawn); l != nil {
		return l
	}
	if secured != nil {
		return &streamLink{conn: secured, raw: raw, spawn: spawn}
	}
	return &streamLink{conn: raw, raw: raw, spawn: spawn}
}

// readBuffers are used while bytes are taken from a connection: an idle one
// holds none.
var readBuffers = sync.Pool{New: func() any { b := make([]byte, readSize); return &b }}

// readSize is the most that is read at once.
const readSize = 32 << 10

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// A streamLink is a link over any connection.
type streamLink struct {
	conn  net.Conn // to read and write
	raw   net.Conn // to close
	spawn func(func())
	out   outbox
}

func (l *streamLink) read(take func([]byte) bool) error {
	buf := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buf)
	for {
		n, err := l.conn.Read(*buf)
		if n > 0 {
			take((*buf)[:n])
		}
		if err != nil {
			return l.out.reason(err)
		}
	}
}

func (l *streamLink) send(b []byte) error {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.out.err != nil {
		return l.out.err
	}
	if l.out.hold(b) {
		l.spawn(func() { l.out.flush(l.conn, l.raw) })
	}
	return nil
}

func (l *streamLink) deadline(at time.Time) { l.raw.SetReadDeadline(at) }
func (l *streamLink) open() bool            { return true }
func (l *streamLink) local() netip.Addr     { return localAddr(l.raw) }

func (l *streamLink) unseen(int) bool { return false }
func (l *streamLink) waiting() int    { return l.out.left() }

func (l *streamLink) close() int {
	l.raw.Close()
	return l.out.left()
}

// An outbox holds what could not be written at once, for a goroutine that can
// wait.
type outbox struct {
	mu       sync.Mutex
	waiting  []byte
	flushing bool
	err      error
}

// hold adds b, and reports whether a goroutine must now be started to flush
// it. The lock is held.
func (o *outbox) hold(b []byte) (start bool) {
	o.waiting = append(o.waiting, b...)
	start = !o.flushing
	o.flushing = true
	return start
}

// left returns how many bytes have not been written. Those that are on their
// way count as written.
func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting)
}

// reason returns why writing failed, if it did, or else the given error.
func (o *outbox) reason(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	return err
}

// flush writes what is waiting until nothing is. A failure makes the reader of
// the connection look up.
func (o *outbox) flush(to, raw net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.waiting) > 0 && o.err == nil {
		b := o.waiting
		o.waiting = nil
		o.mu.Unlock()
		n, err := to.Write(b)
		o.mu.Lock()
		if err != nil {
			o.waiting, o.err = append(b[n:], o.waiting...), err
			raw.SetReadDeadline(longAgo)
		}
	}
	o.flushing = false
}
