package urls

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"frontload/results"
)

// TestLean: the lean that is solved for comes to what is wanted.
func TestLean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted, q := rapid.Float64Range(0, 1).Draw(t, "wanted"), rapid.Float64Range(0, 1).Draw(t, "q")
		lean := leanFor(wanted, q)
		got := lean + (1-lean)*q
		if lean < 0 {
			got = (1 + lean) * q
		}
		if !(lean >= -1 && lean <= 1) || math.Abs(got-wanted) > 1e-9 {
			t.Errorf("leanFor(%v, %v) = %v, which comes to %v", wanted, q, lean, got)
		}
	})
}

// A steering whose answers are never hits leans all the way, and is right again
// soon after they are what they should be.
func TestSteeringComesBack(t *testing.T) {
	s, r := newSteering(0.5), stream(1)
	const rate = 200
	second := func(at int, cached bool) (share float64) {
		hits := 0
		for i := range rate {
			w, _ := s.choose(&r)
			hit := cached && (w == repeat || w == own && r.float() < 0.3)
			if hit {
				hits++
			}
			s.tell(hit, time.Duration(at)*time.Second+time.Duration(i)*time.Second/rate)
		}
		return float64(hits) / rate
	}
	for at := range 120 {
		second(at, false)
	}
	if lean := math.Float64frombits(s.lean.Load()); lean < 0.4 || lean > 1 {
		t.Errorf("with no hit at all it leans by %v", lean)
	}
	sum := 0.0
	for at := range 40 {
		share := second(120+at, true)
		if share > 0.75 {
			t.Errorf("second %d has %v hits, to make up for too much at once", at, share)
		}
		if at >= 30 {
			sum += share / 10
		}
	}
	if math.Abs(sum-0.5) > 0.05 {
		t.Errorf("half a minute later %v are hits, want 0.5", sum)
	}
}

// told counts what a sink is told.
type toldSink struct{ records, others int }

func (s *toldSink) Arrival(time.Duration, results.Fate, int64) { s.others++ }
func (s *toldSink) Sent(time.Duration, netip.Addr, uint16)     { s.others++ }
func (s *toldSink) Record(*results.Sample, results.Detail)     { s.records++ }
func (s *toldSink) Lookup(results.Lookup)                      { s.others++ }
func (s *toldSink) Event(results.Event)                        { s.others++ }

// Watch passes everything on, and counts good answers alone that say what the
// cache did.
func TestWatch(t *testing.T) {
	var sink toldSink
	if plain := generator(t, 1, Entry{Weight: 1, Path: "/"}).Watch(&sink); plain != results.Sink(&sink) {
		t.Errorf("Watch() = %T without a wanted hit ratio, want the sink itself", plain)
	}
	g := generator(t, 1, Entry{Weight: 1, Path: "/"}, Entry{Weight: 1, Path: "/{n}", Vars: map[string]Var{"n": Uniform{9}}, Hits: 0.5})
	w := g.Watch(&sink)
	for _, s := range []results.Sample{
		{Request: 0, Outcome: results.OK, Cache: results.CacheHit},
		{Request: 1, Outcome: results.OK, Cache: results.CacheHit},
		{Request: 1, Outcome: results.OK, Cache: results.CacheMiss},
		{Request: 1, Outcome: results.OK, Cache: results.CacheRefresh},
		{Request: 1, Outcome: results.OK, Cache: results.CacheUnknown},
		{Request: 1, Outcome: results.Origin, Cache: results.CacheMiss},
	} {
		w.Record(&s, nil)
	}
	w.Event(results.Event{})
	w.Sent(0, netip.Addr{}, 1)
	if hits, all := g.hits[1].hits.Load(), g.hits[1].told.Load(); hits != 1 || all != 3 || sink != (toldSink{6, 2}) {
		t.Errorf("%d hits of %d answers, and %+v passed on; want 1 of 3, and 6 samples and 2 others", hits, all, sink)
	}
}
