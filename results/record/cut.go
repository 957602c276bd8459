package record

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"frontload/results"
	"frontload/results/hist"
)

// state is what a Recorder keeps between cuts.
type state struct {
	gauged   int                     // the last second that got its gauges; -1 before the first
	lags     map[int]*hist.Histogram // send lags of the latest seconds
	windows  map[int]*fine           // fine histograms by their first second, not yet over
	over     []*fine                 // those that are, valid until the next cut; for reuse
	whole    fine                    // of the whole run, as of what was taken out of the shards
	taken    [][]*bin                // by shard: what the last cut took out, whose histograms it shows
	cuts     int
	clients  tallies[clientKey]
	prefixes tallies[string]
}

func newState(shards int) state {
	return state{
		taken:    make([][]*bin, shards),
		gauged:   -1,
		lags:     map[int]*hist.Histogram{},
		windows:  map[int]*fine{},
		clients:  tallies[clientKey]{byName: map[clientKey]*results.Tally{}, empty: emptyClient},
		prefixes: tallies[string]{byName: map[string]*results.Tally{}, empty: emptyPrefix},
	}
}

// Cut takes out everything of the seconds that ended before the one in which
// now lies; the rest stays for the next cut. What was recorded late into a
// second that is cut already comes out as an addition to it. Exemplars,
// look-ups and events come out at once. The gauges belong to the last of those
// seconds, and are left out when an earlier cut gave it gauges.
//
// Cut each second: what is held until then grows with the seconds.
func (r *Recorder) Cut(now time.Duration, g Gauges) *Interval {
	end := secondOf(now)
	return r.take(now, end, end-1, end, g)
}

// Finish takes out everything that is left, seconds and tens of seconds that
// are not over included. The gauges belong to the second that now is in or,
// at its very start, to the one before.
func (r *Recorder) Finish(now time.Duration, g Gauges) *Interval {
	return r.take(now, maxSecond, secondOf(now-1), maxSecond, g)
}

const maxSecond = int(^uint(0) >> 1)

// take takes out the seconds before end, and the tens of seconds that end by
// windowsEnd; last gets the gauges.
func (r *Recorder) take(now time.Duration, end, last, windowsEnd int, g Gauges) *Interval {
	r.cut.Lock()
	defer r.cut.Unlock()
	iv := &Interval{}
	var bins []*bin
	for i, s := range r.shards {
		s.release(r.cut.taken[i])
		r.cut.taken[i] = s.take(end)
		bins = append(bins, r.cut.taken[i]...)
	}
	slices.SortStableFunc(bins, func(a, b *bin) int { return cmp.Compare(a.second, b.second) })
	for len(bins) > 0 {
		n := 1
		for n < len(bins) && bins[n].second == bins[0].second {
			bins[0].merge(bins[n], r.cfg.MaxCells)
			n++
		}
		r.emit(iv, bins[0])
		bins = bins[n:]
	}
	r.gauge(iv, last, g)
	iv.host(g.Host, now)
	iv.stalls(g.Stalls)
	iv.troubles(g.Troubles)
	r.windows(iv, windowsEnd)
	iv.Clients, iv.Prefixes = r.cut.clients.take(), r.cut.prefixes.take()
	iv.ClientsSeen = clientsSeen(&r.cut.clients)
	r.notes.take(iv)
	return iv
}

// merge adds o, of the same second, to b.
func (b *bin) merge(o *bin, most int) {
	b.arrivals.add(o.arrivals)
	b.folded += o.folded
	for i, k := range o.cells.keys {
		b.cell(k, o.cells.vals[i].Count, most).Add(o.cells.vals[i])
	}
	for i, k := range o.sends.keys {
		*b.send(k, o.sends.vals[i], most) += o.sends.vals[i]
	}
	for i, k := range o.clients.keys {
		addTally(b.client(k), o.clients.vals[i])
	}
	for i, k := range o.prefixes.keys {
		if b.prefixes.find(k) == nil && b.prefixes.len() >= mostNames {
			k = ""
		}
		addTally(b.prefixes.at(k), o.prefixes.vals[i])
	}
	b.times.merge(o.times)
	b.lag.Merge(o.lag)
}

// emit adds a second to iv and to what is kept for the whole run.
func (r *Recorder) emit(iv *Interval, b *bin) {
	st := &r.cut.state
	iv.Folded += b.folded
	iv.Cells = append(iv.Cells, r.cells(b)...)
	sends := r.sends(b)
	iv.Sends = append(iv.Sends, sends...)
	iv.Seconds = append(iv.Seconds, r.second(b, sends))
	iv.Histograms = appendSecond(iv.Histograms, b, r.names, &r.pops)

	st.clients.add(&b.clients)
	st.prefixes.add(&b.prefixes)
}

// keptLags is for how many seconds send lags are kept, so that what comes late
// is judged together with what came before.
const keptLags = 8

// second returns the generator's account of one second. The send lag is that
// of the samples that finished in it; zero when b is an addition to a second
// too old to know it.
func (r *Recorder) second(b *bin, sends []results.Send) results.Second {
	s := results.Second{
		Second: b.second, Scheduled: b.arrivals.scheduled, Missed: b.arrivals.missed, Unsent: b.arrivals.unsent, Held: b.arrivals.held,
	}
	for _, one := range sends {
		s.Sent += one.Count
	}
	s.LagP99 = r.lag(b)
	s.Limited = Limited(s)
	return s
}

func (r *Recorder) lag(b *bin) time.Duration {
	lags := r.cut.lags
	newest := b.second
	for second := range lags {
		newest = max(newest, second)
	}
	for second := range lags {
		if second <= newest-keptLags {
			delete(lags, second)
		}
	}
	if b.second <= newest-keptLags {
		return 0
	}
	if lags[b.second] == nil {
		lags[b.second] = hist.New(fineDigits)
	}
	lags[b.second].Merge(b.lag)
	return lags[b.second].Quantile(0.99)
}

// gauge gives the generator's state to the last second, once.
func (r *Recorder) gauge(iv *Interval, last int, g Gauges) {
	if last <= r.cut.gauged {
		return
	}
	r.cut.gauged = last
	s := iv.second(last)
	s.Asked, s.InFlight, s.Stage = g.Asked, g.InFlight, g.Stage
	s.Limited = Limited(*s)
}

// windows takes out the tens of seconds that are over, and shows the
// histograms of the whole run when it is time to.
func (r *Recorder) windows(iv *Interval, end int) {
	st := &r.cut.state
	st.cuts++
	last := end == maxSecond
	whole := last || r.cfg.WholeRunEvery > 0 && st.cuts%r.cfg.WholeRunEvery == 1%r.cfg.WholeRunEvery
	if whole {
		r.takeFines(iv, maxSecond)
	} else if !r.cfg.NoTens {
		r.takeFines(iv, end-SpanTen+1)
	}
	for _, start := range slices.Sorted(maps.Keys(st.windows)) {
		if start <= end-SpanTen {
			r.closeWindow(iv, start)
		}
	}
	if whole {
		r.wholeRun(iv)
	}
}

// takeFines takes the fine histograms of what began before the given second
// out of the shards.
func (r *Recorder) takeFines(iv *Interval, before int) {
	st := &r.cut.state
	for _, s := range r.shards {
		for _, f := range s.takeFines(before) {
			over, negative := f.times.clamped()
			iv.Clamped += over
			iv.Negative += negative
			if st.windows[f.start] == nil {
				st.windows[f.start] = st.empty()
			}
			st.windows[f.start].merge(f.times)
			st.whole.merge(f.times)
			s.releaseFine(f)
		}
	}
}

// empty returns a set of fine histograms to fill.
func (st *state) empty() *fine {
	last := len(st.over) - 1
	if last < 0 {
		return &fine{}
	}
	f := st.over[last]
	st.over = st.over[:last]
	f.reset()
	return f
}

// mostOver bounds the sets of fine histograms that wait for reuse.
const mostOver = 2

// closeWindow takes out fine histograms that are over.
func (r *Recorder) closeWindow(iv *Interval, start int) {
	st := &r.cut.state
	over := st.windows[start]
	delete(st.windows, start)
	over.sum()
	if !r.cfg.NoTens {
		iv.Histograms = r.histograms(iv.Histograms, start, SpanTen, over.histograms)
	}
	if len(st.over) < mostOver {
		st.over = append(st.over, over)
	}
}

// wholeRun shows the histograms of the whole run.
func (r *Recorder) wholeRun(iv *Interval) {
	st := &r.cut.state
	st.whole.sum()
	iv.Histograms = r.histograms(iv.Histograms, 0, SpanRun, st.whole.histograms)
}
