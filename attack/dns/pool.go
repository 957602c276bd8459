package dns

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// PoolConfig says how resolvers are reached.
type PoolConfig struct {
	// Roots are trusted to vouch for resolvers over TLS and HTTPS. Nil means
	// the system's.
	Roots *x509.CertPool

	// Tell takes what somebody should know about a resolver, in one sentence
	// each, once: that it limits us, or cannot take a client subnet. It may be
	// called by several goroutines at once and must not block. Nil tells nobody.
	Tell func(string)

	// Dial opens a connection to a resolver: network is "udp" or "tcp", the
	// address a host, which is a name only over TLS and HTTPS, and a port. Nil
	// means a net.Dialer. Tests pass connections in memory.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Pool is what all clients of a run have in common of their resolvers: the
// connections over TLS and HTTPS, one for each resolver, and what is known of
// how well each answers. Its methods may be called by many goroutines at once.
type Pool struct {
	cfg  PoolConfig
	tls  *tls.Config
	web  *http.Transport
	ctx  context.Context // ends, under the lock, when the pool is closed
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu struct {
		sync.Mutex
		streams map[endpoint]*stream
		health  map[endpoint]*health
	}
}

var errClosed = errors.New("the pool of connections to resolvers is closed")

// NewPool returns a pool. It connects to nobody yet. The caller must close it.
func NewPool(cfg PoolConfig) *Pool {
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Tell == nil {
		cfg.Tell = func(string) {}
	}
	p := &Pool{cfg: cfg, tls: &tls.Config{
		RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.web = newWeb(cfg, p.tls)
	p.mu.streams, p.mu.health = make(map[endpoint]*stream), make(map[endpoint]*health)
	return p
}

// Close ends all connections, and waits until they have ended. What is asked
// over them later fails.
func (p *Pool) Close() {
	p.mu.Lock()
	p.stop()
	p.mu.Unlock()
	p.wg.Wait()
	p.web.CloseIdleConnections()
}

// ask puts one question to one server, once, until ctx ends. Its reply may
// carry any response code. The error is an unsentError where the query was
// never sent.
func (p *Pool) ask(ctx context.Context, to endpoint, q question) (reply, error) {
	switch to.via {
	case overTLS:
		return p.overStream(ctx, to, q)
	case overHTTPS:
		return p.overWeb(ctx, to, q)
	}
	return p.overSocket(ctx, to, q)
}

// An asker is [Pool.ask], or stands for it in a test.
type asker func(ctx context.Context, to endpoint, q question) (reply, error)

// An unsentError says why a query was not sent.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

// overStream asks over the connection that is kept to the server, or over a new
// one where there is none.
func (p *Pool) overStream(ctx context.Context, to endpoint, q question) (reply, error) {
	s, err := p.stream(to)
	if err != nil {
		return reply{}, unsentError{err}
	}
	select {
	case <-s.ready:
		return s.ask(ctx, q)
	case <-ctx.Done():
		return reply{}, unsentError{context.Cause(ctx)}
	}
}

// stream returns the connection to a server: the one there is, unless it has
// ended, or one that is being opened.
func (p *Pool) stream(to endpoint) (*stream, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, errClosed
	}
	if s := p.mu.streams[to]; s != nil && s.open() {
		return s, nil
	}
	s := newStream()
	p.mu.streams[to] = s
	p.wg.Go(func() { s.run(p.ctx, func(ctx context.Context) (net.Conn, error) { return p.open(ctx, to) }) })
	return s, nil
}

// open connects to a server over TLS.
func (p *Pool) open(ctx context.Context, to endpoint) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openSpan)
	defer cancel()
	raw, err := p.cfg.Dial(ctx, "tcp", to.addr)
	if err != nil {
		return nil, err
	}
	cfg := p.tls.Clone()
	cfg.ServerName, cfg.NextProtos = to.name, []string{"dot"}
	conn := tls.Client(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, fmt.Errorf("shake hands: %w", err)
	}
	return conn, nil
}

// openSpan bounds how long a connection takes to open. Those who wait for it
// have bounds of their own.
const openSpan = 10 * time.Second
