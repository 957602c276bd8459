package main

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// arrivalsServer answers HTTP/1.1 and notes when each request arrived by the
// kernel's clock (SO_TIMESTAMPNS), which the scheduling of this process cannot
// falsify.
type arrivalsServer struct {
	listener net.Listener
	served   atomic.Int64

	mu    sync.Mutex
	times []time.Duration
}

func startArrivals() (server, error) {
	l, err := listenStamped()
	if err != nil {
		return nil, err
	}
	s := &arrivalsServer{listener: l}
	go s.accept()
	return s, nil
}

func (s *arrivalsServer) url() string              { return "http://" + s.listener.Addr().String() + "/" }
func (s *arrivalsServer) certificate() string      { return "" }
func (s *arrivalsServer) requests() (int64, error) { return s.served.Load(), nil }
func (s *arrivalsServer) stop()                    { s.listener.Close() }

func (s *arrivalsServer) arrivals() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.times
	s.times = nil
	return t
}

func (s *arrivalsServer) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.serve(c.(*net.TCPConn))
	}
}

const arrivalsAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func (s *arrivalsServer) serve(c *net.TCPConn) {
	defer c.Close()
	in, err := newStamped(c)
	if err != nil {
		return
	}
	for {
		at, ok := in.next()
		if !ok {
			return
		}
		s.mu.Lock()
		s.times = append(s.times, at)
		s.mu.Unlock()
		s.served.Add(1)
		if _, err := c.Write([]byte(arrivalsAnswer)); err != nil {
			return
		}
	}
}

// stamped reads requests with the kernel's time of their arrival. It takes
// each read for one request: they are small, and a client has one under way on
// a connection.
type stamped struct {
	raw         syscall.RawConn
	in, control []byte
}

// listenStamped listens on loopback for connections that stamp what arrives,
// from their first byte on.
func listenStamped() (net.Listener, error) {
	stamps := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		})
		return errors.Join(err, failed)
	}}
	return stamps.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

func newStamped(c *net.TCPConn) (*stamped, error) {
	raw, err := c.SyscallConn()
	return &stamped{raw, make([]byte, 4096), make([]byte, 128)}, err
}

// next returns when the next request arrived, by the kernel's wall clock; ok
// is false when there is none any more.
func (s *stamped) next() (at time.Duration, ok bool) {
	var n, controlled int
	var failed error
	err := s.raw.Read(func(fd uintptr) bool {
		n, controlled, _, _, failed = unix.Recvmsg(int(fd), s.in, s.control, 0)
		return failed != syscall.EAGAIN
	})
	if err != nil || failed != nil || n <= 0 {
		return 0, false
	}
	if at, ok := stamp(s.control[:controlled]); ok {
		return at, true
	}
	return now(), true // the kernel stamps nothing while it turns stamping on
}

// now is the clock of the kernel's stamps.
func now() time.Duration { return time.Duration(time.Now().UnixNano()) }

// stamp reads the time of arrival from a control message.
func stamp(control []byte) (time.Duration, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16 {
			seconds, nanos := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
			return time.Duration(seconds)*time.Second + time.Duration(nanos), true
		}
	}
	return 0, false
}
