package dns

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A transport is how queries go to a resolver.
type transport string

const (
	overUDP   transport = "udp" // and over TCP, where an answer is too long
	overTCP   transport = "tcp"
	overTLS   transport = "tls"   // RFC 7858
	overHTTPS transport = "https" // RFC 8484
)

// Ports of DNS that are meant where none is written, and the path of DNS over
// HTTPS likewise.
const (
	dnsPort      = 53
	dnsPortTLS   = "853"
	dnsPortHTTPS = "443"
	dnsPath      = "/dns-query"
)

// An endpoint is a server that queries are put to. It is what Go can compare,
// so that it is the key of what is known about the server.
type endpoint struct {
	via  transport
	addr string // host and port to dial; the host is an IP address over UDP and TCP
	name string // that the certificate must show, over TLS and HTTPS
	path string // over HTTPS
}

// String is the endpoint as it is written in a scenario.
func (e endpoint) String() string {
	switch e.via {
	case overTLS:
		if host, _, err := net.SplitHostPort(e.addr); err != nil || host == e.name {
			return "tls://" + e.addr
		}
		return "tls://" + e.addr + "#" + e.name
	case overHTTPS:
		return "https://" + strings.TrimSuffix(e.addr, ":"+dnsPortHTTPS) + e.path
	}
	return e.addr
}

// ways are how the server must be reachable, in words.
func (e endpoint) ways() string {
	switch e.via {
	case overTCP:
		return "TCP"
	case overTLS, overHTTPS:
		return strings.ToUpper(string(e.via))
	}
	return "UDP and TCP"
}

// plain is a server that speaks UDP and TCP.
func plain(server netip.AddrPort) endpoint { return endpoint{via: overUDP, addr: server.String()} }

// parseResolver returns the server that a resolver is; the zero endpoint for
// system.
func parseResolver(s string) (endpoint, error) {
	switch {
	case s == System:
		return endpoint{}, nil
	case strings.Contains(s, "://"):
		return parseURL(s)
	}
	server, err := netip.ParseAddrPort(s)
	if err != nil {
		addr := literal(s)
		if !addr.IsValid() || strings.Contains(addr.Zone(), "]") {
			return endpoint{}, fmt.Errorf("resolver %q is neither %q nor an IP address, with or without a port, such as 192.0.2.53:53, "+
				"nor tls://192.0.2.53#dns.example, nor https://dns.example/dns-query", s, System)
		}
		server = netip.AddrPortFrom(addr, dnsPort)
	}
	if server.Port() == 0 {
		return endpoint{}, fmt.Errorf("resolver %q has port 0, want 1 to 65535; the usual one is 53", s)
	}
	return plain(server), nil
}

// Host returns the host that a resolver is at, without port: those of one host
// are to share a [Budget], however they are asked. On loopback each counts as a
// host of its own, as does what is no resolver.
func Host(resolver string) string {
	e, err := parseResolver(resolver)
	if err != nil || e == (endpoint{}) {
		return resolver
	}
	host, _, err := net.SplitHostPort(e.addr)
	if err != nil || literal(host).IsLoopback() {
		return resolver
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// parseURL reads a resolver over TLS or HTTPS.
func parseURL(s string) (endpoint, error) {
	bad := func(why string) (endpoint, error) {
		return endpoint{}, fmt.Errorf("resolver %q %s; write tls://192.0.2.53#dns.example or https://dns.example/dns-query", s, why)
	}
	u, err := url.Parse(s)
	if err != nil {
		return bad("is no URL")
	}
	e := endpoint{via: transport(u.Scheme), name: u.Hostname(), path: u.EscapedPath()}
	port := u.Port()
	if n, err := strconv.ParseUint(cmp.Or(port, "1"), 10, 16); err != nil || n == 0 {
		return bad("has port " + port + ", want 1 to 65535")
	}
	switch {
	case e.name == "" || strings.ContainsAny(e.name, "[]"):
		return bad("names no host")
	case u.User != nil || u.RawQuery != "":
		return bad("has more than a host, a port and a path")
	case e.via == overTLS && e.path == "":
		e.addr = net.JoinHostPort(e.name, cmp.Or(port, dnsPortTLS))
		e.name = cmp.Or(u.Fragment, e.name)
	case e.via == overTLS:
		return bad("has a path, which TLS does not know")
	case e.via == overHTTPS && u.Fragment == "":
		e.addr = net.JoinHostPort(e.name, cmp.Or(port, dnsPortHTTPS))
		if e.path == "" || e.path == "/" {
			e.path = dnsPath
		}
	case e.via == overHTTPS:
		return bad("has a fragment, which HTTPS does not know: the certificate must show the host")
	default:
		return bad("has a scheme that is neither tls nor https")
	}
	return e, nil
}
