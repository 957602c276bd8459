package dns

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Bounds of resolv.conf(5); where it knows none, on what is read.
const (
	mostServers  = 3
	mostDomains  = 32
	mostNdots    = 15
	mostAttempts = 5
	mostWait     = 30 // seconds
)

// A resolvConf is what resolv.conf says.
type resolvConf struct {
	servers  []netip.AddrPort // in order; this machine itself when there are none
	search   []string         // domains, in order
	ndots    int              // a name with fewer dots is sought in the domains
	attempts int              // how often each server is asked
	timeout  time.Duration    // of one try; zero when nothing is said
	rotate   bool             // begin with another server each time
	useTCP   bool
}

// conf reads resolv.conf. What it does not understand, it passes over, as
// systems do.
func (f systemFiles) conf() resolvConf {
	conf := resolvConf{ndots: 1, attempts: defaultAttempts}
	eachLine(f.resolv, "#;", func(fields []string) {
		switch args := fields[1:]; fields[0] {
		case "nameserver":
			conf.addServer(args)
		case "domain":
			conf.search = args[:min(len(args), 1)]
		case "search":
			conf.search = args[:min(len(args), mostDomains)]
		case "options":
			for _, option := range args {
				conf.set(option)
			}
		}
	})
	if len(conf.servers) == 0 {
		conf.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), dnsPort)}
	}
	return conf
}

func (c *resolvConf) addServer(args []string) {
	if len(args) == 0 || len(c.servers) == mostServers {
		return
	}
	if addr, err := netip.ParseAddr(args[0]); err == nil {
		c.servers = append(c.servers, netip.AddrPortFrom(addr, dnsPort))
	}
}

func (c *resolvConf) set(option string) {
	name, value, _ := strings.Cut(option, ":")
	n, err := strconv.Atoi(value)
	number := err == nil && n >= 0
	switch {
	case name == "rotate":
		c.rotate = true
	case name == "use-vc":
		c.useTCP = true
	case name == "ndots" && number:
		c.ndots = min(n, mostNdots)
	case name == "attempts" && number:
		c.attempts = min(max(n, 1), mostAttempts)
	case name == "timeout" && number:
		c.timeout = time.Duration(min(max(n, 1), mostWait)) * time.Second
	}
}

// names returns the names that host may mean, in the order in which they are
// tried: as it is where it ends in a dot or has enough of them, or else first
// in each of the domains. A name with enough dots is not sought there, as some
// systems do when it does not exist: a domain that answers everything must not
// become a target.
func (c resolvConf) names(host string) []dnsmessage.Name {
	var names []dnsmessage.Name
	if !strings.HasSuffix(host, ".") && strings.Count(host, ".") < c.ndots {
		for _, domain := range c.search {
			if name, err := parseName(host + "." + strings.Trim(domain, ".")); err == nil && domain != "." {
				names = append(names, name)
			}
		}
	}
	name, err := parseName(host)
	if err != nil {
		return names
	}
	return append(names, name)
}

// A setup is whom one look-up asks, and how.
type setup struct {
	servers  []endpoint
	names    []dnsmessage.Name // that the host may mean, in order
	attempts int               // how often each server is asked
	timeout  time.Duration     // of one try; zero for no such bound
}

// setup returns that of the next look-up: the resolver, or the servers of
// resolv.conf as it is now.
func (c *Client) setup() setup {
	if !c.system {
		return setup{servers: []endpoint{c.server}, names: []dnsmessage.Name{c.name}, attempts: defaultAttempts}
	}
	conf := c.files.conf()
	s := setup{names: conf.names(c.cfg.Hostname), attempts: conf.attempts, timeout: conf.timeout}
	first := 0
	if conf.rotate {
		first = int((c.rotation.Add(1) - 1 + uint64(max(0, c.cfg.Offset))) % uint64(len(conf.servers)))
	}
	for i := range conf.servers {
		e := plain(conf.servers[(first+i)%len(conf.servers)])
		if conf.useTCP {
			e.via = overTCP
		}
		s.servers = append(s.servers, e)
	}
	return s
}
