package lab

import "sync"

// maxAsks is how many requests may be under way at once, over all edge
// addresses; twice what a load generator keeps in flight by default.
const maxAsks = 20_000

// A gate counts those inside, lets in no more than a number at once, and
// nobody once it is shut. Unlike with a sync.WaitGroup, one may come while
// another already waits for the last to leave.
type gate struct {
	most   int
	mu     sync.Mutex
	inside int
	shut   bool
	empty  chan struct{} // closed when shut and empty; made by the first close
}

// enter reports whether the caller is let in; if so it must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut || g.inside >= g.most {
		return false
	}
	g.inside++
	return true
}

// leave undoes one enter.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.shut && g.inside == 0 {
		close(g.empty)
	}
}

// count returns how many are inside.
func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inside
}

// close shuts the gate and waits until all have left. It may be called once.
func (g *gate) close() {
	g.mu.Lock()
	g.shut, g.empty = true, make(chan struct{})
	if g.inside == 0 {
		close(g.empty)
	}
	g.mu.Unlock()
	<-g.empty
}
