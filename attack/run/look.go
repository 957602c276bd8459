package run

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"sync"
	"time"

	"frontload/attack/dns"
	"frontload/results"
	"frontload/results/record"
	"frontload/scenarios"
	"frontload/scenarios/guidance"
)

// A Sight is what a look at a plan's target found.
type Sight struct {
	Sample  *guidance.Sample
	Queries int // DNS queries that were sent for it

	// Authorization is what shows that the target may be loaded, as far as its
	// addresses are known; its text is empty where none is. Refused is why the
	// plan may not be carried out, a [RefusedError]; nil where nothing speaks
	// against it.
	Authorization Authorization
	Refused       error

	// Sources is why this machine cannot send from the plan's source addresses;
	// nil where it can.
	Sources error

	Head *results.Head // nil where it was not wanted
}

// lookSpan is what the DNS budget of a look may add up to.
const lookSpan = 20 * time.Second

// Look has some of the plan's clients look the target up, as they would in an
// attack, and judges as [Run] does whether it may be loaded, for which it asks
// for the proofs that the plan names. It asks most of the clients, and fewer
// where the budget of a resolver would take longer than 20 s. The first client
// of each combination of resolver and subnet comes first.
//
// With head it sends one HEAD request, to an address that the first client was
// told and that may be asked. It sends nothing else to the target.
//
// What could not be looked up stands in the answers. The error is a
// [SetupError], or that of ctx.
func Look(ctx context.Context, plan *scenarios.Plan, opt Options, most int, head bool) (*Sight, error) {
	r := &runner{plan: plan, opt: opt, recorder: record.New(record.Config{Requests: plan.Requests})}
	defer r.closeGates()
	pool, err := r.newPool()
	if err != nil {
		return nil, &SetupError{err}
	}
	defer pool.Close()
	looks := r.looks(choose(plan, most), pool)
	if err := r.openGates(firstOfEach(looks)); err != nil {
		return nil, &SetupError{err}
	}
	var wg sync.WaitGroup
	for _, l := range looks {
		wg.Go(func() { l.resolve(ctx) })
	}
	wg.Wait()
	s := &Sight{Sample: &guidance.Sample{Clients: plan.Clients.Count}, Sources: checkSources(plan.Clients)}
	for _, l := range looks {
		s.Sample.Answers = append(s.Sample.Answers, l.answer)
		s.Queries += l.queries
	}
	r.judgeSight(ctx, s)
	if head && ctx.Err() == nil {
		s.Head = r.head(ctx, s)
	}
	return s, context.Cause(ctx)
}

// judgeSight says whether the plan may be carried out.
func (r *runner) judgeSight(ctx context.Context, s *Sight) {
	if addr, err := netip.ParseAddr(r.plan.Target.Hostname); err == nil { // which nobody looks up
		r.gate.Judge(ctx, []netip.Addr{addr})
	}
	if s.Refused = r.refused(); s.Refused == nil {
		if err := r.mayControl(ctx); err != nil {
			if refused, ok := err.(*RefusedError); ok {
				s.Refused = refused
			} else {
				r.notes = append(r.notes, err.Error())
			}
		}
	}
	if s.Refused == nil && len(r.gate.Allowed()) > 0 {
		r.doubtRecord()
	}
	s.Authorization = Authorization{Addresses: r.gate.Allowed(), Notes: r.notes, Time: time.Now()}
	if len(s.Authorization.Addresses) > 0 {
		s.Authorization.Text = r.authorization()
	}
}

// choose returns the clients to ask, in ascending order.
func choose(plan *scenarios.Plan, most int) []int {
	c := plan.Clients
	affordable := int(max(1, float64(c.Lookups)*lookSpan.Seconds()/2)) // two queries a look-up
	asked := map[string]int{}
	var chosen []int
	take := func(from, to int) {
		for client := from; client < to && len(chosen) < most; client++ {
			if r := c.Resolver(client); asked[r] < affordable {
				asked[r]++
				chosen = append(chosen, client)
			}
		}
	}
	take(0, min(c.Kinds(), c.Count))
	take(c.Kinds(), c.Count)
	slices.Sort(chosen)
	return chosen
}

// A look is one client's look-up.
type look struct {
	client *dns.Client
	answer guidance.Answer

	mu      sync.Mutex
	queries int
	ttl     time.Duration // the least that was answered
	took    time.Duration // the longest that a query took
}

// looks makes a look for each of the clients.
func (r *runner) looks(clients []int, pool *dns.Pool) []*look {
	budgets := map[string]*dns.Budget{}
	looks := make([]*look, len(clients))
	for i, client := range clients {
		l := &look{answer: guidance.Answer{Client: client, Resolver: r.plan.Clients.Resolver(client)}}
		l.answer.Subnet, _ = r.plan.Clients.Subnet(client)
		l.client = r.newResolver(client, pool, budgets, l.report)
		looks[i] = l
	}
	return looks
}

// firstOfEach returns the first client of each resolver.
func firstOfEach(looks []*look) []*dns.Client {
	var first []*dns.Client
	seen := map[string]bool{}
	for _, l := range looks {
		if !seen[l.answer.Resolver] {
			seen[l.answer.Resolver] = true
			first = append(first, l.client)
		}
	}
	return first
}

// report takes the result of a query.
func (l *look) report(r results.Lookup) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queries++
	l.took = max(l.took, r.Took)
	if len(r.Answer) > 0 && (l.ttl == 0 || r.TTL < l.ttl) {
		l.ttl = r.TTL
	}
}

// ownSocket is how the system's errors name the socket that was used, whose
// port is another each time: without it clients that fared alike say the same.
var ownSocket = regexp.MustCompile(`(read|write) (udp|tcp) \S+->\S+: `)

func (l *look) resolve(ctx context.Context) {
	answer, err := l.client.Resolve(ctx)
	if err != nil {
		l.answer.Err = ownSocket.ReplaceAllString(err.Error(), "")
	} else {
		l.answer.Addresses = answer.Addrs
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer.TTL, l.answer.Took = l.ttl, l.took
}
