package analysis

import (
	"fmt"
	"time"

	"frontload/results"
)

// mostLimited is the share of a run's seconds that may be generator-limited
// before the run is not to be believed.
const mostLimited = 0.2

// judgeTrust says whether the generator kept up. The run's seconds are those
// in which it had something to send: waiting for the last answers does not
// make a run more believable.
func judgeTrust(run *results.Run) results.Trust {
	t := results.Trust{OK: true, Reasons: []string{}, ClampedLatency: run.Clamped}
	busy, held := 0, int64(0)
	var why troubles
	for i := range run.Seconds {
		s := &run.Seconds[i]
		t.MissedArrivals += s.Missed
		t.UnsentArrivals += s.Unsent
		held += s.Held
		if s.Limited != "" {
			t.LimitedSeconds++
			why.add(s)
		}
		if s.Host != nil {
			t.Generator = withHost(t.Generator, s.Host)
		}
		if s.Scheduled > 0 || s.Sent > 0 || s.Limited != "" {
			busy++
		}
	}
	if lag := run.Latency[results.LatencyKey{Series: results.SeriesLag, By: "all"}]; lag.Count > 0 {
		p99 := micros(lag.P99)
		t.SendLagP99 = &p99
	}
	t.OK = float64(t.LimitedSeconds) <= mostLimited*float64(busy)
	t.LatencyIsAFloor = t.UnsentArrivals > held
	t.Reasons = append(t.Reasons, reasons(&t, busy, held, why)...)
	if wait := connectionWait(run); wait > 0 && t.OK {
		t.Reasons = append(t.Reasons, fmt.Sprintf("a tenth of the requests waited over %s for a connection, since all that are permitted were in use: "+
			"that is what your users would see with so few; for more, raise clients.connections or clients.count (--connections, --clients)", inWords(wait)))
	}
	return t
}

// connectionWait returns the 90th percentile of queueing where that makes up
// most of the response time, and zero elsewhere. Queueing takes in look-up and
// dialling: where those explain most of it, requests did not wait for one in use.
func connectionWait(run *results.Run) time.Duration {
	const least = 100 * time.Millisecond
	failed := 0
	for _, l := range run.Lookups {
		if l.Err != "" {
			failed++
		}
	}
	if 10*failed > len(run.Lookups) {
		return 0 // those that waited for such a look-up are many, however few look-ups there were
	}
	p90 := func(s results.Series) time.Duration { return run.Latency[results.LatencyKey{Series: s, By: "all"}].P90 }
	queueing := p90(results.SeriesQueueing)
	dialling := p90(results.SeriesDNS) + p90(results.SeriesConnect) + p90(results.SeriesTLS)
	if queueing < least || 2*queueing < p90(results.SeriesResponse) || 2*dialling > queueing {
		return 0
	}
	return queueing
}

func reasons(t *results.Trust, busy int, held int64, why troubles) []string {
	var r []string
	say := func(format string, args ...any) { r = append(r, sentence(format, args...)) }
	if !t.OK {
		say("the load generator was the bottleneck in %d of %d s: do not believe the latencies; use more or larger machines, or a lower rate", t.LimitedSeconds, busy)
	}
	r = append(r, why.explain(t.Generator)...)
	if t.MissedArrivals > 0 {
		say("%d arrivals were missed: the generator was over 100 ms late for them", t.MissedArrivals)
	}
	if t.LatencyIsAFloor {
		say("%d arrivals went unsent, since too many were in flight, the generator lacked something or the run ended: percentiles are lower bounds", t.UnsentArrivals-held)
	}
	if held > 0 {
		say("%d arrivals were held back by the scenario's limits", held)
	}
	if t.ClampedLatency > 0 {
		say("%d latencies over one hour are counted as one hour", t.ClampedLatency)
	}
	return r
}
