package lab

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// An originKind says whose 503s an origin writes.
type originKind uint8

const (
	kindS3 originKind = iota
	kindELB
	kindAPIGateway
	kindCustom
)

var originKindNames = []string{"s3", "elb", "api-gateway", "custom"}

func (k originKind) String() string { return originKindNames[k] }

// originConfig describes an origin in good health.
type originConfig struct {
	kind    originKind
	service time.Duration // median time that one request takes, without waiting
	sigma   float64       // spread of its logarithm
	servers int           // requests served at once; zero for no limit
	queue   int           // requests that may wait for a server
	prefix  float64       // requests/s allowed per key prefix; zero for no limit
	patient time.Duration // longest wait; a request that would wait longer is refused
	flaky   float64       // share of requests that it refuses at any time, for no reason
}

// partitions is how many key-prefix partitions an origin keeps apart.
const partitions = 16

// prefixBurst is how far a key prefix may go over its rate without waiting.
const prefixBurst = 20

// An origin is a queue in closed form: first come, first served, by several
// servers, or a rate per key prefix, with a bound on how many wait and how long.
type origin struct {
	originConfig
	active   level              // servers that take requests
	random   level              // share of requests that are refused at random
	slower   level              // how many times as long requests take
	share    float64            // what the fault leaves of what was asked for before; zero for none
	stall    time.Duration      // what a refusal takes during the fault
	gateway  float64            // share of the refusals that end as 504
	free     []time.Duration    // when each server will be free
	starts   []time.Duration    // when those that wait will be served, in order; a ring
	head     int                // of starts: the oldest
	waiting  int                // in starts
	prefixes [partitions]bucket // by hash of the key prefix
	requests int64
	errors   int64
}

func newOrigin(c originConfig, f fault) *origin {
	o := &origin{
		originConfig: c, active: f.limit(float64(c.servers)), random: f.refusals(), share: f.share(),
		slower: level{base: 1, during: cmp.Or(f.slower, 1), start: f.start - f.lead, end: f.end}, stall: f.stall, gateway: f.gateway,
		free: make([]time.Duration, c.servers), starts: make([]time.Duration, max(1, c.queue)),
	}
	for i := range o.prefixes {
		o.prefixes[i] = newBucket(f.limit(c.prefix), prefixBurst)
		o.prefixes[i].share = o.share
	}
	return o
}

// settle gives the fault its servers, once it has begun, where what it leaves
// is a share of what was asked for until then: the whole number of servers
// above it, and requests that take so much longer that it is that share.
func (o *origin) settle(now time.Duration) {
	if o.share == 0 || o.servers == 0 || now < o.active.start {
		return
	}
	rate := float64(o.requests) / max(0.5, o.active.start.Seconds())
	busy := max(0.01, o.share*rate*o.service.Seconds()*o.slower.during)
	o.active.during = min(float64(o.servers), math.Ceil(busy))
	o.slower.during *= o.active.during / busy
	o.share = 0
}

// ask gives the origin a request at now, which must not go back, and returns
// how long it takes with waiting, or false where the origin refuses it. A
// revalidation takes half the service time.
func (o *origin) ask(now time.Duration, path string, revalidate bool, rng *rand.Rand) (time.Duration, bool) {
	o.settle(now)
	o.requests++
	service := time.Duration(float64(lognormal(rng, o.service, o.sigma)) * o.slower.at(now))
	if revalidate {
		service /= 2
	}
	if chance(rng, o.random.at(now)) || chance(rng, o.flaky) {
		o.errors++
		return o.refusal(now, rng), false
	}
	wait, ok := o.wait(now, path, service)
	if !ok {
		o.errors++
		return o.refusal(now, rng), false
	}
	return wait + service, true
}

// refusal returns how long the origin takes to refuse a request.
func (o *origin) refusal(now time.Duration, rng *rand.Rand) time.Duration {
	if o.stall == 0 || now < o.active.start || now >= o.active.end {
		return 0
	}
	return lognormal(rng, o.stall, 0.3)
}

func (o *origin) wait(now time.Duration, path string, service time.Duration) (time.Duration, bool) {
	if o.prefix > 0 {
		return o.prefixes[partition(path)].queue(now, o.patient)
	}
	if o.servers == 0 {
		return 0, true
	}
	return o.enqueue(now, service)
}

// enqueue finds the server that is free first. Servers that a fault took away
// finish what they have and take nothing new.
func (o *origin) enqueue(now, service time.Duration) (time.Duration, bool) {
	for o.waiting > 0 && o.starts[o.head] <= now {
		o.head = (o.head + 1) % len(o.starts)
		o.waiting--
	}
	n := min(len(o.free), int(o.active.at(now)))
	if n <= 0 {
		return 0, false
	}
	first := 0
	for i := 1; i < n; i++ {
		if o.free[i] < o.free[first] {
			first = i
		}
	}
	start := max(now, o.free[first])
	if start > now {
		if o.waiting >= o.queue || start-now > o.patient {
			return 0, false
		}
		o.starts[(o.head+o.waiting)%len(o.starts)] = start
		o.waiting++
	}
	o.free[first] = start + service
	return start - now, true
}

// partition returns which partition the key prefix of a path belongs to: the
// path up to its second slash.
func partition(path string) int {
	prefix := strings.TrimPrefix(path, "/")
	if i := strings.IndexByte(prefix, '/'); i >= 0 {
		prefix = prefix[:i]
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(prefix))
	return int(h.Sum32() % partitions)
}

// lognormal draws a time with the given median; sigma is the standard
// deviation of its logarithm.
func lognormal(rng *rand.Rand, median time.Duration, sigma float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(sigma*rng.NormFloat64()))
}
