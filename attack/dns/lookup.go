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

// A part is what the queries for one kind of record of one name brought.
type part struct {
	kind
	owner    dnsmessage.Name
	server   endpoint      // that was asked last
	limit    time.Duration // that its answers are awaited
	addrs    []netip.Addr
	texts    []string
	ttl      time.Duration
	negative time.Duration // how long it holds that there are none; zero when that is not known
	received time.Time
	err      error
}

// lookup finds the addresses of the name: in the hosts file where that is
// asked for, or else by a query for each usable family, in parallel. Of the
// names that it may mean, the first one with addresses counts.
func (c *Client) lookup(ctx context.Context) (*finding, error) {
	if addrs := c.files.known(c.cfg.Hostname, c.system); len(addrs) > 0 {
		return c.static(addrs)
	}
	s := c.setup()
	var failure error
	var waited time.Duration
	for _, name := range s.names {
		found, took, err := c.lookupName(ctx, name, s)
		waited += took
		if err == nil {
			found.waited = waited
			return found, nil
		}
		if failure = lessTelling(failure, err); !mayMeanAnother(err) {
			return nil, err
		}
	}
	return nil, failure
}

// mayMeanAnother reports whether the next name of a search list is to be tried
// after an error: there is no such name here, or nobody knows.
func mayMeanAnother(err error) bool {
	var server *ServerError
	return errors.Is(err, ErrNoName) || errors.Is(err, ErrNoAddress) || errors.As(err, &server)
}

// lessTelling returns the error that a search list ends with: the latest, but
// that a name does not exist only where it is so of all.
func lessTelling(a, b error) error {
	if a != nil && errors.Is(b, ErrNoName) {
		return a
	}
	return b
}

// lookupName finds the addresses of one name, and tells how long it waited for
// the budget.
func (c *Client) lookupName(ctx context.Context, name dnsmessage.Name, s setup) (*finding, time.Duration, error) {
	var parts, wanted []part
	for _, k := range kinds {
		if k.family != c.cfg.Families && c.cfg.Families != (Families{V4: true, V6: true}) {
			continue
		}
		if p, known := c.recall(part{kind: k, owner: name}, time.Now()); known {
			parts = append(parts, p)
		} else {
			wanted = append(wanted, p)
		}
	}
	var waited time.Duration
	if len(wanted) > 0 {
		begin := time.Now()
		if err := c.cfg.Budget.begin(ctx, len(wanted)); err != nil {
			return nil, 0, fmt.Errorf("look up %s: %w", c.cfg.Hostname, err)
		}
		waited = time.Since(begin)
		parts = append(parts, c.gather(ctx, wanted, s)...)
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.record, b.record) })
	found, err := c.combine(parts)
	return found, waited, err
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

// gather asks for all that is wanted at once and returns what all queries
// brought. Once one of them has settled the matter the others get a grace only,
// so that a resolver that is deaf to AAAA does not hold everything up.
func (c *Client) gather(ctx context.Context, wanted []part, s setup) []part {
	ctx, stop := context.WithTimeout(ctx, c.cfg.Timeout)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make(chan part, len(wanted))
	for _, p := range wanted {
		go func() { parts <- c.query(ctx, p, s) }()
	}
	var got []part
	var grace *time.Timer
	for range wanted {
		p := <-parts
		c.remember(p)
		got = append(got, p)
		if grace == nil && (len(p.addrs) > 0 || errors.Is(p.err, ErrNoName)) {
			grace = time.AfterFunc(p.grace(c.cfg.Timeout), func() { cancel(errOutpaced) })
			defer grace.Stop()
		}
	}
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
