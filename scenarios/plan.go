package scenarios

import (
	"net/netip"
	"net/url"
	"time"

	"frontload/pacing"
	"frontload/results"
	"frontload/scenarios/distribution"
	"frontload/scenarios/urls"
)

// A Plan is a scenario made ready to be carried out.
type Plan struct {
	Name     string
	Target   Target
	Control  *Control // nil for none
	Clients  Clients
	Requests []string // names, by index

	Distribution *distribution.Distribution // of the target; nil for not said
	Marker       string                     // header that only the origin sets; empty for none

	URLs     *urls.Generator
	Signers  []*urls.Signer      // of signed URLs, by index of the request; nil for none
	Expect   []*results.Expected // by index of the request; nil for the usual
	Secrets  []string            // values of environment variables, none empty: they must be neither shown nor stored
	Warmup   time.Duration       // from the start: it counts for no threshold
	Budget   Budget
	Schedule *pacing.Schedule
	Guided   bool // the load is a guided ramp
	Limits   Limits
	Seed     uint64

	// Hits are the wanted hit ratios of Requests, by index; zero for none.
	Hits  []float64
	Gaps  []int64  // requests that recorded seconds had, which the schedule follows; nil for none
	of    []int    // by index of Requests, which of the scenario's requests it comes from
	Notes []string // what a user should know of what was read, recorded requests above all
}

// A Target is what is tested.
type Target struct {
	URL        *url.URL // scheme and host only; the path is "/"
	Scheme     string   // http or https
	Hostname   string   // the name to resolve, or an IP address without brackets
	Port       uint16
	Host       string // Host header: a name, with a port where one must be said
	ServerName string // TLS name: Host without its port
	CA         []byte // PEM of a root to trust as well; nil for none

	Authorization Authorization
	Outside       []netip.Prefix // may be loaded though they are outside CloudFront's addresses
}

// An Authorization is what shows that a host may be asked. The zero value shows
// nothing.
type Authorization struct {
	Attest string // the user's word that it may, and why; empty for not said
	Proof  string // [proof.DNS] or [proof.WellKnown], which must hold then; empty for none
	Token  string // that the host's owner publishes; empty where the environment has it
}

// A Control is what is asked once a second, straight at the origin.
type Control struct {
	URL           *url.URL
	Authorization Authorization
}

// Clients are the simulated viewer hosts. Client i is made up of its source
// address, resolver and subnet: see the methods.
type Clients struct {
	Count     int            // at peak, 1 or more
	Addresses []netip.Prefix // source pool; empty for what the system picks
	Resolvers []string       // "ip:port", or "system"; one at least

	// Subnets are the EDNS client subnets: none longer or shorter than /24
	// for IPv4 or /56 for IPv6, and no more than there are clients.
	Subnets []netip.Prefix

	Protocol    results.Protocol
	Connections int           // most per client and edge address; with HTTP/2 and HTTP/3 as many as that
	NewViewers  NewViewers    // requests that start on a fresh connection
	Resumption  bool          // a client's later connections resume its TLS session
	Timeout     time.Duration // for an answer, from the send
	Lookups     pacing.Rate   // per resolver
	InFlight    int           // arrivals in flight at most
}

// A Budget ends a run that has spent it. Zero means no limit of the kind.
type Budget struct {
	Requests int64 // most requests that are sent
	Bytes    int64 // received, beyond which nothing more is sent
}

// Limits are what the send loop enforces. A zero limit is not enforced.
type Limits struct {
	PerClient      pacing.Rate // requests/s that one client may send
	PerEdgeAddress pacing.Rate // requests/s that one edge address may get
}

// compile makes the plan and adds to f everything that is wrong. The plan is
// whole only when f has no fault.
func (s *Scenario) compile(f *faults) *Plan {
	m := &s.model
	if m.Version != 1 {
		f.add("version", "this version of frontload reads version 1: write version: 1")
	}
	p := &Plan{Name: m.Name, Seed: m.Load.Seed}
	if p.Name == "" {
		f.add("name", "it is empty")
	}
	p.Target = s.target(f)
	p.Distribution, p.Marker = s.distribution(f, p), s.marker(f)
	p.Control = s.control(f)
	p.Clients = s.clients(f)
	p.Secrets = s.environment(f)
	f.settle(nil)
	s.requests(f, p)
	for i, of := range p.of {
		p.Expect = append(p.Expect, m.Requests[of].Expect.expected())
		p.Signers = append(p.Signers, s.signer(f, p, of, i))
	}
	s.load(f, p)
	p.Warmup = s.warmup(f, p)
	p.Budget = s.budget(f)
	s.doubtBypass(p)
	return p
}
