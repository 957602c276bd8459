package quic

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go/http3"
)

// A ServerConfig says how a [Server] works. Handler and TLS are required.
type ServerConfig struct {
	Handler        http.Handler
	TLS            *tls.Config // NextProtos is set by the server
	MaxHeaderBytes int         // of a request; zero means 1 MiB
	Streams        int64       // requests at once on one connection; zero means none
	Idle           time.Duration
}

// A Server answers HTTP/3. Its methods may be called by many goroutines at
// once.
//
// The context of a request holds the address at which it came under
// [http.LocalAddrContextKey], as a *net.UDPAddr.
type Server struct {
	cfg    ServerConfig
	http   http3.Server
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup // accept loops and connections

	mu        sync.Mutex
	closed    bool
	endpoints []*Endpoint
	conns     map[*Conn]struct{}
}

// NewServer returns a server that serves nothing yet.
func NewServer(cfg ServerConfig) *Server {
	cfg.TLS = http3.ConfigureTLSConfig(cfg.TLS)
	ctx, cancel := context.WithCancel(context.Background())
	return &Server{
		cfg:    cfg,
		http:   http3.Server{Handler: cfg.Handler, MaxHeaderBytes: cfg.MaxHeaderBytes, IdleTimeout: cfg.Idle},
		ctx:    ctx,
		cancel: cancel,
		conns:  map[*Conn]struct{}{},
	}
}

// Serve takes a socket over, and answers what comes there until the server is
// closed. It returns at once; when it fails the socket is closed.
func (s *Server) Serve(socket net.PacketConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := NewEndpoint(socket)
	if s.closed {
		e.Close()
		return http.ErrServerClosed
	}
	l, err := e.Listen(s.cfg.TLS, Limits{Idle: s.cfg.Idle, Streams: s.cfg.Streams})
	if err != nil {
		e.Close()
		return err
	}
	s.endpoints = append(s.endpoints, e)
	s.work.Go(func() { s.accept(l) })
	return nil
}

func (s *Server) accept(l *Listener) {
	for {
		c, err := l.Accept(s.ctx)
		if err != nil {
			return
		}
		if s.keep(c) {
			s.work.Go(func() { s.serve(c) })
		}
	}
}

// keep puts a connection on the list of those that Close ends.
func (s *Server) keep(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns[c] = struct{}{}
	}
	return !s.closed
}

func (s *Server) serve(c *Conn) {
	_ = s.http.ServeQUICConn(c.conn) // why a connection ended is no matter of the server's
	c.Close(codeNone, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// codeNone is H3_NO_ERROR (RFC 9114, section 8.1).
const codeNone = 0x100

// Close ends every connection, cutting off answers under way, and waits for
// the server's goroutines, but not for handlers that do not return when their
// context ends. Later calls do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	if !first {
		return nil
	}
	s.cancel()
	for _, c := range conns {
		c.Close(codeNone, "")
	}
	s.work.Wait()
	var err error
	for _, e := range s.endpoints {
		if failed := e.Close(); err == nil {
			err = failed
		}
	}
	return err
}
