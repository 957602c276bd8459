package run

import (
	"time"

	"frontload/attack"
	"frontload/results"
	"frontload/scenarios"
)

// budget returns what the plan may spend. That it is spent becomes an event.
func (r *runner) budget() attack.Budget {
	b := r.plan.Budget
	return attack.Budget{Requests: b.Requests, Bytes: b.Bytes, Spent: func(at time.Duration, bytes bool) {
		spent := scenarios.Budget{Requests: b.Requests}
		if bytes {
			spent = scenarios.Budget{Bytes: b.Bytes}
		}
		r.announce(results.Event{At: at, Kind: results.EventBudget, Text: "ended by its budget of " + spent.String()})
	}}
}
