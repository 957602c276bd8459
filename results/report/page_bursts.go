package report

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"

	"frontload/results"
	"frontload/results/report/plain"
)

// burst is what the page tells of one burst.
type burst struct {
	Title, Confidence, Where, Count, Peak string
	Notes                                 []string
	Color                                 template.CSS
	Evidence                              []evidence
	Chances                               []chance
	Remedies                              []remedy
	Exemplars                             []exemplar
}

type evidence struct {
	Signal, Observed string
	Side, Of, Odds   string  // for or against what, and how strongly
	Percent          float64 // of the bar, which goes left where it speaks against
	Color            template.CSS
}

// chance is a verdict's probability.
type chance struct {
	Name, Share string
	Percent     float64
	Color       template.CSS
}

type remedy struct{ Do, Source string }

type exemplar struct{ ID, POP, Edge, Time string }

const (
	maxEvidence  = 40 // rows of a burst's tables, however many there are
	maxExemplars = 20
)

// newBurst turns a burst into words.
func newBurst(in Input, b results.Burst) burst {
	out := burst{
		Title: fmt.Sprintf("Burst %d: %s", b.ID, verdict(b)), Confidence: sure(b),
		Where: in.between(b) + ", " + scope(b.Scope),
		Count: plain.Count(b.Responses503) + " 503s of " + plain.Count(b.Requests) + " requests",
		Peak:  plain.Share(b.PeakShare), Color: ink(b.Verdict).CSS(), Chances: chances(b),
	}
	if b.CausedByTest {
		out.Notes = append(out.Notes, "Caused by the way in which the test sent its load.")
	}
	if s := judgedBy(b); s != "" {
		out.Notes = append(out.Notes, plain.Capital(s)+".")
	}
	if b.NeverGood {
		out.Notes = append(out.Notes, "Not one good answer came from where it was, in the whole run.")
	}
	if b.OriginOut && !b.NeverGood {
		out.Notes = append(out.Notes, "While it lasted, not one good answer came from an origin: what was good came from caches.")
	}
	if b.ElsewhereGood {
		out.Notes = append(out.Notes, "The origin answered other places meanwhile.")
	}
	if b.CachedErrorShare > 0 {
		out.Notes = append(out.Notes, plain.Share(b.CachedErrorShare)+" of its 503s came from the edge's cache, which replays an origin's error.")
	}
	for _, e := range strongest(b.Evidence)[:min(len(b.Evidence), maxEvidence)] {
		odds, side, of := weight(e)
		out.Evidence = append(out.Evidence, evidence{
			Signal: plain.Line(e.Signal), Observed: plain.Line(e.Observed), Side: side, Of: of,
			Odds: odds, Percent: percent(math.Abs(e.LogOdds)/6) / 2, Color: favourite(e.Favours),
		})
	}
	for _, r := range b.Remedies {
		out.Remedies = append(out.Remedies, remedy{plain.Line(r.Do), plain.Line(r.Source)})
	}
	for _, e := range b.Exemplars[:min(len(b.Exemplars), maxExemplars)] {
		out.Exemplars = append(out.Exemplars, exemplar{
			plain.Line(e.RequestID), plain.Line(e.POP), plain.Line(e.EdgeAddress),
			e.Time.UTC().Format("15:04:05.000"),
		})
	}
	return out
}

// favourite returns the colour of what an evidence speaks for.
func favourite(favours string) template.CSS {
	switch favours {
	case results.FamilyEdge:
		return ink(results.VerdictEdgeCapacity).CSS()
	case results.FamilyOrigin:
		return ink(results.VerdictOriginSaturation).CSS()
	}
	return ink(favours).CSS()
}

// percent returns a part of a whole as per cent within bounds.
func percent(part float64) float64 {
	if math.IsNaN(part) {
		return 0
	}
	return math.Round(min(max(part, 0), 1)*1000) / 10
}

// chances returns the probabilities, the likeliest first. That of the verdict is
// no higher than the confidence: a bar must not claim more than the words.
func chances(b results.Burst) []chance {
	probabilities := maps.Clone(b.Probabilities)
	if p, ok := probabilities[b.Verdict]; ok {
		probabilities[b.Verdict] = min(p, b.Confidence)
	}
	names := slices.SortedFunc(maps.Keys(probabilities), func(a, b string) int {
		return cmp.Or(cmp.Compare(probabilities[b], probabilities[a]), cmp.Compare(a, b))
	})
	var out []chance
	for _, name := range names {
		out = append(out, chance{
			Name: verdict(results.Burst{Verdict: name}), Share: plain.Share(probabilities[name]),
			Percent: percent(probabilities[name]), Color: ink(name).CSS(),
		})
	}
	return out
}
