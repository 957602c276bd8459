package report

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"frontload/results"
)

// The sample run: 30 s at 400 requests/s over 12 edge addresses in three
// POPs. From 5 to 11 s one POP runs out of capacity; from 17 to 24 s the S3
// origin is overloaded, which misses everywhere feel.

var (
	sampleStart = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	samplePOPs  = []string{"FRA56-P1", "IAD89-C2", "NRT57-P3"}
)

type shape struct {
	seconds int
	edges   int
	rate    int
	bursts  bool
}

var usual = shape{seconds: 30, edges: 12, rate: 400, bursts: true}

// sample builds the run and its analysis from a seed.
func sample(sh shape) Input {
	rng := rand.New(rand.NewPCG(7, 1))
	cells := sampleCells(rng, sh)
	run := sampleRun(rng, sh)
	run.Cells = each(cells)
	return Input{Analysis: sampleAnalysis(sh, cells), Run: run}
}

func each(cells []results.Cell) iter.Seq2[results.Cell, error] {
	return func(yield func(results.Cell, error) bool) {
		for _, c := range cells {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func edgeOf(i int) (netip.Addr, string) {
	return netip.AddrFrom4([4]byte{198, 51, byte(100 + i/200), byte(10 + i%200)}), samplePOPs[i%len(samplePOPs)]
}

func sampleCells(rng *rand.Rand, sh shape) []results.Cell {
	var cells []results.Cell
	for s := range sh.seconds {
		for e := range sh.edges {
			addr, pop := edgeOf(e)
			n := int64(sh.rate/sh.edges + rng.IntN(5) - 2)
			bad, outcome := int64(0), results.OK
			switch {
			case sh.bursts && s >= 5 && s < 11 && pop == samplePOPs[1]:
				bad, outcome = n*int64(30+rng.IntN(25))/100, results.EdgeCapacity
			case sh.bursts && s >= 17 && s < 24:
				bad, outcome = n*int64(12+rng.IntN(10))/100, results.OriginS3
			case rng.IntN(150) == 0:
				bad, outcome = 1, results.UnknownError
			}
			miss := (n - bad) / 5
			add := func(c results.Cache, o results.Outcome, status uint16, count int64) {
				if count > 0 {
					cells = append(cells, results.Cell{
						Second:  s,
						CellKey: results.CellKey{Region: "eu-central-1", Edge: addr, POP: pop, Cache: c, Outcome: o, Status: status},
						Counts:  results.Counts{Count: count, Written: count, BytesIn: count * 18_000},
					})
				}
			}
			add(results.CacheHit, results.OK, 200, n-bad-miss)
			add(results.CacheMiss, results.OK, 200, miss)
			add(results.CacheError, outcome, 503, bad)
		}
	}
	return cells
}

func sampleRun(rng *rand.Rand, sh shape) *results.Run {
	run := &results.Run{Info: results.RunInfo{
		Name: "launch-rehearsal", Source: "rehearsal", Start: sampleStart, End: sampleStart.Add(time.Duration(sh.seconds) * time.Second),
		Target: "https://d111111abcdef8.cloudfront.net", Authorization: "loopback", Requests: []string{"article", "search"},
		Plan: "version: 1\nname: launch-rehearsal\ntarget:\n  url: https://d111111abcdef8.cloudfront.net\nload:\n  rate: 400/s\n  for: 30s\n",
	}}
	wobble := func(ms, spread float64) time.Duration {
		return time.Duration((ms + spread*rng.Float64()) * float64(time.Millisecond))
	}
	for s := range sh.seconds {
		strain := 1.0
		if sh.bursts && s >= 17 && s < 24 {
			strain = 9
		}
		run.Seconds = append(run.Seconds, results.Second{
			Second: s, Asked: float64(sh.rate), Scheduled: int64(sh.rate), Sent: int64(sh.rate - rng.IntN(6)),
			InFlight: int64(strain * (8 + 6*rng.Float64())), LagP99: wobble(0.2, 0.4), Stage: "400/s",
		})
		for class, base := range []float64{3, 42, 18, 6} {
			if class == 2 && s%4 != 0 {
				continue
			}
			factor := strain
			if class == 0 {
				factor = 1
			}
			run.Series = append(run.Series, results.LatencySecond{
				Second: s, Series: results.SeriesResponse, Class: results.Class(class),
				Quantiles: results.Quantiles{P50: wobble(base*factor, base/4), P99: wobble(base*factor*4, base), Count: 80},
			})
		}
	}
	run.Latency = map[results.LatencyKey]results.Quantiles{
		{Series: results.SeriesQueueing, By: "all"}: {P50: 40 * time.Microsecond, P99: 5200 * time.Microsecond, Count: 12000},
	}
	return run
}

func sampleAnalysis(sh shape, cells []results.Cell) *results.Analysis {
	a := &results.Analysis{
		Schema: results.AnalysisSchema,
		Run: results.RunSummary{
			Name: "launch-rehearsal", Source: "rehearsal", Target: "https://d111111abcdef8.cloudfront.net", Authorization: "loopback",
			Start: sampleStart, End: sampleStart.Add(time.Duration(sh.seconds) * time.Second), Outcomes: map[string]int64{},
			RatePeak: float64(sh.rate), Clients: 40, EdgeAddresses: sh.edges, POPs: samplePOPs, Lookups: 40,
		},
		Trust:   results.Trust{OK: true, SendLagP99: ptr(612.0)},
		Latency: sampleLatency(),
		Unread:  results.Unread{Reasons: map[string]int64{}},
	}
	count(a, cells, sh.edges)
	a.Guidance = sampleGuidance()
	a.Headline = "No burst of 503s stood out at 400 requests/s: raise the rate to find the limit."
	if sh.bursts {
		a.Bursts = sampleBursts()
		a.Headline = "Two bursts: IAD89-C2 ran out of edge capacity at 5 s, which the test's own spread explains; the S3 origin " +
			"answered Slow Down from 17 s on, so spread the key prefixes before the launch."
	}
	return a
}

func count(a *results.Analysis, cells []results.Cell, edges int) {
	counts := make([]results.AddressCount, edges)
	index := map[netip.Addr]int{}
	for e := range edges {
		addr, pop := edgeOf(e)
		counts[e], index[addr] = results.AddressCount{Address: addr.String(), POP: pop}, e
	}
	for _, c := range cells {
		a.Run.Requests += c.Written
		a.Run.Responses += c.Count
		a.Run.Bytes += c.BytesIn
		a.Run.Outcomes[c.Outcome.String()] += c.Count
		e := &counts[index[c.Edge]]
		e.Requests += c.Written
		if c.Status == 503 {
			a.Run.Responses503 += c.Count
			e.Responses503 += c.Count
		}
	}
	a.Run.Edges = counts
}

func sampleLatency() map[string]map[string]results.Latencies {
	l := func(p50, p90, p99, p999, most float64, n int64) results.Latencies {
		return results.Latencies{P50: p50, P90: p90, P99: p99, P999: p999, Max: most, Count: n}
	}
	return map[string]map[string]results.Latencies{
		"response": {
			"hit": l(3120, 4480, 12800, 31900, 64200, 9120), "miss": l(42800, 212000, 1630000, 2140000, 2480000, 2010),
			"refresh": l(18300, 24100, 71000, 99400, 99400, 96), "error": l(6120, 39900, 318000, 640000, 702000, 774),
			"all": l(3410, 51700, 812000, 1910000, 2480000, 12000),
		},
		"service": {"hit": l(3050, 4400, 12100, 30100, 61000, 9120), "all": l(3330, 50900, 799000, 1890000, 2470000, 12000)},
	}
}

func sampleGuidance() []results.Rule {
	rules := []results.Rule{
		{Rule: "regions", Status: "broken", Planned: "1 region", Observed: "all load came from eu-central-1", Fix: "send from two or more regions with a fleet"},
		{Rule: "client-addresses", Status: "kept", Planned: "40 clients", Observed: "40 source addresses, at most 10.2 requests/s each"},
		{Rule: "independent-dns", Status: "kept", Planned: "40 look-ups", Observed: "40 look-ups gave 12 addresses in 5 different answers"},
		{Rule: "spread", Status: "kept", Planned: "round robin", Observed: "every client used each of its addresses; 8.1% to 8.5% each"},
		{Rule: "ramp", Status: "broken", Planned: "400/s at once", Observed: "from 0 to 400/s within 1 s", Fix: "use load.guided: grow by 50% every 5 minutes"},
		{Rule: "url-variety", Status: "kept", Planned: "10,000 articles", Observed: "4,120 URLs"},
		{Rule: "quotas", Status: "kept", Planned: "400/s", Observed: "0.2% of 250,000 requests/s"},
		{Rule: "no-viewer-lambda", Status: "unknown", Planned: "no distribution given", Fix: "give target.distribution to check it"},
		{Rule: "no-origin-shield", Status: "unknown", Planned: "no distribution given", Fix: "give target.distribution to check it"},
		{Rule: "authorised", Status: "not-applicable", Planned: "loopback", Observed: "every address was loopback"},
	}
	for i := range rules {
		rules[i].PlannedStatus, rules[i].ObservedStatus = "unknown", rules[i].Status
		rules[i].Source, rules[i].SourceURL = "Amazon CloudFront Developer Guide, Load testing CloudFront", "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/load-testing.html"
	}
	return rules
}

func sampleBursts() []results.Burst {
	at := func(s int) time.Time { return sampleStart.Add(time.Duration(s) * time.Second) }
	exemplars := func(pop string, second int) []results.ExemplarRef {
		var refs []results.ExemplarRef
		for i := range 4 {
			addr, _ := edgeOf(i * 3)
			refs = append(refs, results.ExemplarRef{
				RequestID: fmt.Sprintf("kX3v9QbP0dT7%02dLr5mZ1cWf8sYh2uJ4nGa6eRo0iKt9pVxBqNwDg==", i), POP: pop,
				EdgeAddress: addr.String(), Time: at(second).Add(time.Duration(i*137) * time.Millisecond),
			})
		}
		return refs
	}
	return []results.Burst{
		{
			ID: 1, Start: at(5), End: at(11), Requests: 798, Responses503: 331, PeakShare: 0.541,
			Scope:   results.Scope{Kind: "pop", Values: []string{samplePOPs[1]}},
			Verdict: results.VerdictEdgeCapacity, Family: results.FamilyEdge, Confidence: 0.97,
			Probabilities: map[string]float64{"edge-capacity": 0.97, "edge-quota": 0.012, "edge-compute": 0.004, "origin-saturation": 0.014},
			CausedByTest:  true,
			Evidence: []results.Evidence{
				{Signal: "x-cache-capacity", Favours: "edge-capacity", LogOdds: 4.6, Observed: "X-Cache: CapacityExceeded on 331 of 331"},
				{Signal: "one-pop", Favours: "edge", LogOdds: 2.9, Observed: "all 503s came from IAD89-C2 while the same URLs worked at 2 other POPs"},
				{Signal: "server-cloudfront", Favours: "edge", LogOdds: 1.4, Observed: "Server: CloudFront on 331 of 331"},
				{Signal: "fast-answer", Favours: "edge", LogOdds: -0.8, Observed: "503s took 5.8 ms at p50, hits 3.1 ms"},
			},
			Remedies: []results.Remedy{
				{Do: "Spread the load over more regions and client addresses, each with its own DNS look-up, and repeat.", Source: "CloudFront Developer Guide, load testing"},
				{Do: "If it happens in production, send these request ids to AWS Support.", Source: "CloudFront Developer Guide, HTTP 503"},
			},
			Exemplars: exemplars(samplePOPs[1], 6),
		},
		{
			ID: 2, Start: at(17), End: at(24), Requests: 2802, Responses503: 443, PeakShare: 0.212,
			Scope:   results.Scope{Kind: "all", Values: []string{}},
			Verdict: results.VerdictOriginSaturation, Family: results.FamilyOrigin, OriginKind: ptr("s3"), Confidence: 0.99,
			Probabilities:    map[string]float64{"edge-capacity": 0.004, "edge-quota": 0.002, "edge-compute": 0.001, "origin-saturation": 0.993},
			CachedErrorShare: 0.18,
			Evidence: []results.Evidence{
				{Signal: "server-s3", Favours: "origin-saturation", LogOdds: 4.1, Observed: "Server: AmazonS3 on 441 of 443"},
				{Signal: "misses-only", Favours: "origin", LogOdds: 3.2, Observed: "no hit failed; 443 of 1,002 requests that reached the origin did"},
				{Signal: "miss-latency", Favours: "origin", LogOdds: 1.7, Observed: "miss p99 rose from 168 ms to 1.63 s two seconds before the first 503"},
				{Signal: "every-pop", Favours: "origin", LogOdds: 1.1, Observed: "3 of 3 POPs at once"},
			},
			Remedies: []results.Remedy{
				{Do: "Spread the objects over more key prefixes: S3 gives 5,500 reads/s to each.", Source: "Amazon S3 User Guide, optimizing performance"},
				{Do: "Grow the load by at most half every five minutes, so that S3 can scale.", Source: "Amazon S3 User Guide, optimizing performance"},
			},
			Exemplars: exemplars(samplePOPs[0], 18),
		},
	}
}

func ptr[T any](v T) *T { return &v }

// hostile is foreign text that tries to get out of where it is put.
const hostile = "\"><script>alert(1)</script>\x1b[31m\x07\u202e<img src=x onerror=alert(2)>\r\n'; javascript:alert(3)"

// poison puts hostile text wherever text may come from outside.
func poison(in Input) Input {
	a, run := in.Analysis, in.Run
	a.Run.Name, a.Run.Target, a.Run.Authorization, a.Run.Source = hostile, hostile, hostile, hostile
	a.Run.POPs = []string{hostile, "FRA56-P1"}
	for i := range a.Run.Edges {
		a.Run.Edges[i].Address, a.Run.Edges[i].POP = hostile, hostile
	}
	a.Run.Statuses, a.Run.ByRequest, a.Run.Version = map[string]int64{hostile: 1}, []results.RequestCount{{Name: hostile}}, hostile
	a.Findings = []results.Finding{{Say: hostile, Do: hostile}}
	in.Lab = hostile
	a.Headline, a.Trust.OK, a.Trust.Reasons = hostile, false, []string{hostile}
	for i := range a.Guidance {
		a.Guidance[i] = results.Rule{
			Rule: hostile, Status: []string{"broken", hostile}[i%2], Planned: hostile, Observed: hostile, Fix: hostile,
			PlannedStatus: hostile, ObservedStatus: hostile, Source: hostile, SourceURL: "https://evil.example/" + hostile,
		}
	}
	for i := range a.Bursts {
		b := &a.Bursts[i]
		b.Scope = results.Scope{Kind: hostile, Values: []string{hostile}}
		b.Verdict, b.Family, b.OriginKind = hostile, hostile, ptr(hostile)
		b.Probabilities = map[string]float64{hostile: 1}
		b.Evidence = []results.Evidence{{Signal: hostile, Favours: hostile, LogOdds: 3, Observed: hostile}}
		b.Remedies = []results.Remedy{{Do: hostile, Source: hostile}}
		b.Exemplars = []results.ExemplarRef{{RequestID: hostile, POP: hostile, EdgeAddress: hostile}}
	}
	a.Control = &results.ControlSummary{Requests: 2, Statuses: map[string]int64{hostile: 1, "none": 1}, Errors: map[string]int64{hostile: 1}}
	a.Unread = results.Unread{Lines: 1, Reasons: map[string]int64{hostile: 1}}
	run.Info.Plan, run.Info.Name, run.Info.Requests = "name: "+hostile, hostile, []string{hostile}
	run.Events = []results.Event{{Kind: results.EventGuard, Text: hostile}, results.GuardEvent(0, hostile, hostile)}
	cells := []results.Cell{}
	for c := range run.Cells {
		c.POP, c.Region = hostile, hostile
		cells = append(cells, c)
	}
	run.Cells = each(slices.Clip(cells))
	return in
}
