package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontload/results"
)

// maxTexts is how many texts are taken from an answer.
const maxTexts = 256

// TXT asks the client's resolver for the TXT records of a name, and returns
// their texts: each string of each record for itself, since what is longer
// than 255 bytes is cut into several. Nothing is taken from a cache of the
// client's own, and no client subnet is sent. There may be no text at all; a
// name that does not exist is an [ErrNoName]. The hosts file is not read.
func (c *Client) TXT(ctx context.Context, name string) ([]string, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	parsed, err := parseName(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	servers := []netip.AddrPort{c.server}
	if !c.server.IsValid() {
		servers = c.files.servers()
	}
	q := question{name: parsed, kind: dnsmessage.TypeTXT, edns: true}
	tries := min(max(minTries, len(servers)), maxTries)
	for i := range tries {
		var texts []string
		texts, err = c.tryTXT(ctx, servers[i%len(servers)], q, share(c.cfg.Timeout, i, tries))
		if err == nil || errors.Is(err, ErrNoName) || ctx.Err() != nil {
			return texts, err
		}
	}
	return nil, err
}

// tryTXT asks one server once.
func (c *Client) tryTXT(ctx context.Context, server netip.AddrPort, q question, limit time.Duration) ([]string, error) {
	if err := c.cfg.Budget.wait(ctx, 1); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := time.Now()
	r, err := c.ask(ctx, server, q)
	if err == nil && q.mayDropEDNS(r.rcode) {
		q.edns = false
		r, err = c.ask(ctx, server, q)
	}
	texts, err := readTexts(server, q.name.String(), r, err)
	l := results.Lookup{Name: strings.TrimSuffix(q.name.String(), "."), Type: "TXT", Resolver: server.String(), Took: time.Since(start)}
	if err != nil {
		l.Err = err.Error()
	}
	c.cfg.Report(l)
	return texts, err
}

// readTexts returns the texts of a reply, or what its absence means.
func readTexts(server netip.AddrPort, name string, r reply, err error) ([]string, error) {
	switch {
	case err != nil && silent(err):
		return nil, fmt.Errorf("look up %s: %w: %s said nothing usable for type TXT (%v)", name, ErrNoAnswer, server, err)
	case err != nil:
		return nil, fmt.Errorf("look up %s: ask resolver %s: %w", name, server, err)
	case r.rcode == dnsmessage.RCodeNameError:
		return nil, fmt.Errorf("look up %s: %w: resolver %s answered NXDOMAIN", name, ErrNoName, server)
	case r.rcode != dnsmessage.RCodeSuccess:
		return nil, &ServerError{Resolver: server.String(), Name: name, RCode: rcodeName(r.rcode)}
	}
	return r.texts, nil
}

// addText takes the texts of one record.
func (f *records) addText(owner string, texts []string) {
	if f.texts == nil {
		f.texts = map[string][]string{}
	}
	for _, text := range texts {
		if f.counted++; f.counted <= maxTexts {
			f.texts[owner] = append(f.texts[owner], text)
		}
	}
}

// followText returns the texts that a name leads to by its aliases.
func (f *records) followText(name string) []string {
	for range maxAliases + 1 {
		if texts := f.texts[name]; texts != nil {
			return texts
		}
		next, ok := f.alias[name]
		if !ok {
			break
		}
		name = next.to
	}
	return nil
}
