package record

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"frontload/results"
)

// Busiest is how many clients and how many prefixes are told by name.
const Busiest = 1000

// tallies counts by name over the whole run.
type tallies[K comparable] struct {
	byName  map[K]*results.Tally
	rest    results.Tally // of those without a name, or one too many
	changed bool
	name    func(K) string // empty for the rest
}

func (t *tallies[K]) add(from *table[K, results.Tally]) {
	for i, k := range from.keys {
		addTally(t.at(k), from.vals[i])
		t.changed = true
	}
}

func (t *tallies[K]) at(k K) *results.Tally {
	if one, ok := t.byName[k]; ok {
		return one
	}
	name := t.name(k)
	if name == "" || len(t.byName) >= mostNames {
		return &t.rest
	}
	one := &results.Tally{Name: name}
	t.byName[k] = one
	return one
}

// take returns the busiest, and the sum of the rest without a name, or nil when
// nothing changed since the last call.
func (t *tallies[K]) take() []results.Tally {
	if !t.changed {
		return nil
	}
	t.changed = false
	all := make([]*results.Tally, 0, len(t.byName))
	for _, one := range t.byName {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *results.Tally) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name))
	})
	var out []results.Tally
	rest := t.rest
	for i, one := range all {
		if i < Busiest {
			out = append(out, *one)
		} else {
			addTally(&rest, *one)
		}
	}
	if rest != (results.Tally{}) {
		out = append(out, rest)
	}
	return out
}

func addressName(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func prefixName(p string) string { return p }
