package report

import (
	"cmp"
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
	popOf    map[string]string          // by edge address
	writers  []map[results.Outcome]bool // by burst, whom its 503s name
}

func newMatcher(in Input) *matcher {
	m := &matcher{bursts: in.Analysis.Bursts, requests: in.Run.Info.Requests, popOf: map[string]string{}}
	for _, e := range in.Analysis.Run.Edges {
		m.popOf[e.Address] = e.POP
	}
	for _, b := range m.bursts {
		m.writers = append(m.writers, writers(b))
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
		if float64(c.Second+1) <= m.from[i] || float64(c.Second) >= m.to[i] || !m.within(b.Scope, c) || m.foreign(i, c) {
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
		value = cmp.Or(c.POP, m.popOf[c.Edge.String()])
	case "edge-address":
		value = c.Edge.String()
	case "request", "key-prefix":
		if int(c.Request) >= len(m.requests) {
			return false
		}
		value = m.requests[c.Request]
	default:
		return true
	}
	return slices.Contains(s.Values, value)
}

// foreign reports whether the cell's 503s name a writer whom those of burst i
// do not: they are another fault's. Nothing is known of a burst's answers
// where it has no evidence.
func (m *matcher) foreign(i int, c *results.Cell) bool {
	w := writer(c)
	told := results.EdgeCapacity <= w && w <= results.OriginCustom
	return told && len(m.bursts[i].Evidence) > 0 && !m.writers[i][w]
}

// writers returns the outcomes that a burst's evidence names.
func writers(b results.Burst) map[results.Outcome]bool {
	named := map[results.Outcome]bool{}
	answer := results.Answer{Status: 503}
	for s := results.Signals(1); s.Names() != nil; s <<= 1 {
		if slices.ContainsFunc(b.Evidence, func(e results.Evidence) bool { return e.Signal == s.Names()[0] }) {
			named[answer.Outcome(s)] = true
		}
	}
	return named
}

// writer returns the cell's outcome or, of an error that the edge's cache
// replayed, that of the origin which wrote it.
func writer(c *results.Cell) results.Outcome {
	if c.Outcome != results.CachedOriginError {
		return c.Outcome
	}
	answer := results.Answer{Status: 503}
	return answer.Outcome(c.Signals &^ results.SignalAge)
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
