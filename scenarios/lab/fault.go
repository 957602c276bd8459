package lab

import (
	"math/rand/v2"
	"time"

	"frontload/results"
)

type faultKind uint8

const (
	faultEdge    faultKind = iota // one POP's addresses have less capacity
	faultQuota                    // the distribution has a quota below the load
	faultCompute                  // a function has less concurrency, or more work
	faultOrigin                   // an origin has fewer servers, or allows less per key prefix
)

// A span is what a number is drawn from: at least from, less than to.
type span struct{ from, to float64 }

func (s span) draw(rng *rand.Rand) float64 { return s.from + (s.to-s.from)*rng.Float64() }

// A faultPlan is a fault before the seed has placed it.
type faultPlan struct {
	kind   faultKind
	from   span          // its start, as a share of the length
	lasts  span          // its duration, as a share of the length
	most   time.Duration // longest duration; zero for any
	leaves span          // what is left: requests/s, servers, or work
	load   float64       // requests/s that the scenario sends meanwhile; zero for the usual rate
	origin int
	names  []string // requests that it can touch; nil for all

	random    bool          // leaves is the share of requests that it refuses, whatever the load
	relative  bool          // leaves is a share of what was asked for before it
	pops      int           // faultEdge: how many POPs it strikes; zero for one
	addresses int           // faultEdge: how many addresses of each; zero for all
	lead      time.Duration // faultOrigin: how much earlier than they are refused requests take longer
	region    bool          // faultCompute: only the functions near one POP fail
	client    bool          // faultQuota: the quota is one client's
	slower    float64       // faultOrigin: how many times as long requests take; zero for as ever
	stall     time.Duration // faultOrigin, faultCompute: what a refusal takes beyond the way; zero for nothing
	gateway   float64       // faultOrigin: share of its refusals that end as 504
}

// A fault is a plan with its place in time. One that is nowhere has start
// equal to end.
type fault struct {
	faultPlan
	start, end time.Duration
	level      float64
	pop        int // faultEdge: which POP
}

// draw places the faults of the case in a run of the given length, and picks
// its function, if it has any. Model and scenario both start from it.
func (c Case) draw(seed uint64, length time.Duration) ([]fault, computeConfig) {
	rng := rand.New(rand.NewPCG(seed, 0x6c6162))
	var function computeConfig
	if len(c.compute) > 0 {
		function = c.compute[rng.IntN(len(c.compute))]
	}
	faults := make([]fault, len(c.faults))
	for i, p := range c.faults {
		f := fault{faultPlan: p, pop: rng.IntN(len(c.locations()))}
		lasts := time.Duration(p.lasts.draw(rng) * float64(length))
		if p.most > 0 {
			lasts = min(lasts, p.most)
		}
		f.start = time.Duration(p.from.draw(rng) * float64(length)).Round(10 * time.Millisecond)
		f.end = f.start + lasts.Round(10*time.Millisecond)
		f.level = p.leaves.draw(rng)
		if p.kind == faultCompute && !p.random && !p.relative {
			f.level = function.leaves.draw(rng)
		}
		faults[i] = f
	}
	return faults, function
}

// find returns the fault of that kind which fits, or one that never comes.
func find(faults []fault, kind faultKind, fits func(fault) bool) fault {
	for _, f := range faults {
		if f.kind == kind && fits(f) {
			return f
		}
	}
	return fault{}
}

// A Fault is the truth about one thing that went wrong. Start and End are
// offsets from the model's start; after End the caches may replay an origin's
// errors until Echo.
type Fault struct {
	Start      time.Duration `json:"start_ns"`
	End        time.Duration `json:"end_ns"`
	Echo       time.Duration `json:"echo_ns"`
	Verdict    string        `json:"verdict"`
	OriginKind string        `json:"origin_kind,omitempty"`
	Scope      results.Scope `json:"scope"` // what it can touch
}

func (m *Model) publicFault(f fault) Fault {
	p := Fault{Start: f.start, End: f.end, Echo: f.end, Scope: results.Scope{Kind: "all"}}
	if f.names != nil {
		p.Scope = results.Scope{Kind: "request", Values: f.names}
	}
	switch f.kind {
	case faultEdge:
		p.Verdict = results.VerdictEdgeCapacity
		p.Scope = m.struckScope(f)
	case faultQuota:
		p.Verdict = results.VerdictEdgeQuota
	case faultCompute:
		p.Verdict = results.VerdictEdgeCompute
	case faultOrigin:
		p.Verdict = results.VerdictOriginSaturation
		p.OriginKind = m.origins[f.origin].kind.String()
		p.Echo += errorTTL
	}
	return p
}

// level returns the level of the fault's limit, where the limit is base in
// good health. A fault that refuses at random leaves the limit alone.
func (f fault) limit(base float64) level {
	l := level{base: base, during: f.level, start: f.start, end: f.end}
	if f.random || f.relative {
		l.during = base
	}
	return l
}

// refusals returns the share of requests that the fault refuses at random.
func (f fault) refusals() level {
	l := level{start: f.start, end: f.end}
	if f.random {
		l.during = f.level
	}
	return l
}

// share returns the share of what was asked for before that the fault leaves,
// zero where it leaves something else.
func (f fault) share() float64 {
	if f.relative && f.end > f.start {
		return f.level
	}
	return 0
}

// strikes reports whether the fault strikes address i of POP p, of so many POPs.
func (f fault) strikes(p, i, pops int) bool {
	return (p-f.pop+pops)%pops < max(1, f.pops) && (f.addresses == 0 || i < f.addresses)
}

// struckScope returns what a fault of edges strikes.
func (m *Model) struckScope(f fault) results.Scope {
	scope := results.Scope{Kind: "pop"}
	for p := range m.pops {
		for i := range perPOP {
			switch {
			case !f.strikes(p, i, len(m.pops)):
			case f.addresses > 0:
				scope.Kind = "edge-address"
				scope.Values = append(scope.Values, edgeAddr(p, i).String())
			case i == 0:
				scope.Values = append(scope.Values, m.pops[p].name)
			}
		}
	}
	return scope
}
