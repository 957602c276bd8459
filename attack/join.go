package attack

import (
	"cmp"
	"context"
	"slices"
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
	// And so many more of those whose look-up failed, which have places of their
	// own: they take long, and are to keep nobody out.
	mostRetrying = 4
	// One whose look-up failed is tried again after so long, then after twice as
	// long each time, up to the most.
	againFirst = time.Second
	againMost  = time.Minute
)

// An absence is why a client that should take part does not.
type absence struct {
	why   error         // its last look-up failed; nil while none did
	wait  time.Duration // before it is tried again
	again time.Duration // when that is, in the run's time; zero while none failed
}

// prolong takes note that a look-up failed.
func (a *absence) prolong(now time.Duration, why error) {
	a.why, a.wait = why, min(max(againFirst, 2*a.wait), againMost)
	a.again = now + a.wait
}

// Absent returns how many clients do not take part though the rate takes them,
// since their look-ups failed, and why the first of them did. They are tried
// again for as long as the run lasts.
func (e *Engine) Absent() (clients int, why error) {
	for _, c := range e.clients {
		if c.ready.Load() {
			continue
		}
		c.mu.Lock()
		if !c.ready.Load() && c.absence.why != nil {
			clients++
			if why == nil {
				why = c.absence.why
			}
		}
		c.mu.Unlock()
	}
	return clients, why
}

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
	// those before first are ready
	for first := e.joinNext(0); first < len(e.clients); first = e.joinNext(first) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// joinNext begins the look-ups that are due, of the clients from first on, and
// returns the first client that is not ready. Of those that failed, the one goes
// first that has been due for longest.
func (e *Engine) joinNext(first int) int {
	for first < len(e.clients) && e.clients[first].ready.Load() {
		first++
	}
	now := e.Now()
	var fresh, failed queue
	for _, c := range e.clients[first:max(first, e.clientsAt(now+joinAhead))] {
		if !c.ready.Load() {
			c.enqueue(now, &fresh, &failed)
		}
	}
	slices.SortStableFunc(failed.due, func(a, b *client) int { return cmp.Compare(a.absence.again, b.absence.again) })
	fresh.begin(e.ctx, mostJoining)
	failed.begin(e.ctx, mostRetrying)
	return first
}

// A queue is the clients that look the target up in order to join.
type queue struct {
	underWay int       // look-ups
	due      []*client // those that may begin theirs
}

// begin begins look-ups that are due, as long as no more than most go on.
func (q *queue) begin(ctx context.Context, most int) {
	for _, c := range q.due[:min(len(q.due), max(0, most-q.underWay))] {
		c.join(ctx)
	}
}

// enqueue puts the client into the queue that it belongs to.
func (c *client) enqueue(now time.Duration, fresh, failed *queue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := fresh
	if c.absence.why != nil {
		q = failed
	}
	switch {
	case c.ready.Load(): // by now
	case c.resolving:
		q.underWay++
	case now >= c.absence.again:
		q.due = append(q.due, c)
	}
}

// join begins the client's first look-up, or the next after one that failed.
func (c *client) join(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookUp(ctx)
}
