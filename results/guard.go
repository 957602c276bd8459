package results

import (
	"strings"
	"time"
)

// EventGuard is the kind of the events that tell what the guard did.
const EventGuard = "guard"

// What a guard does to a run.
const (
	GuardHold    = "hold"     // the rate stays as it is
	GuardBackOff = "back-off" // the rate falls to a share of it
	GuardResume  = "resume"   // the load goes on as it was planned
	GuardStop    = "stop"     // the load ends
)

// A GuardAction is one thing that the guard did, and why.
type GuardAction struct {
	At     time.Time `json:"at"`
	Action string    `json:"action"` // hold, back-off, resume or stop
	Reason string    `json:"reason"` // in words
}

// GuardEvent returns the event that keeps what the guard did at a time of the
// run. [Run.Guard] reads it again.
func GuardEvent(at time.Duration, action, reason string) Event {
	return Event{At: at, Kind: EventGuard, Text: action + ": " + reason}
}

// Guard returns what the guard did, in order of time; empty, not nil, where
// it did nothing.
func (r *Run) Guard() []GuardAction {
	actions := []GuardAction{}
	for _, e := range r.Events {
		if e.Kind == EventGuard {
			action, reason, _ := strings.Cut(e.Text, ": ")
			actions = append(actions, GuardAction{At: r.Info.Start.Add(e.At), Action: action, Reason: reason})
		}
	}
	return actions
}
