package urls

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"frontload/results"
)

// A steering holds an entry at a wanted hit ratio. What the caches make of the
// entry's own draws is not known beforehand and changes as they warm up, so
// some requests are drawn otherwise, as many as it takes:
//
//	lean  > 0: that share repeats a few URLs, which are hits once every cache has them
//	lean  < 0: that share bypasses the caches, and is a miss
//	else:      the entry's own draws
//
// Four times a second it estimates from the answers the hit ratio q of the
// entry's own draws, and sets lean so that the answers come to what is wanted:
//
//	wanted = lean + (1-lean) q   for lean >= 0
//	wanted = (1+lean) q          for lean <= 0
//
// What the run is short of so far, or has too much, is made up for in what
// follows. It begins as if the caches were empty, q = 0, and with one URL to
// repeat, which few answers suffice to have in every cache.
type steering struct {
	wanted     float64
	lean       atomic.Uint64 // a float64's bits
	hot        atomic.Uint64 // how many URLs are repeated
	hits, told atomic.Int64  // answers since the last step
	turn       atomic.Int64  // number of the last step

	mu           sync.Mutex
	ownHits, own float64 // of late, by estimate: hits among the entry's own draws, and these
	excess       float64 // hits beyond what was wanted, so far
	pace         float64 // answers between two steps, of late
	answers      float64 // so far
}

const (
	hotURLs  = 16          // that are repeated at most
	newHot   = 200         // answers after which one more is
	hotSalt  = golden >> 1 // sets their draws apart from those of requests
	stepTime = 250 * time.Millisecond
	memory   = 6   // steps whose answers tell of late
	least    = 200 // answers that do, where they come slowly
	mostMake = 0.1 // of the hit ratio, that is aimed higher or lower to make up for an excess
	mostDebt = 12  // steps' answers that are made up for at most, after a time when nothing helped
)

// newSteering returns a steering, nil where nothing is wanted.
func newSteering(wanted float64) *steering {
	if wanted == 0 {
		return nil
	}
	s := &steering{wanted: wanted}
	s.lean.Store(math.Float64bits(wanted))
	s.hot.Store(1)
	return s
}

// A way is how a request is drawn.
type way uint8

const (
	own way = iota
	repeat
	miss
)

// choose says how a request is drawn, and which of the few URLs is repeated.
func (s *steering) choose(r *stream) (w way, hot uint64) {
	lean := math.Float64frombits(s.lean.Load())
	switch u := r.float(); {
	case u < lean:
		return repeat, r.below(s.hot.Load())
	case u < -lean:
		return miss, 0
	}
	return own, 0
}

// tell counts an answer that came at a time of the run.
func (s *steering) tell(hit bool, at time.Duration) {
	turn := int64(at / stepTime)
	if last := s.turn.Load(); turn > last && s.turn.CompareAndSwap(last, turn) {
		s.step()
	}
	if hit {
		s.hits.Add(1)
	}
	s.told.Add(1)
}

// step sets lean by the answers since the last step.
func (s *steering) step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	hits, told := float64(s.hits.Swap(0)), float64(s.told.Swap(0))
	if told == 0 {
		return
	}
	if s.pace == 0 {
		s.pace = told
	}
	s.pace += (told - s.pace) / memory
	s.answers += told
	s.hot.Store(uint64(min(hotURLs, 1+s.answers/newHot)))
	late := max(least, memory*s.pace)
	kept := max(0, 1-told/late)
	lean := math.Float64frombits(s.lean.Load())
	s.ownHits = kept*s.ownHits + hits - told*max(0, lean)
	s.own = kept*s.own + told*(1-math.Abs(lean))
	s.excess = min(max(-mostDebt*s.pace, s.excess+hits-told*s.wanted), mostDebt*s.pace)
	q := 0.0
	if s.own > 0 {
		q = min(max(0, s.ownHits/s.own), 1)
	}
	aim := s.wanted - min(max(-mostMake, s.excess/late), mostMake)
	s.lean.Store(math.Float64bits(leanFor(min(max(0, aim), 1), q)))
}

// leanFor solves the equations of [steering] for lean.
func leanFor(wanted, q float64) float64 {
	switch {
	case wanted > q:
		return (wanted - q) / (1 - q)
	case q > 0:
		return wanted/q - 1
	}
	return 0
}

// Watch returns a sink that passes everything on to sink, and learns on the way
// what the caches make of entries with a wanted hit ratio: good answers that
// say what the cache did. Without such entries it is sink itself. What a
// generator makes follows from its seed and from what it is told, then.
func (g *Generator) Watch(sink results.Sink) results.Sink {
	for _, h := range g.hits {
		if h != nil {
			return &watcher{sink, g.hits}
		}
	}
	return sink
}

type watcher struct {
	results.Sink
	hits []*steering
}

// Record takes a sample's answer, as hit ratios are counted: a refresh asked
// the origin.
func (w *watcher) Record(s *results.Sample, d results.Detail) {
	if h := w.hits[s.Request]; h != nil && s.Outcome == results.OK {
		switch s.Cache {
		case results.CacheHit:
			h.tell(true, s.Done)
		case results.CacheMiss, results.CacheRefresh:
			h.tell(false, s.Done)
		}
	}
	w.Sink.Record(s, d)
}
