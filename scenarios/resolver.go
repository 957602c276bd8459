package scenarios

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// parseResolver reads "system", an address with or without a port, a resolver
// over TLS (tls://HOST:PORT#NAME, the port 853 and the name that of the host
// unless they are written) or one over HTTPS (https://HOST:PORT/PATH). It
// returns the one way of writing it in which nothing is left to be guessed but
// the ports of URLs of HTTPS.
func parseResolver(text string) (string, error) {
	if text == systemResolver {
		return text, nil
	}
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return parseResolverURL(text, u)
	}
	if at, err := netip.ParseAddrPort(text); err == nil && at.Port() != 0 && !at.Addr().IsUnspecified() {
		return at.String(), nil
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if addr, err := netip.ParseAddr(bare); err == nil && !addr.IsUnspecified() {
		return netip.AddrPortFrom(addr, 53).String(), nil
	}
	return "", fmt.Errorf("%s is not a resolver: write system, 192.0.2.53, 192.0.2.53:53, [2001:db8::53]:53, "+
		"tls://192.0.2.53#dns.example or https://dns.example/dns-query", strconv.Quote(text))
}

func parseResolverURL(text string, u *url.URL) (string, error) {
	bad := func(why string) (string, error) { return "", fmt.Errorf("%q is not a resolver: %s", text, why) }
	if u.Scheme != "tls" && u.Scheme != "https" {
		return bad(fmt.Sprintf("it has the scheme %s: write tls:// for DNS over TLS, or https:// for DNS over HTTPS", u.Scheme))
	}
	if addr, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "" || strings.ContainsAny(u.Hostname(), "[]") || err == nil && addr.IsUnspecified() {
		return bad("it names no host: write one such as dns.example or 192.0.2.53")
	}
	if port, err := strconv.ParseUint(cmp.Or(u.Port(), "1"), 10, 16); err != nil || port == 0 {
		return bad(u.Port() + " is not a port from 1 to 65535")
	}
	if u.User != nil || u.RawQuery != "" {
		return bad("it has a user or a query, which are not sent: leave them out")
	}
	if u.Scheme == "tls" {
		if u.Path != "" {
			return bad(fmt.Sprintf("it has the path %s, which DNS over TLS does not have: leave it out, or write https://", u.Path))
		}
		u.Host = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "853"))
		return u.String(), nil
	}
	if u.Fragment != "" {
		return bad("the name after # is for DNS over TLS: over HTTPS the certificate must show the host of the URL")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/dns-query"
	}
	return u.String(), nil
}

// offMachine reports whether a resolver, as parseResolver returned it, may be on
// another machine: whether it is not at a loopback address.
func offMachine(resolver string) bool {
	host, _, err := net.SplitHostPort(resolver)
	if u, urlErr := url.Parse(resolver); urlErr == nil && u.Host != "" {
		host, err = u.Hostname(), nil
	}
	if err != nil {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err != nil || !addr.IsLoopback()
}
