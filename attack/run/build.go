package run

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"frontload/attack"
	"frontload/attack/dns"
	"frontload/attack/source"
	"frontload/attack/wire"
	"frontload/pacing"
	"frontload/results"
	"frontload/scenarios"
	"frontload/scenarios/urls"
)

// describe returns what is known of a run before it begins.
func (r *runner) describe() results.RunInfo {
	return results.RunInfo{
		Name:          r.plan.Name,
		Source:        r.opt.Source,
		Version:       r.opt.Version,
		Start:         time.Now(),
		Target:        r.plan.Target.URL.String(),
		Seed:          r.plan.Seed,
		Plan:          r.opt.Scenario,
		Authorization: r.authorization(),
		Requests:      r.plan.Requests,
		Hits:          r.plan.Hits,
		ClientLimit:   float64(r.plan.Limits.PerClient),
		EdgeLimit:     float64(r.plan.Limits.PerEdgeAddress),
		Warmup:        r.plan.Warmup,
	}
}

// newPool returns the connections to the resolvers of the plan, which may be
// vouched for by the scenario's own roots.
func (r *runner) newPool() (*dns.Pool, error) {
	roots, err := trusted(r.plan.Target.CA)
	if err != nil {
		return nil, err
	}
	return dns.NewPool(dns.PoolConfig{Roots: roots, Tell: func(text string) {
		e := results.Event{Kind: "dns", Text: text}
		if r.engine != nil {
			e.At = r.engine.Now()
		}
		r.recorder.Event(e)
		r.say("%s", text)
	}}), nil
}

// newResolvers returns a DNS client for each of the plan's clients. Those that
// ask one host share a budget, however it is written in clients.resolvers, and
// all share the connections to resolvers.
func (r *runner) newResolvers(pool *dns.Pool) []*dns.Client {
	budgets := map[string]*dns.Budget{}
	clients := make([]*dns.Client, r.plan.Clients.Count)
	for i := range clients {
		clients[i] = r.newResolver(i, pool, budgets, r.reporter(i))
	}
	return clients
}

// newResolver returns the DNS client of client i. Those of one resolver share
// its budget.
func (r *runner) newResolver(i int, pool *dns.Pool, budgets map[string]*dns.Budget, report func(results.Lookup)) *dns.Client {
	resolver := r.plan.Clients.Resolver(i)
	host := dns.Host(resolver)
	if budgets[host] == nil {
		budgets[host] = dns.NewBudget(float64(r.plan.Clients.Lookups))
	}
	subnet, _ := r.plan.Clients.Subnet(i)
	cfg := dns.Config{
		Hostname: r.plan.Target.Hostname,
		Resolver: resolver,
		Subnet:   subnet,
		Budget:   budgets[host],
		Offset:   i,
		Report:   report,
		Judge:    r.judge,
		Pool:     pool,
	}
	if source, own := r.plan.Clients.Source(i); own {
		cfg.Families = dns.Families{V4: source.Is4(), V6: source.Is6()}
	} else {
		cfg.Usable = routed
	}
	return dns.New(cfg)
}

// judge has what a look-up brought judged before it is used.
func (r *runner) judge(ctx context.Context, addrs []netip.Addr) { r.gate.Judge(ctx, addrs) }

// reporter records the queries of client i. Those before the run's clock
// starts stand at zero.
func (r *runner) reporter(i int) func(results.Lookup) {
	return func(l results.Lookup) {
		if r.engine != nil {
			l.At = r.engine.Now()
		}
		l.Client = uint32(i)
		r.first.add(l)
		r.recorder.Lookup(l)
	}
}

// An answerBook keeps look-ups until they are taken, and none after that. Its
// methods may be called by many goroutines at once.
type answerBook struct {
	mu      sync.Mutex
	lookups []results.Lookup
	taken   bool
}

func (b *answerBook) add(l results.Lookup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.taken {
		b.lookups = append(b.lookups, l)
	}
}

func (b *answerBook) take() []results.Lookup {
	b.mu.Lock()
	defer b.mu.Unlock()
	lookups := b.lookups
	b.lookups, b.taken = nil, true
	return lookups
}

// newEngine deals the plan's source addresses to its clients.
func (r *runner) newEngine(resolvers []*dns.Client) (*attack.Engine, error) {
	plan := r.plan
	if err := checkSources(plan.Clients); err != nil {
		return nil, err
	}
	clients := make([]attack.ClientConfig, len(resolvers))
	for i := range clients {
		source, _ := plan.Clients.Source(i)
		clients[i] = attack.ClientConfig{Source: source, Resolver: resolvers[i]}
	}
	return attack.New(attack.Config{
		Schedule:    plan.Schedule,
		Requests:    requester{plan},
		Clients:     clients,
		Port:        plan.Target.Port,
		Sink:        plan.URLs.Watch(r.recorder),
		ClientsFor:  clientsFor(plan),
		NewViewer:   plan.Clients.NewViewers.Has,
		PerClient:   plan.Limits.PerClient,
		PerEdge:     plan.Limits.PerEdgeAddress,
		Budget:      r.budget(),
		MaxInFlight: plan.Clients.InFlight,
		Pace:        r.pace(),
		Drain:       plan.Clients.Timeout,
	}), nil
}

// pace decides how exactly the send loop keeps to the schedule. Precision
// needs a CPU that can be spared: one of four, or, at low rates, one of two.
func (r *runner) pace() attack.Pace {
	const low, high = 2_000, 50_000 // requests/s
	cpus, peak := runtime.GOMAXPROCS(0), float64(r.plan.Schedule.Peak())
	spare := cpus >= 4 && peak <= high || cpus >= 2 && peak <= low
	if r.opt.Pace == "precise" || r.opt.Pace != "1ms" && spare {
		return attack.PacePrecise
	}
	return attack.PaceMillisecond
}

// routed reports whether the system knows a way to the address. Connecting a
// UDP socket sends nothing.
func routed(a netip.Addr) bool {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 443)))
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// checkSources tries the first addresses of a pool, so that one that cannot be
// used is reported before any load.
func checkSources(c scenarios.Clients) error {
	const tried = 16
	for i := range min(tried, c.Count) {
		addr, ok := c.Source(i)
		if !ok {
			return nil
		}
		if err := source.Check(addr); err != nil {
			return fmt.Errorf("clients.addresses: %w", err)
		}
	}
	return nil
}

// clientsFor makes clients join a guided ramp as its rate grows.
func clientsFor(plan *scenarios.Plan) func(pacing.Rate) int {
	if !plan.Guided {
		return nil
	}
	return plan.ClientsFor
}

func newTransport(plan *scenarios.Plan, e *attack.Engine, d *source.Dialer) (*wire.Transport, error) {
	cfg := wire.Config{
		Dial:        d.Dial,
		Route:       d.Route,
		Bind:        d.Bind,
		Now:         e.Now,
		Sent:        e.Sent,
		Done:        e.Done,
		Moved:       e.Moved,
		Trouble:     e.Hindered,
		Protocol:    plan.Clients.Protocol,
		Connections: plan.Clients.Connections,
		Timeout:     plan.Clients.Timeout,
		Marker:      plan.Marker,
	}
	if plan.Target.Scheme != "https" {
		return wire.New(cfg), nil
	}
	roots, err := trusted(plan.Target.CA)
	if err != nil {
		return nil, err
	}
	cfg.Resumption = plan.Clients.Resumption
	cfg.TLS = &tls.Config{ServerName: plan.Target.ServerName, RootCAs: roots, MinVersion: tls.VersionTLS12}
	return wire.New(cfg), nil
}

// trusted returns the system's roots and the scenario's own.
func trusted(ca []byte) (*x509.CertPool, error) {
	if ca == nil {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("target.ca holds no certificate in PEM form")
	}
	return roots, nil
}

// A requester turns the plan's URLs into requests for the wire.
type requester struct{ plan *scenarios.Plan }

func (q requester) Next(n uint64, r *wire.Request) (uint16, string) {
	u := urls.Request{Target: r.Target}
	q.plan.URLs.Next(n, &u)
	r.Method, r.Target, r.Host, r.Body = u.Method, u.Target, q.plan.Target.Host, u.Body
	r.Header = u.Header
	r.Expect = q.plan.Expect[u.Index]
	if s := q.plan.Signers[u.Index]; s != nil {
		r.Target = s.Append(r.Target)
	}
	return u.Index, u.Prefix
}
