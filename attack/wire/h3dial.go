package wire

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"frontload/internal/quic"
)

// h3KeepAlive is how often a silent connection says that it is still there, as
// the requests of slow origins would not: QUIC takes silence for death.
const h3KeepAlive = 15 * time.Second

// h3Silence is how long a connection stays without a word from the server, at
// the least.
const h3Silence = time.Minute

var errPlaintext = errors.New("HTTP/3 needs TLS: use an https URL")

// connectH3 dials a connection for the pool. Its handshake is TLS's too, and
// takes the place of both in the spans: connect is zero.
func (t *Transport) connectH3(ctx context.Context, p *pool, from netip.Addr, to netip.AddrPort) (conn, dialSpans, error) {
	var spans dialSpans
	if t.cfg.TLS == nil {
		return nil, spans, errPlaintext
	}
	local, err := t.cfg.Route(from, to)
	if err != nil {
		return nil, spans, err
	}
	at, err := t.ports.take(portKey{p.client, local})
	if err != nil {
		return nil, spans, err
	}
	begin := t.cfg.Now()
	q, err := at.endpoint.Dial(ctx, to, t.cfg.TLS, quic.Limits{
		Handshake: t.cfg.ConnectTimeout, // which ends by ctx
		Idle:      max(t.cfg.Timeout, h3Silence),
		KeepAlive: h3KeepAlive,
	})
	spans.tls = t.cfg.Now() - begin
	if err != nil {
		t.ports.leave(at)
		return nil, spans, h3DialError(err, to)
	}
	c, err := t.newH3(p, q, at)
	if err != nil {
		q.Close(h3CodeProtocol, err.Error())
		t.ports.leave(at)
		return nil, spans, err
	}
	return c, spans, nil
}

// h3DialError says of an error that it comes from dialling.
func h3DialError(err error, to netip.AddrPort) error {
	if quic.Handshake(err) {
		return &TLSError{Err: err}
	}
	if isTimeout(err) || quic.NoAnswer(err) {
		err = errNoQUIC
	}
	return &net.OpError{Op: "dial", Net: "udp", Addr: net.UDPAddrFromAddrPort(to), Err: err}
}

// errNoQUIC is a time-out, and says more.
var errNoQUIC error = noQUIC{}

type noQUIC struct{}

func (noQUIC) Error() string {
	return "no answer over QUIC in time: is HTTP/3 off there, or UDP blocked?"
}
func (noQUIC) Timeout() bool   { return true }
func (noQUIC) Temporary() bool { return false }

// ports are the UDP sockets of a transport: one for each client and address of
// its own, for as long as a connection uses it.
type ports struct {
	bind func(netip.Addr) (net.PacketConn, error)

	mu   sync.Mutex
	open map[portKey]*port
}

type portKey struct {
	client uint32
	local  netip.Addr
}

type port struct {
	key      portKey
	endpoint *quic.Endpoint
	users    int
}

// take returns a client's socket at an address. It must be left.
func (s *ports) take(key portKey) (*port, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.open[key]
	if p == nil {
		socket, err := s.bind(key.local)
		if err != nil {
			return nil, err
		}
		p = &port{key: key, endpoint: quic.NewEndpoint(socket)}
		if s.open == nil {
			s.open = map[portKey]*port{}
		}
		s.open[key] = p
	}
	p.users++
	return p, nil
}

// leave closes the socket when nobody uses it any more.
func (s *ports) leave(p *port) {
	s.mu.Lock()
	p.users--
	last := p.users == 0
	if last {
		delete(s.open, p.key)
	}
	s.mu.Unlock()
	if last {
		p.endpoint.Close()
	}
}
