package quic_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"frontload/internal/quic"
)

func socket(t *testing.T) *net.UDPConn {
	t.Helper()
	s, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func addr(c net.PacketConn) netip.AddrPort { return netip.MustParseAddrPort(c.LocalAddr().String()) }

func TestStreamsKeepToWhatThePeerAllows(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	cert := certificate()
	cert.TLS.NextProtos = []string{quic.NextProto}
	here, there := quic.NewEndpoint(socket(t)), socket(t)
	server := quic.NewEndpoint(there)
	listener, err := server.Listen(cert.TLS, quic.Limits{Streams: 2})
	if err != nil {
		t.Fatal(err)
	}
	secure := trusting(cert)
	secure.NextProtos = []string{quic.NextProto}
	client, err := here.Dial(t.Context(), addr(there), secure, quic.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := listener.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := peer.Open(); !quic.AtLimit(err) {
		t.Errorf("the server opened stream %v: %v; want none", s, err)
	}
	first, err1 := client.Open()
	second, err2 := client.Open()
	if _, err3 := client.Open(); err1 != nil || err2 != nil || !quic.AtLimit(err3) {
		t.Fatalf("Open three times: %v, %v, %v; want the third at the limit", err1, err2, err3)
	}
	if first.ID() != 0 || second.ID() != 4 {
		t.Errorf("the streams have the numbers %d and %d, want 0 and 4", first.ID(), second.ID())
	}
	if err := first.TryWrite(make([]byte, 64<<20)); !quic.WouldBlock(err) {
		t.Errorf("TryWrite of 64 MiB: %v, want that it would block", err)
	}
	if err := second.TryWrite([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	second.CloseWrite()
	got, err := peer.Accept() // the first one: it was opened before
	if err != nil {
		t.Fatal(err)
	}
	got.Cancel(0x10b)
	if _, err := first.Read(make([]byte, 1)); !isReset(err, 0x10b) {
		t.Errorf("Read: %v, want a reset with 0x10b", err)
	}
	first.Cancel(0x10c)
	if got, err = peer.Accept(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(got); string(text) != "hello" || err != nil {
		t.Errorf("%q arrived: %v", text, err)
	}
	if _, err := client.OpenWait(); err != nil { // the first one has ended
		t.Error(err)
	}
	peer.Close(0x100, "enough")
	if _, err := second.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) || isReset(err, 0x100) {
		t.Errorf("Read after the peer's Close: %v, want that it is closed", err)
	}
	<-client.Done()
	if err := errors.Join(here.Close(), server.Close()); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, ignore)
}

func isReset(err error, want uint64) bool {
	code, reset := quic.Reset(err)
	return reset && code == want
}

func TestDialsThatFailAreToldApart(t *testing.T) {
	cert := certificate()
	cert.TLS.NextProtos = []string{"other"}
	there, silent := socket(t), socket(t)
	defer silent.Close()
	server, here := quic.NewEndpoint(there), quic.NewEndpoint(socket(t))
	defer server.Close()
	defer here.Close()
	if _, err := server.Listen(cert.TLS, quic.Limits{}); err != nil {
		t.Fatal(err)
	}
	secure := trusting(cert)
	secure.NextProtos = []string{quic.NextProto}
	if _, err := here.Dial(t.Context(), addr(there), secure, quic.Limits{}); !quic.Handshake(err) || quic.NoAnswer(err) {
		t.Errorf("another protocol there: %v, want a failed handshake", err)
	}
	_, err := here.Dial(t.Context(), addr(silent), secure, quic.Limits{Handshake: 20 * time.Millisecond})
	if quic.Handshake(err) || !quic.NoAnswer(err) {
		t.Errorf("nobody there: %v, want that no answer came", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := here.Dial(ended, addr(silent), secure, quic.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestServerEndsWithEverything(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	asked := make(chan struct{}, 1)
	server := quic.NewServer(quic.ServerConfig{TLS: certificate().TLS, Streams: 4, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, ok := r.Context().Value(http.LocalAddrContextKey).(*net.UDPAddr); !ok {
			t.Error("the request does not tell at which address it came")
		}
		asked <- struct{}{}
		<-r.Context().Done()
	})})
	there := socket(t)
	if err := server.Serve(there); err != nil {
		t.Fatal(err)
	}
	secure := trusting(certificate())
	secure.NextProtos = []string{quic.NextProto}
	here := quic.NewEndpoint(socket(t))
	c, err := here.Dial(t.Context(), addr(there), secure, quic.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	// GET https://a/ in QPACK's static table.
	if err := s.TryWrite([]byte{1, 8, 0, 0, 0xd1, 0xd7, 0x50, 1, 'a', 0xc1}); err != nil {
		t.Fatal(err)
	}
	s.CloseWrite()
	<-asked
	if err := errors.Join(server.Close(), server.Close()); err != nil {
		t.Error(err)
	}
	<-c.Done()
	late := socket(t)
	if err := server.Serve(late); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve after Close: %v", err)
	}
	if _, err := late.WriteTo([]byte("x"), late.LocalAddr()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the socket that came too late is still open: %v", err)
	}
	here.Close()
	goleak.VerifyNone(t, ignore)
}

// Whatever stands in a header block, it is read without a panic, and no field
// comes after the last that was wanted.
func FuzzFields(f *testing.F) {
	f.Add([]byte{0, 0, 0xd9, 0x50, 1, 'a', 0x23, 'x', '-', 'y', 1, 'z'}, 2)
	f.Add([]byte{0, 0, 0x27, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1)
	f.Fuzz(func(t *testing.T, block []byte, most int) {
		n := 0
		_ = quic.Fields(block, func(name, value string) bool {
			n++
			if n > max(1, most) {
				t.Fatalf("field %d came: %s", n, fmt.Sprintf("%q: %q", name, value))
			}
			return n < most
		})
	})
}
