package analysis

import (
	"slices"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

// mostCached is the share of replayed 503s from which the cache's part in a
// burst is worth a remedy.
const mostCached = 0.2

// replayed reports whether many of a burst's 503s are replayed errors: then
// the origin failed in its first seconds only.
func replayed(b *results.Burst) bool {
	return b.CachedErrorShare > mostCached ||
		slices.ContainsFunc(b.Evidence, func(e results.Evidence) bool { return e.Signal == slowAtFirst })
}

// An adviser knows of a burst's run what advice depends on.
type adviser struct {
	source     string // of the run
	cloudFront bool   // some answer had a header of CloudFront's
	trouble    functionTrouble
	failed     int // seconds in which an origin failed itself; zero when not known
}

// viewers reports whether real viewers sent the requests, so that no test's
// load can be changed.
func (a *adviser) viewers() bool { return a.source == sourceLog }

// remedies returns what to do about a burst, the first thing first. A hit ratio
// is spoken of only where there is a CloudFront to have one.
func (a *adviser) remedies(b *results.Burst) []results.Remedy {
	var list []results.Remedy
	if b.NeverGood && b.Family != results.FamilyEdge {
		list = append(list, aliveRemedy)
	}
	switch b.Verdict {
	case results.VerdictEdgeCapacity:
		return a.capacity(b)
	case results.VerdictEdgeQuota:
		return a.quota(b)
	case results.VerdictEdgeCompute:
		list = append(list, functionRemedies[a.trouble]...)
		if !a.viewers() && !strings.HasPrefix(string(a.trouble), "Function") {
			list = append(list, viewerTriggers)
		}
		return list
	case results.VerdictOriginSaturation:
		return append(list, a.origin(b)...)
	}
	if a.viewers() {
		return append(list, unsureLogRemedies...)
	}
	if !a.cloudFront {
		return append(list, unsureTargetRemedies...)
	}
	return append(list, unsureRemedies...)
}

// capacity advises testers to spread their load first where they did not, and
// whoever kept the rules to ask AWS.
func (a *adviser) capacity(b *results.Burst) []results.Remedy {
	support := supportRemedy
	switch ids := requestIDs(b); {
	case a.viewers() && ids == "":
		return []results.Remedy{withoutIDsRemedy}
	case ids == "":
		support.Do += " with the edge location and these times: no request id (X-Amz-Cf-Id) is known of its 503s."
	case a.viewers():
		support.Do = "Contact AWS Support" + ids + ": an edge location without capacity is for CloudFront to mend."
		return []results.Remedy{support}
	default:
		support.Do += ids + "."
	}
	return []results.Remedy{spreadRemedy, growRemedy, support}
}

// mostIDs is how many request ids a remedy names.
const mostIDs = 3

// requestIDs names some of the burst's requests, to hand to AWS Support; it is
// empty where no id is known.
func requestIDs(b *results.Burst) string {
	var ids []string
	for _, e := range b.Exemplars {
		if e.RequestID != "" && len(ids) < mostIDs {
			ids = append(ids, e.RequestID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return " with request ids such as " + strings.Join(ids, ", ")
}

func (a *adviser) quota(b *results.Burst) []results.Remedy {
	switch {
	case a.viewers():
		higher := quotaRemedy
		higher.Do = "Request a higher quota for the distribution."
		return []results.Remedy{higher, crawlerRemedy}
	case b.CausedByTest:
		return []results.Remedy{sourcesRemedy, quotaRemedy}
	}
	return []results.Remedy{quotaRemedy, sourcesRemedy}
}

func (a *adviser) origin(b *results.Burst) []results.Remedy {
	list := slices.Clone(originRemedies[*b.OriginKind])
	if other, ok := warmAdvice[*b.OriginKind]; ok && a.viewers() {
		list[len(list)-1] = other
	}
	if *b.OriginKind == originUnknown && (b.Scope.Kind == kindRequest || b.Scope.Kind == kindPrefix) {
		list[0] = namedOriginRemedy
	}
	switch {
	case b.NeverGood: // that comes first
	case b.ElsewhereGood:
		list = slices.Insert(list, 0, wayRemedy)
	case out(b):
		list = slices.Insert(list, 0, outRemedy)
	}
	if replayed(b) {
		list = append(list, a.echo(b))
	}
	if a.cloudFront {
		list = append(list, hitsRemedy)
	}
	return list
}

// out reports whether an origin that failed may as well have been down: not one
// good answer came from it. S3 and API Gateway refuse what is too much, and say so.
func out(b *results.Burst) bool {
	return b.OriginOut && b.OriginKind != nil && *b.OriginKind != originS3 && *b.OriginKind != originGateway
}

// echo is for bursts that replayed errors made longer; it says how much of it
// they are.
func (a *adviser) echo(b *results.Burst) results.Remedy {
	said := "replayed errors"
	if b.CachedErrorShare > 0 {
		said = plain.Share(b.CachedErrorShare) + " of these 503s are replayed errors, which"
	}
	seconds := int(b.End.Sub(b.Start).Seconds())
	if a.failed > 0 && a.failed < seconds {
		said += sentence(" kept a burst of %d s going, in which the origin itself failed in %d s only", seconds, a.failed)
	} else {
		said += " kept this burst going"
	}
	return results.Remedy{
		Do: "Lower the error caching minimum TTL for 503 (10 s by default): " + said +
			"; look at the origin's logs of the burst's first seconds.",
		Source: sourceErrors,
	}
}

// troubleOf returns what most of the burst's 503s that were kept whole say of a
// function at the edge, in X-Cache or as an access log's result type.
func (o *observation) troubleOf(run *results.Run, l *ledger) functionTrouble {
	counts := map[functionTrouble]int{}
	for i := range run.Exemplars {
		e := &run.Exemplars[i]
		if e.Status != 503 || !o.holds(l, e) {
			continue
		}
		for _, h := range e.Headers {
			word, _, _ := strings.Cut(h.Value, " ")
			if _, known := functionRemedies[functionTrouble(word)]; known && word != "" {
				counts[functionTrouble(word)]++
				break
			}
		}
	}
	best := functionUnnamed
	for _, t := range sortedKeys(counts) {
		if counts[t] > counts[best] {
			best = t
		}
	}
	return best
}
