package main

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// A callers server answers HTTP/1.1 requests without bodies, with little
// memory for each connection, and counts them by the caller's address.
type callers struct {
	net.Listener
	t *testing.T

	mu          sync.Mutex
	requests    map[netip.Addr]int
	connections map[netip.Addr]int
}

// newCallers listens in the network namespace of the calling goroutine.
func newCallers(t *testing.T, network, address string) *callers {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &callers{Listener: l, t: t, requests: map[netip.Addr]int{}, connections: map[netip.Addr]int{}}
	go s.accept()
	return s
}

func (s *callers) accept() {
	for {
		c, err := s.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.t.Errorf("the server cannot accept: %v", err)
			return
		}
		go s.serve(c)
	}
}

func (s *callers) serve(c net.Conn) {
	defer c.Close()
	from := netip.MustParseAddrPort(c.RemoteAddr().String()).Addr().Unmap()
	s.mu.Lock()
	s.connections[from]++
	s.mu.Unlock()
	var read [1024]byte
	for held := 0; ; {
		n, err := c.Read(read[held:])
		if err != nil {
			return
		}
		if held += n; !bytes.HasSuffix(read[:held], []byte("\r\n\r\n")) {
			continue
		}
		held = 0
		s.mu.Lock()
		s.requests[from]++
		s.mu.Unlock()
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

// asked returns how often each caller asked.
func (s *callers) asked() map[netip.Addr]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// connected returns how many connections each caller made.
func (s *callers) connected() map[netip.Addr]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.connections)
}
