package lab

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"frontload/pacing"
	"frontload/results"
	"frontload/scenarios"
	"frontload/scenarios/urls"
)

// Simulate carries out a plan against a model as a discrete-event simulation:
// arrivals from the plan's schedule, requests from its generator, clients with
// look-ups and connections of their own, replies from the model. The samples
// go to the sink in the order in which they finish. Tick is called with each
// whole second of virtual time, once all that finished before it was told.
//
// It returns when every request has its answer, or with the context's error.
// The plan's limits are not enforced, and its origin, host and certificates
// play no part. Plan and model must not be used elsewhere meanwhile, and not
// be used again afterwards.
func Simulate(ctx context.Context, m *Model, plan *scenarios.Plan, sink results.Sink, tick func(now time.Duration)) error {
	if plan.Clients.Count < 1 {
		return fmt.Errorf("simulate %s: it has %d clients, want 1 or more", plan.Name, plan.Clients.Count)
	}
	s := newSimulation(m, plan, sink)
	arrivals := plan.Schedule.Stream(0, 1)
	arrival, more := arrivals.Next()
	second := time.Second
	for more || len(s.heap.items) > 0 {
		now := s.now(arrival, more)
		for ; second <= now; second += time.Second {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("simulate %s: %w", plan.Name, context.Cause(ctx))
			}
			tick(second)
		}
		if more && arrival.At == now {
			s.arrive(arrival)
			arrival, more = arrivals.Next()
			continue
		}
		item := s.heap.pop()
		if item.flight.sample.Written {
			s.finish(item.flight)
		} else {
			s.send(item.flight)
		}
	}
	return nil
}

// A simulation is the state of one call of Simulate.
type simulation struct {
	model       *Model
	plan        *scenarios.Plan
	sink        results.Sink
	rng         *rand.Rand
	clients     []simClient
	connections int  // most per client and edge address; one with HTTP/2 and HTTP/3
	exclusive   bool // HTTP/1.1: a connection carries one request at a time
	tls         bool
	heap        flightHeap
	idle        []*flight // for use again
	request     urls.Request
}

func newSimulation(m *Model, plan *scenarios.Plan, sink results.Sink) *simulation {
	s := &simulation{
		model: m, plan: plan, sink: plan.URLs.Watch(sink), rng: rand.New(rand.NewPCG(plan.Seed, 2)),
		clients: newSimClients(&plan.Clients), connections: max(1, plan.Clients.Connections), tls: plan.Target.Scheme == "https",
	}
	s.exclusive = plan.Clients.Protocol == results.H1
	if !s.exclusive {
		s.connections = 1
	}
	return s
}

// A flight is one request on its way.
type flight struct {
	sim    *simulation
	sample results.Sample
	answer answer
	method string
	target string
	pool   *simPool

	newViewer bool // it has a connection of its own, and no pool
}

// now returns when something happens next; the arrival counts only if there is
// more.
func (s *simulation) now(arrival pacing.Arrival, more bool) time.Duration {
	next := time.Duration(math.MaxInt64)
	if more {
		next = arrival.At
	}
	if len(s.heap.items) > 0 {
		next = min(next, s.heap.items[0].at)
	}
	return next
}

// arrive deals an arrival to a client and works out when it can be sent.
func (s *simulation) arrive(a pacing.Arrival) {
	s.sink.Arrival(a.At, results.Started, 1)
	s.plan.URLs.Next(a.N, &s.request)
	c := &s.clients[s.model.clientOf(a.N, len(s.clients))]
	f := s.take()
	f.pool, f.newViewer = nil, s.plan.Clients.NewViewers.Has(a.N)
	f.method, f.target = s.request.Method, string(s.request.Target)
	f.sample = results.Sample{
		Client: c.index, Request: s.request.Index, Source: c.source, Prefix: s.request.Prefix,
		Protocol: s.plan.Clients.Protocol, Intended: a.At,
	}
	f.sample.BytesOut = int64(len(f.method) + len(f.target) + len(s.plan.Target.Host) + len(s.request.Body) + requestHead)
	f.sample.DNS = s.resolve(c, a.At)
	f.sample.Edge = c.next()
	if s.connect(c, f, a.At+f.sample.DNS) {
		s.schedule(f)
	}
}

// clientOf deals arrival n to a client: round robin, but for what the case's
// heavy client takes.
func (m *Model) clientOf(n uint64, clients int) uint64 {
	if m.c.heavy > 0 {
		b := m.random(n, saltClient)
		if float64(b[0])+float64(b[1])/256 < 256*m.c.heavy {
			return n % uint64(max(1, m.c.heavies))
		}
	}
	return n % uint64(clients)
}

// CauseOf returns who truly wrote the answer of a sample that [Simulate]
// recorded, by the detail that it recorded with it; it is CauseNone for any
// other detail.
func CauseOf(d results.Detail) Cause {
	if f, ok := d.(*flight); ok && f.answer.kind.info().status == 503 {
		return f.answer.cause
	}
	return CauseNone
}

// ResultTypes returns what the access log says of such a sample: its result
// type and the detailed one.
func ResultTypes(d results.Detail) (result, detailed string) {
	if f, ok := d.(*flight); ok {
		info := f.answer.kind.info()
		return info.result, info.detailed
	}
	return "", ""
}

// schedule sends a request as soon as its connection is ready, but for the
// lag of a generator in good health.
func (s *simulation) schedule(f *flight) {
	f.sample.Sent = f.sample.Ready + lognormal(s.rng, 30*time.Microsecond, 0.4)
	s.heap.push(f.sample.Sent, f)
}

// requestHead is the size of what a request carries beside method, target and
// host.
const requestHead = 30

// send asks the model, which knows at once when the answer will be there.
func (s *simulation) send(f *flight) {
	sample := &f.sample
	path, query, _ := strings.Cut(f.target, "?")
	ask := Ask{
		Edge: sample.Edge, Client: sample.Source, Method: f.method, Host: s.plan.Target.Host, Path: path, Query: query,
		Port: uint16(20000 + sample.Client%40000), Protocol: protocolName(sample.Protocol), TLS: s.tls, Bytes: sample.BytesOut,
	}
	s.model.decide(sample.Sent, &ask, &f.answer)
	s.sink.Sent(sample.Sent, sample.Edge, sample.Request)
	sample.Written = true
	sample.FirstByte, sample.Done = f.answer.first, f.answer.done
	s.heap.push(sample.Done, f)
}

// finish tells the sink of a finished request.
func (s *simulation) finish(f *flight) {
	shape := s.model.shape(&f.answer)
	sample := &f.sample
	sample.Status = uint16(f.answer.kind.info().status)
	sample.POP = s.model.pops[f.answer.pop].name
	sample.Cache, sample.Signals = shape.cache, shape.signals
	sample.Outcome = s.plan.Expect[sample.Request].Judge(int(sample.Status), shape.outcome)
	sample.BytesIn = int64(shape.head)
	if f.method != "HEAD" {
		sample.BytesIn += int64(f.answer.size)
	}
	s.sink.Record(sample, f)
	if s.exclusive && f.pool != nil {
		if next := f.pool.release(sample.Done); next != nil {
			s.schedule(next)
		}
	}
	s.idle = append(s.idle, f)
}

func (s *simulation) take() *flight {
	if n := len(s.idle); n > 0 {
		f := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return f
	}
	return &flight{sim: s}
}

// Exemplar writes the answer's headers out, which happens for those requests
// alone that are kept whole.
func (f *flight) Exemplar() results.Exemplar {
	m := f.sim.model
	return results.Exemplar{
		Method: f.method, URL: f.target, RequestID: m.requestID(f.answer.number), Headers: m.header(&f.answer),
	}
}

var _ results.Detail = (*flight)(nil)

func protocolName(p results.Protocol) string {
	switch p {
	case results.H2:
		return "HTTP/2.0"
	case results.H3:
		return "HTTP/3.0"
	default:
		return "HTTP/1.1"
	}
}
