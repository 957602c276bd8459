package pacing

import "time"

// changed returns the schedule that is s before at and runs through segments
// from then on. At must be at most the duration of s.
func (s *Schedule) changed(at time.Duration, segments []Segment) *Schedule {
	n := &Schedule{arrivals: s.arrivals, seed: s.seed}
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.begin >= at {
			break
		}
		g, kept := s.segments[i], *p
		if at < p.until {
			g.To, g.For = Rate(p.rate(at)), at-p.begin
			kept = p.cut(at)
		}
		n.add(kept, g, s.stages[i])
	}
	n.extend(segments)
	return n
}

// after returns the segments from t on.
func (s *Schedule) after(t time.Duration) []Segment {
	var rest []Segment
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.until <= t {
			continue
		}
		g := s.segments[i]
		if begin := max(t, p.begin); begin > p.begin {
			g.From, g.For = Rate(p.rate(begin)), p.until-begin
		}
		rest = append(rest, g)
	}
	return rest
}

// within returns as much of segments as fits into a span.
func within(segments []Segment, span time.Duration) []Segment {
	for i, g := range segments {
		if g.For <= span {
			span -= g.For
			continue
		}
		segments = segments[:i]
		if span > 0 {
			g.To = g.From + (g.To-g.From)*Rate(float64(span)/float64(g.For))
			g.For = span
			segments = append(segments, g)
		}
		break
	}
	return segments
}

// alike is how much two rates may differ, as a share, and still be taken for
// the same: one that was computed on the way to it, and rounded.
const alike = 1e-9

// lastAtMost returns the last time up to t, which must lie in s, at which the
// rate was at most rate, or the lowest up to t where it was never that low.
func (s *Schedule) lastAtMost(rate Rate, t time.Duration) time.Duration {
	pieces := s.pieces[:s.pieceAt(t)+1]
	lowest := pieces[0].from
	for i := range pieces {
		lowest = min(lowest, pieces[i].from, pieces[i].rate(min(t, pieces[i].until)))
	}
	most := max(float64(rate), lowest)
	for i := len(pieces) - 1; ; i-- {
		p := &pieces[i]
		end := min(t, p.until)
		if p.rate(end) <= most*(1+alike) {
			return end
		}
		if p.from <= most*(1+alike) {
			return min(end, p.rises(most))
		}
	}
}

// rises returns when the rate of a piece that rises passes rate.
func (p *piece) rises(rate float64) time.Duration {
	part := max(0, rate-p.from) / (p.to - p.from)
	return p.begin + time.Duration(part*float64(p.span))
}

// Reaches returns the first time at which the rate is above rate, or false when
// it never is.
func (s *Schedule) Reaches(rate Rate) (time.Duration, bool) {
	for i := range s.pieces {
		switch p := &s.pieces[i]; {
		case p.from > float64(rate)*(1+alike):
			return p.begin, true
		case p.rate(p.until) > float64(rate)*(1+alike):
			return min(p.until, p.rises(float64(rate))), true
		}
	}
	return 0, false
}
