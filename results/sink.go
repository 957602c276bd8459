package results

import (
	"net/netip"
	"time"
)

// A Sink takes what a load generator, real or simulated, has to tell. Its
// methods must not block on input or output and may be called by many
// goroutines at once. Times are offsets from the start of the run.
type Sink interface {
	// Arrival counts n arrivals that were intended at the given time and what
	// became of them at the send loop.
	Arrival(intended time.Duration, fate Fate, n int64)

	// Sent is called when the first byte of a request was written.
	Sent(at time.Duration, edge netip.Addr, request uint16)

	// Record takes a finished sample. s and d are valid only during the call;
	// d may be nil.
	Record(s *Sample, d Detail)

	// Lookup takes the result of one DNS look-up.
	Lookup(l Lookup)

	// Event takes something that happened to the run.
	Event(e Event)
}

// Fate is what the send loop did with an arrival.
type Fate uint8

// The fates. Every arrival is first either Started, Missed, Unsent or Held. One
// that was Started is followed by a sample, or becomes Abandoned.
const (
	Started   Fate = iota + 1 // handed to a client
	Missed                    // dropped: the generator was over 100 ms late
	Unsent                    // dropped: too many arrivals in flight already, the target's doing
	Held                      // dropped: a limit of the scenario did not let it out; counted among the unsent
	Abandoned                 // was Started, and was never sent: the run ended first, the generator lacked something such as open files, or a limit held it back after its look-up; counted among the unsent
)
