package dns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A query is tried at least twice, and once at each of up to three servers,
// which is as many as resolv.conf(5) allows.
const (
	minTries = 2
	maxTries = 3
)

// query asks the servers in turn for one kind of record. A try that times out
// is followed by one with more time; after any other failure only servers that
// have not been asked yet are tried.
func (c *Client) query(ctx context.Context, k kind, servers []netip.AddrPort) part {
	start, tries := time.Now(), min(max(minTries, len(servers)), maxTries)
	p := part{kind: k}
	for i := range tries {
		if i > 0 {
			if err := c.cfg.Budget.wait(ctx, 1); err != nil {
				break // no time left for another try: the last failure counts
			}
		}
		p.server = servers[i%len(servers)]
		var again bool
		if p, again = c.try(ctx, p, share(c.cfg.Timeout, i, tries)); p.err == nil || errors.Is(p.err, ErrNoName) {
			return p
		}
		if ctx.Err() != nil || !again && i+1 >= len(servers) {
			break
		}
	}
	p.err = c.explain(p, time.Since(start))
	return p
}

// share is the time of try i of n out of a whole: each gets more than the one
// before, in proportion 1, 2, 3, and the last what is left, which the whole's
// own deadline sees to.
func share(whole time.Duration, i, n int) time.Duration {
	if i == n-1 {
		return whole
	}
	return whole * time.Duration(i+1) / time.Duration(n*(n+1)/2)
}

// try asks p's server once. Again says that the same server may be asked once
// more: it said nothing.
func (c *Client) try(ctx context.Context, p part, limit time.Duration) (_ part, again bool) {
	tryCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	q := question{name: c.name, kind: p.record, subnet: covering(c.cfg.Subnet), edns: true}
	r, err := c.ask(tryCtx, p.server, q)
	if err == nil && q.mayDropEDNS(r.rcode) {
		if err = c.cfg.Budget.wait(tryCtx, 1); err == nil {
			q.edns = false
			r, err = c.ask(tryCtx, p.server, q)
		}
	}
	if err != nil {
		p.err = err
		return p, tryCtx.Err() != nil
	}
	p.err = c.verdict(p.server, r.rcode)
	if p.err == nil {
		p.addrs, p.ttl, p.received = r.addrs, r.ttl, time.Now()
	}
	return p, false
}

// verdict turns a response code into an error, or none.
func (c *Client) verdict(server netip.AddrPort, code dnsmessage.RCode) error {
	switch code {
	case dnsmessage.RCodeSuccess:
		return nil
	case dnsmessage.RCodeNameError:
		return fmt.Errorf("look up %s: %w: resolver %s answered NXDOMAIN; check the spelling, or name another resolver in clients.resolvers",
			c.cfg.Hostname, ErrNoName, server)
	}
	e := &ServerError{Resolver: server.String(), Name: c.cfg.Hostname, RCode: rcodeName(code)}
	if subnet := covering(c.cfg.Subnet); subnet.IsValid() {
		e.Subnet = subnet.String()
	}
	return e
}

// explain says what the failure of all tries means.
func (c *Client) explain(p part, after time.Duration) error {
	var server *ServerError
	switch {
	case errors.As(p.err, &server):
		return p.err
	case errors.Is(p.err, syscall.ECONNREFUSED):
		return fmt.Errorf("look up %s: %w: nothing listens at %s: %w; check address and port of the resolver, or name another in clients.resolvers",
			c.cfg.Hostname, ErrNoAnswer, p.server, p.err)
	case silent(p.err):
		what := "nothing came"
		if why := p.err; !errors.Is(why, context.DeadlineExceeded) || errors.Is(why, errBadMessage) {
			what = fmt.Sprintf("nothing usable came (%v)", why)
		}
		return fmt.Errorf("look up %s: %w: %s from %s for type %s within %s; check that it can be reached by UDP and TCP and serves this machine, or name another in clients.resolvers",
			c.cfg.Hostname, ErrNoAnswer, what, p.server, p.name, after.Round(time.Millisecond))
	}
	return fmt.Errorf("look up %s: ask resolver %s: %w", c.cfg.Hostname, p.server, p.err)
}

// silent reports whether an error means that a server, or what stands between,
// did not bring an answer, as opposed to trouble of this machine's own.
func silent(err error) bool {
	for _, known := range []error{
		context.DeadlineExceeded, errBadMessage, errOutpaced,
		io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
