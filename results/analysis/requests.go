package analysis

import (
	"strconv"

	"frontload/results"
)

// noStatus is the document's key for samples that got no answer.
const noStatus = "none"

// statuses counts samples by HTTP status.
func statuses(byStatus map[uint16]int64) map[string]int64 {
	counts := map[string]int64{}
	for status, n := range byStatus {
		key := noStatus
		if status != 0 {
			key = strconv.Itoa(int(status))
		}
		counts[key] += n
	}
	return counts
}

// byRequest counts the samples of each request name, in the plan's order.
func byRequest(run *results.Run, l *ledger) []results.RequestCount {
	list := []results.RequestCount{}
	for _, i := range sortedKeys(l.total.byRequest) {
		t, name := l.total.byRequest[i], l.requestName(i)
		list = append(list, results.RequestCount{
			Name: name, Samples: t.samples, OK: t.ok, Unexpected: t.unexpected, Responses503: t.status503, HitRatio: hitRatio(t.caches), HitsWanted: hitsWanted(&run.Info, i),
			Response: quantiles(run.Latency[results.LatencyKey{Series: results.SeriesResponse, By: "request", Value: name}]),
		})
	}
	return list
}

// hitsWanted returns the hit ratio that a request was to be held at.
func hitsWanted(info *results.RunInfo, request uint16) *float64 {
	if int(request) >= len(info.Hits) || info.Hits[request] == 0 {
		return nil
	}
	return &info.Hits[request]
}

// cacheResults counts the good answers by cache result, and returns the share
// of hits.
func cacheResults(l *ledger) (map[string]int64, *float64) {
	var sum [results.CacheError + 1]int64
	for _, t := range l.total.byRequest {
		for i, n := range t.caches {
			sum[i] += n
		}
	}
	counts := map[string]int64{}
	for i, n := range sum {
		if n > 0 {
			counts[results.Cache(i).String()] = n
		}
	}
	return counts, hitRatio(sum)
}

// hitRatio returns the share of hits among the answers that say what the cache
// did, nil where none does. A refresh asked the origin.
func hitRatio(caches [results.CacheError + 1]int64) *float64 {
	hits := caches[results.CacheHit]
	told := hits + caches[results.CacheMiss] + caches[results.CacheRefresh]
	if told == 0 {
		return nil
	}
	share := round(float64(hits) / float64(told))
	return &share
}
