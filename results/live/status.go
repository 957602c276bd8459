package live

import "frontload/results/report/plain"

// first returns the parts of the first line: time, rates, and what the
// schedule is doing. The parts are harmless, the most useful ones first.
func (s *Status) first() []string {
	clock := plain.Clock(s.Elapsed)
	if s.Total > 0 {
		clock += " of " + plain.Clock(s.Total)
	}
	parts := []string{
		clock,
		"asked " + plain.Number(s.Asked) + "/s",
		"sent " + plain.Number(s.Sent) + "/s",
		"in flight " + plain.Count(s.InFlight),
	}
	if s.P99 > 0 {
		parts = append(parts, "p99 "+plain.Span(s.P99))
	}
	if s.Stage != "" {
		parts = append(parts, plain.Line(s.Stage))
	}
	return parts
}

// second returns the parts of the second line: what came of the requests so
// far. Missed and unsent arrivals are shown only where there are any.
func (s *Status) second() []string {
	parts := []string{"ok " + plain.Count(s.OK), "503 " + plain.Count(s.Status503), "errors " + plain.Count(s.Errors)}
	if s.Missed > 0 {
		parts = append(parts, "missed "+plain.Count(s.Missed))
	}
	if s.Unsent > 0 {
		parts = append(parts, "unsent "+plain.Count(s.Unsent))
	}
	if s.Trouble != "" {
		parts = append(parts, "GENERATOR LIMITED: "+plain.Line(s.Trouble))
	}
	return parts
}

// third returns the parts of the third line: the bursts that go on. There is
// none where there are none.
func (s *Status) third() []string {
	var parts []string
	for _, b := range s.Bursts {
		parts = append(parts, "burst: "+plain.Line(b))
	}
	return parts
}
