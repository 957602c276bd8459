package record

import (
	"cmp"
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
	empty   func(K) results.Tally // with its name; without one it counts among the rest
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
	one := t.empty(k)
	if one.Name == "" || len(t.byName) >= mostNames {
		return &t.rest
	}
	t.byName[k] = &one
	return &one
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
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name), cmp.Compare(a.Client, b.Client))
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

func emptyClient(k clientKey) results.Tally {
	if !k.addr.IsValid() {
		return results.Tally{}
	}
	return results.Tally{Name: k.addr.String(), Client: k.index}
}

func emptyPrefix(p string) results.Tally { return results.Tally{Name: p} }

// clientsSeen counts the clients of which any request was written.
func clientsSeen(t *tallies[clientKey]) int {
	seen := map[uint32]struct{}{}
	for k, one := range t.byName {
		if one.Requests > 0 {
			seen[k.index] = struct{}{}
		}
	}
	return len(seen)
}
