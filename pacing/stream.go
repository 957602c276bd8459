package pacing

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"time"
)

// An Arrival is one scheduled request.
type Arrival struct {
	N  uint64        // its number, from 0, over the whole schedule, whatever the shard
	At time.Duration // its intended time, from the start of the schedule
}

// A Stream hands out the arrivals of one shard of a schedule, in order. It
// belongs to one goroutine.
type Stream struct {
	s             *Schedule
	shard, shards uint64
	next          uint64     // Uniform: the number of the next arrival; Poisson: of the next draw
	handed        bool       // the last Next returned an arrival
	piece         int        // where the last arrival was
	at            position   // Poisson: where the last draw was
	drawn         bool       // Poisson: at is that of next, which has not been counted yet
	random        *rand.Rand // Poisson only
}

// Stream returns the arrivals whose number modulo shards is shard. The streams
// of all shards together hold the very same arrivals as Stream(0, 1), wherever
// each of them runs. It panics unless 0 <= shard < shards.
func (s *Schedule) Stream(shard, shards int) *Stream {
	if shard < 0 || shard >= shards {
		panic(fmt.Sprintf("pacing: shard %d of %d, want 0 <= shard < shards", shard, shards))
	}
	st := &Stream{s: s, shard: uint64(shard), shards: uint64(shards)}
	if s.arrivals == Poisson {
		st.random = rand.New(rand.NewPCG(s.seed, 0))
	} else {
		st.next = st.shard
	}
	return st
}

// Next returns the next arrival of the shard, or false when there is none
// left. It does not allocate. With Poisson arrivals every shard draws the
// times of all shards, since each depends on the one before.
func (st *Stream) Next() (a Arrival, ok bool) {
	if st.random == nil {
		a, ok = st.nextUniform()
	} else {
		a, ok = st.nextPoisson()
	}
	st.handed = ok
	return a, ok
}

// Follow goes on with another schedule, one that its [Course] has become: it
// hands the last arrival out again, which must not have been sent, at its place
// there. So it does with the next one, where none was left.
func (st *Stream) Follow(s *Schedule) (Arrival, bool) {
	st.s, st.piece = s, 0
	if st.handed && st.random == nil {
		st.next -= st.shards
	}
	if st.handed && st.random != nil {
		st.next, st.drawn = st.next-1, true
	}
	return st.Next()
}

// nextUniform is Next for uniform arrivals.
func (st *Stream) nextUniform() (Arrival, bool) {
	n := st.next
	pos := position{whole: n}
	if !pos.before(st.s.end) {
		return Arrival{}, false
	}
	st.next += st.shards
	return Arrival{N: n, At: st.place(pos)}, true
}

// nextPoisson is Next for Poisson arrivals.
func (st *Stream) nextPoisson() (Arrival, bool) {
	for st.draw() {
		if n := st.next - 1; n%st.shards == st.shard {
			return Arrival{N: n, At: st.place(st.at)}, true
		}
	}
	return Arrival{}, false
}

// draw moves on to the next Poisson arrival of any shard and reports whether
// there is one.
func (st *Stream) draw() bool {
	if !st.drawn {
		st.at = st.at.plus(st.random.ExpFloat64())
		st.drawn = true
	}
	if !st.at.before(st.s.end) {
		return false
	}
	st.drawn = false
	st.next++
	return true
}

// place returns the time of pos, which must not lie before the last one that
// was asked for, and must lie before the end.
func (st *Stream) place(pos position) time.Duration {
	for !pos.before(st.s.pieces[st.piece].end) {
		st.piece++
	}
	return st.s.pieces[st.piece].at(pos)
}

// place returns the time of any pos before the end.
func (s *Schedule) place(pos position) time.Duration {
	i := sort.Search(len(s.pieces), func(i int) bool { return pos.before(s.pieces[i].end) })
	return s.pieces[i].at(pos)
}
