package accesslog

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"frontload/results"
)

// Clients are counted one by one up to so many. Of more, those with the fewest
// requests lose their names: whoever sends much keeps it.
const (
	mostClients = 1 << 16
	toldClients = 1000 // named in the end
)

// clients counts rows by client address.
type clients struct {
	index  map[string]int32
	list   []results.Tally
	rest   results.Tally // of those that lost their names
	pruned bool
	seen   distinct
}

func (c *clients) add(r *row, address []byte, most int) {
	i, ok := c.index[string(address)]
	if !ok {
		i = c.enter(string(address), most)
	}
	t := &c.list[i]
	t.Requests++
	t.BytesIn += r.sent
	if r.status != 0 {
		t.Answers++
	}
	if r.status == 503 {
		t.Status503++
	}
}

func (c *clients) enter(address string, most int) int32 {
	if c.index == nil {
		c.index = map[string]int32{}
	}
	if len(c.list) >= most {
		c.keep(most / 2)
		c.pruned = true
	}
	c.seen.add(address)
	i := int32(len(c.list))
	c.list = append(c.list, results.Tally{Name: address})
	c.index[address] = i
	return i
}

// keep keeps the names of so many, those with the most requests.
func (c *clients) keep(most int) {
	if len(c.list) <= most {
		return
	}
	c.order()
	for i := range c.list[most:] {
		addTally(&c.rest, &c.list[most+i])
	}
	clear(c.list[most:])
	c.list = c.list[:most]
	clear(c.index)
	for i := range c.list {
		c.index[c.list[i].Name] = int32(i)
	}
}

func (c *clients) merge(o *clients) {
	if c.index == nil {
		c.index = map[string]int32{}
	}
	for i := range o.list {
		at, ok := c.index[o.list[i].Name]
		if !ok {
			at = int32(len(c.list))
			c.index[o.list[i].Name] = at
			c.list = append(c.list, results.Tally{Name: o.list[i].Name})
		}
		addTally(&c.list[at], &o.list[i])
	}
	addTally(&c.rest, &o.rest)
	c.pruned = c.pruned || o.pruned
	c.seen.merge(&o.seen)
}

// tallies returns the busiest clients, the sum of the rest without a name, and
// how many there were: an estimate where names were lost.
func (c *clients) tallies() (list []results.Tally, seen int, exact bool) {
	seen = len(c.list)
	if c.pruned {
		seen = max(seen, c.seen.estimate())
	}
	c.keep(toldClients)
	c.order()
	list = c.list
	for i := range list {
		list[i].Client = uint32(i)
	}
	if c.rest != (results.Tally{}) {
		list = append(list, c.rest)
	}
	return list, seen, !c.pruned
}

// order puts the busiest first.
func (c *clients) order() {
	slices.SortFunc(c.list, func(x, y results.Tally) int {
		return cmp.Or(cmp.Compare(y.Requests, x.Requests), cmp.Compare(x.Name, y.Name))
	})
}

func addTally(to, from *results.Tally) {
	to.Requests += from.Requests
	to.Answers += from.Answers
	to.Status503 += from.Status503
	to.BytesIn += from.BytesIn
}

// distinct estimates how many different texts it was given: a HyperLogLog
// (Flajolet and others, 2007) of 2^12 registers, right to about 1.6 %.
type distinct struct{ registers []uint8 }

const distinctBits = 12

func (d *distinct) add(s string) {
	if d.registers == nil {
		d.registers = make([]uint8, 1<<distinctBits)
	}
	h := mix(s)
	at := h >> (64 - distinctBits)
	rank := uint8(bits.LeadingZeros64(h<<distinctBits|1<<(distinctBits-1)) + 1)
	d.registers[at] = max(d.registers[at], rank)
}

func (d *distinct) merge(o *distinct) {
	if o.registers == nil {
		return
	}
	if d.registers == nil {
		d.registers = make([]uint8, 1<<distinctBits)
	}
	for i, r := range o.registers {
		d.registers[i] = max(d.registers[i], r)
	}
}

func (d *distinct) estimate() int {
	if d.registers == nil {
		return 0
	}
	m, sum, empty := float64(len(d.registers)), 0.0, 0
	for _, r := range d.registers {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			empty++
		}
	}
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e <= 2.5*m && empty > 0 {
		e = m * math.Log(m/float64(empty))
	}
	return int(math.Round(e))
}

// mix returns a hash of a text that is the same in every run.
func mix[T string | []byte](s T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
