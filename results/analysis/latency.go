package analysis

import (
	"time"

	"frontload/results"
)

// latencies returns the quantiles of response and service time by class, and
// of all. Every class is listed; one without samples has a count of zero.
func latencies(run *results.Run) map[string]map[string]results.Latencies {
	series := map[string]map[string]results.Latencies{}
	for _, s := range []results.Series{results.SeriesResponse, results.SeriesService} {
		by := map[string]results.Latencies{"all": quantiles(run.Latency[results.LatencyKey{Series: s, By: "all"}])}
		for c := range results.Class(results.Classes) {
			by[c.String()] = quantiles(run.Latency[results.LatencyKey{Series: s, By: "class", Value: c.String()}])
		}
		series[string(s)] = by
	}
	return series
}

func quantiles(q results.Quantiles) results.Latencies {
	return results.Latencies{
		P50: micros(q.P50), P90: micros(q.P90), P99: micros(q.P99), P999: micros(q.P999), Max: micros(q.Max),
		Count: q.Count,
	}
}

// micros returns a span in microseconds, to the nanosecond.
func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// millis tells the mean time to first byte of some answers in words.
func millis(a answers) string { return inWords(time.Duration(a.mean() * float64(time.Microsecond))) }
