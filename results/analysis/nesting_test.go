package analysis

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"frontload/results"
)

// Scopes of drawn faults: requests are dealt evenly over edges, which are
// dealt to POPs in turn.
func atPOP(pops, pop int) func(int, int) bool {
	return func(edge, _ int) bool { return edge%pops == pop }
}

func atEdges(edges ...int) func(int, int) bool {
	return func(edge, _ int) bool { return slices.Contains(edges, edge) }
}

func forRequest(name int) func(int, int) bool {
	return func(_, request int) bool { return request == name }
}

// scopesOf tells the bursts of a run: span, scope and first cause.
func scopesOf(t *testing.T, d drawing, seed uint64) []string {
	t.Helper()
	a := analyze(t, d.draw(seed))
	got := []string{}
	for i, b := range a.Bursts {
		from, to := seconds(a, i)
		got = append(got, fmt.Sprintf("%d-%d %s %v", from, to, b.Scope.Kind, b.Scope.Values))
	}
	return got
}

// trials is how many seeds to try, and with -long.
func trials(few, many uint64) uint64 {
	if *long {
		return many
	}
	return few
}

// One fault is one burst, in the narrowest scope that explains it, whatever
// the rate.
func TestAFaultIsOneBurstAtAnyRate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		share float64
		in    func(int, int) bool
		least float64 // requests/s from which it must be found so
		want  string  // scope
	}{
		{"everything", 0.5, nil, 2, "all []"},
		{"a POP", 0.5, atPOP(3, 1), 10, "pop [POP1-P1]"},
		{"a request name", 0.5, forRequest(2), 20, "request [r2]"},
		{"one address", 0.6, atEdges(4), 50, "edge-address [127.2.1.4]"},
		{"addresses in three POPs", 0.5, atEdges(0, 4, 8), 50, "edge-address [127.2.0.0 127.2.1.4 127.2.2.8]"},
		{"a little of everything", 0.05, nil, 200, "all []"},
	}
	for _, rate := range []float64{2, 10, 20, 50, 200, 1000, 20_000} {
		for _, c := range cases {
			if rate < c.least {
				continue
			}
			for seed := range trials(2, 10) {
				if rate > 1000 && seed > 0 {
					break
				}
				from, to := 20, 50
				if rate > 1000 {
					from, to = 8, 14
				}
				d := rigged(rate, to+20, drawnFault{from: float64(from), to: float64(to), share: c.share, in: c.in, signals: tellsNothing})
				slack := 0 // of the ends: where few requests fail, the first and the last are late
				if perSecond := rate * c.share; perSecond < 20 || rate < 100 {
					slack = 8
				} else if perSecond < 200 {
					slack = 1
				}
				a := analyze(t, d.draw(seed))
				ok := len(a.Bursts) == 1
				if ok {
					f, e := seconds(a, 0)
					ok = fmt.Sprint(a.Bursts[0].Scope.Kind, " ", a.Bursts[0].Scope.Values) == c.want &&
						f >= from-slack && f <= from+slack && e >= to-slack && e <= to+slack
				}
				if !ok {
					t.Errorf("%s at %.0f requests/s, seed %d: want one burst from %d to %d of %s, got %v", c.name, rate, seed, from, to, c.want, scopesOf(t, d, seed))
				}
			}
		}
	}
}

// A log of a few lines has its burst too.
func TestAFewRequestsMakeABurst(t *testing.T) {
	cases := []struct{ seconds, perSecond, from, to int }{{5, 2, 0, 5}, {10, 3, 4, 8}, {60, 1, 30, 40}, {600, 1, 300, 310}}
	for _, c := range cases {
		var list []results.Cell
		for s := range c.seconds {
			cell := results.Cell{Second: s, CellKey: results.CellKey{POP: "FRA56-P1", Status: 200, Outcome: results.OK}}
			if c.from <= s && s < c.to {
				cell.Status, cell.Outcome, cell.Signals = 503, results.EdgeQuota, tellsQuota
			}
			cell.Counts = results.Counts{Count: int64(c.perSecond), Written: int64(c.perSecond)}
			list = append(list, cell)
		}
		a := analyze(t, &results.Run{Cells: stream(list), Info: results.RunInfo{Source: "access-log"}})
		if len(a.Bursts) != 1 {
			t.Errorf("%d s with %d requests each, bad from %d to %d: want one burst, got %d", c.seconds, c.perSecond, c.from, c.to, len(a.Bursts))
		} else if from, to := seconds(a, 0); from != c.from || to != c.to {
			t.Errorf("%d s with %d requests each: want a burst from %d to %d, got %d to %d", c.seconds, c.perSecond, c.from, c.to, from, to)
		}
	}
}

// Bursts are told apart by time, scope and cause, and by no less.
func TestFaultsAreToldApart(t *testing.T) {
	t.Parallel()
	fault := func(from, to float64, share float64, in func(int, int) bool, signals results.Signals) drawnFault {
		return drawnFault{from, to, share, in, signals}
	}
	var flicker []drawnFault
	for i := range 40 {
		flicker = append(flicker, fault(20+float64(4*i), 22+float64(4*i), 0.4, nil, tellsNothing))
	}
	cases := []struct {
		name   string
		faults []drawnFault
		want   []string
	}{
		{"two apart", []drawnFault{fault(20, 30, 0.4, nil, tellsNothing), fault(45, 60, 0.4, nil, tellsNothing)}, []string{"20-30 all []", "45-60 all []"}},
		{"a gap of three seconds", []drawnFault{fault(20, 30, 0.4, nil, tellsNothing), fault(33, 60, 0.4, nil, tellsNothing)}, []string{"20-60 all []"}},
		{"on and off for minutes", flicker, []string{"20-178 all []"}},
		{"from end to end", []drawnFault{fault(0, 200, 0.3, nil, tellsNothing)}, []string{"0-200 all []"}},
		{"a fifth, from end to end", []drawnFault{fault(0, 200, 0.2, nil, tellsNothing)}, []string{"0-200 all []"}},
		{"a POP from end to end", []drawnFault{fault(0, 200, 0.3, atPOP(3, 2), tellsNothing)}, []string{"0-200 pop [POP2-P1]"}},
		{"to the end", []drawnFault{fault(190, 200, 0.3, nil, tellsNothing)}, []string{"190-200 all []"}},
		{"a POP and a request name at once", []drawnFault{fault(20, 50, 0.5, atPOP(3, 1), tellsNothing), fault(30, 60, 0.4, forRequest(2), tellsNothing)}, []string{"20-50 pop [POP1-P1]", "30-60 request [r2]"}},
		{"two causes at once, everywhere", []drawnFault{fault(20, 50, 0.3, nil, tellsQuota), fault(30, 60, 0.3, nil, tellsS3)}, []string{"20-50 all []", "30-60 all []"}},
		{"two causes in two POPs", []drawnFault{fault(20, 50, 0.3, atPOP(3, 0), tellsCapacity), fault(30, 60, 0.3, atPOP(3, 1), tellsS3)}, []string{"20-50 pop [POP0-P1]", "30-60 pop [POP1-P1]"}},
		{"two names, one after the other", []drawnFault{fault(20, 50, 0.4, forRequest(0), tellsS3), fault(70, 90, 0.4, forRequest(3), tellsS3)}, []string{"20-50 request [r0]", "70-90 request [r3]"}},
		{"a dying away", []drawnFault{fault(20, 40, 0.6, nil, tellsNothing), fault(40, 45, 0.3, nil, tellsNothing), fault(45, 50, 0.1, nil, tellsNothing)}, []string{"20-50 all []"}},
	}
	for _, c := range cases {
		for _, rate := range []float64{150, 600} {
			for seed := range trials(1, 20) {
				d := rigged(rate, 200, c.faults...)
				if got := scopesOf(t, d, seed); !slices.Equal(got, c.want) {
					t.Errorf("%s at %.0f requests/s, seed %d: want %v, got %v", c.name, rate, seed, c.want, got)
				}
			}
		}
	}
}

// Beside a big burst the few 503s of a tiny scope are no bursts of their own.
func TestABigBurstHasNoFragments(t *testing.T) {
	t.Parallel()
	for seed := range trials(1, 10) {
		for _, in := range []func(int, int) bool{nil, atPOP(5, 1), forRequest(7)} {
			d := drawing{rate: 1000, seconds: 120, pops: 5, edges: 50, requests: 10, noise: 0.002}
			d.faults = []drawnFault{
				{from: 30, to: 90, share: 0.5, in: in, signals: tellsNothing},
				{from: 30, to: 90, share: 0.01, signals: tellsNothing}, // what spills over
			}
			if got := scopesOf(t, d, seed); len(got) != 1 {
				t.Errorf("seed %d: want one burst, got %v", seed, got)
			}
		}
	}
}

// A run of which a twentieth fails all the time is one burst, or nearly.
func TestALittleFromEndToEndIsOneBurst(t *testing.T) {
	for seed := range uint64(6) {
		d := rigged([]float64{150, 600}[seed%2], 200, drawnFault{from: 0, to: 200, share: 0.05, signals: tellsNothing})
		a := analyze(t, d.draw(seed))
		if len(a.Bursts) != 1 {
			t.Errorf("seed %d: want one burst, got %v", seed, scopesOf(t, d, seed))
		} else if from, to := seconds(a, 0); to-from < 180 {
			t.Errorf("seed %d: want a burst of nearly 200 seconds, got one from %d to %d", seed, from, to)
		}
	}
}

// Noise that changes its level is no row of bursts.
func TestSlowlyChangingNoiseIsNoRowOfBursts(t *testing.T) {
	t.Parallel()
	for seed := range trials(2, 20) {
		d := rigged(200, 900)
		d.noise = 0.0005
		for s := range 90 { // up to 3 % and back, in 15 minutes
			level := 0.03 * (1 - abs(float64(s)-45)/45)
			d.faults = append(d.faults, drawnFault{from: float64(10 * s), to: float64(10*s + 10), share: level, signals: tellsNothing})
		}
		if got := scopesOf(t, d, seed); len(got) > 2 {
			t.Errorf("seed %d: want a burst or two at most, got %v", seed, got)
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

func TestKindsOfScope(t *testing.T) {
	regional := func(edge int) string { return []string{"eu", "us"}[edge%2] }
	d := rigged(300, 60, drawnFault{from: 20, to: 40, share: 0.5, in: func(edge, _ int) bool { return edge%2 == 1 }, signals: tellsNothing})
	d.pops, d.edges, d.region = 4, 16, regional
	if got, want := scopesOf(t, d, 1), []string{"20-40 region [us]"}; !slices.Equal(got, want) {
		t.Errorf("a region: want %v, got %v", want, got)
	}
	d.faults[0].in = atPOP(4, 1)
	if got, want := scopesOf(t, d, 1), []string{"20-40 pop [POP1-P1]"}; !slices.Equal(got, want) {
		t.Errorf("a POP of a region: want %v, got %v", want, got)
	}
	for source, kind := range map[string]string{"access-log": kindPrefix, "vegeta": kindPrefix, "attack": kindRequest} {
		d := rigged(300, 60, drawnFault{from: 20, to: 40, share: 0.5, in: forRequest(1), signals: tellsNothing})
		d.source = source
		if got, want := scopesOf(t, d, 1), []string{"20-40 " + kind + " [r1]"}; !slices.Equal(got, want) {
			t.Errorf("%s: want %v, got %v", source, want, got)
		}
	}
}

// Clients are no part of a cell: exemplars tell of them.
func TestAFaultOfAClient(t *testing.T) {
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 9, 0, byte(i)}) }
	cases := []struct {
		name   string
		client func(i int) int // of the i-th 503
		kept   int             // how many are kept whole
		want   string
	}{
		{"one", func(int) int { return 3 }, 200, "client [127.9.0.3]"},
		{"two", func(i int) int { return 3 + i%2 }, 200, "client [127.9.0.3 127.9.0.4]"},
		{"one, nearly", func(i int) int { return []int{4, 3}[min(1, i%20)] }, 200, "client [127.9.0.3]"},
		{"all", func(i int) int { return i % 20 }, 200, "all []"},
		{"nobody can tell", func(int) int { return 3 }, 10, "all []"},
	}
	for _, c := range cases {
		run := rigged(200, 60, drawnFault{from: 20, to: 40, share: 0.05, signals: tellsQuota}).draw(1)
		for i := range 20 {
			run.Clients = append(run.Clients, results.Tally{Name: address(i).String(), Client: uint32(i), Requests: 600})
		}
		answer := results.Answer{Status: 503}
		for i := range c.kept {
			run.Exemplars = append(run.Exemplars, results.Exemplar{
				At: 20*time.Second + time.Duration(i)*19*time.Second/200, Source: address(c.client(i)),
				Status: 503, Signals: tellsQuota, Outcome: answer.Outcome(tellsQuota),
			})
		}
		a := analyze(t, run)
		if len(a.Bursts) != 1 || fmt.Sprint(a.Bursts[0].Scope.Kind, " ", a.Bursts[0].Scope.Values) != c.want {
			t.Errorf("%s: want one burst of %s, got %s", c.name, c.want, describe(a))
			continue
		}
		for _, e := range a.Bursts[0].Exemplars {
			if c.name == "one, nearly" && e.Time.Equal(run.Info.Start.Add(run.Exemplars[0].At)) {
				t.Errorf("%s: an exemplar of another client is shown", c.name)
			}
		}
	}
}

// Thousands of viewers send a few requests each: those whose 503s were kept are
// a drawing of them, and no scope.
func TestAFaultOfThousandsOfClientsIsOfAll(t *testing.T) {
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)}) }
	run := rigged(200, 60, drawnFault{from: 20, to: 40, share: 0.5, signals: tellsQuota}).draw(1)
	for i := range 1000 {
		run.Clients = append(run.Clients, results.Tally{Name: address(i).String(), Client: uint32(i), Requests: 4})
	}
	run.Clients = append(run.Clients, results.Tally{Requests: 8000})
	answer := results.Answer{Status: 503}
	for i := range 1000 {
		run.Exemplars = append(run.Exemplars, results.Exemplar{
			At: 20*time.Second + time.Duration(i)*20*time.Millisecond, Source: address(i % 600),
			Status: 503, Signals: tellsQuota, Outcome: answer.Outcome(tellsQuota),
		})
	}
	if a := analyze(t, run); len(a.Bursts) != 1 || a.Bursts[0].Scope.Kind != kindAll {
		t.Errorf("want one burst of all, got %s", describe(a))
	}
}

// Logs may write IPv6 addresses with all their zeros, which the exemplars'
// sources do not.
func TestAFaultOfAClientInLongSpelling(t *testing.T) {
	run := rigged(200, 60, drawnFault{from: 20, to: 40, share: 0.05, signals: tellsQuota}).draw(1)
	for i := range 20 {
		name := fmt.Sprintf("2001:0DB8:0000:0000:0000:0000:0000:%04X", 10+i)
		run.Clients = append(run.Clients, results.Tally{Name: name, Client: uint32(i), Requests: 600})
	}
	answer := results.Answer{Status: 503}
	for i := range 200 {
		run.Exemplars = append(run.Exemplars, results.Exemplar{
			At: 20*time.Second + time.Duration(i)*19*time.Second/200, Source: netip.MustParseAddr("2001:db8::b"),
			Status: 503, Signals: tellsQuota, Outcome: answer.Outcome(tellsQuota),
		})
	}
	a := analyze(t, run)
	if len(a.Bursts) != 1 || fmt.Sprint(a.Bursts[0].Scope.Kind, a.Bursts[0].Scope.Values) != "client[2001:db8::b]" {
		t.Errorf("want one burst of client 2001:db8::b, got %s", describe(a))
	}
}
