package results

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Trouble names the allowances of the network that were exceeded; it is empty
// when none was.
func (h *Host) Trouble() string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(h.Allowances)) {
		if h.Allowances[name] > 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return ""
	}
	return "a network allowance of the instance was exceeded (" + strings.Join(names, ", ") + "): use a larger instance, or more of them"
}

// A Stall is a span of the run's clock in which the load generator stood still;
// it may have begun some milliseconds earlier. What came meanwhile was read
// only after it.
type Stall struct{ From, To time.Duration }

// TroubleStall is the trouble of a [Second] in which the load generator stood
// still, or just after which it did: answers that came meanwhile were read
// late, so that it shows in the times of requests, where it cannot be told
// from the target's doing.
const TroubleStall = "the generator stood still, so answers were read late"

// A Host is what the load generator's process and machine were like in one
// second, by its own account. What could not be had there is nil. None of it
// makes a second generator-limited, but for an allowance that was exceeded; it
// explains why a second was.
type Host struct {
	Span        time.Duration // what the account is of: about a second, longer when the generator stood still
	CPUs        int           // that the process may use
	ProcessCPU  *float64      // CPUs that the process used, mean over the span
	MachineCPUs int           // that the machine has; zero when not known
	MachineCPU  *float64      // CPUs of the machine that were in use, by whatever process
	Steal       *float64      // share of the machine's CPU time that its hypervisor gave to others, 0 to 1
	GCLongest   *time.Duration
	GCTotal     *time.Duration // that garbage collection stopped the process for; GCLongest is the longest of those pauses
	RunQueueP99 *time.Duration // what goroutines waited for a CPU once they could run
	Resident    *int64         // bytes of memory
	OpenFiles   *int64         // of the process, sockets among them
	TCPSockets  *int64         // of the machine, or of the network namespace that the process is in
	Stall       *time.Duration // the longest that the process stood still; zero when it did not

	// Allowances are by how much each counter of an exceeded allowance rose,
	// by "interface counter" such as "ens5 pps_allowance_exceeded", those that
	// did not rise among them. Nil where no network interface counts them.
	Allowances map[string]int64
}

const betweenTroubles = "; "

// JoinTroubles adds to the troubles of a [Second] those that are not there yet.
func JoinTroubles(troubles, more string) string {
	for _, one := range Troubles(more) {
		switch {
		case troubles == "":
			troubles = one
		case !slices.Contains(Troubles(troubles), one):
			troubles += betweenTroubles + one
		}
	}
	return troubles
}

// Troubles returns the troubles that were joined, one by one.
func Troubles(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, betweenTroubles)
}
