package record

import (
	"slices"
	"strings"
	"sync"

	"frontload/results"
	"frontload/results/hist"
)

// A shard holds what was recorded under one lock and not yet cut.
type shard struct {
	mu    sync.Mutex
	cfg   Config
	names series
	pops  *popNames

	bins  []*bin // seconds that are not cut yet; few
	free  []*bin // emptied, for reuse
	fines []*fineBin
	spare *fineBin // emptied, for reuse

	popID     map[string]uint16 // a copy of what pops knows
	lastPOP   string
	lastPOPID uint16
	texts     map[string]string // prefixes in memory of our own

	others int // samples since the last kept one that is no server's error
}

func newShard(cfg Config, pops *popNames, names series) *shard {
	return &shard{
		cfg: cfg, pops: pops, names: names,
		popID: map[string]uint16{}, texts: map[string]string{},
	}
}

// bin returns the bin of a second, which need not be a recent one.
func (s *shard) bin(second int) *bin {
	for i := len(s.bins) - 1; i >= 0; i-- {
		if s.bins[i].second == second {
			return s.bins[i]
		}
	}
	var b *bin
	if n := len(s.free); n > 0 {
		b, s.free = s.free[n-1], s.free[:n-1]
	} else {
		b = &bin{lag: hist.New(fineDigits)}
	}
	b.second = second
	s.bins = append(s.bins, b)
	return b
}

// A fineBin holds the fine histograms of the seconds from start on.
type fineBin struct {
	start int
	times fine
}

// fine returns the fine histograms that a second belongs to.
func (s *shard) fine(second int) *fine {
	start := s.cfg.fineStart(second)
	for i := len(s.fines) - 1; i >= 0; i-- {
		if s.fines[i].start == start {
			return &s.fines[i].times
		}
	}
	f := s.spare
	if s.spare = nil; f == nil {
		f = &fineBin{}
	}
	f.start = start
	s.fines = append(s.fines, f)
	return &f.times
}

// takeFines removes and returns the fine histograms of what began before the
// given second.
func (s *shard) takeFines(before int) []*fineBin {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*fineBin
	s.fines = slices.DeleteFunc(s.fines, func(f *fineBin) bool {
		if f.start >= before {
			return false
		}
		out = append(out, f)
		return true
	})
	return out
}

func (s *shard) releaseFine(f *fineBin) {
	f.times.reset()
	s.mu.Lock()
	s.spare = f
	s.mu.Unlock()
}

// take removes and returns the bins of the seconds before the given one.
func (s *shard) take(before int) []*bin {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*bin
	kept := s.bins[:0]
	for _, b := range s.bins {
		if b.second < before {
			out = append(out, b)
		} else {
			kept = append(kept, b)
		}
	}
	clear(s.bins[len(kept):])
	s.bins = kept
	return out
}

// mostFree bounds the emptied bins that wait for reuse.
const mostFree = 4

func (s *shard) release(bins []*bin) {
	for _, b := range bins {
		b.reset()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range bins {
		if len(s.free) < mostFree {
			s.free = append(s.free, b)
		}
	}
}

func (s *shard) record(sample *results.Sample) {
	b := s.bin(secondOf(sample.Done))
	pop := s.pop(sample.POP)
	b.cell(cellKey{
		edge: sample.Edge, signals: sample.Signals, request: sample.Request, status: sample.Status,
		pop: pop, cache: sample.Cache, outcome: sample.Outcome,
	}, 1, s.cfg.MaxCells).Add(counts(sample))
	t := tally(sample)
	if sample.Source.IsValid() || sample.Written {
		addTally(b.client(clientKey{sample.Client, sample.Source}), t)
	}
	if sample.Prefix != "" {
		addTally(s.prefix(b, sample.Prefix), t)
	}
	b.times.record(sample)
	if sample.Written {
		b.lag.Record(sample.Lag())
	}
	s.fine(b.second).record(sample, s.names, pop)
}

// pop returns the number of an edge location's name; 0 for none, a foreign
// one, or one too many.
func (s *shard) pop(name string) uint16 {
	if name == "" {
		return 0
	}
	if name == s.lastPOP {
		return s.lastPOPID
	}
	id, ok := s.popID[name]
	if !ok {
		if id = s.pops.id(name); id == 0 {
			return 0
		}
		name = strings.Clone(name)
		s.popID[name] = id
	}
	s.lastPOP, s.lastPOPID = s.pops.name(id), id
	return id
}

// mostPrefixBytes bounds the length of a prefix; what is longer is cut there.
const mostPrefixBytes = 512

func (s *shard) prefix(b *bin, p string) *results.Tally {
	p = p[:min(len(p), mostPrefixBytes)]
	if t := b.prefixes.find(p); t != nil {
		return t
	}
	if b.prefixes.len() >= mostNames {
		return b.prefixes.at("")
	}
	return b.prefixes.at(s.text(p))
}

// mostTexts bounds the texts that a shard remembers between seconds.
const mostTexts = 4096

// text returns p in memory that no caller can change or hold on to.
func (s *shard) text(p string) string {
	if t, ok := s.texts[p]; ok {
		return t
	}
	if len(s.texts) >= mostTexts {
		clear(s.texts)
	}
	t := strings.Clone(p)
	s.texts[t] = t
	return t
}
