package lookout

import (
	"cmp"
	"slices"
	"time"

	"frontload/results"
	"frontload/results/record"
)

// A window holds the seconds that are looked at, in order. It holds
//
//   - the latest, all of them;
//   - those around the beginning of each burst that goes on, all of them, since
//     the way in which it began is evidence;
//   - of the ten minutes before these, one in ten, to tell what is usual.
//
// What was thinned out is as if it had never been: the seconds that are kept
// are analysed as if they followed each other. Where the cells are too many all
// the same, less is kept of each kind.
type window struct {
	kept     []second
	end      int   // the seconds before it are cut
	cells    int   // in all that is kept
	failures int64 // 503s in all that is kept
}

// A second is one of the run's.
type second struct {
	results.Second
	cells   []results.Cell
	control []results.Control // whose requests were sent in it
}

const (
	latest    = 60   // seconds that are kept whole
	beginning = 20   // seconds before and after a burst's start that are
	usual     = 600  // seconds of which some are kept
	oneIn     = 10   // of these
	mostKept  = 4    // bursts whose beginnings are kept
	mostCells = 60e3 // above it, less is kept
)

// add takes an interval, after which the seconds before end are cut, and
// returns how many 503s it has. What is of a second no longer kept is left out.
func (w *window) add(iv *record.Interval, end int) (failures int64) {
	for ; w.end < end; w.end++ {
		w.kept = append(w.kept, second{Second: results.Second{Second: w.end}})
	}
	for _, later := range iv.Seconds {
		if s := w.find(later.Second); s != nil {
			record.AddSecond(&s.Second, later)
		}
	}
	for cells := iv.Cells; len(cells) > 0; {
		n := 1
		for n < len(cells) && cells[n].Second == cells[0].Second {
			n++
		}
		if s := w.find(cells[0].Second); s != nil {
			s.add(cells[:n])
			w.cells += n
			failures += count503(cells[:n])
		}
		cells = cells[n:]
	}
	w.failures += failures
	for _, c := range iv.Control {
		if s := w.find(int(c.At / time.Second)); s != nil {
			s.control = append(slices.Clip(s.control), c)
		}
	}
	return failures
}

// add keeps cells. Those that are there already may be read elsewhere: they
// stay as they are.
func (s *second) add(cells []results.Cell) {
	if s.cells == nil {
		s.cells = slices.Clip(cells)
		return
	}
	s.cells = append(s.cells, cells...)
}

// find returns a second that is kept, or nil.
func (w *window) find(n int) *second {
	i, found := slices.BinarySearchFunc(w.kept, n, func(s second, n int) int { return cmp.Compare(s.Second.Second, n) })
	if !found {
		return nil
	}
	return &w.kept[i]
}

func count503(cells []results.Cell) (n int64) {
	for i := range cells {
		if cells[i].Status == 503 {
			n += cells[i].Count
		}
	}
	return n
}

// prune forgets what need not be kept while these bursts go on.
func (w *window) prune(bursts []tracked) {
	for less := 1; ; less *= 2 {
		w.kept = slices.DeleteFunc(slices.Clone(w.kept), func(s second) bool { return !w.keeps(s.Second.Second, bursts, less) })
		w.cells, w.failures = 0, 0
		for i := range w.kept {
			w.cells += len(w.kept[i].cells)
			w.failures += count503(w.kept[i].cells)
		}
		if w.cells <= mostCells || less == 4 {
			return
		}
	}
}

// keeps reports whether a second is kept; the more less is, the fewer are.
func (w *window) keeps(n int, bursts []tracked, less int) bool {
	if n >= w.end-latest/less {
		return true
	}
	oldest := w.end
	for _, b := range bursts[:min(len(bursts), mostKept)] {
		start := b.start()
		if start-beginning/less <= n && n < start+beginning/less {
			return true
		}
		oldest = min(oldest, start)
	}
	// Before the first burst that goes on, what is usual is kept as long as it
	// lasts; of what came since, only the latest.
	near := n >= w.end-usual || n < oldest && n >= oldest-usual
	return near && n%(oneIn*less) == 0
}

// A snapshot is what one look is at.
type snapshot []second

// run returns the snapshot as a run of seconds that follow each other.
func (s snapshot) run(info results.RunInfo) *results.Run {
	info.End = info.Start.Add(time.Duration(len(s)) * time.Second)
	run := &results.Run{Info: info}
	for i := range s {
		one := s[i].Second
		one.Second = i
		run.Seconds = append(run.Seconds, one)
		for _, c := range s[i].control {
			c.At = time.Duration(i)*time.Second + c.At%time.Second
			run.Control = append(run.Control, c)
		}
	}
	run.Cells = func(yield func(results.Cell, error) bool) {
		for i := range s {
			for _, c := range s[i].cells {
				c.Second = i
				if !yield(c, nil) {
					return
				}
			}
		}
	}
	return run
}

// A sighting is a burst that an analysis found, its times those of the run.
type sighting struct {
	results.Burst
	from, to int // seconds; to is exclusive
}

// sightings returns the bursts that were found in the run that began at start
// and is the snapshot's.
func (s snapshot) sightings(start time.Time, bursts []results.Burst) []sighting {
	list := make([]sighting, 0, len(bursts))
	for _, b := range bursts {
		from := int(b.Start.Sub(start) / time.Second)
		last := int((b.End.Sub(start) - 1) / time.Second)
		if from < 0 || last < from || last >= len(s) {
			continue
		}
		list = append(list, sighting{b, s[from].Second.Second, s[last].Second.Second + 1})
	}
	return list
}
