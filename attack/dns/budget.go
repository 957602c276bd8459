package dns

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"
)

// DefaultBudget is how many queries a second one resolver gets when nothing
// else is said. EC2 drops what goes over 1,024 packets/s to its resolver.
const DefaultBudget = 100

// A Budget bounds the queries to one resolver, retries included. It may be
// used by many goroutines at once. Look-ups begin in the order in which they
// came; the further queries of one that has begun go before.
type Budget struct {
	limiter *rate.Limiter
	turn    chan struct{} // held by the one look-up that is about to begin
}

// NewBudget allows the given number of queries per second, two of them at
// once, since a look-up asks for both families. Zero or less means
// [DefaultBudget].
func NewBudget(perSecond float64) *Budget {
	if !(perSecond > 0) {
		perSecond = DefaultBudget
	}
	return &Budget{rate.NewLimiter(rate.Limit(perSecond), len(kinds)), make(chan struct{}, 1)}
}

// begin returns when a look-up may send its first n queries, at most
// len(kinds). Only one waits at the limiter at a time, where nobody is
// overtaken, so that the queue of look-ups does not hold up those under way.
func (b *Budget) begin(ctx context.Context, n int) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return b.spent(context.Cause(ctx))
	}
	defer func() { <-b.turn }()
	return b.wait(ctx, n)
}

// more returns when a look-up under way may send one further query.
func (b *Budget) more(ctx context.Context) error { return b.wait(ctx, 1) }

func (b *Budget) wait(ctx context.Context, n int) error {
	err := b.limiter.WaitN(ctx, n)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return b.spent(context.Cause(ctx))
	}
	return b.spent(context.DeadlineExceeded) // the limiter foresees it
}

func (b *Budget) spent(why error) error {
	return &budgetError{perSecond: float64(b.limiter.Limit()), err: why}
}

// A budgetError says that the budget left no time to send a query.
type budgetError struct {
	perSecond float64
	err       error // of the context
}

// Error names the budget, and what to do.
func (e *budgetError) Error() string {
	return fmt.Sprintf("wait for the budget of %v look-ups/s: %v; raise clients.lookups, or use more resolvers", e.perSecond, e.err)
}

func (e *budgetError) Unwrap() error { return e.err }
