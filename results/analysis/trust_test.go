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

// What the generator saw in the seconds in which it was late explains them;
// what it saw in others, or what troubled nobody, is no reason.
func TestReasonsExplainLateSeconds(t *testing.T) {
	calm := func() *results.Host {
		return &results.Host{
			Span: time.Second, CPUs: 2, ProcessCPU: new(0.4), MachineCPUs: 2, MachineCPU: new(0.5), Steal: new(0.0),
			GCLongest: new(100 * time.Microsecond), RunQueueP99: new(50 * time.Microsecond), Stall: new(time.Duration(0)),
		}
	}
	for _, c := range []struct {
		name  string
		late  func(h *results.Host)
		says  string // of one reason
		never string
	}{
		{"steal", func(h *results.Host) { h.Steal = new(0.38) }, "CPU steal took 38 % of the machine in those seconds: use a larger machine", "of 2 CPUs"},
		{"its own work", func(h *results.Host) { h.ProcessCPU, h.MachineCPU = new(1.98), new(2.0) }, "the process used 1.98 of 2 CPUs in those seconds: use more or larger machines", "other processes"},
		{"others' work", func(h *results.Host) { h.ProcessCPU, h.MachineCPU = new(0.3), new(1.95) }, "other processes used 1.65 of 2 CPUs in those seconds, the generator 0.30: stop them", "the process used"},
		{"others' work on a machine with room", func(h *results.Host) { h.MachineCPUs, h.MachineCPU = 64, new(20.0) }, "neither the CPUs nor garbage collection explain that", "other processes"},
		{"collection", func(h *results.Host) { h.GCLongest = new(80 * time.Millisecond) }, "garbage collection paused it for up to 80.0 ms", "CPUs"},
		{"run queue", func(h *results.Host) { h.RunQueueP99 = new(12 * time.Millisecond) }, "goroutines waited p99 12.0 ms for a CPU", "garbage"},
		{"nothing", func(h *results.Host) {}, "neither the CPUs nor garbage collection explain that", "goroutines"},
		{"nothing that can be had", func(h *results.Host) { *h = results.Host{Span: time.Second, CPUs: 2} }, "neither the CPUs nor garbage collection explain that", "goroutines"},
	} {
		run := limitedRun(0)
		for i := range run.Seconds {
			s := &run.Seconds[i]
			s.Host = calm()
			if i == 3 || i == 4 {
				s.LagP99, s.Limited = 90*time.Millisecond, "send lag p99 90ms is over 50ms"
				c.late(s.Host)
			}
		}
		trust := judgeTrust(run)
		all := strings.Join(trust.Reasons, "\n")
		if !strings.Contains(all, "send lag p99 was over 50 ms in 2 s") || !strings.Contains(all, c.says) || strings.Contains(all, c.never) || trust.LimitedSeconds != 2 {
			t.Errorf("%s: %d s limited for the reasons\n%s\nwant %q, and not %q", c.name, trust.LimitedSeconds, all, c.says, c.never)
		}
		for i := range run.Seconds {
			run.Seconds[i].LagP99, run.Seconds[i].Limited = 0, ""
		}
		if trust = judgeTrust(run); trust.LimitedSeconds != 0 || len(trust.Reasons) != 0 {
			t.Errorf("%s, and the generator was on time all the same: %d s limited, %q", c.name, trust.LimitedSeconds, trust.Reasons)
		}
	}
}

// Hard troubles are named, also in seconds that are
// late besides.
func TestHardTroublesAreNamed(t *testing.T) {
	run := limitedRun(0)
	limit := func(second int, lag time.Duration, trouble string) {
		s := &run.Seconds[second]
		s.LagP99, s.Trouble, s.Limited = lag, trouble, "whatever"
	}
	limit(3, 0, "out of ports")
	limit(4, 90*time.Millisecond, "out of ports; too many open files")
	limit(5, 0, results.TroubleStall)
	limit(6, 0, results.TroubleStall)
	run.Seconds[6].Host = &results.Host{Stall: new(312 * time.Millisecond)}
	trust := judgeTrust(run)
	all := strings.Join(trust.Reasons, "\n")
	for _, want := range []string{
		"hindered for 2 s: out of ports", "hindered for 1 s: too many open files",
		"the generator stood still in 2 s, for up to 312 ms: answers that came meanwhile were read late", "send lag p99 was over 50 ms in 1 s",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the reasons do not say %q:\n%s", want, all)
		}
	}
	if trust.LimitedSeconds != 4 || trust.Generator == nil || *trust.Generator.Stall != 312_000 || trust.Generator.Steal != nil {
		t.Errorf("trust = %+v, generator %+v", trust, trust.Generator)
	}
}

// Where the run is not to be believed, that is what is said first, and waiting
// for the target's connections is no part of why.
func TestDisbeliefComesFirst(t *testing.T) {
	run := limitedRun(10)
	run.Latency = map[results.LatencyKey]results.Quantiles{
		{Series: results.SeriesQueueing, By: "all"}: {P90: 7 * time.Second, Count: 1},
		{Series: results.SeriesResponse, By: "all"}: {P90: 8 * time.Second, Count: 1},
	}
	trust := judgeTrust(run)
	if trust.OK || !strings.HasPrefix(trust.Reasons[0], "the load generator was the bottleneck in 10 of 20 s") {
		t.Errorf("reasons: %q", trust.Reasons)
	}
	if strings.Contains(strings.Join(trust.Reasons, ""), "connection") {
		t.Errorf("waiting for a connection is among the reasons: %q", trust.Reasons)
	}
}
