package dns

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

const (
	defaultAttempts = 2                      // how often each server is asked, as resolv.conf(5) has it
	sharedTries     = 3                      // tries that share the time there is; later ones get what is left
	firstBackoff    = 100 * time.Millisecond // before a server that answered an error is asked again; doubles
)

// query asks the servers in turn for one kind of record. A try that times out
// is followed by one with more time, one that a server answered with an error
// by one at the next server, or later at the same.
func (c *Client) query(ctx context.Context, p part, s setup) part {
	start, tries := time.Now(), s.attempts*len(s.servers)
	for i := range tries {
		if i > 0 && c.pause(ctx, p.err, i/len(s.servers)) != nil {
			break // no time left for another try: the last failure counts
		}
		p.server = s.servers[i%len(s.servers)]
		p.limit = s.limit(c.cfg.Timeout, i, tries)
		r, err := c.follow(ctx, p)
		p.addrs, p.texts, p.ttl, p.negative, p.received, p.err = r.addrs, r.texts, r.ttl, r.negative, time.Now(), err
		if p.err == nil || errors.Is(p.err, ErrNoName) || errors.Is(p.err, ErrNoAddress) {
			return p
		}
		if ctx.Err() != nil || !passing(p.err) && i+1 >= len(s.servers) {
			break
		}
	}
	p.err = c.explain(p, time.Since(start))
	return p
}

// pause waits until the next try may be made: for the budget, and from the
// second round over the servers on for a server that answered an error to
// recover.
func (c *Client) pause(ctx context.Context, last error, round int) error {
	if round > 0 && !silent(last) {
		select {
		case <-time.After(firstBackoff << min(round-1, 5)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return c.cfg.Budget.more(ctx)
}

// limit is how long the answers of try i of n are awaited, out of a whole: each
// longer than those before, in proportion 1, 2, 3, and the last for what is
// left, which the whole's own deadline sees to. None gets more than resolv.conf
// allows.
func (s setup) limit(whole time.Duration, i, n int) time.Duration {
	limit := whole
	if n = min(n, sharedTries); i < n-1 {
		limit = whole * time.Duration(i+1) / time.Duration(n*(n+1)/2)
	}
	if s.timeout > 0 {
		limit = min(limit, s.timeout)
	}
	return limit
}

// explain says what the failure of all tries means.
func (c *Client) explain(p part, after time.Duration) error {
	var server *ServerError
	var budget *budgetError
	var untrusted *tls.CertificateVerificationError
	var unknown *net.DNSError
	switch {
	case errors.As(p.err, &budget):
		return fmt.Errorf("look up %s: ask resolver %s again: %w", c.cfg.Hostname, p.server, p.err)
	case errors.As(p.err, &server) && server.passing:
		return fmt.Errorf("%w%s", p.err, c.cfg.Pool.doubt(p.server))
	case errors.As(p.err, &server):
		return p.err
	case errors.As(p.err, &untrusted):
		return fmt.Errorf("look up %s: %w: resolver %s: %w; write the name that its certificate is for after # (tls://192.0.2.53#dns.example), or add its root to target.ca",
			c.cfg.Hostname, ErrUntrusted, p.server, untrusted.Err)
	case errors.As(p.err, &unknown):
		return fmt.Errorf("look up %s: %w: the system finds no address of resolver %s: %w; correct its name, or write its address in clients.resolvers",
			c.cfg.Hostname, ErrNoAnswer, p.server, unknown)
	case errors.Is(p.err, syscall.ECONNREFUSED):
		return fmt.Errorf("look up %s: %w: nothing listens at %s: %w; check address and port of the resolver, or name another in clients.resolvers",
			c.cfg.Hostname, ErrNoAnswer, p.server, p.err)
	case silent(p.err):
		what := "nothing came"
		if why := p.err; !errors.Is(why, context.DeadlineExceeded) || errors.Is(why, errBadMessage) {
			what = fmt.Sprintf("nothing usable came (%v)", why)
		}
		return fmt.Errorf("look up %s: %w: %s from %s for type %s within %s; check that it can be reached by %s and serves this machine, or name another in clients.resolvers%s",
			c.cfg.Hostname, ErrNoAnswer, what, p.server, p.kind.name, after.Round(time.Millisecond), p.server.ways(), c.cfg.Pool.doubt(p.server))
	}
	return fmt.Errorf("look up %s: ask resolver %s: %w", c.cfg.Hostname, p.server, p.err)
}

// silent reports whether an error means that a server, or what stands between,
// did not bring an answer, as opposed to trouble of this machine's own.
func silent(err error) bool {
	for _, known := range []error{
		context.DeadlineExceeded, errBadMessage, errOutpaced, errLost,
		io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	var alert *net.OpError // by which package tls passes on what the other side says
	var record tls.RecordHeaderError
	return errors.As(err, &alert) && alert.Op == "remote error" || errors.As(err, &record)
}

// passing reports whether the same server may answer when it is asked again: it
// said nothing in time, or that it cannot answer now.
func passing(err error) bool {
	var server *ServerError
	var budget *budgetError
	switch {
	case errors.As(err, &server):
		return server.passing
	case errors.As(err, &budget):
		return false
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errLost)
}
