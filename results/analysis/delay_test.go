package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"frontload/results"
)

// faultsOf returns the faults that are found in a run.
func faultsOf(t testing.TB, run *results.Run) []*fault {
	t.Helper()
	l, err := readLedger(run)
	if err != nil {
		t.Fatalf("readLedger() = %v", err)
	}
	return findFaults(l)
}

// known returns how many seconds after its start a fault is known to whoever
// looks at the run so far at the end of each second; false where it never is.
func known(t testing.TB, run *results.Run, f drawnFault) (float64, bool) {
	for s := int(f.from); s < int(math.Ceil(f.to)); s++ {
		for _, found := range faultsOf(t, until(run, s)) {
			if float64(found.to) > f.from {
				return float64(s+1) - f.from, true
			}
		}
	}
	return 0, false
}

// faultAt draws a fault of everything that begins anywhere in a second.
func faultAt(rnd *rand.Rand, share, seconds float64) drawnFault {
	from := 30 + 3*rnd.Float64()
	return drawnFault{from: from, to: from + seconds, share: share, signals: tellsNothing}
}

// The start and the end of a burst are those of the fault within a second,
// from 20 % of 100 requests/s.
func TestSpansAreExactToASecond(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var starts, ends []float64
	for i := range int(trials(40, 600)) {
		share := 0.2 + 0.8*rnd.Float64()*float64(i%2)
		f := faultAt(rnd, share, 3+20*rnd.Float64())
		d := rigged([]float64{100, 100, 300, 1000}[i%4], 70, f)
		d.noise = []float64{0.0001, 0.0005, 0.002}[i%3]
		found := faultsOf(t, d.draw(uint64(i)))
		if len(found) != 1 {
			t.Errorf("trial %d, %.0f %% of %.0f requests/s: %d bursts, want 1: %v", i, 100*share, d.rate, len(found), spansIn(found))
			continue
		}
		starts = append(starts, math.Abs(float64(found[0].from)-f.from))
		ends = append(ends, math.Abs(float64(found[0].to)-f.to))
		if off := max(starts[len(starts)-1], ends[len(ends)-1]); off > 1.001 {
			t.Errorf("trial %d, %.0f %% of %.0f requests/s: found from %d to %d s, was from %.2f to %.2f s", i, 100*share, d.rate, found[0].from, found[0].to, f.from, f.to)
		}
	}
	t.Logf("%d faults; start off by %s, end by %s", len(starts), offs(starts), offs(ends))
}

func offs(x []float64) string {
	slices.Sort(x)
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return fmt.Sprintf("%.2f s in the mean, %.2f s at p99, %.2f s at most", sum/float64(len(x)), x[len(x)*99/100], x[len(x)-1])
}

func spansIn(faults []*fault) (spans []string) {
	for _, f := range faults {
		spans = append(spans, fmt.Sprintf("%v %s %v %.0f", f.span, f.kind, f.values, f.k))
	}
	return spans
}

// Whoever looks each second knows of a fault of 20 % of 100 requests/s within
// three seconds of its start.
func TestABurstIsKnownWithinThreeSeconds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 8))
	for i := range int(trials(15, 200)) {
		f := faultAt(rnd, 0.2, 12)
		run := rigged(100, 50, f).draw(uint64(i))
		if delay, ok := known(t, run, f); !ok || delay > 3 {
			t.Errorf("trial %d: known %v, after %.2f s", i, ok, delay)
		}
		last := faultsOf(t, until(run, int(f.from)+4))
		if len(last) != 1 || last[0].to != int(f.from)+5 {
			t.Errorf("trial %d: want one burst that goes on to the last second, %d, got %v", i, int(f.from)+5, spansIn(last))
		}
	}
}

// A point of the curve: how often and how soon faults of a share are found.
type point struct {
	rate, share   float64
	found, trials int
	delays        []float64
}

// curve tries faults of thirty seconds.
func curve(t testing.TB, rate, share float64, trials int) point {
	rnd := rand.New(rand.NewPCG(uint64(rate), uint64(1000*share)))
	p := point{rate: rate, share: share, trials: trials}
	for i := range trials {
		f := faultAt(rnd, share, 30)
		if delay, ok := known(t, rigged(rate, 64, f).draw(uint64(i)), f); ok {
			p.found++
			p.delays = append(p.delays, delay)
		}
	}
	slices.Sort(p.delays)
	return p
}

func (p point) String() string {
	if p.found == 0 {
		return fmt.Sprintf("| %.0f | %.0f %% | none | | |", p.rate, 100*p.share)
	}
	return fmt.Sprintf("| %.0f | %.0f %% | %.0f %% | %.1f s | %.1f s |", p.rate, 100*p.share, 100*float64(p.found)/float64(p.trials),
		p.delays[p.found/2], p.delays[p.found*9/10])
}

// The curve rises: what is found at one share is found at a larger one, sooner.
func TestCurveRises(t *testing.T) {
	for _, rate := range []float64{10, 100} {
		last := point{delays: []float64{30}}
		for _, share := range []float64{0.01, 0.1, 0.5} {
			p := curve(t, rate, share, 10)
			if p.found < last.found || p.found > 0 && p.delays[p.found/2] > last.delays[len(last.delays)/2] {
				t.Errorf("%v after %v", p, last)
			}
			if p.found > 0 {
				last = p
			}
		}
		if last.found != last.trials {
			t.Errorf("%v: want all to be found", last)
		}
	}
}
