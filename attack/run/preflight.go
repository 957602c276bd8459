package run

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"frontload/attack/dns"
	"frontload/attack/permit"
	"frontload/attack/source"
	"frontload/results"
	"frontload/results/record"
	"frontload/scenarios"
	"frontload/scenarios/proof"
)

// An Authorization is what shows that a plan's hosts may be asked.
type Authorization struct {
	// Text is what held, as the run file keeps it, such as "loopback",
	// "attest: CHG-4711, we own it" or "proof: well-known at 4 addresses, TIME".
	Text      string
	Addresses []netip.Addr // of the target, that were judged
	Notes     []string     // what weakens it, in words
	Time      time.Time    // when it was judged
}

// Authorise judges whether the plan may be carried out, as [Run] does before
// it sends anything: it asks each resolver for the target on behalf of its
// first client, and looks for the proofs that the plan names. No load is sent.
//
// The error is a [RefusedError] when the target or the host of control requests
// may not be asked, a [SetupError] when the options are wrong, and any other
// when a name can be resolved by none of them.
func Authorise(ctx context.Context, plan *scenarios.Plan, opt Options) (Authorization, error) {
	r := &runner{plan: plan, opt: opt, recorder: record.New(record.Config{Requests: plan.Requests})}
	pool, err := r.newPool()
	if err != nil {
		return Authorization{}, &SetupError{err}
	}
	defer pool.Close()
	defer r.closeGates()
	if err := r.authorise(ctx, r.newResolvers(pool)); err != nil {
		return Authorization{Notes: r.notes, Time: time.Now()}, err
	}
	return Authorization{Text: r.authorization(), Addresses: r.gate.Allowed(), Notes: r.notes, Time: time.Now()}, nil
}

// authorise judges the target by what the first client of each resolver is
// answered, and the host of control requests. Other clients may be answered
// otherwise, and are judged when they have looked the target up. What those
// clients learn is theirs: they do not ask again for the run.
func (r *runner) authorise(ctx context.Context, clients []*dns.Client) error {
	if err := r.openGates(r.firstOfEach(clients)); err != nil {
		return &SetupError{err}
	}
	if addr, err := netip.ParseAddr(r.plan.Target.Hostname); err == nil { // which nobody looks up
		r.gate.Judge(ctx, []netip.Addr{addr})
	}
	if err := r.judgeFirst(ctx, r.firstOfEach(clients)); err != nil {
		return err
	}
	if err := r.mayControl(ctx); err != nil {
		return err
	}
	r.doubtRecord()
	return ctx.Err()
}

// judgeFirst has clients look the target up, and judges what they were answered.
// It fails where none could look it up, or one was answered what may not be
// asked.
func (r *runner) judgeFirst(ctx context.Context, clients []*dns.Client) error {
	var failures []error
	for _, c := range clients {
		if _, err := c.Resolve(ctx); err != nil {
			failures = append(failures, err)
			continue
		}
		if err := r.refused(); err != nil {
			return err
		}
	}
	if len(failures) == len(clients) {
		return failures[0]
	}
	return nil
}

// doubtRecord tells what a record in DNS does not show.
func (r *runner) doubtRecord() {
	if t := &r.plan.Target; t.Authorization.Proof == proof.DNS && t.Scheme == "http" && r.opt.IPRanges == "" && r.gate.String() != "loopback" {
		r.doubt("over http a DNS record shows nothing about addresses that come after the run has begun: they are refused, unless --ip-ranges shows that they are CloudFront's")
	}
}

// doubt keeps and tells what weakens the authorisation.
func (r *runner) doubt(text string) {
	r.notes = append(r.notes, text)
	r.tell("authorisation", text)
}

// refused returns why addresses of the target that were answered so far may
// not be asked, or nil.
func (r *runner) refused() error {
	return refusal(r.gate.Denials(), r.plan.Target.Hostname, r.plan.Target.ServerName, false)
}

// firstOfEach returns the first client of each resolver.
func (r *runner) firstOfEach(clients []*dns.Client) []*dns.Client {
	var first []*dns.Client
	asked := map[string]bool{}
	for i, c := range clients {
		if resolver := r.plan.Clients.Resolver(i); !asked[resolver] {
			asked[resolver] = true
			first = append(first, c)
		}
	}
	return first
}

// openGates makes the gates of the target and of control requests, which have
// heard of no address yet.
func (r *runner) openGates(resolvers []*dns.Client) error {
	t := &r.plan.Target
	roots, err := trusted(t.CA)
	if err != nil {
		return err
	}
	ranges, err := r.ranges()
	if err != nil {
		return err
	}
	cfg := permit.Config{
		Hostname: t.Hostname, Host: t.Host, ServerName: t.ServerName, Scheme: t.Scheme, Port: t.Port, Roots: roots,
		Ranges: ranges, Outside: t.Outside,
		Dial: r.dialForProof,
		Tell: func(text string) { r.tell("authorisation", text) },
	}
	for _, c := range resolvers {
		cfg.Resolvers = append(cfg.Resolvers, c)
	}
	r.gate = permit.New(r.authorized(cfg, t.Authorization))
	if c := r.plan.Control; c != nil {
		r.controlGate = permit.New(r.authorized(controlConfig(c, roots), c.Authorization))
	}
	return nil
}

// authorized returns cfg with an authorization; the token may be the
// environment's.
func (r *runner) authorized(cfg permit.Config, a scenarios.Authorization) permit.Config {
	cfg.Attest, cfg.Proof, cfg.Token = a.Attest, a.Proof, a.Token
	if cfg.Token == "" {
		cfg.Token = strings.TrimSpace(r.opt.Token)
	}
	return cfg
}

// ranges returns CloudFront's, if the options name a file of them.
func (r *runner) ranges() (*permit.Ranges, error) {
	if r.opt.IPRanges == "" {
		return nil, nil
	}
	ranges, err := permit.OpenRanges(r.opt.IPRanges)
	if err != nil {
		return nil, err
	}
	if doubt := ranges.Doubt(time.Now()); doubt != "" {
		r.doubt(doubt)
	}
	return ranges, nil
}

// dialForProof connects as load would, from the source address of a client.
func (r *runner) dialForProof(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	const tried = 16
	d := source.Dialer{Allow: func(netip.Addr) error { return nil }} // the gate has judged all but the proof
	for i := range min(tried, r.plan.Clients.Count) {
		from, own := r.plan.Clients.Source(i)
		if !own || from.Unmap().Is4() == to.Addr().Is4() {
			return d.Dial(ctx, from, to)
		}
	}
	return d.Dial(ctx, netip.Addr{}, to)
}

// closeGates ends proofs that are under way. It may be called again.
func (r *runner) closeGates() {
	for _, g := range []*permit.Gate{r.gate, r.controlGate} {
		if g != nil {
			g.Close()
		}
	}
}

// authorization says what showed that the hosts may be asked.
func (r *runner) authorization() string {
	text := r.gate.String()
	if g := r.controlGate; g != nil {
		if control := g.String(); control != "loopback" {
			text += "; origin.control: " + control
		}
	}
	return text
}

// tell records an event, and says it.
func (r *runner) tell(kind, text string) {
	event := results.Event{Kind: kind, Text: text}
	if r.engine != nil {
		event.At = r.engine.Now()
	}
	r.recorder.Event(event)
	r.say("%s", text)
}

// controlConfig is what a gate for control requests needs to know. Their names
// are resolved as the system does.
func controlConfig(c *scenarios.Control, roots *x509.CertPool) permit.Config {
	hostname := c.URL.Hostname()
	cfg := permit.Config{
		Hostname: hostname, Host: c.URL.Host, ServerName: hostname, Scheme: c.URL.Scheme, Port: controlPort(c), Roots: roots,
		Resolvers: []permit.Resolver{dns.New(dns.Config{Hostname: hostname})},
	}
	cfg.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", to.String())
	}
	return cfg
}

// mayControl judges, by the addresses that the host of control requests has
// now, whether it may be asked.
func (r *runner) mayControl(ctx context.Context) error {
	c := r.plan.Control
	if c == nil {
		return nil
	}
	if _, err := r.controlAddresses(ctx); err != nil {
		return fmt.Errorf("origin.control: %w", err)
	}
	return refusal(r.controlGate.Denials(), c.URL.Hostname(), c.URL.Hostname(), true)
}

// controlAddresses looks the host of control requests up, and has what it has
// found judged.
func (r *runner) controlAddresses(ctx context.Context) ([]netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", r.plan.Control.URL.Hostname())
	if err != nil {
		return nil, err
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	r.controlGate.Judge(ctx, addrs)
	return addrs, nil
}

// NeverAsked returns what an address is that nobody may ask, whatever authorises
// them, such as one of a cloud's metadata service; nothing for any other.
func NeverAsked(a netip.Addr) string { return permit.NeverAsked(a.Unmap()) }
