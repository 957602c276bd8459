package lab

import (
	"time"

	"frontload/results"
)

// An answerKind is what kind of answer an edge gives. All answers of one kind
// from one origin carry the same headers, but for ids, times and sizes.
type answerKind uint8

const (
	answerHit               answerKind = iota // from the cache
	answerMiss                                // from the origin
	answerRefresh                             // from the cache, found fresh by the origin
	answerStale                               // from the cache, expired, since the origin failed
	answerOriginError                         // the origin's 503
	answerCachedError                         // the origin's 503, replayed by the cache
	answerCapacity                            // 503: the edge address had no capacity
	answerLimit                               // 503: the distribution's quota
	answerLambdaLimit                         // 503: Lambda@Edge was throttled
	answerFunctionError                       // 503: a CloudFront Function failed
	answerMethod                              // 403: a method that the distribution does not allow
	answerTooLong                             // 413: the URL is too long
	answerLambdaError                         // 503: Lambda@Edge failed
	answerFunctionThrottled                   // 503: a CloudFront Function was throttled
	answerGatewayTimeout                      // 504: no connection to the origin
	answerBlocked                             // 403: a firewall's
	answerThrottled                           // 429: the origin's
	answerKinds             = int(iota)
)

// kindInfo is what all answers of one kind have in common.
type kindInfo struct {
	status   int
	xCache   string // X-Cache, but for " from cloudfront"
	result   string // x-edge-result-type
	detailed string // x-edge-detailed-result-type
	message  string // of CloudFront's own page; empty where CloudFront did not write the answer
}

// info returns the kind's common properties. Source of the result types: the
// CloudFront Developer Guide on standard logs and captured answers; that
// CapacityExceeded stands in X-Cache as it does in logs is inferred.
func (k answerKind) info() kindInfo {
	switch k {
	case answerHit:
		return kindInfo{200, "Hit", "Hit", "Hit", ""}
	case answerMiss:
		return kindInfo{200, "Miss", "Miss", "Miss", ""}
	case answerRefresh, answerStale:
		return kindInfo{200, "RefreshHit", "RefreshHit", "RefreshHit", ""}
	case answerOriginError:
		return kindInfo{503, "Error", "Error", "OriginError", ""}
	case answerCachedError:
		return kindInfo{503, "Error", "Error", "Error", ""}
	case answerCapacity:
		return kindInfo{503, "CapacityExceeded", "CapacityExceeded", "CapacityExceeded", "The edge location has too little capacity for this request at the moment."}
	case answerLimit:
		return kindInfo{503, "LimitExceeded", "LimitExceeded", "LimitExceeded", "The distribution is asked for more requests than its quota allows."}
	case answerLambdaLimit:
		return kindInfo{503, "LambdaLimitExceeded", "LambdaLimitExceeded", "LambdaLimitExceeded", "The Lambda function associated with the CloudFront distribution was throttled."}
	case answerFunctionError:
		return kindInfo{503, "FunctionExecutionError", "FunctionExecutionError", "FunctionExecutionError", "The CloudFront function associated with the CloudFront distribution is invalid or could not run."}
	case answerMethod:
		return kindInfo{403, "Error", "Error", "InvalidRequestMethod", "The distribution does not allow the HTTP method of this request."}
	case answerLambdaError:
		return kindInfo{503, "LambdaExecutionError", "LambdaExecutionError", "LambdaExecutionError", "The Lambda function associated with the CloudFront distribution failed."}
	case answerFunctionThrottled:
		return kindInfo{503, "FunctionThrottledError", "FunctionThrottledError", "FunctionThrottledError", "The CloudFront function associated with the CloudFront distribution was throttled."}
	case answerGatewayTimeout:
		return kindInfo{504, "Error", "Error", "OriginConnectError", "No connection to the origin could be had in time."}
	case answerBlocked:
		return kindInfo{403, "Error", "Error", "Error", "A rule of the firewall blocks this request."}
	case answerThrottled:
		return kindInfo{429, "Error", "Error", "Error", ""}
	default:
		return kindInfo{413, "Error", "Error", "InvalidRequest", "The URL of this request is too long."}
	}
}

// byOrigin reports whether the origin wrote the answer.
func (k answerKind) byOrigin() bool { return k <= answerCachedError || k == answerThrottled }

// An answer is everything about a reply but its bytes, which follow from it.
type answer struct {
	number   uint64 // counts the asks from one
	fetched  uint64 // number of the ask for which the origin wrote it
	asked    time.Duration
	first    time.Duration // first byte
	done     time.Duration // last byte
	age      time.Duration // of what the cache holds; negative where no Age is sent
	upstream time.Duration // how long the origin took to answer; zero where it was not asked
	connect  time.Duration // of which a new connection to it

	kind      answerKind
	cause     Cause
	cache     results.Cache
	pop, edge int
	behaviour int
	origin    int
	size      int // bytes of the body
}

func (d *answer) set(kind answerKind, cause Cause, cache results.Cache) {
	d.kind, d.cause, d.cache = kind, cause, cache
}

// fail makes the answer an error of the edge's own, for which neither cache
// nor origin was asked.
func (d *answer) fail(kind answerKind) {
	d.kind, d.cache = kind, results.CacheError
	switch kind {
	case answerCapacity:
		d.cause = CauseEdgeCapacity
	case answerLimit:
		d.cause = CauseEdgeQuota
	case answerLambdaLimit, answerFunctionError, answerLambdaError, answerFunctionThrottled:
		d.cause = CauseEdgeCompute
	}
}

// bandwidth is what one answer is sent with, in bytes per second.
const bandwidth = 40 << 20

// transfer returns how long a body takes from its first to its last byte.
func transfer(size int) time.Duration {
	return time.Duration(size) * time.Second / bandwidth
}

// Content has between smallest and largest bytes, by its path.
const (
	smallest = 512
	largest  = 6 << 10
)

// contentSize returns the size of what lies under a path.
func contentSize(path string) int {
	h := uint32(2166136261) // FNV-1a
	for i := range len(path) {
		h = (h ^ uint32(path[i])) * 16777619
	}
	return smallest + int(h%(largest-smallest))
}
