package accesslog

import (
	"cmp"
	"slices"
)

// What a request is called: at most so many paths get a name of their own, and
// each of those has at least this share of the requests. Others count as what
// is above them.
const (
	mostPathNames = 32
	leastShare    = 1.0 / 2000
)

// A naming says by which name the requests of a path are known.
type naming struct {
	names []string // the one with most requests first
	of    []uint16 // by node, the index of its name
	nodes []uint16 // by name, its node
}

// A folding joins nodes to those above them.
type folding struct {
	*paths
	up   []uint16 // by node, what it counts as: itself, or a node above
	rows []int64  // by node, of those that count as itself
}

// newNaming folds the tree until few names are left. The rows of a node are
// those that were counted as its own.
func newNaming(p *paths, rows []int64) naming {
	f := &folding{p, make([]uint16, len(p.nodes)), make([]int64, len(p.nodes))}
	total, left := int64(0), 0
	for i := range p.nodes {
		f.up[i] = p.resolve(uint16(i))
		f.rows[f.up[i]] += rows[i]
		total += rows[i]
	}
	for _, n := range f.rows {
		if n > 0 {
			left++
		}
	}
	for {
		i, ok := f.lightest()
		if !ok || left <= mostPathNames && float64(f.rows[i]) >= leastShare*float64(total) {
			return f.naming()
		}
		parent := f.up[p.nodes[i].parent]
		if f.rows[parent] > 0 {
			left--
		}
		f.rows[parent] += f.rows[i]
		f.rows[i] = 0
		f.up[i] = parent
	}
}

// lightest returns the node of the fewest rows that there is one above of.
func (f *folding) lightest() (uint16, bool) {
	best := uint16(rootNode)
	for i, n := range f.rows {
		if i <= noPath || n == 0 {
			continue
		}
		if best == rootNode || f.compare(uint16(i), best) > 0 {
			best = uint16(i)
		}
	}
	return best, best != rootNode
}

// compare puts the node with more rows first, and one of two with the same by name.
func (f *folding) compare(x, y uint16) int {
	if c := cmp.Compare(f.rows[y], f.rows[x]); c != 0 {
		return c
	}
	return cmp.Compare(f.name(x), f.name(y))
}

// naming gives every node that has rows its name.
func (f *folding) naming() naming {
	n := naming{of: make([]uint16, len(f.nodes))}
	for i, rows := range f.rows {
		if rows > 0 {
			n.nodes = append(n.nodes, uint16(i))
		}
	}
	slices.SortFunc(n.nodes, f.compare)
	index := map[uint16]uint16{}
	for i, node := range n.nodes {
		index[node] = uint16(i)
		n.names = append(n.names, f.name(node))
	}
	for i := range f.nodes {
		at := uint16(i)
		for f.up[at] != at {
			at = f.up[at]
		}
		n.of[i] = index[at]
	}
	return n
}
