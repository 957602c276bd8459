package main

import (
	"encoding/binary"
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
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

// serve takes each read for one request: they are small, and a client has one
// under way on a connection.
func (s *arrivalsServer) serve(c *net.TCPConn) {
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) })
	if err != nil {
		return
	}
	in, control := make([]byte, 4096), make([]byte, 128)
	for {
		var n, controlled int
		err := raw.Read(func(fd uintptr) bool {
			n, controlled, _, _, err = unix.Recvmsg(int(fd), in, control, 0)
			return err != syscall.EAGAIN
		})
		if err != nil || n <= 0 {
			return
		}
		if at, ok := stamp(control[:controlled]); ok {
			s.mu.Lock()
			s.times = append(s.times, at)
			s.mu.Unlock()
		}
		s.served.Add(1)
		if _, err := c.Write([]byte(arrivalsAnswer)); err != nil {
			return
		}
	}
}

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
