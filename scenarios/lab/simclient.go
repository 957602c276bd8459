package lab

import (
	"net/netip"
	"time"

	"frontload/results"
	"frontload/scenarios"
)

// A simClient is one client of a simulation: its own source address, client
// subnet, DNS cache and connections.
type simClient struct {
	index    uint32
	source   netip.Addr
	subnet   netip.Prefix
	resolver string

	answer  []netip.Addr
	expires time.Duration // of the answer
	ready   time.Duration // when the look-up under way is done
	turn    int           // which address of the answer comes next

	pools map[netip.Addr]*simPool // connections by edge address
}

// A simPool is one client's connections to one edge address. With HTTP/2 one
// connection carries everything, once it is there; with HTTP/1.1 each carries
// one request at a time, up to a limit, beyond which requests wait their turn.
type simPool struct {
	open    int
	ready   time.Duration // HTTP/2: when the connection is there
	idle    int           // HTTP/1.1: connections without a request
	waiting []*flight     // HTTP/1.1: requests without a connection
}

func newSimClients(c *scenarios.Clients) []simClient {
	clients := make([]simClient, c.Count)
	for i := range clients {
		clients[i] = simClient{index: uint32(i), pools: make(map[netip.Addr]*simPool)}
		clients[i].source, _ = c.Source(i)
		clients[i].subnet, _ = c.Subnet(i)
		if len(c.Resolvers) > 0 {
			clients[i].resolver = c.Resolvers[i%len(c.Resolvers)]
		}
	}
	return clients
}

// resolve makes sure that the client has a live answer, and returns how long
// the request has to wait for it. Requests that come while a look-up is under
// way wait for the same one.
func (s *simulation) resolve(c *simClient, now time.Duration) time.Duration {
	if now < c.ready {
		return c.ready - now
	}
	if c.answer != nil && now < c.expires {
		return 0
	}
	took := lognormal(s.rng, 400*time.Microsecond, 0.3)
	c.ready = now + took
	answer, ttl := s.model.Resolve(now, c.subnet, false)
	c.retire(answer)
	c.answer, c.expires, c.turn = answer, c.ready+ttl, 0
	subnet := ""
	if c.subnet.IsValid() {
		subnet = c.subnet.String()
	}
	s.sink.Lookup(results.Lookup{
		At: c.ready, Client: c.index, Resolver: c.resolver, Subnet: subnet, Name: s.plan.Target.Hostname,
		Type: "A", Answer: answer, TTL: ttl, Took: took,
	})
	return took
}

// retire lets go of the connections to addresses that left the answer.
func (c *simClient) retire(answer []netip.Addr) {
	for addr := range c.pools {
		kept := false
		for _, a := range answer {
			kept = kept || a == addr
		}
		if !kept {
			delete(c.pools, addr)
		}
	}
}

// next returns the next address of the answer, round robin.
func (c *simClient) next() netip.Addr {
	addr := c.answer[c.turn%len(c.answer)]
	c.turn++
	return addr
}

// connect finds a connection for a request that has its edge address at now,
// or dials one where that is allowed and needed, or for a new viewer, and fills
// in when the request can be sent. It is false when the request has to wait for another's end.
func (s *simulation) connect(c *simClient, f *flight, now time.Duration) bool {
	if f.newViewer {
		s.dial(&f.sample, now)
		return true
	}
	pool := c.pools[f.sample.Edge]
	if pool == nil {
		pool = new(simPool)
		c.pools[f.sample.Edge] = pool
	}
	f.pool = pool
	switch {
	case pool.open > 0 && !s.exclusive:
		f.sample.Ready = max(now, pool.ready)
	case pool.idle > 0:
		pool.idle--
		f.sample.Ready = now
	case pool.open < s.connections:
		pool.open++
		s.dial(&f.sample, now)
		pool.ready = f.sample.Ready
	default:
		pool.waiting = append(pool.waiting, f)
		return false
	}
	return true
}

// dial opens a connection for a request.
func (s *simulation) dial(sample *results.Sample, now time.Duration) {
	sample.Fresh = true
	sample.Connect = lognormal(s.rng, 200*time.Microsecond, 0.3)
	if s.tls {
		sample.TLS = lognormal(s.rng, 1500*time.Microsecond, 0.25)
	}
	sample.Ready = now + sample.Connect + sample.TLS
}

// release gives a connection that carries one request at a time to the next
// one that waits, which is returned, or leaves it idle.
func (p *simPool) release(now time.Duration) *flight {
	if len(p.waiting) == 0 {
		p.idle++
		return nil
	}
	next := p.waiting[0]
	p.waiting = p.waiting[1:]
	next.sample.Ready = now
	return next
}
