package lab

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"frontload/results"
)

// Capacities in good health. Each lies far above what a case asks for, and
// far below what would need no model.
const (
	edgeCapacity = 150  // requests/s of one edge address
	edgeBurst    = 15   // requests that it takes at once beyond them
	quota        = 5000 // requests/s of the whole distribution
	quotaBurst   = 60   // requests that it lets through at once beyond them
	cacheObjects = 8192 // objects that one POP's cache holds
	longestURL   = 8192 // bytes: CloudFront's limit for a URL
)

// A Model is an embedded CloudFront with an injected clock: a pure function
// of its case, its seed and the asks so far. It is not safe for use by several
// goroutines at once.
type Model struct {
	// Epoch is the wall time at which the model started, which Date headers
	// and the access log count from. It may be changed before the first ask.
	Epoch time.Time

	// Log, when set before the first ask, gets the access log in CloudFront's
	// standard form, version 1: its two header lines first, then one row for
	// each ask, in order of the asks. The bytes are valid only during the call.
	Log func([]byte)

	c       Case
	seed    uint64
	rng     *rand.Rand
	faults  []fault
	pops    []pop
	turns   []int // by POP: which address comes first in the next DNS answer
	origins []*origin
	compute *compute // nil for none
	quota   limit
	clients map[netip.Addr]*limit // by viewer, where the quota is one client's
	blocked level                 // share of requests that a firewall blocks
	last    time.Duration         // of the last ask
	asks    uint64
	tally   tally
	shapes  map[shapeKey]shape
	row     []byte // scratch for the log
	titled  bool   // the log's header lines are out
}

// A pop is one edge location at work.
type pop struct {
	popConfig
	cache *cache
	edges [perPOP]limit
}

// New returns the model of a case. The faults lie within length, the time that
// the load is going to last, at places that the seed draws a little.
func New(c Case, seed uint64, length time.Duration) *Model {
	faults, function := c.draw(seed, length)
	m := &Model{
		Epoch: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
		c:     c, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), faults: faults, tally: newTally(len(c.locations())), shapes: make(map[shapeKey]shape),
	}
	m.pops = c.newPOPs(faults)
	m.turns = make([]int, len(m.pops))
	for i, o := range c.origins {
		m.origins = append(m.origins, newOrigin(o, find(faults, faultOrigin, func(f fault) bool { return f.origin == i })))
	}
	anyFault := func(fault) bool { return true }
	if len(c.compute) > 0 {
		m.compute = newCompute(function, find(faults, faultCompute, anyFault))
	}
	m.quota = newLimit(find(faults, faultQuota, func(f fault) bool { return !f.client }), quota, quotaBurst)
	m.clients = make(map[netip.Addr]*limit)
	if len(faults) > 0 {
		m.blocked = level{during: c.blocked, start: faults[0].start, end: faults[0].end}
	}
	return m
}

func (c Case) newPOPs(faults []fault) []pop {
	var pops []pop
	places := c.locations()
	for i, l := range places {
		p := pop{popConfig: l, cache: newCache(cacheObjects)}
		for j := range p.edges {
			f := find(faults, faultEdge, func(f fault) bool { return f.strikes(i, j, len(places)) })
			p.edges[j] = newLimit(f, cmp.Or(c.capacity, edgeCapacity), edgeBurst)
		}
		pops = append(pops, p)
	}
	return pops
}

// overQuota reports whether the distribution's quota, or the viewer's, is exceeded.
func (m *Model) overQuota(a *Ask, now time.Duration) bool {
	if m.quota.refuses(now, m.rng) {
		return true
	}
	f := find(m.faults, faultQuota, func(f fault) bool { return f.client })
	if f.end == f.start {
		return false
	}
	l := m.clients[a.Client]
	if l == nil {
		own := newLimit(f, quota, edgeBurst)
		l = &own
		m.clients[a.Client] = l
	}
	return l.refuses(now, m.rng)
}

// Ask returns the finished reply to a, which arrives at now, counted from the
// model's start. Where now is before an earlier ask's, that ask's counts.
func (m *Model) Ask(now time.Duration, a Ask) Reply {
	var d answer
	m.decide(now, &a, &d)
	return m.reply(&d, &a)
}

// decide takes an ask through the edge, and settles everything about its
// answer but the bytes.
func (m *Model) decide(now time.Duration, a *Ask, d *answer) {
	m.last = max(m.last, now)
	m.asks++
	*d = answer{number: m.asks, fetched: m.asks, asked: m.last, age: -1}
	d.pop, d.edge = m.edgeIndex(a.Edge)
	d.first = d.asked + lognormal(m.rng, 1300*time.Microsecond, 0.3)
	m.route(a, d)
	if d.kind.info().status != 200 {
		d.size = m.shape(d).size
	}
	d.done = d.first + transfer(d.size)
	m.count(a, d)
	if m.Log != nil {
		m.log(a, d)
	}
}

// route asks, in this order: the edge address, the quota, the rules for
// requests, the function, and the cache.
func (m *Model) route(a *Ask, d *answer) {
	p := &m.pops[d.pop]
	switch {
	case p.edges[d.edge].refuses(d.asked, m.rng), chance(m.rng, m.c.edgeNoise):
		d.fail(answerCapacity)
		return
	case m.overQuota(a, d.asked):
		d.fail(answerLimit)
		return
	case chance(m.rng, m.blocked.at(d.asked)):
		d.fail(answerBlocked)
		return
	case !knownMethod(a.Method):
		d.fail(answerMethod)
		return
	case len(a.Path)+len(a.Query) > longestURL:
		d.fail(answerTooLong)
		return
	}
	d.behaviour = m.behaviour(a.Path)
	b := &m.c.behaviours[d.behaviour]
	d.origin = b.origin
	if b.compute && m.compute != nil {
		took, failed := m.compute.run(d.asked, d.pop, m.rng)
		if failed != answerHit {
			d.first += took
			d.fail(failed)
			return
		}
		d.first += took
	}
	d.size = contentSize(a.Path)
	if !cacheable(a.Method) {
		m.pass(p, a, d)
		return
	}
	m.lookUp(p, b, a, d)
}

// behaviour returns the index of the first behaviour that fits the path.
func (m *Model) behaviour(path string) int {
	for i := range m.c.behaviours {
		if strings.HasPrefix(path, m.c.behaviours[i].prefix) {
			return i
		}
	}
	return len(m.c.behaviours) - 1
}

func knownMethod(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE":
		return true
	}
	return false
}

func cacheable(method string) bool { return method == "GET" || method == "HEAD" }

// fetch asks the origin, and moves the answer's first byte to when the
// origin's answer is there. It costs a round trip, whatever the answer. The
// origin sees asks in the order in which viewers sent them: the round trip is
// added once, after it, instead of half on each side.
func (m *Model) fetch(p *pop, a *Ask, d *answer, revalidate bool) bool {
	took, ok := m.origins[d.origin].ask(d.asked, a.Path, revalidate, m.rng)
	d.upstream = p.upstream + took
	if second := m.c.behaviours[d.behaviour].second; !ok && second > 0 {
		d.origin = second
		took, ok = m.origins[second].ask(d.asked, a.Path, revalidate, m.rng)
		d.upstream += p.upstream + took
	}
	if m.rng.IntN(32) == 0 { // a new connection to the origin
		d.connect = p.upstream
		d.upstream += p.upstream
	}
	d.first += d.upstream
	return ok
}

// pass sends an ask to the origin, past the cache.
func (m *Model) pass(p *pop, a *Ask, d *answer) {
	d.set(answerMiss, CauseNone, results.CacheMiss)
	if !m.fetch(p, a, d, false) {
		m.refused(d)
	}
}

// refused makes the answer the error that a failed fetch ends in.
func (m *Model) refused(d *answer) {
	d.set(answerOriginError, CauseOrigin, results.CacheMiss)
	if chance(m.rng, m.origins[d.origin].gateway) {
		d.set(answerGatewayTimeout, CauseOrigin, results.CacheError)
	} else if chance(m.rng, m.c.throttled) {
		d.set(answerThrottled, CauseOrigin, results.CacheMiss)
	}
}

// chance reports whether what has the given probability happens. It draws
// nothing where it cannot.
func chance(rng *rand.Rand, p float64) bool { return p > 0 && rng.Float64() < p }

// Control asks the first origin directly at now, past every edge, as a control
// request does, and returns its status and how long it took. To the origin it
// is a request like any other.
func (m *Model) Control(now time.Duration) (status int, took time.Duration) {
	m.last = max(m.last, now)
	took, ok := m.origins[0].ask(m.last, "/health", false, m.rng)
	took += controlTrip
	if !ok {
		return 503, took
	}
	return 200, took
}

// controlTrip is the way to an origin and back for a control request.
const controlTrip = 3 * time.Millisecond
