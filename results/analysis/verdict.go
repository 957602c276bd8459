package analysis

import (
	"math"

	"frontload/results"
)

var verdicts = []string{
	results.VerdictOriginSaturation, results.VerdictEdgeCapacity,
	results.VerdictEdgeQuota, results.VerdictEdgeCompute,
}

// probabilities turns evidence into the probability of each verdict: the sum
// of the prior and of all log odds that favour it or its family, exponentiated
// and made to add up to one.
func probabilities(evidence []results.Evidence) map[string]float64 {
	p := scores(evidence)
	most := math.Inf(-1)
	for _, v := range verdicts {
		most = max(most, p[v])
	}
	total := 0.0
	for _, v := range verdicts {
		p[v] = math.Exp(p[v] - most)
		total += p[v]
	}
	for _, v := range verdicts {
		p[v] /= total
	}
	return p
}

// scores returns the sum of the prior and of all log odds, by verdict.
func scores(evidence []results.Evidence) map[string]float64 {
	s := map[string]float64{}
	for _, v := range verdicts {
		s[v] = prior[v]
		for _, e := range evidence {
			if e.Favours == v || e.Favours == family(v) {
				s[v] += e.LogOdds
			}
		}
	}
	return s
}

// mostSure is the highest confidence that a verdict is given. Of the labelled
// runs' verdicts that are this sure fewer than one in 100 are wrong; other
// people's distributions are stranger than any lab's.
const mostSure = 0.99

// mostSureOfLoad is the highest confidence that a target which never gave one
// good answer was overwhelmed: the 503s look the same when it is in maintenance.
const mostSureOfLoad = 0.5

// mostSureAgainst is the highest confidence where what the answers say and how
// they are spread contradict each other.
const mostSureAgainst = 0.9

// neverGood reports whether the fault's scope had not one good answer, in the
// whole run.
func (w *watcher) neverGood(o *observation) bool {
	for i, in := range o.in {
		if in && w.good[i] > 0 {
			return false
		}
	}
	return true
}

// pronounce returns the verdict and its probability. It is the most probable
// one where that is [certain]; where only the family edge is certain, the
// likeliest of its verdicts if it is twice as likely as the next, with its
// own lower probability as the confidence. Otherwise it is undetermined, and
// the confidence is that of the likeliest verdict.
func pronounce(p map[string]float64) (verdict string, confidence float64) {
	best, next := "", ""
	for _, v := range verdicts {
		switch {
		case best == "" || p[v] > p[best]:
			best, next = v, best
		case next == "" || p[v] > p[next]:
			next = v
		}
	}
	edge := 1 - p[results.VerdictOriginSaturation]
	switch {
	case p[best] >= certain:
	case edge >= certain && p[best] >= 2*p[next]:
	default:
		return results.VerdictUndetermined, p[best]
	}
	return best, p[best]
}

// verdictFamily returns the family of a verdict.
func verdictFamily(verdict string) string {
	if verdict == results.VerdictUndetermined {
		return results.FamilyUndetermined
	}
	return family(verdict)
}

// The origin kinds, as the document names them.
const (
	originS3      = "s3"
	originELB     = "elb"
	originGateway = "api-gateway"
	originCustom  = "custom"
	originUnknown = "unknown"
)

// originKind returns the kind of origin that most of the 503s name.
func (o *observation) originKind() string {
	kinds := []struct {
		kind  string
		signs results.Signals
	}{
		{originS3, results.SignalServerS3 | results.SignalS3IDs | results.SignalPageS3},
		{originELB, results.SignalServerELB | results.SignalPageELB},
		{originGateway, results.SignalAPIGatewayIDs | results.SignalPageAPIGateway},
		{originCustom, results.SignalServerOther | results.SignalPageOther},
	}
	best, most := originUnknown, int64(0)
	for _, k := range kinds {
		n := int64(0)
		for bit := range o.signals {
			if k.signs&(1<<bit) != 0 {
				n = max(n, o.signals[bit])
			}
		}
		if n > most {
			best, most = k.kind, n
		}
	}
	return best
}

// causedByTest reports whether the run broke the rule whose breach explains
// the verdict: one edge address of the scope got more than its share, or one
// client address sent more than its own.
func (o *observation) causedByTest(run *results.Run, l *ledger, verdict string) bool {
	if run.Info.Source == sourceLog {
		return false // viewers, and no test
	}
	switch verdict {
	case results.VerdictEdgeCapacity:
		uneven := l.unevenShare()
		for i, a := range l.atoms {
			if !o.in[i] || !a.edge.IsValid() || o.edges[a.edge] == nil {
				continue
			}
			most := min(int64(o.edges[a.edge].most), l.edgePeak[a.edge])
			if most > results.MostPerEdge || float64(l.edgeCount[a.edge]) > uneven {
				return true
			}
		}
	case results.VerdictEdgeQuota:
		_, rate := busiestAddress(run, l)
		return rate > results.MostPerClient
	}
	return false
}

// unevenShare returns the requests beyond which one edge address got more
// than its share: half of all, and twice the even share. Of fewer than three
// addresses none can.
func (l *ledger) unevenShare() float64 {
	if len(l.edgeCount) < 3 {
		return math.Inf(1)
	}
	total := int64(0)
	for _, n := range l.edgeCount {
		total += n
	}
	return float64(total) * max(0.5, 2/float64(len(l.edgeCount)))
}
