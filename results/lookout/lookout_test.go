package lookout

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/record"
)

// A world is a target in virtual time: edge addresses in several POPs that
// are asked evenly, for several request names.
type world struct {
	rate  int     // requests/s
	noise float64 // share of requests that fail at any time
	wrong func(at time.Duration, pop, request int) (share float64)

	random   *rand.Rand
	recorder *record.Recorder
	lookout  *Lookout
	now      time.Duration // up to which it was told
	events   []results.Event
}

const (
	worldPOPs, worldEdges, worldNames = 5, 50, 10
	afterSecond                       = 20 * time.Millisecond // as a run's: see attack/run
)

func newWorld(rate int, noise float64, wrong func(at time.Duration, pop, request int) float64) *world {
	info := results.RunInfo{Source: "attack", Start: time.Unix(1_800_000_000, 0)}
	for i := range worldNames {
		info.Requests = append(info.Requests, fmt.Sprintf("page-%d", i))
	}
	return &world{
		rate: rate, noise: noise, wrong: wrong, random: rand.New(rand.NewPCG(1, 2)),
		recorder: record.New(record.Config{Requests: info.Requests, Shards: 1, NoTens: true, WholeRunEvery: -1}),
		lookout:  New(info),
	}
}

func popName(i int) string { return fmt.Sprintf("FRA%d-P1", 50+i) }

// run lets time go on until the given moment, and looks once a second.
func (w *world) run(t *testing.T, until time.Duration) {
	t.Helper()
	for gap := time.Second / time.Duration(w.rate); w.now < until; w.now += gap {
		if w.now > 0 && w.now.Truncate(time.Second) > (w.now-gap).Truncate(time.Second) {
			w.look(t, w.now.Truncate(time.Second)+afterSecond)
		}
		w.ask(w.now)
	}
}

func (w *world) look(t *testing.T, now time.Duration) {
	t.Helper()
	w.lookout.Add(w.recorder.Cut(now, record.Gauges{}), now)
	events, err := w.lookout.Look(now)
	if err != nil {
		t.Fatal(err)
	}
	w.events = append(w.events, events...)
}

func (w *world) ask(at time.Duration) {
	edge, request := w.random.IntN(worldEdges), w.random.IntN(worldNames)
	pop := edge % worldPOPs
	share := w.noise
	if w.wrong != nil {
		share = max(share, w.wrong(at, pop, request))
	}
	s := results.Sample{
		Request: uint16(request), Edge: netip.AddrFrom4([4]byte{192, 0, 2, byte(edge)}), POP: popName(pop),
		Status: 200, Outcome: results.OK, Cache: results.Cache(1 + w.random.IntN(2)),
		Written: true, Intended: at, Ready: at, Sent: at, FirstByte: at + 4*time.Millisecond, Done: at + 5*time.Millisecond,
	}
	if w.random.Float64() < share {
		s.Status, s.Outcome, s.Cache, s.Signals = 503, results.UnknownError, results.CacheError, results.SignalServerCloudFront
	}
	w.recorder.Sent(at, s.Edge, s.Request)
	w.recorder.Record(&s, nil)
}

func (w *world) texts() string {
	var all []string
	for _, e := range w.events {
		all = append(all, fmt.Sprintf("%v %s", e.At, e.Text))
	}
	return strings.Join(all, "\n")
}

// A burst is known within three seconds of its start, wherever it is, has one
// id while it lasts, and ends.
func TestBurstIsKnownInTime(t *testing.T) {
	t.Parallel()
	const start, length = 40*time.Second + 250*time.Millisecond, 30 * time.Second
	during := func(at time.Duration) bool { return start <= at && at < start+length }
	for _, c := range []struct {
		name  string
		rate  int
		kind  string
		wrong func(at time.Duration, pop, request int) float64
	}{
		{"a fifth of 100 requests/s", 100, "all", func(at time.Duration, _, _ int) float64 {
			if during(at) {
				return 0.2
			}
			return 0
		}},
		{"one POP of five", 400, "pop", func(at time.Duration, pop, _ int) float64 {
			if during(at) && pop == 3 {
				return 0.4
			}
			return 0
		}},
		{"one request name of ten", 400, "request", func(at time.Duration, _, request int) float64 {
			if during(at) && request == 7 {
				return 0.9
			}
			return 0
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(c.rate, 0.0005, c.wrong)
			w.run(t, start)
			if w.events != nil {
				t.Fatalf("before the fault there is talk of bursts:\n%s", w.texts())
			}
			w.run(t, start+3*time.Second)
			going := w.lookout.Current()
			if len(going) != 1 {
				t.Fatalf("3 s after the fault began these bursts are known: %v", going)
			}
			if since := going[0].Since; since < start-time.Second || since > start+time.Second {
				t.Errorf("it is told to have begun at %v, want %v", since, start)
			}
			w.run(t, start+length)
			now := w.lookout.Current()
			if len(now) != 1 || now[0].ID != going[0].ID || now[0].Scope.Kind != c.kind {
				t.Errorf("at the fault's end these bursts are known: %v, want the one of scope %s that was known before: %v", now, c.kind, going)
			}
			w.run(t, start+length+6*time.Second)
			if now := w.lookout.Current(); now != nil {
				t.Errorf("6 s after the fault's end these bursts go on: %v", now)
			}
			first, last := w.events[0], w.events[len(w.events)-1]
			if at := first.At - start; at < 0 || at > 3*time.Second || !strings.HasPrefix(first.Text, "burst 1 began at 40s: ") {
				t.Errorf("the first event is %v after the fault: %s", at, first.Text)
			}
			if !strings.HasPrefix(last.Text, "burst 1 ended, from 40s to 1m1") {
				t.Errorf("the last event is: %s", last.Text)
			}
			t.Logf("\n%s", w.texts())
		})
	}
}

// Steady noise is no burst, and costs a look only when a 503 came.
func TestNoiseIsNoBurst(t *testing.T) {
	t.Parallel()
	w := newWorld(1000, 0.0005, nil)
	w.run(t, 3*time.Minute)
	if w.events != nil {
		t.Errorf("of steady noise these events were told:\n%s", w.texts())
	}
	if w.lookout.snapshot(); w.lookout.snapshot() != nil {
		t.Error("there is something to look at though no 503 came")
	}
}

// A burst that outlasts the window is one burst still: it keeps its id, its
// start and its verdict, and what is kept of the run stays bounded.
func TestLongBurst(t *testing.T) {
	t.Parallel()
	const start, end = 50 * time.Second, 470 * time.Second
	w := newWorld(40, 0, func(at time.Duration, pop, _ int) float64 {
		if start <= at && at < end && pop == 2 {
			return 0.5
		}
		return 0
	})
	w.run(t, end)
	if now := w.lookout.Current(); len(now) != 1 || now[0].ID != 1 || now[0].Since != start || now[0].Verdict != results.VerdictEdgeCapacity {
		t.Errorf("after 7 minutes these bursts go on: %+v\n%s", now, w.texts())
	}
	if n := len(w.lookout.window.kept); n > 300 {
		t.Errorf("%d seconds are kept", n)
	}
	if events := w.lookout.End(end); len(events) != 1 || !strings.HasPrefix(events[0].Text, "burst 1 went on when the run ended: edge capacity at FRA52-P1") {
		t.Errorf("at the run's end: %+v", events)
	}
	w.run(t, end+10*time.Second)
	if w.lookout.Current() != nil || len(w.events) > 6 {
		t.Errorf("afterwards:\n%s", w.texts())
	}
}

// Two faults at once are two bursts, each with an id of its own.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(800, 0, func(at time.Duration, pop, request int) float64 {
		switch {
		case at > 20*time.Second && pop == 1:
			return 0.4
		case at > 30*time.Second && request == 4:
			return 0.8
		}
		return 0
	})
	w.run(t, 50*time.Second)
	now := w.lookout.Current()
	if len(now) != 2 || now[0].ID == now[1].ID {
		t.Fatalf("two faults go on, these bursts are known: %v\n%s", now, w.texts())
	}
	kinds := []string{now[0].Scope.Kind, now[1].Scope.Kind}
	if !slices.Equal(kinds, []string{"pop", "request"}) {
		t.Errorf("the scopes are %v\n%s", kinds, w.texts())
	}
}

// What comes late of a second that was cut counts in it.
func TestLateCells(t *testing.T) {
	var w window
	cell := func(second int, status uint16) results.Cell {
		return results.Cell{Second: second, CellKey: results.CellKey{Status: status}, Counts: results.Counts{Count: 2}}
	}
	w.add(&record.Interval{Cells: []results.Cell{cell(0, 200), cell(1, 503)}}, 3)
	before := snapshot(slices.Clone(w.kept))
	if got := w.add(&record.Interval{
		Seconds: []results.Second{{Second: 1, Trouble: "no files"}},
		Cells:   []results.Cell{cell(1, 503), cell(9, 503)},
	}, 4); got != 2 {
		t.Errorf("%d new 503s, want 2: those of a second that is kept", got)
	}
	if len(w.kept) != 4 || w.failures != 4 || w.kept[1].Limited == "" {
		t.Errorf("kept: %+v", w.kept)
	}
	n := 0
	for range before.run(results.RunInfo{}).Cells {
		n++
	}
	if n != 2 {
		t.Errorf("a snapshot has %d cells after more came, want the 2 of before", n)
	}
}

// One look at a run of 1,000 cells a second.
func BenchmarkLook(b *testing.B) {
	for _, ongoing := range []bool{false, true} {
		b.Run(fmt.Sprintf("burst=%t", ongoing), func(b *testing.B) {
			l := New(results.RunInfo{Start: time.Unix(1_800_000_000, 0)})
			share := func(second, i int) uint16 {
				if ongoing && second >= 650 && i%5 == 0 && i%3 == 0 || i == second%1000 {
					return 503
				}
				return 200
			}
			add := func(second int) time.Duration {
				now := time.Duration(second+1)*time.Second + afterSecond
				l.Add(&record.Interval{Cells: cellsOf(second, func(i int) uint16 { return share(second, i) })}, now)
				return now
			}
			second := 0
			for ; second < 700; second++ {
				now := add(second)
				if second < 650 {
					l.window.prune(nil)
				} else if _, err := l.Look(now); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			for b.Loop() {
				now := add(second)
				if _, err := l.Look(now); err != nil {
					b.Fatal(err)
				}
				second++
			}
			b.ReportMetric(float64(l.window.cells), "cells")
		})
	}
}

// cellsOf returns a second's 1,000 cells: 50 edge addresses in five POPs, ten
// request names, hits and misses.
func cellsOf(second int, status func(i int) uint16) []results.Cell {
	var cells []results.Cell
	for i := range 1000 {
		k := results.CellKey{
			Edge: netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 50)}), POP: popName(i % 5), Request: uint16(i / 50 % 10),
			Cache: results.Cache(1 + i/500), Outcome: results.OK, Status: status(i),
		}
		if k.Status == 503 {
			k.Outcome = results.UnknownError
		}
		cells = append(cells, results.Cell{Second: second, CellKey: k, Counts: results.Counts{Count: 2, Written: 2, TTFB: 8 * time.Millisecond}})
	}
	return cells
}

// A burst that comes and goes for long is told of, and then no more at
// each time: what is told does not grow with the run.
func TestBurstThatComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(100, 0.0005, func(at time.Duration, _, _ int) float64 {
		if at > time.Minute && at%(10*time.Second) < 2*time.Second {
			return 0.5
		}
		return 0
	})
	w.run(t, 6*time.Minute)
	before := len(w.events)
	w.run(t, 11*time.Minute) // 30 times more
	if n := len(w.events) - before; before == 0 || n > 30 {
		t.Errorf("%d events in 5 minutes after %d, the last %q", n, before, w.events[max(0, len(w.events)-3):])
	}
}
