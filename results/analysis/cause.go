package analysis

import "frontload/results"

// A cause is what a 503's answer says of its writer. Bursts are sought apart
// for each, so that two faults that overlap are two bursts where the answers
// tell them apart.
type cause uint8

const (
	causeNone     cause = iota // not a 503
	causeCapacity              // the edge says: no capacity
	causeQuota                 // the edge says: over a quota
	causeCompute               // the edge says: a function failed
	causeS3                    // an origin of this kind wrote it
	causeELB
	causeGateway
	causeCustom
	causeOrigin   // an origin wrote it, of a kind not told
	causeEdgeLike // it looks like CloudFront's own, with nothing more said
	causeUnknown  // it does not say
	causes        // how many there are
)

// weak reports whether another, stronger cause may well be behind a 503 of
// cause c: answers of one fault do not all tell equally much.
func (c cause) weak() bool { return c >= causeOrigin }

// causeOf returns what the cell's answers say of the writer of a 503, and
// causeNone for cells of any other status. A replayed error keeps the marks
// of the origin that wrote it, so it has that origin's cause.
func causeOf(k *results.CellKey) cause {
	if k.Status != 503 {
		return causeNone
	}
	switch k.Outcome {
	case results.EdgeCapacity:
		return causeCapacity
	case results.EdgeQuota:
		return causeQuota
	case results.EdgeCompute:
		return causeCompute
	case results.CachedOriginError:
		return max(causeS3, min(causeOrigin, originCause(writer(k.Signals))))
	case results.UnknownError:
		if k.Signals&(results.SignalServerCloudFront|results.SignalPageCloudFront) != 0 {
			return causeEdgeLike
		}
		return causeUnknown
	}
	return originCause(k.Outcome)
}

// writer returns the outcome that the signals stand for, had the answer not
// come from a cache.
func writer(s results.Signals) results.Outcome {
	answer := results.Answer{Status: 503}
	return answer.Outcome(s &^ results.SignalAge)
}

func originCause(o results.Outcome) cause {
	switch o {
	case results.OriginS3:
		return causeS3
	case results.OriginELB:
		return causeELB
	case results.OriginAPIGateway:
		return causeGateway
	case results.OriginCustom:
		return causeCustom
	case results.Origin:
		return causeOrigin
	}
	return causeUnknown
}
