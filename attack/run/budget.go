package run

import (
	"time"

	"frontload/attack"
	"frontload/results"
)

// budget returns what the plan may spend. That it is spent becomes an event.
func (r *runner) budget() attack.Budget {
	b := r.plan.Budget
	return attack.Budget{Requests: b.Requests, Bytes: b.Bytes, Spent: func(at time.Duration) {
		r.tell(results.Event{At: at, Kind: results.EventBudget, Text: "the budget of " + b.String() + " is spent: nothing more is sent"})
	}}
}
