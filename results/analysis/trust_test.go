package analysis

import (
	"strings"
	"testing"
	"time"

	"frontload/results"
)

// limitedRun returns a run of 20 s with so many generator-limited seconds.
func limitedRun(limited int) *results.Run {
	run := &results.Run{}
	for s := range 20 {
		second := results.Second{Second: s, Scheduled: 100, Sent: 100}
		if s < limited {
			second.Limited = "over 1 % of the arrivals were missed"
		}
		run.Seconds = append(run.Seconds, second)
	}
	return run
}

func TestTrust(t *testing.T) {
	for limited, want := range map[int]bool{0: true, 4: true, 5: false, 20: false} {
		trust := judgeTrust(limitedRun(limited))
		if trust.OK != want || trust.LimitedSeconds != limited {
			t.Errorf("%d of 20 s limited: ok = %t, limited = %d; want %t", limited, trust.OK, trust.LimitedSeconds, want)
		}
		if limited > 0 && len(trust.Reasons) == 0 {
			t.Errorf("%d of 20 s limited, and no reason said", limited)
		}
	}
}

func TestUnsentArrivalsMakePercentilesLowerBounds(t *testing.T) {
	run := limitedRun(0)
	run.Seconds[3].Unsent = 7
	run.Seconds[4].Missed = 2
	trust := judgeTrust(run)
	if !trust.OK || !trust.LatencyIsAFloor || trust.UnsentArrivals != 7 || trust.MissedArrivals != 2 {
		t.Errorf("trust = %+v", trust)
	}
	if !strings.Contains(strings.Join(trust.Reasons, "\n"), "percentiles are lower bounds") {
		t.Errorf("reasons = %q", trust.Reasons)
	}
	if trust.SendLagP99 != nil {
		t.Errorf("send lag p99 = %v of a run without sends, want null", *trust.SendLagP99)
	}
}

// Waiting for a permitted connection is the target's doing and no reason for
// doubt, but a user must be told what held the load up: not where look-ups
// and handshakes did.
func TestWaitingForConnectionsIsTold(t *testing.T) {
	for _, c := range []struct {
		queueing, response, dns, connect, tls time.Duration
		told                                  bool
	}{
		{7 * time.Second, 8 * time.Second, 0, 0, 0, true},
		{60 * time.Millisecond, 70 * time.Millisecond, 0, 0, 0, false},
		{200 * time.Millisecond, 3 * time.Second, 0, 0, 0, false},
		{7 * time.Second, 8 * time.Second, time.Second, 100 * time.Millisecond, 200 * time.Millisecond, true},
		{300 * time.Millisecond, 400 * time.Millisecond, 0, 100 * time.Millisecond, 180 * time.Millisecond, false},
		{300 * time.Millisecond, 400 * time.Millisecond, 250 * time.Millisecond, 10 * time.Millisecond, 0, false},
	} {
		run := limitedRun(0)
		run.Latency = map[results.LatencyKey]results.Quantiles{
			{Series: results.SeriesQueueing, By: "all"}: {P90: c.queueing, Count: 1},
			{Series: results.SeriesResponse, By: "all"}: {P90: c.response, Count: 1},
			{Series: results.SeriesDNS, By: "all"}:      {P90: c.dns, Count: 1},
			{Series: results.SeriesConnect, By: "all"}:  {P90: c.connect, Count: 1},
			{Series: results.SeriesTLS, By: "all"}:      {P90: c.tls, Count: 1},
		}
		trust := judgeTrust(run)
		if told := strings.Contains(strings.Join(trust.Reasons, ""), "--connections"); told != c.told || !trust.OK {
			t.Errorf("%+v: told = %t, ok = %t; want it as given, and true", c, told, trust.OK)
		}
	}
}

// Seconds in which the generator was the bottleneck are no evidence: a burst
// that lies in them alone has no verdict.
func TestLimitedSecondsCarryNoEvidence(t *testing.T) {
	w := rig(3, 300)
	w.faults = []worldFault{{verdict: results.VerdictEdgeCapacity, pop: "POP1-P1", from: 20, to: 26, share: 0.6, slower: 1, telling: true}}
	run := w.run()
	for s := 18; s < 28; s++ {
		run.Seconds[s].Limited = "send lag p99 over 50 ms"
	}
	a := analyze(t, run)
	if len(a.Bursts) != 1 || a.Bursts[0].Verdict != results.VerdictUndetermined || len(a.Bursts[0].Evidence) > 0 {
		t.Errorf("want one burst without evidence, got %s", describe(a))
	}
	validate(t, a)
}
