package attack

import (
	"context"
	"time"

	"frontload/pacing"
)

const (
	// A client that is going to join looks the target up so long before its
	// first arrival: time for a query that is lost and asked again, and within
	// the TTL of most answers.
	joinAhead = 2 * time.Second
	// So often is looked who is next.
	joinEvery = 100 * time.Millisecond
	// So many look-ups of those who join go on at once, so that they do not
	// keep the others' from the budget for long.
	mostJoining = 16
)

// clientsAt returns how many clients the rate at a time of the run takes.
func (e *Engine) clientsAt(t time.Duration) int {
	if e.cfg.ClientsFor == nil {
		return len(e.clients)
	}
	return min(max(1, e.cfg.ClientsFor(pacing.Rate(e.course.Schedule().Rate(t)))), len(e.clients))
}

// beginJoining has clients look the target up before they are to take part. The
// function that it returns ends that.
func (e *Engine) beginJoining(ctx context.Context) (stop func()) {
	if e.joined == len(e.clients) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.join(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func (e *Engine) join(ctx context.Context) {
	tick := time.NewTicker(joinEvery)
	defer tick.Stop()
	first := 0 // those before it are ready
	for first < len(e.clients) {
		first = e.joinNext(first)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// joinNext begins the look-ups that are due, of the clients from first on, and
// returns the first client that is not ready. What failed is tried again.
func (e *Engine) joinNext(first int) int {
	for first < len(e.clients) && e.clients[first].ready.Load() {
		first++
	}
	joining := 0
	for _, c := range e.clients[first:max(first, e.clientsAt(e.Now()+joinAhead))] {
		if joining == mostJoining {
			break
		}
		if !c.ready.Load() {
			joining++
			c.join(e.ctx)
		}
	}
	return first
}

// join begins the client's first look-up, unless it is under way.
func (c *client) join(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookUp(ctx)
}
