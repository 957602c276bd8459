package report

import (
	"slices"
	"strings"

	"frontload/results"
)

// matcher says which burst a cell of 503s belongs to. Cells know neither
// clients nor key prefixes: bursts of such scopes are matched by time alone.
type matcher struct {
	bursts   []results.Burst
	from, to []float64 // seconds since the start
	requests []string
}

func newMatcher(in Input) *matcher {
	m := &matcher{bursts: in.Analysis.Bursts, requests: in.Run.Info.Requests}
	for _, b := range m.bursts {
		m.from = append(m.from, b.Start.Sub(in.start()).Seconds())
		m.to = append(m.to, b.End.Sub(in.start()).Seconds())
	}
	return m
}

// verdict returns the verdict of the burst that the cell belongs to, or
// nothing where it belongs to none. Where bursts overlap, one whose family the
// answers themselves name goes first, then one of a narrower scope.
func (m *matcher) verdict(c *results.Cell) string {
	best, verdict := -1, ""
	for i, b := range m.bursts {
		if float64(c.Second+1) <= m.from[i] || float64(c.Second) >= m.to[i] || !m.within(b.Scope, c) {
			continue
		}
		score := 0
		if b.Family == family(c.Outcome) {
			score += 2
		}
		if b.Scope.Kind != "all" {
			score++
		}
		if score > best {
			best, verdict = score, b.Verdict
		}
	}
	return verdict
}

func (m *matcher) within(s results.Scope, c *results.Cell) bool {
	var value string
	switch s.Kind {
	case "region":
		value = c.Region
	case "pop":
		value = c.POP
	case "edge-address":
		value = c.Edge.String()
	case "request":
		if int(c.Request) >= len(m.requests) {
			return false
		}
		value = m.requests[c.Request]
	default:
		return true
	}
	return slices.Contains(s.Values, value)
}

// family returns which family an outcome names, or nothing.
func family(o results.Outcome) string {
	switch name := o.String(); {
	case strings.HasPrefix(name, "edge-"):
		return results.FamilyEdge
	case strings.HasPrefix(name, "origin"), o == results.CachedOriginError:
		return results.FamilyOrigin
	}
	return ""
}
