package analysis

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"frontload/results"
)

// words returns all that a burst's remedies say.
func words(list []results.Remedy) string {
	var all []string
	for _, r := range list {
		all = append(all, r.Do)
	}
	return strings.Join(all, "\n")
}

func TestRemediesNameWhatToDo(t *testing.T) {
	s3, elb, custom, unknown := originS3, originELB, originCustom, originUnknown
	ids := []results.ExemplarRef{{RequestID: "aaa="}, {}, {RequestID: "bbb="}, {RequestID: "ccc="}, {RequestID: "ddd="}}
	origin := func(kind *string, cached float64) results.Burst {
		return results.Burst{
			Verdict: results.VerdictOriginSaturation, Family: results.FamilyOrigin, OriginKind: kind, CachedErrorShare: cached,
			End: time.Time{}.Add(14 * time.Second),
		}
	}
	changed := func(b results.Burst, change func(*results.Burst)) results.Burst {
		change(&b)
		return b
	}
	scoped := func(b results.Burst, kind string) results.Burst {
		b.Scope = results.Scope{Kind: kind, Values: []string{"/a/"}}
		return b
	}
	edgeBurst := func(verdict string) results.Burst {
		return results.Burst{Verdict: verdict, Family: results.FamilyEdge, Exemplars: ids}
	}
	for _, c := range []struct {
		name      string
		adviser   adviser
		burst     results.Burst
		want, not []string
	}{
		{"a test on an edge without capacity", adviser{}, edgeBurst(results.VerdictEdgeCapacity), []string{"own DNS request", "aaa=, bbb=, ccc="}, []string{"ddd="}},
		{"viewers at an edge without capacity", adviser{source: sourceLog}, edgeBurst(results.VerdictEdgeCapacity), []string{"AWS Support with request ids such as aaa="}, []string{"Send from", "clients with the rate"}},
		{"a quota, and viewers", adviser{source: sourceLog}, edgeBurst(results.VerdictEdgeQuota), []string{"higher quota", "crawler"}, []string{"load test"}},
		{"a throttled Lambda", adviser{trouble: lambdaThrottled}, edgeBurst(results.VerdictEdgeCompute), []string{"concurrent executions", "viewer request"}, nil},
		{"a failed Lambda", adviser{trouble: lambdaFailed}, edgeBurst(results.VerdictEdgeCompute), []string{"Region nearest to the POP", "5 s for viewer triggers"}, []string{"concurrent"}},
		{"a throttled function", adviser{trouble: functionThrottled}, edgeBurst(results.VerdictEdgeCompute), []string{"compute utilization"}, []string{"Lambda"}},
		{"a failed function of viewers", adviser{source: sourceLog, trouble: functionFailed}, edgeBurst(results.VerdictEdgeCompute), []string{"N. Virginia"}, []string{"load-test"}},
		{"S3 under a test", adviser{cloudFront: true}, origin(&s3, 0), []string{"key prefixes", "Raise the rate slowly", "hit ratio"}, []string{"replayed"}},
		{"S3 under viewers", adviser{source: sourceLog}, origin(&s3, 0), []string{"key prefixes", "retry with growing pauses"}, []string{"Raise the rate", "hit ratio"}},
		{"a load balancer under viewers", adviser{source: sourceLog}, origin(&elb, 0), []string{"healthy targets", "warmed up"}, []string{"Raise the load"}},
		{"a blip that caches replayed", adviser{failed: 3}, origin(&unknown, 0.8), []string{"80% of these 503s are replayed errors", "a burst of 14 s", "failed in 3 s only"}, nil},
		{"no cause for viewers", adviser{source: sourceLog}, results.Burst{Verdict: results.VerdictUndetermined}, []string{"origin-fbl"}, []string{"repeat the run"}},
		{
			"viewers at an edge without capacity, no ids",
			adviser{source: sourceLog},
			results.Burst{Verdict: results.VerdictEdgeCapacity, Exemplars: []results.ExemplarRef{{POP: "FRA56-P1"}}},
			[]string{"choose the field x-edge-request-id", "edge location and these times"},
			[]string{"request ids such as", "ids below"},
		},
		{"a test on an edge without capacity, no ids", adviser{}, results.Burst{Verdict: results.VerdictEdgeCapacity}, []string{"no request id (X-Amz-Cf-Id) is known"}, []string{"request ids such as"}},
		{"an origin of all", adviser{}, origin(&unknown, 0), []string{"Look at the origin's logs"}, []string{"named here"}},
		{"an origin of some requests", adviser{}, scoped(origin(&unknown, 0), kindPrefix), []string{"Find out which origin serves the requests named here"}, nil},
		{
			"an origin that answered other places",
			adviser{},
			changed(origin(&custom, 0), func(b *results.Burst) { b.ElsewhereGood, b.OriginOut = true, true }),
			[]string{"network between that edge location", "instance type"},
			[]string{"was up and reachable"},
		},
		{"an origin without a good answer", adviser{}, changed(origin(&unknown, 0), func(b *results.Burst) { b.OriginOut = true }), []string{"was up and reachable"}, nil},
		{"S3 without a good answer", adviser{}, changed(origin(&s3, 0), func(b *results.Burst) { b.OriginOut = true }), nil, []string{"was up and reachable"}},
		{"no cause for a target that is not CloudFront", adviser{}, results.Burst{Verdict: results.VerdictUndetermined}, []string{"target's own log"}, []string{"Server-Timing"}},
		{"no cause for a test", adviser{cloudFront: true}, results.Burst{Verdict: results.VerdictUndetermined}, []string{"Server-Timing", "repeat the run"}, nil},
	} {
		list := c.adviser.remedies(&c.burst)
		said := words(list)
		for _, w := range c.want {
			if !strings.Contains(said, w) {
				t.Errorf("%s: no remedy says %q:\n%s", c.name, w, said)
			}
		}
		for _, w := range c.not {
			if strings.Contains(said, w) {
				t.Errorf("%s: a remedy says %q:\n%s", c.name, w, said)
			}
		}
		for _, r := range list {
			if r.Source == "" || r.Do == "" {
				t.Errorf("%s: remedy %+v has no source", c.name, r)
			}
		}
		if list[0].Brief == "" {
			t.Errorf("%s: the first remedy, %q, has no short form", c.name, list[0].Do)
		}
	}
}

// What went wrong with a function is told by the answers that were kept whole.
func TestTroubleOfFunctions(t *testing.T) {
	for header, want := range map[string]functionTrouble{
		"LambdaExecutionError from cloudfront": lambdaFailed,
		"LambdaLimitExceeded":                  lambdaThrottled,
		"FunctionThrottledError":               functionThrottled,
		"FunctionGeneratedResponse":            functionAnswered,
		"Error from cloudfront":                functionUnnamed,
		"":                                     functionUnnamed,
	} {
		w := rig(3, 200)
		w.faults = []worldFault{{verdict: results.VerdictEdgeCompute, request: "article", from: 20, to: 26, share: 0.6, slower: 1, telling: true}}
		run := w.run()
		answer := results.Answer{Status: 503}
		signals := results.SignalXCacheLambda
		for i := range 3 {
			run.Exemplars = append(run.Exemplars, results.Exemplar{
				At: time.Duration(22+i) * time.Second, Edge: netip.MustParseAddr("127.1.0.0"), POP: "POP0-P1", Request: "article", Status: 503,
				Signals: signals, Outcome: answer.Outcome(signals), Headers: []results.Header{{Name: "X-Cache", Value: header}},
			})
		}
		a := analyze(t, run)
		if len(a.Bursts) != 1 || a.Bursts[0].Verdict != results.VerdictEdgeCompute {
			t.Fatalf("want one burst by a function, got %s", describe(a))
		}
		if got, want := a.Bursts[0].Remedies[0].Do, functionRemedies[want][0].Do; got != want {
			t.Errorf("X-Cache %q: first remedy %q, want %q", header, got, want)
		}
	}
}

// No test was there to have caused what an access log tells of.
func TestAnAccessLogHasNoTestToBlame(t *testing.T) {
	w := rig(2, 1500)
	w.place(1, 2)
	w.faults = []worldFault{{verdict: results.VerdictEdgeCapacity, pop: "POP0-P1", from: 20, to: 26, share: 0.5, slower: 1, telling: true}}
	run := w.run()
	run.Info.Source = sourceLog
	if a := analyze(t, run); len(a.Bursts) != 1 || a.Bursts[0].CausedByTest {
		t.Errorf("750 requests/s at each edge address of a log: the test is called the cause: %s", describe(a))
	}
}
