package lab

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"frontload/internal/quic"
)

// Bounds on what one client can hold of the server.
const (
	maxHeaderBytes  = 32 << 10 // CloudFront: a request's headers and line, 32,768 bytes [CFG cloudfront-limits]
	maxRequestBody  = 1 << 20  // bytes of a request's body that are read and counted
	maxStreams      = 128      // HTTP/2 or HTTP/3 requests at once on one connection
	headerTimeout   = 10 * time.Second
	exchangeTimeout = 3 * time.Minute // request and answer; an origin's three tries take at most 100 s
	idleTimeout     = 2 * time.Minute
)

// newHTTPServer returns the one server behind all edge addresses, HTTP/3 apart. Handlers
// end when ctx does.
func (s *Server) newHTTPServer(ctx context.Context) *http.Server {
	h := &http.Server{
		Handler:           http.HandlerFunc(s.handle),
		TLSConfig:         s.identity.config(),
		Protocols:         new(http.Protocols),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       exchangeTimeout,
		WriteTimeout:      exchangeTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that leave are part of every load
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         s.connState,
	}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetHTTP2(s.tls)
	return h
}

// serve accepts connections on l until the server is closed.
func (s *Server) serve(l net.Listener) {
	if s.tls {
		_ = s.http.ServeTLS(l, "", "") // always ErrServerClosed: certificates are in the config
		return
	}
	_ = s.http.Serve(l)
}

// serveHTTP3 answers HTTP/3 on the sockets, if there are any. Handlers end
// with their connections.
func (s *Server) serveHTTP3(sockets []net.PacketConn) error {
	if len(sockets) == 0 {
		return nil
	}
	s.http3 = quic.NewServer(quic.ServerConfig{
		Handler:        s.http.Handler,
		TLS:            s.identity.config(),
		MaxHeaderBytes: maxHeaderBytes,
		Streams:        maxStreams,
		Idle:           idleTimeout,
	})
	var errs []error
	for _, socket := range sockets {
		errs = append(errs, s.http3.Serve(socket))
	}
	return errors.Join(errs...)
}

// connState counts connections, so that Close can wait for them. StateNew is
// reported by the accept loop, which Close waits for first.
func (s *Server) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed:
		s.conns.Done()
	}
}

// handle asks the model and plays its reply in real time.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	if !s.asks.enter() {
		panic(http.ErrAbortHandler) // the documented way to cut a connection off without an answer
	}
	defer s.asks.leave()
	a, ok := newAsk(r)
	if !ok || r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	reply, zero := s.live.ask(a)
	if !play(r.Context(), w, &reply, zero, r.Method != http.MethodHead) {
		panic(http.ErrAbortHandler)
	}
}

// newAsk reads r's body, up to a bound, and returns what the model is asked.
// It reports false when the body did not arrive.
func newAsk(r *http.Request) (Ask, bool) {
	edge, known := edgeOf(r)
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	if !known || err != nil {
		return Ask{}, false
	}
	body, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxRequestBody))
	if err != nil {
		return Ask{}, false
	}
	path, query := target(r)
	return Ask{
		Edge:     edge,
		Client:   client.Addr().Unmap(),
		Port:     client.Port(),
		Method:   r.Method,
		Host:     r.Host,
		Path:     path,
		Query:    query,
		Protocol: r.Proto,
		TLS:      r.TLS != nil,
		Header:   r.Header.Get,
		Bytes:    headBytes(r) + body,
	}, true
}

// edgeOf returns the address at which r came.
func edgeOf(r *http.Request) (netip.Addr, bool) {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(interface{ AddrPort() netip.AddrPort }) // TCP's or UDP's
	if !ok {
		return netip.Addr{}, false
	}
	return local.AddrPort().Addr().Unmap(), true
}

// target returns path and query as the client wrote them, not decoded.
func target(r *http.Request) (path, query string) {
	if !strings.HasPrefix(r.RequestURI, "/") { // absolute form, or "*"
		return r.URL.EscapedPath(), r.URL.RawQuery
	}
	path, query, _ = strings.Cut(r.RequestURI, "?")
	return path, query
}

// headBytes returns the size of the request's line and headers in the form of
// HTTP/1.1, whatever carried them.
func headBytes(r *http.Request) int64 {
	const fixed = len("  \r\n") + len("Host: \r\n") + len("\r\n")
	n := fixed + len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	return int64(n)
}
