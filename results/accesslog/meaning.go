package accesslog

import (
	"bytes"

	"frontload/results"
)

// judge says what became of the request, by its status and result types.
//
// A viewer that left is no server's error: status 000, or a detailed result
// type that says so. A status below 500 with result type Error (a custom error
// page that turns an error into 200, a WAF's 403) is what its status says.
func (r *row) judge() {
	r.cache = cacheResult(r.columns)
	switch {
	case r.status == 0:
		r.outcome = results.ClientError
	case r.status < 500:
		r.outcome = (&results.Answer{Status: int(r.status)}).Outcome(0)
	case left(r.columns[fieldDetail]) || left(r.columns[fieldResult]):
		r.outcome = results.ClientError
	default:
		r.signals = signals(r.columns)
		r.outcome = (&results.Answer{Status: int(r.status)}).Outcome(r.signals)
	}
}

// gone reports whether the viewer left before the answer's end. How long it
// waited is no response time: it tells of the viewer's patience, and would hide
// what those who stayed saw.
func (r *row) gone() bool {
	return r.status == 0 || r.columns != nil && (left(r.columns[fieldDetail]) || left(r.columns[fieldResult]))
}

// left reports whether a result type says that the viewer went away.
func left(result []byte) bool {
	switch string(result) {
	case "ClientCommError", "ClientHungUpRequest":
		return true
	}
	return false
}

// cacheResult returns what the cache did.
//
// An answer from Origin Shield is a hit: CloudFront's documentation calls it
// one, and the origin was spared, which is what hits and misses are told apart
// for. Where the viewer left in the middle the result type is Error, and the
// one from before the last byte tells what the cache did.
func cacheResult(c *columns) results.Cache {
	if string(c[fieldDetail]) == "OriginShieldHit" {
		return results.CacheHit
	}
	known := cacheOf(c[fieldResult])
	if known == results.CacheError || c[fieldResult] == nil {
		if before := cacheOf(c[fieldPromise]); before != results.CacheUnknown {
			return before
		}
	}
	return known
}

// cacheOf returns what a result type says of the cache. One that is not known
// says nothing.
func cacheOf(result []byte) results.Cache {
	switch string(result) {
	case "Hit":
		return results.CacheHit
	case "RefreshHit":
		return results.CacheRefresh
	case "Miss", "MissGeneratedResponse":
		return results.CacheMiss
	case "Error", "LimitExceeded", "CapacityExceeded":
		return results.CacheError
	}
	return results.CacheUnknown
}

// signals returns what a server's error says of its writer: by its result
// types, and by its length.
func signals(c *columns) (s results.Signals) {
	for _, f := range []field{fieldResult, fieldPromise, fieldDetail} {
		s |= signalOf(c[f])
	}
	if !isDash(c[fieldOriginFirst]) {
		s |= results.SignalLogFetched
	}
	return s | lengthSignal(c[fieldContentLength])
}

// The lengths of error pages in bytes, as captured: CloudFront's has so many and
// a line with the message, a load balancer's exactly so many.
const (
	pageCloudFront = 903
	mostMessage    = 300
	pageELB        = 162
)

func lengthSignal(length []byte) results.Signals {
	n, ok := parseFixed(length, 0)
	switch {
	case !ok:
		return 0
	case n == pageELB:
		return results.SignalLengthELB
	case pageCloudFront <= n && n <= pageCloudFront+mostMessage:
		return results.SignalLengthCloudFront
	}
	return 0
}

func signalOf(result []byte) results.Signals {
	switch string(result) {
	case "CapacityExceeded":
		return results.SignalLogCapacity
	case "LimitExceeded":
		return results.SignalLogLimit
	case "AbortedOrigin", "SlowReaderOriginError":
		return results.SignalLogOrigin
	case "OriginShieldHit":
		return 0
	}
	switch {
	case bytes.HasPrefix(result, []byte("Lambda")), bytes.HasPrefix(result, []byte("Function")):
		return results.SignalLogCompute
	case bytes.HasPrefix(result, []byte("Origin")):
		return results.SignalLogOrigin
	}
	return 0
}
