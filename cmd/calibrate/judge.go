package main

import (
	"context"
	"slices"
	"time"

	"frontload/results"
	"frontload/results/analysis"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// An outcome is what came of one run.
type outcome struct {
	draw
	bursts  []judged
	strays  int // bursts where no fault was
	unfound int // faults of many 503s that no burst covers
}

// A judged burst is one beside the truth.
type judged struct {
	draw
	results.Burst
	truth  string // the verdict that most of its 503s deserve
	purity float64
	asked  int64 // 503s for which an origin was asked
	told   bool  // the truth can be told: see tellable
}

// right reports whether the verdict is.
func (j *judged) right() bool { return j.Verdict == j.truth }

// judge simulates a run and analyses it.
func judge(ctx context.Context, d draw) (outcome, error) {
	o := outcome{draw: d}
	c, err := lab.Variation{Fault: d.fault.Name, Headers: d.headers.Name, Traffic: d.traffic.Name}.Draw(d.seed)
	if err != nil {
		return o, err
	}
	s, err := scenarios.Parse("corpus.yaml", []byte(c.Scenario(lab.Place{URL: "https://" + lab.DefaultName, For: c.For, Seed: d.seed})))
	if err != nil {
		return o, err
	}
	plan, err := s.Plan()
	if err != nil {
		return o, err
	}
	m, r := lab.New(c.Case, d.seed, c.For), newRecord(plan.Requests, c.Unseen, c.Log)
	tick := func(now time.Duration) {
		if c.Asked && c.Log == lab.LogNone {
			status, took := m.Control(now)
			r.control = append(r.control, results.Control{At: now, Status: uint16(status), Took: took})
		}
	}
	if err := lab.Simulate(ctx, m, plan, r, tick); err != nil {
		return o, err
	}
	info := results.RunInfo{Name: c.Name, Source: "attack", Start: m.Epoch, End: m.Epoch.Add(c.For), Requests: plan.Requests, Authorization: "loopback"}
	if c.Log != lab.LogNone {
		info.Source = "access-log"
	}
	a, err := analysis.Analyze(r.run(info))
	if err != nil {
		return o, err
	}
	o.compare(r, a, m.Truth().Faults)
	return o, nil
}

// manyMissed is how many 503s a fault has at least whose burst must be found.
const manyMissed = 60

// compare holds the bursts against the truth.
func (o *outcome) compare(r *record, a *results.Analysis, faults []lab.Fault) {
	covered := map[place]bool{}
	for i := range a.Bursts {
		b := &a.Bursts[i]
		from, to := int(b.Start.Sub(a.Run.Start)/time.Second), int(b.End.Sub(a.Run.Start)/time.Second)
		causes := map[string]int64{}
		all, asked := int64(0), int64(0)
		for at, n := range r.truth {
			if at.second < from || at.second >= to || !r.within(b.Scope, at) {
				continue
			}
			covered[at] = true
			for cause, k := range n {
				causes[verdictOf(lab.Cause(cause))] += k
				if lab.Cause(cause) == lab.CauseOrigin {
					asked += k
				}
				all += k
			}
		}
		if !slices.ContainsFunc(faults, func(f lab.Fault) bool {
			return f.Start < b.End.Sub(a.Run.Start)+time.Second && f.Echo+time.Second > b.Start.Sub(a.Run.Start)
		}) {
			o.strays++
			continue
		}
		j := judged{draw: o.draw, Burst: *b, asked: asked}
		for v, n := range causes {
			if n > causes[j.truth] || n == causes[j.truth] && v < j.truth {
				j.truth = v
			}
		}
		j.purity = float64(causes[j.truth]) / float64(max(1, all))
		j.told = tellable(r, &j, from, to)
		o.bursts = append(o.bursts, j)
	}
	missed := int64(0)
	for at, n := range r.truth {
		if !covered[at] {
			for _, k := range n {
				missed += k
			}
		}
	}
	if missed >= manyMissed && len(a.Bursts) == 0 {
		o.unfound++
	}
}

// within reports whether a 503 is in the scope.
func (r *record) within(s results.Scope, at place) bool {
	switch s.Kind {
	case "pop":
		return slices.Contains(s.Values, at.pop)
	case "edge-address":
		return slices.Contains(s.Values, at.edge.String())
	case "request":
		return slices.Contains(s.Values, r.names[at.request])
	}
	return true
}

func verdictOf(c lab.Cause) string {
	switch c {
	case lab.CauseEdgeCapacity:
		return results.VerdictEdgeCapacity
	case lab.CauseEdgeQuota:
		return results.VerdictEdgeQuota
	case lab.CauseEdgeCompute:
		return results.VerdictEdgeCompute
	}
	return results.VerdictOriginSaturation
}
