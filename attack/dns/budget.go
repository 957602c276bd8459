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
// used by many goroutines at once; they are served in the order in which they
// came.
type Budget struct{ limiter *rate.Limiter }

// NewBudget allows the given number of queries per second, two of them at
// once, since a look-up asks for both families. Zero or less means
// [DefaultBudget].
func NewBudget(perSecond float64) *Budget {
	if !(perSecond > 0) {
		perSecond = DefaultBudget
	}
	return &Budget{rate.NewLimiter(rate.Limit(perSecond), len(kinds))}
}

// wait returns when n queries may be sent; n is at most len(kinds).
func (b *Budget) wait(ctx context.Context, n int) error {
	if err := b.limiter.WaitN(ctx, n); err != nil {
		return fmt.Errorf("wait for the budget of %v look-ups/s: %w", float64(b.limiter.Limit()), err)
	}
	return nil
}
