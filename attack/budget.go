package attack

import (
	"sync/atomic"
	"time"

	"frontload/results"
)

// A Budget is what a run may spend. Zero means no limit of the kind.
type Budget struct {
	// Requests is how many are sent at most. One that ends without its first
	// byte having been written is not counted; while it is under way it is.
	Requests int64

	// Bytes is how much is received, as [results.Sample] counts it, before
	// nothing more is sent. They count when an answer has ended, so that those
	// under way by then come on top.
	Bytes int64

	// Spent is called once, by the send loop, when nothing more is sent since
	// the budget is spent: that of bytes, or else that of requests. It must not
	// block. Nil is not told.
	Spent func(at time.Duration, bytes bool)
}

// spent is what a run has spent of its budget.
type spent struct{ requests, bytes atomic.Int64 }

// spend counts a call that has ended.
func (e *Engine) spend(s *results.Sample) {
	if !s.Written {
		e.spent.requests.Add(-1)
	}
	if e.cfg.Budget.Bytes > 0 {
		e.spent.bytes.Add(s.BytesIn)
	}
}

// overBudget reports whether nothing more may be sent, and tells so.
func (e *Engine) overBudget(now time.Duration) bool {
	b := &e.cfg.Budget
	requests := b.Requests > 0 && e.spent.requests.Load() >= b.Requests
	bytes := b.Bytes > 0 && e.spent.bytes.Load() >= b.Bytes
	if (requests || bytes) && b.Spent != nil {
		b.Spent(now, bytes)
	}
	return requests || bytes
}
