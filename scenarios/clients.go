package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"frontload/pacing"
	"frontload/results"
)

const (
	systemResolver = "system" // the resolver that the operating system is set up with
	mostClients    = 1_000_000
	mostConns      = 65_535
	mostLookups    = 1_000 // per second, of one resolver that is not on this machine
)

// clients compiles the section clients.
func (s *Scenario) clients(f *faults) Clients {
	m := &s.model.Clients
	c := Clients{
		Count: m.Count, Connections: m.Connections, Resumption: m.Resumption, Timeout: m.Timeout,
		Lookups: m.Lookups, InFlight: maxInFlight, Protocol: s.protocol(f),
	}
	if m.Count < 1 || m.Count > mostClients {
		f.add("clients.count", "%d is not a number of clients from 1 to %d", m.Count, mostClients)
	}
	if m.Connections < 1 || m.Connections > mostConns {
		f.add("clients.connections", "%d is not a number of connections from 1 to %d", m.Connections, mostConns)
	}
	if m.Lookups <= 0 {
		f.add("clients.lookups", "0/s allows no look-up at all: write a rate above it, such as 100/s")
	}
	if m.Timeout <= 0 {
		f.add("clients.timeout", "0s awaits no answer at all: write a longer one, such as 100s")
	}
	if m.NewViewers > 1 {
		f.add("clients.new-viewers", "%s of the requests is more than all of them: write a share from 0%% to 100%%", m.NewViewers)
	}
	c.NewViewers = NewViewers{Share: float64(m.NewViewers), Seed: s.model.Load.Seed}
	s.addresses(f, &c)
	s.resolvers(f, &c)
	s.subnets(f, &c)
	return c
}

func (s *Scenario) protocol(f *faults) results.Protocol {
	name := s.model.Clients.Protocol
	p, err := results.ParseProtocol(name)
	switch {
	case err != nil:
		f.add("clients.protocol", "%q is not a protocol: use h1, h2 or h3", name)
	case p != results.H1 && strings.HasPrefix(strings.ToLower(s.model.Target.URL), "http:"):
		f.add("clients.protocol", "%v needs TLS: use an https URL, or h1", p)
	}
	return p
}

func (s *Scenario) addresses(f *faults, c *Clients) {
	for i, text := range s.model.Clients.Addresses {
		p, err := parsePrefix(text)
		if err == nil {
			err = usable(p)
		}
		if err != nil {
			f.add(fmt.Sprintf("clients.addresses[%d]", i), "%v", err)
			continue
		}
		c.Addresses = append(c.Addresses, p)
	}
	if s.origin.has("clients.addresses") && len(s.model.Clients.Addresses) == 0 {
		f.add("clients.addresses", "the list is empty: name an address or a CIDR, or remove the key to let the system pick")
	}
}

func (s *Scenario) resolvers(f *faults, c *Clients) {
	for i, text := range s.model.Clients.Resolvers {
		r, err := parseResolver(text)
		if err != nil {
			f.add(fmt.Sprintf("clients.resolvers[%d]", i), "%v", err)
		}
		c.Resolvers = append(c.Resolvers, r)
	}
	if s.model.Clients.Lookups > mostLookups && slices.ContainsFunc(c.Resolvers, offMachine) {
		f.add("clients.lookups", "%s is more than a resolver that is not on this machine may be asked, %s: EC2 drops what goes over 1,024 packets/s, "+
			"and others limit far below; write a lower rate, and more resolvers", s.model.Clients.Lookups, pacing.Rate(mostLookups))
	}
	if len(s.model.Clients.Resolvers) == 0 {
		f.add("clients.resolvers", "the list is empty: name a resolver, or remove the key to ask the system's")
	}
}

func (s *Scenario) subnets(f *faults, c *Clients) {
	var written []netip.Prefix
	for i, text := range s.model.Clients.Subnets {
		p, err := parsePrefix(text)
		if err == nil {
			err = usable(p)
		}
		if err != nil {
			f.add(fmt.Sprintf("clients.subnets[%d]", i), "%v", err)
			continue
		}
		written = append(written, p)
	}
	if s.origin.has("clients.subnets") && len(s.model.Clients.Subnets) == 0 {
		f.add("clients.subnets", "the list is empty: name a subnet, or remove the key to send none")
	}
	c.Subnets = cutSubnets(written, min(c.Count, mostClients))
}

// parsePrefix reads an address or a CIDR.
func parsePrefix(text string) (netip.Prefix, error) {
	if strings.TrimSpace(text) == "" {
		return netip.Prefix{}, errors.New("it is empty: write an address or a CIDR such as 198.51.100.0/28")
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		if addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%s names a zone, which is not supported", text)
		}
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a CIDR such as 198.51.100.0/28", text)
	}
	if p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%s has bits set beyond its length: write %s for all of it, or %s for the one address", text, p.Masked(), p.Addr())
	}
	return p, nil
}

// unusable are the ranges that hold no address of a host. Source: the IANA
// special-purpose address registries.
var unusable = []struct{ cidr, what string }{
	{"0.0.0.0/8", "no address of a host"},
	{"224.0.0.0/4", "multicast"},
	{"240.0.0.0/4", "reserved"},
	{"::/128", "the unspecified address"},
	{"::ffff:0:0/96", "IPv4 in disguise: write it as IPv4"},
	{"fe80::/10", "link-local, which needs a zone"},
	{"ff00::/8", "multicast"},
}

// usable reports why a pool cannot be used: every address in it must be one
// that a host can have. A pool that overlaps a range of other use, be it in
// part, is refused, since its clients would fail one by one while running.
func usable(p netip.Prefix) error {
	for _, u := range unusable {
		if not := netip.MustParsePrefix(u.cidr); p.Overlaps(not) {
			if not.Bits() <= p.Bits() {
				return fmt.Errorf("%s has no usable address: %s is %s", p, not, u.what)
			}
			return fmt.Errorf("%s spans %s, which is %s: name narrower ranges", p, not, u.what)
		}
	}
	return nil
}
