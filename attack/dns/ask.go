package dns

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// mostHops is how often an answer that leaves off at an alias is followed by a
// query for that.
const mostHops = 8

// follow asks p's server, and goes on where an answer leaves off at an alias.
// The reply is that at the end, with the least TTL on the way.
func (c *Client) follow(ctx context.Context, p part) (reply, error) {
	q := question{name: p.owner, kind: p.kind.record, edns: true, subnet: covering(c.cfg.Subnet)}
	if p.kind.record == dnsmessage.TypeTXT {
		q.subnet = netip.Prefix{} // what proves a name is the same for everyone
	}
	if !c.cfg.Pool.speaksEDNS(p.server) {
		q.dropEDNS()
	}
	asked := []string{fold(q.name)}
	var on time.Duration // the TTL so far; zero for no alias yet
	for {
		r, err := c.settle(ctx, p, &q)
		if on > 0 {
			r.ttl, r.negative = min(r.ttl, on), min(r.negative, on)
		}
		if err == nil {
			err = c.verdict(p.server, q, r)
		}
		if err != nil || r.alias.Length == 0 && !r.circle {
			return r, err
		}
		if r.circle || slices.Contains(asked, fold(r.alias)) {
			return reply{}, c.astray(p, "lead around in a circle")
		}
		if len(asked) > mostHops {
			return reply{}, c.astray(p, fmt.Sprintf("go on after %d answers", mostHops))
		}
		if err := c.cfg.Budget.more(ctx); err != nil {
			return reply{}, err
		}
		q.name, on = r.alias, max(r.ttl, 1)
		asked = append(asked, fold(q.name))
	}
}

func (c *Client) astray(p part, how string) error {
	return fmt.Errorf("look up %s: %w: by the answers of resolver %s, the aliases (CNAME) of %s %s; correct its records",
		c.cfg.Hostname, ErrNoAddress, p.server, bare(p.owner), how)
}

// settle puts a question, again without EDNS where the server does not know
// that, which q remembers, and again over TCP where the answer is too long for
// UDP.
func (c *Client) settle(ctx context.Context, p part, q *question) (reply, error) {
	q.byStream = false
	r, err := c.send(ctx, p, *q)
	if err == nil && q.mayDropEDNS(r.rcode) {
		if err = c.cfg.Budget.more(ctx); err != nil {
			return reply{}, err
		}
		q.dropEDNS()
		if r, err = c.send(ctx, p, *q); err == nil && r.rcode == dnsmessage.RCodeSuccess {
			c.cfg.Pool.withoutEDNS(p.server, covering(c.cfg.Subnet).IsValid())
		}
	}
	if err != nil || !r.truncated {
		return r, err
	}
	if err = c.cfg.Budget.more(ctx); err != nil {
		return reply{}, err
	}
	q.byStream = true
	if r, err = c.send(ctx, p, *q); err != nil {
		return reply{}, fmt.Errorf("ask over TCP, the answer being too long for UDP: %w", err)
	}
	if r.truncated {
		return reply{}, fmt.Errorf("%w: it is cut off even over TCP", errBadMessage)
	}
	return r, nil
}

// send sends one query, whose answer is awaited for p's limit, and tells what
// came of it.
func (c *Client) send(ctx context.Context, p part, q question) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	start := time.Now()
	r, err := c.ask(ctx, p.server, q)
	if unsent := (unsentError{}); errors.As(err, &unsent) {
		return r, err
	}
	var status statusError
	if errors.As(err, &status) {
		err = c.serverError(p.server, q, "HTTP "+strconv.Itoa(int(status)), status == http.StatusTooManyRequests || status >= 500)
	}
	told := err
	if told == nil {
		told = c.verdict(p.server, q, r)
	}
	if failed := passing(told); failed || err == nil { // else it was given up, which says nothing about the server
		c.cfg.Pool.note(p.server, start, failed)
	}
	c.tell(p, q, r, told, time.Since(start))
	return r, err
}

// tell reports one query that was sent.
func (c *Client) tell(p part, q question, r reply, err error, took time.Duration) {
	l := results.Lookup{
		Resolver: p.server.String(), Transport: string(p.server.via), Name: bare(q.name), Type: p.kind.name,
		Answer: r.addrs, Took: took,
	}
	if q.byStream {
		l.Transport = string(overTCP)
	}
	if len(r.addrs) > 0 {
		l.TTL = r.ttl
	}
	if q.subnet.IsValid() {
		l.Subnet = q.subnet.String()
	}
	if r.scope.IsValid() {
		l.Scope = r.scope.String()
	}
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errBadMessage):
		l.Err = fmt.Sprintf("nothing came within %s", took.Round(time.Millisecond))
	default:
		l.Err = err.Error()
	}
	c.cfg.Report(l)
}

// verdict turns a response code into an error, or none.
func (c *Client) verdict(server endpoint, q question, r reply) error {
	switch r.rcode {
	case dnsmessage.RCodeSuccess:
		return nil
	case dnsmessage.RCodeNameError:
		return fmt.Errorf("look up %s: %w: resolver %s answered NXDOMAIN; check the spelling, or name another resolver in clients.resolvers",
			bare(q.name), ErrNoName, server)
	}
	passing := r.rcode == dnsmessage.RCodeServerFailure || r.rcode == dnsmessage.RCodeRefused
	return c.serverError(server, q, rcodeName(r.rcode), passing)
}

func (c *Client) serverError(server endpoint, q question, code string, passing bool) *ServerError {
	e := &ServerError{Resolver: server.String(), Name: c.cfg.Hostname, RCode: code, passing: passing}
	if q.subnet.IsValid() {
		e.Subnet = q.subnet.String()
	}
	return e
}

// bare returns a name as people write it: without its closing dot.
func bare(n dnsmessage.Name) string { return strings.TrimSuffix(n.String(), ".") }
