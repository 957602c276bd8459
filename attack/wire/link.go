package wire

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A link carries the bytes of one connection. One goroutine calls read in a
// loop, and alone closes it; the other methods may be called by many goroutines
// at once, from within take too, and none of them blocks.
type link interface {
	// read hands over what comes in, with when it came, and returns when the
	// connection ends or its deadline passes, with why: io.EOF at its orderly
	// end, or an error that is a time-out. The bytes are only valid during the
	// call of take. A link on a socket may hand over more after read has
	// returned, until it is closed, but never two things at once.
	read(take func([]byte, time.Duration)) error

	// send writes b, or takes a copy of what cannot be written at once and
	// writes it as soon as that can be done.
	send(b []byte) error

	// deadline makes read return at a time of day; zero means never. After
	// longAgo nothing more is handed over.
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

	// close returns how many bytes were not written. Nothing is handed over
	// once it has returned.
	close() int
}

// newLink returns a link over a connection: on sockets one that the
// transport's collector reads, on others, such as one in memory, one that uses
// the connection's methods. When it fails the connection is still the caller's.
func (t *Transport) newLink(raw net.Conn, secured *tls.Conn, pump *tlsPump) (link, error) {
	if l, err := t.socketLink(raw, secured, pump); l != nil || err != nil {
		return l, err
	}
	l := &streamLink{conn: raw, raw: raw, now: t.cfg.Now, spawn: t.spawn}
	if secured != nil {
		l.conn = secured
	}
	return l, nil
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
	now   func() time.Duration
	spawn func(func())

	mu       sync.Mutex
	left     []byte // what could not be written yet
	flushing bool   // a goroutine writes it
	err      error  // why writing failed
}

func (l *streamLink) read(take func([]byte, time.Duration)) error {
	buf := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buf)
	for {
		n, err := l.conn.Read(*buf)
		if n > 0 {
			take((*buf)[:n], l.now())
		}
		if err != nil {
			return l.reason(err)
		}
	}
}

// reason returns why writing failed, if it did, or else the given error.
func (l *streamLink) reason(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	return err
}

func (l *streamLink) send(b []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	l.left = append(l.left, b...)
	if !l.flushing {
		l.flushing = true
		l.spawn(l.flush)
	}
	return nil
}

// flush writes what is left until nothing is. A failure makes the reader of
// the connection look up.
func (l *streamLink) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.left) > 0 && l.err == nil {
		b := l.left
		l.left = nil
		l.mu.Unlock()
		n, err := l.conn.Write(b)
		l.mu.Lock()
		if err != nil {
			l.left, l.err = append(b[n:], l.left...), err
			l.raw.SetReadDeadline(longAgo)
		}
	}
	l.flushing = false
}

func (l *streamLink) deadline(at time.Time) { l.raw.SetReadDeadline(at) }
func (l *streamLink) open() bool            { return true }
func (l *streamLink) local() netip.Addr     { return localAddr(l.raw) }
func (l *streamLink) unseen(int) bool       { return false }

// waiting leaves out what is being written.
func (l *streamLink) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.left)
}

func (l *streamLink) close() int {
	l.raw.Close()
	return l.waiting()
}
