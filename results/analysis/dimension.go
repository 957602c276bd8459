package analysis

import "slices"

// A dimension is one way in which the atoms of a run are grouped: by POP, say.
type dimension struct {
	kind  string
	names []string // its values, sorted; the empty one stands for what is unknown
	of    []uint32 // by atom, the index of its value
}

// findDimensions groups the atoms, in the dimension first that says more with
// fewer values. Where all come from one region there is none of regions.
func (l *ledger) findDimensions() []dimension {
	var all []dimension
	for _, kind := range []string{kindRegion, kindPOP, kindEdge, kindRequest} {
		d := l.group(kind)
		if kind != kindRegion || len(d.names) > 1 {
			all = append(all, d)
		}
	}
	return all
}

func (l *ledger) group(kind string) dimension {
	d := dimension{kind: kind, of: make([]uint32, len(l.atoms))}
	index := map[string]uint32{}
	for i := range l.atoms {
		index[l.value(kind, uint32(i))] = 0
	}
	d.names = sortedKeys(index)
	for i, name := range d.names {
		index[name] = uint32(i)
	}
	for i := range l.atoms {
		d.of[i] = index[l.value(kind, uint32(i))]
	}
	return d
}

// dimension returns the dimension of a kind; it has one value where the run
// has none.
func (l *ledger) dimension(kind string) *dimension {
	i := slices.IndexFunc(l.dimensions, func(d dimension) bool { return d.kind == kind })
	if i < 0 {
		return &dimension{kind: kind, names: []string{""}, of: make([]uint32, len(l.atoms))}
	}
	return &l.dimensions[i]
}

// value returns the value of an atom in a dimension; empty when unknown.
func (l *ledger) value(kind string, i uint32) string {
	a := l.atoms[i]
	switch kind {
	case kindRegion:
		return a.region
	case kindPOP:
		return a.pop
	case kindEdge:
		if a.edge.IsValid() {
			return a.edge.String()
		}
		return ""
	}
	return l.requestName(a.request)
}

// sums adds up the counts of atoms by their value.
func (d *dimension) sums(counts []count) []count {
	sums := make([]count, len(d.names))
	for i, c := range counts {
		sums[d.of[i]] = sums[d.of[i]].add(c)
	}
	return sums
}

// kindName returns what the document calls a kind of scope. Runs that were not
// planned have no request names: their requests are grouped by key prefix.
func (l *ledger) kindName(kind string) string {
	if kind == kindRequest && (l.info.Source == "access-log" || l.info.Source == "vegeta") {
		return kindPrefix
	}
	return kind
}
