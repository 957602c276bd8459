package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"frontload/internal/quic"
)

// DefaultName is the host name that a lab serves when none is given. The top
// level domain test never resolves outside the lab (RFC 6761).
const DefaultName = "d111111abcdef8.cloudfront.test"

// A Behaviour is what a lab does, without sockets: a model with an injected
// clock. Times are offsets from the model's start and never go back. It need
// not be safe for use by many goroutines at once: [Serve] calls it one call
// at a time.
type Behaviour interface {
	// Ask returns what the edge answers to a, which arrives at now.
	Ask(now time.Duration, a Ask) Reply

	// Resolve returns the addresses that a viewer in subnet is given, in
	// order, and how long they hold. No address is a normal answer.
	Resolve(now time.Duration, subnet netip.Prefix, ipv6 bool) (answer []netip.Addr, ttl time.Duration)

	// Edges returns every edge address of the model, loopback addresses all.
	Edges() []Edge
}

var _ Behaviour = (*Model)(nil)

// A Config says how a behaviour is served.
type Config struct {
	TLS  bool   // HTTP/1.1, HTTP/2 and HTTP/3; otherwise HTTP/1.1 in the clear
	Name string // host name to serve; empty means [DefaultName]
}

// A Server is a behaviour on sockets: one listener for each edge address, all
// on the same port, with a UDP socket beside it where HTTP/3 is served, and a DNS server that gives their addresses out. Its
// methods may be called by many goroutines at once.
type Server struct {
	name     string
	port     uint16
	tls      bool
	live     *live
	identity *identity
	http     *http.Server
	http3    *quic.Server // nil without TLS
	dns      *dnsServer
	asks     gate           // handlers
	conns    sync.WaitGroup // connections of http
	serving  sync.WaitGroup // accept loops of http
	stop     context.CancelFunc
	once     sync.Once
	closeErr error
}

// Serve puts b on loopback sockets and returns at once; the caller must call
// [Server.Close]. The model's clock stands at zero until the first request
// comes, so that what happens at fixed times counts from the start of a load
// and not from the start of the server; a [Model]'s Epoch is set to that
// moment. Until Close has returned, b is the server's alone: nobody else may
// call it. Serve fails when an edge address is not a loopback address of this
// host, or when no port is free on all of them.
func Serve(b Behaviour, cfg Config) (*Server, error) {
	name := cmp.Or(cfg.Name, DefaultName)
	edges, err := edgeAddresses(b)
	if err != nil {
		return nil, err
	}
	identity, err := newIdentity(name, edges, time.Now())
	if err != nil {
		return nil, fmt.Errorf("make the lab's certificates: %w", err)
	}
	sockets, err := listenAll(edges, cfg.TLS)
	if err != nil {
		return nil, err
	}
	s := &Server{name: name, port: sockets.port, tls: cfg.TLS, live: &live{model: b}, identity: identity, asks: gate{most: maxAsks}}
	if s.dns, err = newDNSServer(name, s.live.resolve); err != nil {
		sockets.close()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.http = s.newHTTPServer(ctx)
	for _, l := range sockets.tcp {
		s.serving.Go(func() { s.serve(l) })
	}
	if err := s.serveHTTP3(sockets.udp); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// edgeAddresses returns the addresses to listen on, and refuses any that is
// not loopback: a lab is never reachable from outside.
func edgeAddresses(b Behaviour) ([]netip.Addr, error) {
	seen := make(map[netip.Addr]bool)
	var addrs []netip.Addr
	for _, e := range b.Edges() {
		if !e.Addr.IsLoopback() {
			return nil, fmt.Errorf("serve edge address %s of %s: it is not a loopback address", e.Addr, e.POP)
		}
		if !seen[e.Addr] {
			seen[e.Addr] = true
			addrs = append(addrs, e.Addr)
		}
	}
	if len(addrs) == 0 {
		return nil, errors.New("serve the lab: its model has no edge address")
	}
	return addrs, nil
}

// URL returns what to attack: scheme, host name and port, without a path. The
// name resolves at [Server.Resolver] only.
func (s *Server) URL() string {
	scheme := "http"
	if s.tls {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(s.name, strconv.Itoa(int(s.port)))
}

// Resolver returns address and port of the DNS server, UDP and TCP.
func (s *Server) Resolver() string { return s.dns.addr.String() }

// CA returns the root certificate that signed the lab's, as PEM. It is made
// anew for each server, and its key is kept nowhere.
func (s *Server) CA() []byte { return s.identity.rootPEM }

// Lookups returns how many DNS queries were answered, whatever they asked.
func (s *Server) Lookups() int64 {
	c := s.dns.counts()
	return c.A + c.AAAA + c.Other
}

// LookupCounts returns the DNS queries answered, by what they asked for.
func (s *Server) LookupCounts() LookupCounts { return s.dns.counts() }

// Close stops the server at once, cutting off answers under way, and waits
// for all of its goroutines. Later calls do nothing and return the same.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.stop()
		err := s.http.Close()
		s.serving.Wait()
		// A connection accepted while Close ran may have escaped it; no more
		// can come now.
		err = errors.Join(err, s.http.Close())
		s.conns.Wait()
		if s.http3 != nil {
			err = errors.Join(err, s.http3.Close())
		}
		s.asks.close()
		s.closeErr = errors.Join(err, s.dns.close())
	})
	return s.closeErr
}
