// Package dns resolves the target's name for each client of a load test by
// itself: its own resolver, its own EDNS client subnet, its own cache that
// keeps answers exactly as long as their TTL says, and its own turn through
// all the addresses of the answer. CloudFront asks for that: every client
// makes its own DNS request and spreads its requests over the whole answer.
//
// The system's resolving routines are not used, since they share one cache
// and cannot send a client subnet. Resolvers are asked over UDP, and over TCP
// where an answer is too long for that (RFC 7766), over TLS (RFC 7858) or over
// HTTPS (RFC 8484). With the resolver "system", the hosts file and
// resolv.conf(5) count: its servers, search list, and the options ndots,
// attempts, timeout, rotate and use-vc; not the domain of the host name.
//
// Every query that is sent, retries and those over TCP included, waits for the
// [Budget] and is reported by itself: as many are recorded as servers get.
package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// System is the resolver that stands for /etc/hosts and the name servers of
// /etc/resolv.conf.
const System = "system"

const defaultTimeout = 5 * time.Second

// Config says how one client resolves one name.
type Config struct {
	// Hostname is the name to resolve, or an IP address, which needs no
	// query. Non-ASCII names must be in their xn-- form.
	Hostname string

	// Resolver is "ip:port", "ip" (port 53), "tls://host:port#name" (DNS over
	// TLS, port 853; name is what the certificate must show, or else the host),
	// "https://host:port/path" (DNS over HTTPS, port 443, /dns-query), or
	// "system". Empty means system. The system finds hosts that are names.
	Resolver string

	// Subnet is sent as EDNS client subnet (RFC 7871). One longer than /24, or
	// /56 for IPv6, is sent as its covering /24 or /56. Invalid sends none.
	Subnet netip.Prefix

	// Families are those that the client has source addresses of. Addresses
	// of others are neither asked for nor used.
	Families Families

	// Usable says of an address whether the client could reach it at all, such
	// as one that this machine has a route to. Others are left out of answers,
	// unless nothing would remain. It must not block. Nil takes all.
	Usable func(netip.Addr) bool

	// Judge is called with the addresses of each look-up before anybody may use
	// them; the look-up waits for it, until ctx ends. It cannot take addresses
	// out: what must not be dialled is refused at the dial. Nil judges nothing.
	// An IP address for a hostname is not judged, since it is not looked up.
	Judge func(ctx context.Context, addrs []netip.Addr)

	// Offset is where in an answer the client begins its turns; give each
	// client its index, so that all clients together spread evenly even if
	// each sends only one request. Negative counts as zero.
	Offset int

	// Budget bounds the queries; share one among all clients of a resolver.
	// Nil means a budget of its own with the default rate.
	Budget *Budget

	// Timeout bounds the look-up of a name from its first query on, retries
	// included; waiting for the budget before that is not counted. Each name of
	// a search list has it anew. Zero means 5 s; negative is an error.
	Timeout time.Duration

	// Report takes each query that was sent, and what came of it, its Client and
	// At left to the callee. It may be called by two goroutines at once and must
	// not block. Nil reports to nobody. What needs no query is not reported, nor
	// what could not be sent.
	Report func(results.Lookup)

	// Pool has the connections to resolvers; share one among all clients. Nil
	// means one of the client's own, which closes connections that are idle.
	Pool *Pool
}

// Families are the address families that can be used. None set means both.
type Families struct{ V4, V6 bool }

func (f Families) has(a netip.Addr) bool {
	return f.V4 && a.Is4() || f.V6 && a.Is6()
}

func (f Families) String() string {
	switch f {
	case Families{V4: true}:
		return "IPv4"
	case Families{V6: true}:
		return "IPv6"
	}
	return "IPv4 or IPv6"
}

func (c Config) withDefaults() Config {
	c.Resolver = cmp.Or(c.Resolver, System)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	if c.Families == (Families{}) {
		c.Families = Families{V4: true, V6: true}
	}
	if c.Budget == nil {
		c.Budget = NewBudget(0)
	}
	if c.Report == nil {
		c.Report = func(results.Lookup) {}
	}
	if c.Pool == nil {
		c.Pool = NewPool(PoolConfig{})
	}
	return c
}

// Validate reports everything that is wrong with c, not only the first fault.
// It asks nobody: whether the name exists is for [Client.Resolve] to tell.
func (c Config) Validate() error {
	var errs []error
	if _, err := parseName(c.Hostname); err != nil && !isLiteral(c.Hostname) {
		errs = append(errs, err)
	}
	if _, err := parseResolver(cmp.Or(c.Resolver, System)); err != nil {
		errs = append(errs, err)
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout of look-ups is %s, want more than 0", c.Timeout))
	}
	return errors.Join(errs...)
}

// parseName returns a host name as DNS knows it, with its closing dot.
func parseName(host string) (dnsmessage.Name, error) {
	bad := func(why string) (dnsmessage.Name, error) {
		return dnsmessage.Name{}, fmt.Errorf("host name %q %s", host, why)
	}
	labels := strings.TrimSuffix(host, ".")
	if labels == "" {
		return bad("is empty")
	}
	if len(labels) > maxNameBytes {
		return bad(fmt.Sprintf("has %d characters, want at most %d", len(labels), maxNameBytes))
	}
	for label := range strings.SplitSeq(labels, ".") {
		if label == "" || len(label) > maxLabelBytes {
			return bad(fmt.Sprintf("has a part of %d characters between dots, want 1 to %d", len(label), maxLabelBytes))
		}
	}
	for _, b := range []byte(labels) {
		if b <= ' ' || b >= 0x7f {
			return bad("has a character that is not printable ASCII; write it in its xn-- form")
		}
	}
	return dnsmessage.NewName(labels + ".")
}

// Limits of names in text form without the closing dot (RFC 1035, section
// 2.3.4).
const (
	maxNameBytes  = 253
	maxLabelBytes = 63
)

func isLiteral(host string) bool { return literal(host).IsValid() }

// literal returns the address that host is, be it in the brackets of a URL; an
// invalid one when it is a name.
func literal(host string) netip.Addr {
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
