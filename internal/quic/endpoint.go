// Package quic carries the streams of QUIC and serves HTTP/3. It is the one
// package of Frontload that knows quic-go, and shows nothing of it but in the
// text of errors.
//
// An [Endpoint] is a UDP socket from which connections are dialled or on which
// they are accepted; a [Conn] carries streams; a [Server] answers HTTP/3 on
// any number of sockets.
package quic

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/quic-go/quic-go"
)

// NextProto names HTTP/3 in a TLS handshake.
const NextProto = "h3"

// Limits bound the connections of an endpoint. Zero means what each field says.
type Limits struct {
	// Handshake bounds the time without a word from the peer before a
	// connection stands. Zero means 5 s.
	Handshake time.Duration

	// Idle ends a connection on which nothing comes for that long, or for as
	// long as the peer says where that is less. Zero means 30 s.
	Idle time.Duration

	// KeepAlive is how often a packet is sent on a connection that is
	// otherwise silent, so that neither side takes it for dead. Zero means
	// never.
	KeepAlive time.Duration

	// Streams is how many requests the peer may have under way at once. Zero
	// means none.
	Streams int64
}

func (l Limits) config() *quic.Config {
	c := &quic.Config{
		HandshakeIdleTimeout:  l.Handshake,
		MaxIdleTimeout:        l.Idle,
		KeepAlivePeriod:       l.KeepAlive,
		MaxIncomingStreams:    l.Streams,
		MaxIncomingUniStreams: mostUni,
	}
	if l.Streams <= 0 {
		c.MaxIncomingStreams = -1 // 0 would be quic-go's own default
	}
	return c
}

// mostUni is how many one-way streams a peer may open. HTTP/3 needs three.
const mostUni = 16

// An Endpoint is a UDP socket that carries QUIC. Its methods may be called by
// many goroutines at once.
type Endpoint struct {
	socket    net.PacketConn
	transport quic.Transport
}

// NewEndpoint takes a socket over: nobody else may use it any more.
func NewEndpoint(socket net.PacketConn) *Endpoint {
	if udp, ok := socket.(*net.UDPConn); ok {
		socket = &udpSocket{UDPConn: udp}
	}
	return &Endpoint{socket: socket, transport: quic.Transport{Conn: socket}}
}

// Dial connects to the given address, and returns when the handshake is done.
func (e *Endpoint) Dial(ctx context.Context, to netip.AddrPort, secure *tls.Config, limits Limits) (*Conn, error) {
	c, err := e.transport.Dial(ctx, net.UDPAddrFromAddrPort(to), secure, limits.config())
	if err != nil {
		return nil, e.why(err)
	}
	return &Conn{conn: c, at: e}, nil
}

// Listen begins to accept connections. An endpoint has one listener at most.
func (e *Endpoint) Listen(secure *tls.Config, limits Limits) (*Listener, error) {
	l, err := e.transport.Listen(secure, limits.config())
	if err != nil {
		return nil, err
	}
	return &Listener{l, e}, nil
}

// Close ends all of the endpoint's connections at once, without a word to
// their peers where [Conn.Close] was not called, and closes the socket.
func (e *Endpoint) Close() error {
	err := e.transport.Close()
	if closed := e.socket.Close(); err == nil {
		err = closed
	}
	return err
}

// A Listener accepts the connections that come to an endpoint, which closes it.
type Listener struct {
	listener *quic.Listener
	at       *Endpoint
}

// Accept returns the next connection whose handshake is done.
func (l *Listener) Accept(ctx context.Context) (*Conn, error) {
	c, err := l.listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: c, at: l.at}, nil
}
