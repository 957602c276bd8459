package run

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"frontload/attack"
	"frontload/attack/dns"
	"frontload/attack/host"
	"frontload/attack/permit"
	"frontload/attack/wire"
	"frontload/results"
	"frontload/results/record"
	"frontload/results/store"
	"frontload/scenarios"
)

// A slowFile is a run file on a disk that takes very long for one second.
type slowFile struct {
	*store.Memory
	appends, slow int // the append that is slow
	took          time.Duration
}

func (f *slowFile) Append(iv *record.Interval) error {
	if f.appends++; f.appends == f.slow {
		time.Sleep(f.took)
	}
	return f.Memory.Append(iv)
}

// A prompt transport answers everything after a millisecond.
type prompt struct{ engine *attack.Engine }

func (p prompt) Start(c *wire.Call) {
	now := p.engine.Now()
	c.Sample.Edge, c.Sample.Ready, c.Sample.Sent, c.Sample.Written = c.Edge.Addr(), now, now, true
	p.engine.Sent(c)
	time.AfterFunc(time.Millisecond, func() {
		c.Sample.Done, c.Sample.Status, c.Sample.Outcome = p.engine.Now(), 200, results.OK
		p.engine.Done(c)
	})
}

func (prompt) Retire(uint32, netip.AddrPort) []*wire.Call { return nil }
func (prompt) Collect() bool                              { return false }
func (prompt) Close()                                     {}

type nowhere struct{}

func (nowhere) Next(time.Time) (netip.Addr, bool, bool) {
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}), false, true
}
func (nowhere) Resolve(context.Context) (*dns.Answer, error) { return nil, nil }

// A run file that cannot be written for two seconds delays nothing that is
// measured: every arrival is sent at its time, and no answer seems slow.
func TestSlowRunFileDelaysNothing(t *testing.T) {
	s, err := scenarios.Parse("test.yaml", []byte(`
version: 1
target: {url: "http://127.0.0.1:1"}
requests: [{path: /}]
load: {rate: 500/s, for: 8s}
`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		info := results.RunInfo{Requests: plan.Requests}
		file := &slowFile{Memory: store.NewMemory(info), slow: 3, took: 2 * time.Second}
		r := &runner{plan: plan, recorder: record.New(record.Config{Requests: plan.Requests}), file: file, info: info, host: host.New(0), gate: permit.New(permit.Config{})}
		defer r.host.Close()
		r.engine = attack.New(attack.Config{
			Schedule: plan.Schedule, Requests: requester{plan},
			Clients: []attack.ClientConfig{{Resolver: nowhere{}}}, Sink: r.recorder,
		})
		r.info.Start = r.engine.Begin()
		if err := r.carryOut(t.Context(), prompt{r.engine}); err != nil {
			t.Fatal(err)
		}
		run, err := file.Run()
		if err != nil {
			t.Fatal(err)
		}
		checkUndisturbed(t, run, 500, 8)
	})
}

func checkUndisturbed(t *testing.T, run *results.Run, rate int64, seconds int) {
	t.Helper()
	for _, s := range run.Seconds[:seconds] {
		if s.Scheduled != rate || s.Sent != rate || s.Missed != 0 || s.Unsent != 0 || s.Limited != "" || s.LagP99 > 2*time.Millisecond {
			t.Errorf("second %d: %+v, want %d arrivals sent on time", s.Second, s, rate)
		}
	}
	for _, series := range []results.Series{results.SeriesResponse, results.SeriesService, results.SeriesLag} {
		q := run.Latency[results.LatencyKey{Series: series, By: "all"}]
		if q.Count != rate*int64(seconds) || q.Max > 3*time.Millisecond {
			t.Errorf("%s: %+v, want %d of at most 3 ms", series, q, rate*int64(seconds))
		}
	}
	told := 0
	for _, s := range run.Seconds {
		if s.Host != nil {
			told++
		}
	}
	if told < seconds-3 {
		t.Errorf("%d of %d seconds have an account of the machine, want all but those that passed unseen", told, seconds)
	}
	if i := slices.IndexFunc(run.Seconds, func(s results.Second) bool { return s.Host != nil && *s.Host.Stall > 0 }); i >= 0 {
		t.Errorf("second %d: the generator stood still for %v, by its own account", i, *run.Seconds[i].Host.Stall)
	}
}
