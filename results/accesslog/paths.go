package accesslog

import "bytes"

// Paths are counted by their first segments, as a tree: what lies beyond is
// counted at the node above it. A directory with more directories or files in
// it than these counts all of them as one, and so does any for names that vary.
const (
	mostDirectories = 64
	mostFiles       = 16
	mostDepth       = 3
	mostSegment     = 64 // bytes
	// When the tree has more nodes it loses its deepest level.
	mostNodes = 2048
)

// The numbers of nodes that every tree has.
const (
	rootNode = 0
	noPath   = 1 // of rows that tell no path
)

// A pathNode is a directory or a file. What is below a directory and has no
// node of its own counts as the directory's.
type pathNode struct {
	segment string
	parent  uint16
	depth   int
	file    bool

	directories, files map[string]uint16
	anyDirectory       bool // its directories, and all else below it, count as its own
	anyFile            bool // its files count as its own
}

// paths is a tree of paths. What it is in the end depends on which paths were
// added, not on their order, as long as the tree never grows too large.
type paths struct {
	nodes []pathNode
	depth int            // levels that count
	level [mostDepth]int // nodes by depth, less one
}

func newPaths() *paths {
	return &paths{nodes: []pathNode{{}, {segment: "(no path)", file: true}}, depth: mostDepth}
}

// find returns the node of a path, which it adds where there is room.
func (p *paths) find(path []byte) uint16 {
	if len(path) == 0 || path[0] != '/' {
		return noPath
	}
	at, rest := uint16(rootNode), path[1:]
	for range p.depth {
		end := bytes.IndexByte(rest, '/')
		segment := rest
		if end >= 0 {
			segment = rest[:end]
		} else if q := bytes.IndexByte(rest, '?'); q >= 0 {
			segment = rest[:q]
		}
		child, ok := p.child(at, segment, end < 0)
		if !ok || end < 0 {
			return child
		}
		at, rest = child, rest[end+1:]
	}
	return at
}

// child returns a child of a node, a new one where there is room and the name
// is not one that varies; else the node itself and false.
func (p *paths) child(at uint16, segment []byte, file bool) (uint16, bool) {
	n := &p.nodes[at]
	if n.anyDirectory || file && n.anyFile {
		return at, false
	}
	in := n.directories
	if file {
		in = n.files
	}
	if child, ok := in[string(segment)]; ok {
		return child, true
	}
	if varied(segment) {
		return at, false
	}
	return p.add(at, string(segment), file)
}

// add adds a child, and returns its parent and false where that has too many.
func (p *paths) add(at uint16, segment string, file bool) (uint16, bool) {
	n := &p.nodes[at]
	switch {
	case file && len(n.files) >= mostFiles:
		n.anyFile = true
		return at, false
	case !file && len(n.directories) >= mostDirectories:
		n.anyDirectory = true
		return at, false
	}
	child := uint16(len(p.nodes))
	p.nodes = append(p.nodes, pathNode{segment: segment, parent: at, depth: n.depth + 1, file: file})
	n = &p.nodes[at]
	in := &n.directories
	if file {
		in = &n.files
	}
	if *in == nil {
		*in = map[string]uint16{}
	}
	(*in)[segment] = child
	p.level[n.depth]++
	p.prune()
	return child, true
}

// prune gives up the deepest level while there are too many nodes. The first
// level alone has few.
func (p *paths) prune() {
	for p.depth > 1 {
		sum := 0
		for _, n := range p.level[:p.depth] {
			sum += n
		}
		if sum <= mostNodes {
			return
		}
		p.depth--
	}
}

// resolve returns the node that a node counts as.
func (p *paths) resolve(i uint16) uint16 {
	if i == rootNode || i == noPath {
		return i
	}
	n := &p.nodes[i]
	parent := p.resolve(n.parent)
	above := &p.nodes[parent]
	if parent != n.parent || n.depth > p.depth || above.anyDirectory || n.file && above.anyFile {
		return parent
	}
	return i
}

// merge adds another tree's nodes, and returns by their number there the one
// here. What a number counts as is settled once all trees are merged.
func (p *paths) merge(o *paths) []uint16 {
	p.depth = min(p.depth, o.depth)
	here := make([]uint16, len(o.nodes))
	here[noPath] = noPath
	for i := range o.nodes {
		n := &o.nodes[i]
		if i > noPath {
			here[i] = p.adopt(here[n.parent], n)
		}
		mine := &p.nodes[here[i]]
		whole := i <= noPath || mine.segment == n.segment && mine.depth == n.depth
		mine.anyDirectory = mine.anyDirectory || whole && n.anyDirectory
		mine.anyFile = mine.anyFile || whole && n.anyFile
	}
	return here
}

// adopt returns the child like n of a node, or the node itself.
func (p *paths) adopt(at uint16, n *pathNode) uint16 {
	if p.nodes[at].depth != n.depth-1 || n.depth > p.depth || p.nodes[at].file {
		return at
	}
	child, _ := p.child(at, []byte(n.segment), n.file)
	return child
}

// name returns a node's path; that of a directory ends in "/*".
func (p *paths) name(i uint16) string {
	switch n := &p.nodes[i]; {
	case i == noPath:
		return n.segment
	case n.file:
		return p.directory(n.parent) + n.segment
	default:
		return p.directory(i) + "*"
	}
}

// directory returns a directory's path with the slash at its end.
func (p *paths) directory(i uint16) string {
	if i == rootNode {
		return "/"
	}
	n := &p.nodes[i]
	return p.directory(n.parent) + n.segment + "/"
}

// varied reports whether a segment looks like one of very many: a number, or
// an identifier with several digits in it.
func varied(segment []byte) bool {
	if len(segment) > mostSegment {
		return true
	}
	count, only := 0, true // digits; nothing else before the first dot
	dot := false
	for _, c := range segment {
		switch {
		case isDigit(c):
			count++
		case c == '.':
			dot = true
		case !dot:
			only = false
		}
	}
	return count >= 4 || count > 0 && only
}
