package dns

import (
	"errors"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// mostAbsent bounds what is remembered of one client's name: as many names as a
// search list holds, of both types.
const mostAbsent = 2 * (mostDomains + 1)

// An absence is what a resolver said that there is nothing of, for as long as
// its zone said (RFC 2308).
type absence struct {
	name   dnsmessage.Name
	record dnsmessage.Type
}

// An absent says how long an absence holds, and what it is.
type absent struct {
	until  time.Time
	server endpoint // that said so
	err    error    // ErrNoName, or nil where the name has other records
}

// recall returns what is known of an absence.
func (c *Client) recall(p part, now time.Time) (part, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, known := c.mu.absent[absence{p.owner, p.record}]
	if !known || !now.Before(a.until) {
		return p, false
	}
	p.server, p.err, p.received = a.server, a.err, now
	return p, true
}

// remember keeps what a query found absent, if it may be kept.
func (c *Client) remember(p part) {
	if p.negative <= 0 || len(p.addrs) > 0 || p.err != nil && !errors.Is(p.err, ErrNoName) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.absent == nil || len(c.mu.absent) >= mostAbsent {
		c.mu.absent = make(map[absence]absent)
	}
	c.mu.absent[absence{p.owner, p.record}] = absent{p.received.Add(p.negative), p.server, p.err}
}
