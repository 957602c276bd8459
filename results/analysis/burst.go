package analysis

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"frontload/results"
)

// mostExemplars is how many requests a burst points at.
const mostExemplars = 5

// bursts makes the document's bursts of what was observed, in order of time.
func bursts(run *results.Run, l *ledger, w *watcher) []results.Burst {
	bursts := []results.Burst{}
	for _, o := range w.observed {
		if o.status503 == 0 {
			continue
		}
		b := results.Burst{
			ID:        len(bursts) + 1,
			Start:     at(run, o.from),
			End:       at(run, o.to),
			Requests:  o.requests,
			PeakShare: round(o.peakShare()),
			Scope:     results.Scope{Kind: l.kindName(o.kind), Values: o.values},

			Responses503: o.status503,
			Evidence:     w.gather(run, o),
			Exemplars:    exemplars(run, l, o),
		}
		w.decide(run, o, &b)
		bursts = append(bursts, b)
	}
	return bursts
}

// decide fills in the verdict and what follows from it.
func (w *watcher) decide(run *results.Run, o *observation, b *results.Burst) {
	b.NeverGood = w.neverGood(o)
	Pronounce(b)
	kind := o.originKind()
	if b.Family == results.FamilyOrigin {
		b.OriginKind = &kind
		b.OriginOut = o.origin == 0
		b.ElsewhereGood = o.elsewhereGood()
	}
	if o.heard > 0 {
		b.CachedErrorShare = round(float64(o.cached) / float64(o.heard))
	}
	b.CausedByTest = o.causedByTest(run, w.ledger, b.Verdict)
	b.Judged503 = o.heard
	a := adviser{source: run.Info.Source, cloudFront: w.total.cloudFront, failed: len(o.asked)}
	if b.Verdict == results.VerdictEdgeCompute {
		a.trouble = o.troubleOf(run, w.ledger)
	}
	b.Remedies = a.remedies(b)
}

// Pronounce gives the burst the verdict that its evidence leads to, with its
// family, the probabilities and the confidence.
func Pronounce(b *results.Burst) {
	p := probabilities(b.Evidence)
	b.Verdict, b.Confidence = pronounce(p)
	b.Confidence = min(mostSure, round(b.Confidence))
	b.Family = verdictFamily(b.Verdict)
	b.Probabilities = map[string]float64{}
	for v, share := range p {
		b.Probabilities[v] = round(share)
	}
	if slices.ContainsFunc(b.Evidence, func(e results.Evidence) bool { return e.Signal == contradiction }) {
		b.Confidence = min(b.Confidence, mostSureAgainst)
	}
	if b.NeverGood && b.Family != results.FamilyEdge {
		b.Confidence = min(b.Confidence, mostSureOfLoad)
	}
}

// at returns the time of day at which a second of the run began.
func at(run *results.Run, second int) time.Time {
	return run.Info.Start.Add(time.Duration(second) * time.Second)
}

// round cuts a share to four decimals.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// elsewhereGood reports whether a fault at one place left the others alone: they
// had no 503, and good answers that an origin gave.
func (o *observation) elsewhereGood() bool {
	if !isPlace(o.kind) || o.others > 0 {
		return false
	}
	outside := sum(o.inside, func(i int) bool { return !o.in[i] })
	return outside.stray == 0 && outside.fail.n == 0 && outside.miss.n >= enough
}

// exemplars returns some of the burst's 503s that were kept whole, spread over
// its time: its first second alone may be of another kind than the rest.
func exemplars(run *results.Run, l *ledger, o *observation) []results.ExemplarRef {
	var held []*results.Exemplar
	for i := range run.Exemplars {
		if e := &run.Exemplars[i]; e.Status == 503 && o.holds(l, e) {
			held = append(held, e)
		}
	}
	refs := []results.ExemplarRef{}
	n := min(len(held), mostExemplars)
	for i := range n {
		e := held[i*(len(held)-1)/max(1, n-1)]
		refs = append(refs, results.ExemplarRef{
			RequestID: e.RequestID, POP: e.POP, EdgeAddress: addressText(e.Edge),
			Time: run.Info.Start.Add(e.At),
		})
	}
	return refs
}

// holds reports whether an exemplar is one of the burst's.
func (o *observation) holds(l *ledger, e *results.Exemplar) bool {
	second := int(e.At / time.Second)
	why := causeOf(&results.CellKey{Status: e.Status, Outcome: e.Outcome, Signals: e.Signals})
	if e.At < 0 || second < o.from || second >= o.to || !(o.causes[why] || why.weak()) {
		return false
	}
	switch o.kind {
	case kindPOP:
		return slices.Contains(o.values, cmp.Or(e.POP, l.popOf[e.Edge]))
	case kindEdge:
		return slices.Contains(o.values, addressText(e.Edge))
	case kindRequest:
		return slices.Contains(o.values, e.Request)
	case kindClient:
		return slices.Contains(o.values, addressText(e.Source))
	}
	return true
}

// list names a few values in words.
func list(values []string) string {
	const most = 4
	if len(values) > most {
		return strings.Join(values[:most], ", ") + " and others"
	}
	return strings.Join(values, ", ")
}
