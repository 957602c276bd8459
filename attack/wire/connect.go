package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"frontload/results"
)

// dialSpans are how long a connection took to be set up.
type dialSpans struct{ connect, tls time.Duration }

// connect dials a connection, with its TLS handshake, for the pool.
func (t *Transport) connect(ctx context.Context, p *pool, from netip.Addr, to netip.AddrPort) (conn, dialSpans, error) {
	if t.cfg.Protocol == results.H3 {
		return t.connectH3(ctx, p, from, to)
	}
	var spans dialSpans
	begin := t.cfg.Now()
	raw, err := t.cfg.Dial(ctx, from, to)
	spans.connect = t.cfg.Now() - begin
	if err != nil {
		return nil, spans, err
	}
	pump := &tlsPump{Conn: raw}
	var secured *tls.Conn
	if t.cfg.TLS != nil {
		begin = t.cfg.Now()
		secured, err = t.handshake(ctx, pump, p.client)
		spans.tls = t.cfg.Now() - begin
		if err != nil {
			raw.Close()
			return nil, spans, err
		}
	}
	l, err := t.newLink(raw, secured, pump)
	if err != nil {
		raw.Close()
		return nil, spans, err
	}
	if t.cfg.Protocol != results.H2 {
		return &h1Conn{pool: p, link: l}, spans, nil
	}
	c, err := t.newH2(p, l)
	if err != nil {
		l.close()
		return nil, spans, err
	}
	return c, spans, nil
}

// serve does a connection's work on a goroutine of its own.
func (t *Transport) serve(c conn) {
	t.work.Add(1)
	go t.run(c)
}

func (t *Transport) run(c conn) {
	defer t.work.Done()
	c.serve()
}

// localAddr is the address of a connection's near end; invalid where it has
// none, such as in memory.
func localAddr(c net.Conn) netip.Addr {
	if a, ok := c.LocalAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (t *Transport) handshake(ctx context.Context, pump *tlsPump, client uint32) (*tls.Conn, error) {
	c := tls.Client(pump, t.tlsFor(client))
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, &TLSError{Err: err}
	}
	want := alpn(t.cfg.Protocol)
	if got := c.ConnectionState().NegotiatedProtocol; got != want && (want == "h2" || got != "") {
		return nil, &TLSError{Err: fmt.Errorf("the server does not speak %s over TLS (it chose %q)", want, got)}
	}
	return c, nil
}

// A TLSError is a TLS handshake that failed.
type TLSError struct{ Err error }

func (e *TLSError) Error() string { return "TLS handshake: " + e.Err.Error() }
func (e *TLSError) Unwrap() error { return e.Err }

// Certificate reports whether the handshake failed because of the server's
// certificate: then every other one will, too.
func (e *TLSError) Certificate() bool {
	var verify *tls.CertificateVerificationError
	return errors.As(e.Err, &verify)
}
