package analysis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontload/results"
)

// manyBursts returns an analysis with bursts of one origin, a minute apart.
func manyBursts(n int) *results.Analysis {
	kind := originUnknown
	a := &results.Analysis{Run: results.RunSummary{Source: sourceLog, Start: time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)}, Trust: results.Trust{OK: true}}
	a.Run.End = a.Run.Start.Add(time.Hour)
	for i := range n {
		a.Bursts = append(a.Bursts, results.Burst{
			ID: i + 1, Start: a.Run.Start.Add(time.Duration(i) * time.Minute), End: a.Run.Start.Add(time.Duration(i)*time.Minute + 9*time.Second),
			Verdict: results.VerdictOriginSaturation, Family: results.FamilyOrigin, OriginKind: &kind, Confidence: 0.99, Responses503: 20,
			Scope: results.Scope{Kind: kindPrefix, Values: []string{"/api/*"}}, Remedies: originRemedies[originUnknown],
		})
	}
	return a
}

// Bursts that are alike are told once, with the first of them.
func TestBurstsThatAreAlikeAreToldOnce(t *testing.T) {
	a := manyBursts(12)
	a.Bursts[3].Confidence = 0.9
	a.Bursts[5].Scope.Values = []string{"/images/*"}
	a.Findings = findings(a)
	want := "12 bursts of 503s: the origin was overwhelmed for /api/* 11 times, the first at 10:00:00–10:00:09 UTC (the least sure: 90% sure): " +
		"look at its logs and give it more capacity; the origin was overwhelmed for /images/* at 10:05:00–10:05:09 UTC (99% sure): " +
		"look at its logs and give it more capacity."
	if got := headline(a); got != want {
		t.Errorf("headline = %q\nwant       %q", got, want)
	}
}

// Bursts beyond those told are counted, each once.
func TestBurstsThatAreNotToldAreCounted(t *testing.T) {
	a := manyBursts(10)
	for i := range a.Bursts {
		a.Bursts[i].Scope.Values = []string{fmt.Sprint("/", i%5)}
		a.Bursts[i].Responses503 = int64(100 - i%5)
	}
	list := burstFindings(a)
	if len(list) != mostTold+1 || list[3].Say != "4 bursts more with fewer 503s" || list[3].Burst != 4 || list[0].Burst != 1 {
		t.Errorf("findings %+v, want three that stand for two bursts each, and 4 more", list)
	}
}

// Bursts come before what else failed, which is counted apart.
func TestBurstsComeFirst(t *testing.T) {
	a := manyBursts(1)
	a.Run.Requests, a.Run.Responses503 = 2000, 20
	a.Run.Outcomes = map[string]int64{"ok": 1850, "client-error": 130, "origin": 20}
	a.Run.Statuses = map[string]int64{"200": 1850, "404": 30, "403": 60, "429": 20, "none": 20, "503": 20}
	a.Run.FailedStatuses = map[string]int64{"404": 30, "403": 60, "429": 20, "503": 20}
	a.Findings = findings(a)
	got := headline(a)
	const want = "Beside the 503s, 110 of 2,000 requests (5.5%) failed: status 403 on 60, status 404 on 30, status 429 on 20: " +
		"a 403 may come from AWS WAF, a signed URL that is not valid, or the permissions of S3; a 429 from a rate limit, be it AWS WAF's, a function's or the origin's; " +
		"look for the others in the origin's own log."
	if !strings.HasPrefix(got, "1 burst of 503s: ") || !strings.HasSuffix(got, want) {
		t.Errorf("headline = %q\nwant at its end %q", got, want)
	}
}

// An origin that gave no good answer while a burst lasted may have been down; one
// that failed at one place, and not at others, is not what to look at first.
func TestOriginsThatWereOut(t *testing.T) {
	for _, c := range []struct {
		say   string
		fault worldFault
		want  string
	}{
		{"some good answers", worldFault{share: 0.5}, "was overwhelmed"},
		{"none", worldFault{share: 1}, "failed (overwhelmed or down)"},
		{"one place", worldFault{share: 0.9, pop: "POP0-P1"}, "failed at POP0-P1 alone"},
	} {
		w := rig(3, 300)
		w.place(3, 6)
		c.fault.verdict, c.fault.kind, c.fault.from, c.fault.to, c.fault.slower, c.fault.telling = results.VerdictOriginSaturation, originCustom, 20, 30, 1, true
		w.faults = []worldFault{c.fault}
		a := analyze(t, w.run())
		if len(a.Bursts) != 1 || !strings.Contains(a.Headline, c.want) {
			t.Errorf("%s: want one burst that %s, got %s: %s", c.say, c.want, describe(a), a.Headline)
		}
	}
}

// The requests that a burst points at are of all its time.
func TestExemplarsAreSpreadOverABurst(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 3: 3, 5: 5, 500: mostExemplars} {
		run := &results.Run{}
		for i := range n {
			run.Exemplars = append(run.Exemplars, results.Exemplar{At: time.Duration(i) * 10 * time.Second / time.Duration(n), Status: 503, Outcome: results.Origin})
		}
		o := &observation{fault: &fault{span: span{0, 10}, causes: [causes]bool{causeOrigin: true}}}
		refs := exemplars(run, &ledger{}, o)
		if len(refs) != want {
			t.Errorf("%d kept: %d told, want %d", n, len(refs), want)
			continue
		}
		if n > 1 && (refs[0].Time != run.Info.Start || refs[want-1].Time != run.Info.Start.Add(run.Exemplars[n-1].At)) {
			t.Errorf("%d kept: from %v to %v, want from the first to the last", n, refs[0].Time, refs[want-1].Time)
		}
	}
}
