package pacing

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// Arrivals is how arrivals are laid out along the integrated rate.
type Arrivals uint8

// The kinds of arrivals.
const (
	Uniform Arrivals = iota + 1 // arrival n exactly where the integral reaches n
	Poisson                     // independent arrivals, as from many people who know nothing of each other
)

// String returns "uniform" or "poisson".
func (a Arrivals) String() string {
	switch a {
	case Uniform:
		return "uniform"
	case Poisson:
		return "poisson"
	}
	return fmt.Sprintf("Arrivals(%d)", uint8(a))
}

// A Schedule says when every request is due, from 0 to its duration.
//
// With E(t) the integral of the rate from 0 to t, arrival n (counted from 0)
// stands at the first moment after which E exceeds
//
//	n                                for Uniform
//	X₀ + X₁ + … + Xₙ, unit exponentials   for Poisson, drawn from the seed
//
// to the nearest nanosecond. So a constant rate has its first uniform arrival
// at 0, one every 1/rate, and none at its very end: 100/s for 10 s is exactly
// 1,000 arrivals. Where the integral is no whole number, it is rounded up. An
// arrival whose place falls on a span of rate zero stands where the rate next
// rises. Times are right to a nanosecond, however long the schedule is.
//
// A Schedule does not change and may be used by many goroutines.
type Schedule struct {
	segments []Segment
	stages   []string
	pieces   []piece
	arrivals Arrivals
	seed     uint64
	end      position
	duration time.Duration

	counting sync.Once // guards drawn
	drawn    uint64    // the number of Poisson arrivals
	pacing   cursor
}

// New builds the schedule that runs through segments one after another. Seed
// matters to Poisson arrivals only: the same seed gives the same times. The
// error holds everything that is wrong.
func New(segments []Segment, arrivals Arrivals, seed uint64) (*Schedule, error) {
	err := checkAll(segments)
	if arrivals != Uniform && arrivals != Poisson {
		err = errors.Join(err, fmt.Errorf("arrivals are %v, want uniform or poisson", arrivals))
	}
	if err != nil {
		return nil, err
	}
	s := &Schedule{arrivals: arrivals, seed: seed}
	s.extend(segments)
	return s, nil
}

// extend adds segments at the end.
func (s *Schedule) extend(segments []Segment) {
	sum := s.end.rat()
	for _, g := range segments {
		s.add(newPiece(g, s.duration, s.end, sum), g, g.stage())
	}
}

// add adds a piece at the end, and the segment and stage that it stands for.
func (s *Schedule) add(p piece, g Segment, stage string) {
	s.pieces, s.segments, s.stages = append(s.pieces, p), append(s.segments, g), append(s.stages, stage)
	s.duration, s.end = p.until, p.end
}

// Duration returns how long the schedule lasts. Every arrival is before it.
func (s *Schedule) Duration() time.Duration { return s.duration }

// Segments returns a copy of what the schedule was built from.
func (s *Schedule) Segments() []Segment { return slices.Clone(s.segments) }

// Peak returns the highest rate of the schedule.
func (s *Schedule) Peak() Rate {
	var peak Rate
	for _, g := range s.segments {
		peak = max(peak, g.From, g.To)
	}
	return peak
}

// Expected returns the integral of the rate from 0 to t, in arrivals: zero
// before the start, the whole of it after the end.
func (s *Schedule) Expected(t time.Duration) float64 {
	switch {
	case t <= 0:
		return 0
	case t >= s.duration:
		return s.end.float()
	}
	return s.pieces[s.pieceAt(t)].expected(t)
}

// Count returns how many arrivals there are in all: the integral of the rate
// rounded up for Uniform, what the seed says for Poisson. For Poisson the
// first call draws them all, some nanoseconds each.
func (s *Schedule) Count() uint64 {
	if s.arrivals == Uniform {
		return s.Mean()
	}
	s.counting.Do(func() {
		st := s.Stream(0, 1)
		for st.draw() {
			s.drawn++
		}
	})
	return s.drawn
}

// Mean returns the integral of the rate over the whole schedule, rounded up: how
// many arrivals there are with Uniform, and about how many with Poisson.
func (s *Schedule) Mean() uint64 { return s.end.ceil() }

// Stage says in a few words what the schedule does at t, for a progress line:
// the name of the segment, or "hold 500/s", "ramp 50/s to 75/s", "pause".
// Before the start it says what comes first, from the end on "done".
func (s *Schedule) Stage(t time.Duration) string {
	if t >= s.duration {
		return "done"
	}
	return s.stages[s.pieceAt(max(0, t))]
}

// String describes the schedule on one line:
//
//	uniform: 0/s to 500/s in 1m, 500/s for 5m
//	poisson, seed 7: 500/s for 5m
func (s *Schedule) String() string {
	var b strings.Builder
	b.WriteString(s.arrivals.String())
	if s.arrivals == Poisson {
		fmt.Fprintf(&b, ", seed %d", s.seed)
	}
	separator := ": "
	for _, g := range s.segments {
		b.WriteString(separator)
		b.WriteString(g.String())
		separator = ", "
	}
	return b.String()
}

// pieceAt returns the index of the piece that t lies in; t must be at least 0
// and before the end. A piece holds its begin and not its end.
func (s *Schedule) pieceAt(t time.Duration) int {
	return sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].begin > t }) - 1
}
