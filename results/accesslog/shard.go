package accesslog

import (
	"bytes"
	"maps"
	"math"
	"slices"

	"frontload/results"
)

const (
	mostPlaces = 1 << 12
	mostHosts  = 16
	mostEras   = 256
)

// A shard counts the rows that one goroutine reads.
type shard struct {
	rows      int64
	cells     *cellTable
	stretches []stretch
	spill     *spill

	paths  *paths
	places map[string]uint16
	names  []string // of places, by number; the first is none

	eras   map[uint32]*era
	now    *era   // that of the last row
	number uint32 // its number
	hosts  nameCounts
	served nameCounts // rows by distribution, where the log names it
	unread unread

	at      location // of the row that is read
	clock   clock
	json    jsonReader
	row     row
	columns columns
	want    func(requestID []byte) bool
	found   []keptRow
	each    func(*row) error // takes the rows instead, where only what was asked for matters; nil for none
}

func newShard(s *spill, cells int) *shard {
	return &shard{
		cells: newCellTable(cells), spill: s, paths: newPaths(), places: map[string]uint16{}, names: []string{""},
		eras: map[uint32]*era{}, hosts: nameCounts{counts: map[string]*int64{}}, served: nameCounts{counts: map[string]*int64{}},
	}
}

// add counts the row whose columns were read. It fails only when rows cannot
// be set aside.
func (s *shard) add() error {
	unread, odd := s.row.read(&s.columns, &s.clock)
	if unread != none {
		s.unread.add(unread, 1, s.at)
		return nil
	}
	if odd != none {
		s.unread.add(odd, 1, s.at)
	}
	if s.each != nil {
		s.rows++
		return s.each(&s.row)
	}
	return s.count(&s.row)
}

func (s *shard) count(r *row) error {
	e := s.era(r.second())
	if e == nil {
		s.unread.add(outside, 1, s.at)
		return nil
	}
	s.rows++
	if r.firstByte == 0 && !r.firstTimed {
		r.firstByte = r.taken
	}
	path, where := s.paths.find(r.columns[fieldStem]), s.place(r.columns[fieldPOP])
	key := cellKey{
		second: r.second(), signals: uint32(r.signals), place: where, path: path, status: r.status, cache: r.cache, outcome: r.outcome,
	}
	c := s.cells.at(&key)
	c.count++
	c.sent += r.sent
	c.received += r.received
	c.taken += r.taken
	c.firstByte += r.firstByte
	e.add(r, path, where, s.mostClients())
	if r.status >= 500 || r.outcome == results.Transport {
		e.errors.add(r, path, s.names[where])
	}
	if s.want != nil && s.want(r.columns[fieldRequestID]) {
		s.found = append(s.found, keptRow{orderOf(r), path, exemplarOf(r, s.names[where]), r.millis})
	}
	s.countHost(r.columns)
	if s.cells.full() {
		return s.setAside()
	}
	return nil
}

// setAside writes the cells to the spill.
func (s *shard) setAside() error {
	at, err := s.spill.write(s.cells.sorted())
	if err != nil {
		return err
	}
	s.stretches = append(s.stretches, at)
	s.cells.reset()
	return nil
}

// era returns the era of a second, or nil when there are too many of them.
func (s *shard) era(second uint32) *era {
	n := second / eraSeconds
	if s.now != nil && s.number == n {
		return s.now
	}
	e := s.eras[n]
	if e == nil {
		if len(s.eras) >= mostEras {
			return nil
		}
		e = &era{}
		s.eras[n] = e
	}
	s.now, s.number = e, n
	return e
}

// mostClients shares the room for client addresses among the eras.
func (s *shard) mostClients() int { return max(2*toldClients, mostClients/max(1, len(s.eras)-1)) }

// place returns the number of an edge location, 0 for none.
func (s *shard) place(name []byte) uint16 {
	if i, ok := s.places[string(name)]; ok {
		return i
	}
	if !isPOP(name) || len(s.names) >= mostPlaces {
		return 0
	}
	i := uint16(len(s.names))
	s.names = append(s.names, string(name))
	s.places[string(name)] = i
	return i
}

// countHost counts the host that the viewer asked for, else the distribution's.
func (s *shard) countHost(c *columns) {
	host := c[fieldViewed]
	if isDash(host) {
		host = c[fieldHost]
	}
	if isDash(host) {
		return
	}
	s.hosts.add(host)
	if isDistribution(c[fieldHost]) {
		s.served.add(c[fieldHost])
	}
}

// nameCounts counts a few names. It remembers the last, which most rows repeat.
type nameCounts struct {
	counts map[string]*int64
	last   []byte
	n      *int64 // that of the last; nil for none
}

func (c *nameCounts) add(name []byte) {
	if c.n == nil || !bytes.Equal(c.last, name) {
		n, ok := c.counts[string(name)]
		if !ok {
			if len(c.counts) >= mostHosts || len(name) > 255 {
				return
			}
			n = new(int64)
			c.counts[string(name)] = n
		}
		c.last, c.n = append(c.last[:0], name...), n
	}
	*c.n++
}

// joinPlaces returns the names of all shards' places, sorted, and by shard and
// number there the number among them.
func joinPlaces(shards []*shard) (names []string, here [][]uint16) {
	all := map[string]bool{"": true}
	for _, s := range shards {
		for _, name := range s.names {
			all[name] = true
		}
	}
	names = slices.Sorted(maps.Keys(all))
	for _, s := range shards {
		numbers := make([]uint16, len(s.names))
		for i, name := range s.names {
			if at, _ := slices.BinarySearch(names, name); at <= math.MaxUint16 { // there are some hundreds
				numbers[i] = uint16(at)
			}
		}
		here = append(here, numbers)
	}
	return names, here
}

// eraRows returns the numbers of all shards' eras, and the rows of each.
func eraRows(shards []*shard) (numbers []uint32, rows map[uint32]int64) {
	rows = map[uint32]int64{}
	for _, s := range shards {
		for n, e := range s.eras {
			rows[n] += e.rows
		}
	}
	return slices.Sorted(maps.Keys(rows)), rows
}
