package quic_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"frontload/internal/quic"
)

// A server that goes on from another address does not move a client there:
// what a client sends goes to the address that was dialled, for as long as the
// connection lives. (quic-go makes no use of preferred_address, by which a
// server could ask for the same.)
func TestClientsStayAtTheAddressThatWasDialled(t *testing.T) {
	cert := certificate()
	cert.TLS.NextProtos = []string{quic.NextProto}
	there := socket(t)
	server := quic.NewEndpoint(there)
	defer server.Close()
	listener, err := server.Listen(cert.TLS, quic.Limits{Streams: 10})
	if err != nil {
		t.Fatal(err)
	}
	m := startMover(t, there.LocalAddr())
	secure := trusting(cert)
	secure.NextProtos = []string{quic.NextProto}
	here := quic.NewEndpoint(socket(t))
	defer here.Close()
	client, err := here.Dial(t.Context(), addr(m.front), secure, quic.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := listener.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.moved.Store(true)
	for range 5 {
		s, err := client.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		s.CloseWrite()
		at, err := peer.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := at.Write([]byte("answer")); err != nil {
			t.Fatal(err)
		}
		at.CloseWrite()
		answer := make([]byte, 6)
		if _, err := io.ReadFull(s, answer); err != nil || string(answer) != "answer" {
			t.Fatalf("the answer is %q, %v", answer, err)
		}
	}
	if sent, got := m.sent.Load(), m.got.Load(); sent == 0 || got != 0 {
		t.Errorf("the server sent %d packets from another address, and the client sent %d there, want some and none", sent, got)
	}
}

// A mover stands between a client and a server, and lets what the server says
// come from another address once it has moved.
type mover struct {
	front, other *net.UDPConn
	moved        atomic.Bool
	sent, got    atomic.Int64 // packets from and to the other address
}

func startMover(t *testing.T, server net.Addr) *mover {
	m := &mover{front: socket(t), other: socket(t)}
	back := socket(t)
	var client atomic.Pointer[net.Addr]
	var work sync.WaitGroup
	relay := func(from *net.UDPConn, handle func(packet []byte, sender net.Addr)) {
		work.Go(func() {
			buf := make([]byte, 4096)
			for {
				n, sender, err := from.ReadFrom(buf)
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err == nil {
					handle(buf[:n], sender)
				}
			}
		})
	}
	relay(m.front, func(packet []byte, sender net.Addr) {
		client.Store(&sender)
		_, _ = back.WriteTo(packet, server)
	})
	relay(m.other, func([]byte, net.Addr) { m.got.Add(1) })
	relay(back, func(packet []byte, _ net.Addr) {
		from := m.front
		if m.moved.Load() {
			m.sent.Add(1)
			from = m.other
		}
		_, _ = from.WriteTo(packet, *client.Load())
	})
	t.Cleanup(func() {
		for _, c := range []*net.UDPConn{m.front, m.other, back} {
			c.Close()
		}
		work.Wait()
	})
	return m
}
