package scenarios

import (
	"fmt"
	"math"
	"strings"

	"frontload/pacing"
)

// load compiles the section load: schedule, limits, and whether the two fit
// the clients.
func (s *Scenario) load(f *faults, p *Plan) {
	m := &s.model.Load
	p.Guided = m.Guided != nil
	p.Limits = Limits{PerClient: m.Limits.PerClient, PerEdgeAddress: m.Limits.PerEdgeAddress}
	s.limits(f)
	arrivals := s.arrivals(f)
	segments := s.segments(f)
	if len(segments) == 0 || arrivals == 0 {
		return
	}
	if p.Gaps != nil {
		segments = follow(p.Gaps, segments[0])
	}
	s.checkPeak(f, p, peak(segments))
	schedule, err := pacing.New(segments, arrivals, m.Seed)
	if err != nil {
		f.add("load", "%s", oneLine(err))
		return
	}
	p.Schedule = schedule
}

// oneLine returns the text of an error that may join several.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

func (s *Scenario) limits(f *faults) {
	check := func(path string, limit pacing.Rate) {
		if s.origin.has(path) && limit <= 0 {
			f.add(path, "a limit of 0/s lets nothing out: write a rate above it, or leave the key out")
		}
	}
	check("load.limits.per-client", s.model.Load.Limits.PerClient)
	check("load.limits.per-edge-address", s.model.Load.Limits.PerEdgeAddress)
}

func (s *Scenario) arrivals(f *faults) pacing.Arrivals {
	switch name := s.model.Load.Arrivals; name {
	case "uniform":
		return pacing.Uniform
	case "poisson":
		return pacing.Poisson
	default:
		f.add("load.arrivals", "%q is not known: use uniform or poisson", name)
		return 0
	}
}

// segments compiles the one of rate, stages and guided that is written. It
// returns none when there is a fault.
func (s *Scenario) segments(f *faults) []pacing.Segment {
	var kinds []string
	for _, key := range []string{"rate", "stages", "guided"} {
		if s.origin.has("load." + key) {
			kinds = append(kinds, key)
		}
	}
	if len(kinds) > 1 {
		f.addKey("load."+kinds[1], "%s stand together: a load has one of rate, stages and guided", strings.Join(kinds, " and "))
		return nil
	}
	before := f.found
	segments := s.segmentsOf(f, strings.Join(kinds, ""))
	if f.found > before {
		return nil
	}
	return segments
}

func (s *Scenario) segmentsOf(f *faults, kind string) []pacing.Segment {
	if kind != "rate" && s.origin.has("load.for") {
		f.addKey("load.for", "it goes with rate only%s", map[string]string{
			"stages": ": each stage has its own",
			"guided": ": a guided ramp lasts as long as it takes, and holds for hold",
		}[kind])
	}
	switch kind {
	case "rate":
		return s.constant(f)
	case "stages":
		return s.stages(f)
	case "guided":
		return s.guided(f)
	}
	if !s.origin.has("load.for") {
		f.add("load", "nothing says how much to send: add rate and for, or stages, or guided")
	}
	return nil
}

func (s *Scenario) constant(f *faults) []pacing.Segment {
	m := &s.model.Load
	if m.Rate == 0 {
		f.add("load.rate", "0/s sends nothing: write a rate above it")
	}
	switch {
	case !s.origin.has("load.for"):
		f.addKey("load.rate", "for is missing: say how long, such as for: 5m")
	case m.For == 0:
		f.add("load.for", "0s is no time at all: write a longer one, such as 5m")
	}
	return []pacing.Segment{{From: m.Rate, To: m.Rate, For: m.For}}
}

func (s *Scenario) stages(f *faults) []pacing.Segment {
	var segments []pacing.Segment
	last := pacing.Rate(0)
	for i, stage := range s.model.Load.Stages {
		at := fmt.Sprintf("load.stages[%d]", i)
		switch {
		case !s.origin.has(at + ".for"):
			f.add(at, "for is missing: say how long the stage lasts, such as for: 5m")
		case stage.For == 0:
			f.add(at+".for", "0s is no time at all: write a longer one, such as 5m")
		}
		segment := pacing.Segment{From: last, For: stage.For}
		switch {
		case stage.To != nil && stage.At != nil:
			f.add(at, "to and at stand together: to ramps to a rate, at holds one; keep one of them")
		case stage.To != nil:
			segment.To = *stage.To
		case stage.At != nil:
			segment.From, segment.To = *stage.At, *stage.At
		default:
			f.add(at, "the rate is missing: write to to ramp, or at to hold, such as at: 500/s")
		}
		segments = append(segments, segment)
		last = segment.To
	}
	if peak(segments) == 0 {
		f.add("load.stages", "the stages send nothing: give one a rate above 0/s")
	}
	return segments
}

func (s *Scenario) guided(f *faults) []pacing.Segment {
	g := s.model.Load.Guided
	if g == nil {
		return nil // it was written without a value, which is reported already
	}
	before := f.found
	for _, key := range []string{"start", "peak"} {
		if !s.origin.has("load.guided." + key) {
			f.add("load.guided", "%s is missing: write a rate, such as %s: 50/s", key, key)
		}
	}
	if s.origin.has("load.guided.start") && g.Start == 0 {
		f.add("load.guided.start", "0/s never grows: write a rate above it")
	}
	if g.Growth <= 0 {
		f.add("load.guided.growth", "0%% never grows: write more, such as 50%%")
	}
	if g.Every <= 0 {
		f.add("load.guided.every", "0s is no time at all: write a longer one, such as 5m")
	}
	if f.found == before && g.Peak < g.Start {
		f.add("load.guided.peak", "%s is below the start, %s", g.Peak, g.Start)
	}
	if f.found > before {
		return nil
	}
	ramp := pacing.Guided{Start: g.Start, Peak: g.Peak, Growth: float64(g.Growth), Every: g.Every, Hold: g.Hold}
	segments, err := ramp.Segments()
	if err != nil {
		f.add("load.guided", "%s", oneLine(err))
	}
	return segments
}

func peak(segments []pacing.Segment) pacing.Rate {
	highest := pacing.Rate(0)
	for _, s := range segments {
		highest = max(highest, s.From, s.To)
	}
	return highest
}

// checkPeak refuses a load that its own limit for a client would hold back
// from ever reaching its peak.
func (s *Scenario) checkPeak(f *faults, p *Plan, peak pacing.Rate) {
	limit := p.Limits.PerClient
	all := limit * pacing.Rate(p.Clients.Count)
	if limit <= 0 || p.Clients.Count < 1 || all >= peak {
		return
	}
	enough := math.Ceil(float64(peak / limit))
	path := "clients.count"
	if !s.origin.has(path) {
		path = peakPath(s.origin)
	}
	clients := fmt.Sprintf("%d clients", p.Clients.Count)
	if p.Clients.Count == 1 {
		clients = "1 client"
	}
	f.add(path, "%s at no more than %s each send %s at most, and the load peaks at %s: raise clients.count to %.0f, lower the peak, or raise load.limits.per-client",
		clients, limit, all, peak, enough)
}

func peakPath(o *origin) string {
	for _, path := range []string{"load.guided.peak", "load.stages", "load.rate"} {
		if o.has(path) {
			return path
		}
	}
	return "load"
}
