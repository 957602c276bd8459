package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// A kind is a type of address record, and the family that it belongs to.
type kind struct {
	record dnsmessage.Type
	name   string
	family Families
}

// kinds are the records that a look-up asks for.
var kinds = [...]kind{
	{dnsmessage.TypeA, "A", Families{V4: true}},
	{dnsmessage.TypeAAAA, "AAAA", Families{V6: true}},
}

// A finding is what a look-up brought.
type finding struct {
	addrs   []netip.Addr
	expires time.Time
	ttl     time.Duration
	failed  Families // families whose query failed: nothing is known about them
	waited  time.Duration
}

// A part is what one query of a look-up brought.
type part struct {
	kind
	server   netip.AddrPort // that was asked last; invalid when none was
	addrs    []netip.Addr
	ttl      time.Duration
	received time.Time
	err      error
}

// lookup finds the addresses of the name: in the hosts file where that is
// asked for, or else by a query for each usable family, in parallel.
func (c *Client) lookup(ctx context.Context) (*finding, error) {
	if addrs := c.files.known(c.cfg.Hostname, !c.server.IsValid()); len(addrs) > 0 {
		return c.static(addrs)
	}
	servers := []netip.AddrPort{c.server}
	if !c.server.IsValid() {
		servers = c.files.servers()
	}
	wanted := make([]kind, 0, len(kinds))
	for _, k := range kinds {
		if k.family == c.cfg.Families || c.cfg.Families == (Families{V4: true, V6: true}) {
			wanted = append(wanted, k)
		}
	}
	begin := time.Now()
	if err := c.cfg.Budget.wait(ctx, len(wanted)); err != nil {
		return nil, fmt.Errorf("look up %s: %w", c.cfg.Hostname, err)
	}
	waited := time.Since(begin)
	found, err := c.combine(c.gather(ctx, wanted, servers))
	if err == nil {
		found.waited = waited
	}
	return found, err
}

// static makes a finding of the hosts file's addresses. They have no TTL of
// their own and are read again after hostsSpan.
func (c *Client) static(addrs []netip.Addr) (*finding, error) {
	found := &finding{ttl: hostsSpan, expires: time.Now().Add(hostsSpan)}
	for _, a := range addrs {
		if c.cfg.Families.has(a) {
			found.addrs = append(found.addrs, a)
		}
	}
	if len(found.addrs) == 0 {
		return nil, c.noAddress("the hosts file has one of the other family only")
	}
	found.addrs = c.usable(found.addrs)
	return found, nil
}

// gather asks for all wanted records at once and returns what all queries
// brought, A before AAAA. Once one of them has settled the matter the
// others get a grace only, so that a resolver that is deaf to AAAA does not
// hold everything up.
func (c *Client) gather(ctx context.Context, wanted []kind, servers []netip.AddrPort) []part {
	ctx, stop := context.WithTimeout(ctx, c.cfg.Timeout)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make(chan part, len(wanted))
	for _, k := range wanted {
		go func() { parts <- c.queryAndReport(ctx, k, servers) }()
	}
	var got []part
	var grace *time.Timer
	for range wanted {
		p := <-parts
		got = append(got, p)
		if grace == nil && (len(p.addrs) > 0 || errors.Is(p.err, ErrNoName)) {
			grace = time.AfterFunc(p.grace(c.cfg.Timeout), func() { cancel(errOutpaced) })
			defer grace.Stop()
		}
	}
	slices.SortFunc(got, func(a, b part) int { return cmp.Compare(a.record, b.record) })
	return got
}

var errOutpaced = errors.New("given up, since the query for the other family was answered")

// grace is how long the other family's answer is awaited once p is there: two
// fifths of the time-out, enough to repeat one query that was lost, but not
// past the TTL of what is there already.
func (p *part) grace(timeout time.Duration) time.Duration {
	grace := timeout * 2 / 5
	if p.ttl > 0 {
		grace = min(grace, p.ttl)
	}
	return grace
}

// combine merges what the queries brought. Addresses of one family are enough;
// without any, the first query's error counts, then the other's.
func (c *Client) combine(parts []part) (*finding, error) {
	found := new(finding)
	var failure error
	for _, p := range parts {
		if p.err != nil {
			found.failed.V4 = found.failed.V4 || p.family.V4
			found.failed.V6 = found.failed.V6 || p.family.V6
			failure = moreTelling(failure, p.err)
			continue
		}
		if len(p.addrs) == 0 {
			continue
		}
		if expires := p.received.Add(p.ttl); len(found.addrs) == 0 || expires.Before(found.expires) {
			found.expires, found.ttl = expires, p.ttl
		}
		found.addrs = append(found.addrs, p.addrs...)
	}
	switch {
	case len(found.addrs) > 0:
		found.addrs = c.usable(found.addrs)
		return found, nil
	case failure != nil:
		return nil, failure
	}
	return nil, c.noAddress(fmt.Sprintf("resolver %s answered without one", parts[0].server))
}

// usable returns those addresses that the client could reach, or all when it
// could reach none: then its connections will say why.
func (c *Client) usable(addrs []netip.Addr) []netip.Addr {
	if c.cfg.Usable == nil {
		return addrs
	}
	var left []netip.Addr
	for _, a := range addrs {
		if c.cfg.Usable(a) {
			left = append(left, a)
		}
	}
	if len(left) == 0 {
		return addrs
	}
	return left
}

// moreTelling returns the error that says more about why there is no address:
// that the name does not exist, or else the earlier one.
func moreTelling(a, b error) error {
	if a == nil || errors.Is(b, ErrNoName) {
		return b
	}
	return a
}

func (c *Client) noAddress(why string) error {
	return fmt.Errorf("look up %s: %w (%s): %s; check the name, or the families of clients.addresses",
		c.cfg.Hostname, ErrNoAddress, c.cfg.Families, why)
}

func (c *Client) queryAndReport(ctx context.Context, k kind, servers []netip.AddrPort) part {
	start := time.Now()
	p := c.query(ctx, k, servers)
	l := results.Lookup{
		Name: c.cfg.Hostname, Type: k.name,
		Answer: p.addrs, TTL: p.ttl, Took: time.Since(start),
	}
	if p.server.IsValid() {
		l.Resolver = p.server.String()
	}
	if subnet := covering(c.cfg.Subnet); subnet.IsValid() {
		l.Subnet = subnet.String()
	}
	if p.err != nil {
		l.Err = p.err.Error()
	}
	c.cfg.Report(l)
	return p
}
