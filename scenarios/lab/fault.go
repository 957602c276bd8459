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
		f := fault{faultPlan: p, pop: rng.IntN(len(locations()))}
		lasts := time.Duration(p.lasts.draw(rng) * float64(length))
		if p.most > 0 {
			lasts = min(lasts, p.most)
		}
		f.start = time.Duration(p.from.draw(rng) * float64(length)).Round(10 * time.Millisecond)
		f.end = f.start + lasts.Round(10*time.Millisecond)
		f.level = p.leaves.draw(rng)
		if p.kind == faultCompute {
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
		p.Scope = results.Scope{Kind: "pop", Values: []string{m.pops[f.pop].name}}
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
