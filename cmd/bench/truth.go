//go:build linux

package main

import (
	"math"
	"slices"
	"time"
)

// A freeze is a server that answers nothing for a while, and what users who
// keep to a schedule have to do with it: they come at i/rate, and those that
// find no connection free wait for one in the order in which they came.
type freeze struct {
	rate        int           // users per second
	span        time.Duration // for how long they come
	connections int           // how many may be open; each carries one request at a time
	service     time.Duration // from a request's arrival at the server to its answer
	cycle       time.Duration // from one request to the next on a connection that never rests; at least service
	from, to    time.Duration // when the server answers nothing, since the first user
}

// waits returns what each user waits for an answer, in the order in which
// they come.
//
// A user takes the connection that has been free for longest. All connections
// take equally long and a freeze lets nobody overtake, so that this is the one
// of the user who came as many places before as there are connections.
func (f freeze) waits() []time.Duration {
	free := make([]time.Duration, f.connections)
	waits := make([]time.Duration, int(float64(f.rate)*f.span.Seconds()))
	for i := range waits {
		came := time.Duration(i) * time.Second / time.Duration(f.rate)
		next := &free[i%f.connections]
		answered := f.thawed(max(came, *next) + f.service)
		*next = answered + f.cycle - f.service
		waits[i] = answered - came
	}
	return waits
}

// thawed returns when an answer that is due at t is given.
func (f freeze) thawed(t time.Duration) time.Duration {
	if t >= f.from && t < f.to {
		return f.to
	}
	return t
}

// percents are the percentiles that are asked of every tool that can tell
// them. The last one is the maximum.
var percents = [...]float64{
	0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 87.5, 90, 91, 92, 93, 94, 95, 96, 97, 98, 98.5, 99, 99.3, 99.5, 99.7, 99.9, 99.95, 99.99, 100,
}

// A point of a spectrum: that percentage of the requests took no longer.
type point struct {
	Percent float64 `json:"percent"`
	Millis  float64 `json:"ms"`
}

// A spectrum is response times by percentile, rising.
type spectrum []point

// at returns a percentile in milliseconds, or NaN where the spectrum does not
// tell it.
func (s spectrum) at(percent float64) float64 {
	if i := slices.IndexFunc(s, func(p point) bool { return p.Percent == percent }); i >= 0 {
		return s[i].Millis
	}
	return math.NaN()
}

// spectrumOf sums up single response times, by nearest rank. It sorts them.
func spectrumOf(times []time.Duration) spectrum {
	slices.Sort(times)
	var s spectrum
	for _, p := range percents {
		if len(times) > 0 {
			rank := max(1, int(math.Ceil(p/100*float64(len(times))-1e-9)))
			s = append(s, point{p, millis(times[rank-1])})
		}
	}
	return s
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// An exchange is a request as the server saw it, by its own clock since the
// first one arrived.
type exchange struct {
	connection        int
	arrived, answered time.Duration
}

// served returns what the users of the schedule waited in a run that sent all
// of its requests in their order: from when each was due to its answer. The
// schedule begins such that no request was early. It is nil for a run that
// sent more or less than the schedule has.
func served(all []exchange, rate int, span time.Duration) []time.Duration {
	wanted := float64(rate) * span.Seconds()
	if math.Abs(float64(len(all))-wanted) > 0.02*wanted {
		return nil
	}
	due := func(i int) time.Duration { return time.Duration(i) * time.Second / time.Duration(rate) }
	begin := time.Duration(math.MaxInt64)
	for i, e := range all {
		begin = min(begin, e.arrived-due(i))
	}
	waits := make([]time.Duration, len(all))
	for i, e := range all {
		waits[i] = e.answered - begin - due(i)
	}
	return waits
}

// pace returns how long the server took for a request, at the median, and how
// long a connection that users waited for took from one request to the next,
// at the mean over as long as the freeze was, after it. Users waited for it
// where a request was late by its schedule and came at once after the answer
// before. Both are equal when hardly anybody waited.
func pace(all []exchange, rate int, from, thaw time.Duration) (service, cycle time.Duration) {
	const late, rest = 2 * time.Millisecond, time.Millisecond
	var took []time.Duration
	var sum, n time.Duration
	last := map[int]exchange{}
	for i, e := range all {
		took = append(took, max(0, e.answered-e.arrived))
		before, ok := last[e.connection]
		last[e.connection] = e
		due := time.Duration(i) * time.Second / time.Duration(rate)
		drains := before.arrived >= thaw && e.arrived < thaw+(thaw-from)
		if ok && drains && e.arrived-due > late && e.arrived-before.answered < rest {
			sum += e.arrived - before.arrived
			n++
		}
	}
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	service = took[len(took)/2]
	if n < 20 {
		return service, service
	}
	return service, max(service, sum/n)
}
