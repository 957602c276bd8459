package analysis

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"frontload/results"
)

// steady returns a run of 20 s that gets so many answers of each status every
// second, from a server that is no CloudFront; status 0 is no answer.
func steady(perSecond map[uint16]int64) *results.Run {
	run := &results.Run{Info: results.RunInfo{Source: "attack", Start: time.Unix(0, 0).UTC(), End: time.Unix(20, 0).UTC()}}
	var list []results.Cell
	for s := range 20 {
		second := results.Second{Second: s}
		for _, status := range sortedKeys(perSecond) {
			n := perSecond[status]
			key := results.CellKey{Edge: netip.MustParseAddr("127.0.0.1"), Status: status, Outcome: results.OK}
			switch {
			case status == 0:
				key.Outcome = results.Transport
			case status == 503:
				key.Outcome, key.Signals = results.OriginCustom, results.SignalServerOther
			case status >= 500:
				key.Outcome = results.UnknownError
			case status >= 400:
				key.Outcome = results.ClientError
			}
			list = append(list, results.Cell{Second: s, CellKey: key, Counts: results.Counts{Count: n, Written: n}})
			second.Scheduled += n
			second.Sent += n
		}
		run.Seconds = append(run.Seconds, second)
	}
	run.Cells = stream(list)
	return run
}

func TestHeadlineTellsOfFailuresThatAreNo503s(t *testing.T) {
	for _, c := range []struct {
		name      string
		perSecond map[uint16]int64
		want      string
	}{
		{"all 404", map[uint16]int64{404: 3}, "60 of 60 requests (100%) failed: status 404 on 60: mend that before you trust anything else here."},
		{"some 502", map[uint16]int64{200: 14, 502: 6}, "120 of 400 requests (30%) failed: status 502 on 120: look for them in the target's own log. No burst of 503s in 400 requests."},
		{"1 in 100", map[uint16]int64{200: 99, 404: 1}, "20 of 2,000 requests (1%) failed: status 404 on 20: look for them in the target's own log. No burst of 503s in 2,000 requests."},
		{"fewer", map[uint16]int64{200: 100, 404: 1}, "No burst of 503s in 2,020 requests."},
		{
			"of several kinds",
			map[uint16]int64{0: 2, 200: 4, 403: 3, 404: 1},
			"120 of 200 requests (60%) failed: status 403 on 60, no whole answer (transport error) on 40, status 404 on 20: mend that before you trust anything else here.",
		},
	} {
		a := analyze(t, steady(c.perSecond))
		if a.Headline != c.want {
			t.Errorf("%s: headline = %q\nwant %q", c.name, a.Headline, c.want)
		}
		validate(t, a)
	}
}

func TestAnswersAreCountedByStatus(t *testing.T) {
	a := analyze(t, steady(map[uint16]int64{0: 2, 200: 4, 404: 1}))
	if s := a.Run.Statuses; len(s) != 3 || s["none"] != 40 || s["200"] != 80 || s["404"] != 20 {
		t.Errorf("statuses = %v, want 40 without, 80 of 200 and 20 of 404", s)
	}
	if a.Run.CloudFrontSeen || a.Run.HitRatio != nil || a.Run.CacheResults["unknown"] != 80 {
		t.Errorf("cloudfront_seen = %t, hit_ratio = %v, cache_results = %v of a server without CloudFront",
			a.Run.CloudFrontSeen, a.Run.HitRatio, a.Run.CacheResults)
	}
	if full := analyze(t, fullRun()); !full.Run.CloudFrontSeen || full.Run.HitRatio == nil || *full.Run.HitRatio < 0.5 || len(full.Run.ByRequest) != 4 {
		t.Errorf("cloudfront_seen = %t, hit_ratio = %v, by_request = %+v", full.Run.CloudFrontSeen, full.Run.HitRatio, full.Run.ByRequest)
	}
}

// A server in maintenance answers 503 as well, to any load.
func TestNothingButErrorsIsNotSurelyLoad(t *testing.T) {
	a := analyze(t, steady(map[uint16]int64{503: 60}))
	if len(a.Bursts) != 1 {
		t.Fatalf("want one burst, got %s", describe(a))
	}
	b := a.Bursts[0]
	if !b.NeverGood || b.Confidence > mostSureOfLoad || !strings.Contains(b.Remedies[0].Do, "maintenance") {
		t.Errorf("never good = %t, confidence = %v, first remedy %q", b.NeverGood, b.Confidence, b.Remedies[0].Do)
	}
	want := "1 burst of 503s: the custom origin gave not one good answer, only 503s at 0–20 s (50% sure that load did it): " +
		"look first whether it is down, in maintenance or refuses you."
	if a.Headline != want {
		t.Errorf("headline = %q\nwant       %q", a.Headline, want)
	}
	for _, r := range b.Remedies {
		if strings.Contains(r.Do, "hit ratio") {
			t.Errorf("a server without a cache is told %q", r.Do)
		}
	}
	if b = analyze(t, steady(map[uint16]int64{200: 1, 503: 60})).Bursts[0]; b.NeverGood || b.Confidence <= mostSureOfLoad {
		t.Errorf("with some good answers: never good = %t, confidence = %v", b.NeverGood, b.Confidence)
	}
}

func TestHeadlineTellsOfArrivalsThatWereNeverSent(t *testing.T) {
	run := steady(map[uint16]int64{200: 60})
	for i := range run.Seconds {
		run.Seconds[i].Scheduled, run.Seconds[i].Unsent = 120, 60
	}
	run.Latency = map[results.LatencyKey]results.Quantiles{{Series: results.SeriesResponse, By: "all"}: {P99: time.Second, Count: 1200}}
	a := analyze(t, run)
	want := "1,200 of 2,400 arrivals (50%) were never sent, 60/s of the 120/s asked for went out: " +
		"lower the rate, or see why answers take so long; the percentiles are lower bounds. " +
		"No burst of 503s in 1,200 requests; p99 response time at least 1.00 s."
	if a.Headline != want {
		t.Errorf("headline = %q\nwant       %q", a.Headline, want)
	}
	for i := range run.Seconds {
		run.Seconds[i].Held = 60
	}
	if a = analyze(t, run); !strings.Contains(a.Headline, "held back by the scenario's limits") {
		t.Errorf("headline of a run with limits = %q", a.Headline)
	}
}

func TestAnUndeterminedBurstNamesTheLikeliestCause(t *testing.T) {
	b := results.Burst{Verdict: results.VerdictUndetermined, Confidence: 0.61, Probabilities: map[string]float64{
		results.VerdictEdgeQuota: 0.39, results.VerdictOriginSaturation: 0.61,
	}}
	if got, want := sure(&b), "likeliest the origin, 61%"; got != want {
		t.Errorf("sure() = %q, want %q", got, want)
	}
}

// Where the test itself is the cause, the remedy for the test comes first.
func TestRemedyOfAQuotaIsTheHeadlines(t *testing.T) {
	for caused, want := range map[bool]string{false: "request a higher quota", true: "spread the load over more client addresses"} {
		b := results.Burst{Verdict: results.VerdictEdgeQuota, Family: results.FamilyEdge, CausedByTest: caused}
		b.Remedies = (&adviser{cloudFront: true}).remedies(&b)
		if got := todo(&b); got != want || len(b.Remedies) != 2 {
			t.Errorf("caused by the test = %t: todo() = %q of %d remedies, want %q of 2", caused, got, len(b.Remedies), want)
		}
	}
}

// A run without an end says so, and an empty one does not call itself calm.
func TestUnfinishedRunSaysSo(t *testing.T) {
	run := steady(map[uint16]int64{200: 5})
	run.Info.End = time.Time{}
	if a := analyze(t, run); !a.Run.Unfinished || len(a.Trust.Reasons) == 0 || !strings.Contains(a.Trust.Reasons[0], "no end") {
		t.Errorf("unfinished = %t, reasons = %q", a.Run.Unfinished, a.Trust.Reasons)
	}
	if a := analyze(t, &results.Run{Info: run.Info}); a.Trust.OK || !strings.HasPrefix(a.Headline, "The run file has no end and holds no request") {
		t.Errorf("headline of an empty one = %q", a.Headline)
	}
	if a := analyze(t, steady(map[uint16]int64{200: 5})); a.Run.Unfinished {
		t.Error("a whole run is called unfinished")
	}
}

// What the scenario does not expect is a failure that is named, and what it
// does expect is none, whatever its status.
func TestUnexpectedAnswersAreFailures(t *testing.T) {
	run := steady(map[uint16]int64{200: 10, 302: 5, 404: 5})
	var list []results.Cell
	for c := range run.Cells {
		switch c.Status {
		case 302:
			c.Outcome = results.Unexpected
		case 404:
			c.Outcome = results.OK
		}
		list = append(list, c)
	}
	run.Cells = stream(list)
	run.Info.Warmup = 3 * time.Second
	run.Events = []results.Event{{Kind: "step", Text: "hold"}, {Kind: results.EventBudget, Text: "ended by its budget of 400 requests"}}
	a := analyze(t, run)
	want := "100 of 400 requests (25%) failed: status 302, which the scenario does not expect, on 100: an unexpected status that is as it should be belongs into the request's expect. No burst of 503s in 400 requests."
	if a.Headline != want {
		t.Errorf("headline = %q\nwant %q", a.Headline, want)
	}
	r := a.Run
	if r.Outcomes["ok"] != 300 || r.Outcomes["unexpected"] != 100 || r.ByRequest[0].Unexpected != 100 || r.ByRequest[0].OK != 300 {
		t.Errorf("outcomes %v, by request %+v", r.Outcomes, r.ByRequest)
	}
	if len(r.FailedStatuses) != 1 || r.FailedStatuses["302"] != 100 || r.Statuses["404"] != 100 {
		t.Errorf("failed statuses %v of %v, want the 302s alone", r.FailedStatuses, r.Statuses)
	}
	if r.EndedBy != "ended by its budget of 400 requests" || r.Warmup != 3 || r.Interrupted {
		t.Errorf("ended by %q, warm-up %v s, interrupted %t", r.EndedBy, r.Warmup, r.Interrupted)
	}
}
