package run

import (
	"fmt"

	"frontload/results"
)

// ownFiles is how many files the program has open beside its connections, at
// most: the run file, resolvers, and what the runtime needs.
const ownFiles = 64

// warnOfFiles says so when the plan may need more connections than this
// process may have files open. The Go runtime has raised the limit as far as
// it may (the soft limit to the hard one) when the program started.
func (r *runner) warnOfFiles() {
	limit, known := mostFiles()
	c := &r.plan.Clients
	edges := max(1, r.engine.Addresses())
	need := uint64(c.Count) * uint64(edges) * uint64(c.Connections)
	if !known || need+ownFiles <= limit {
		return
	}
	if need = min(need, r.plan.Schedule.Mean()); need+ownFiles <= limit { // each is dialled for an arrival
		return
	}
	text := fmt.Sprintf("this run may need %d connections (of %d clients to %d edge addresses, %d each at most), and this process may have only %d files open: "+
		"raise the hard limit on open files (ulimit -Hn, or LimitNOFILE= of a systemd unit) above %d, or lower clients.count or clients.connections",
		need, c.Count, edges, c.Connections, limit, need+ownFiles)
	r.say("warning: %s", text)
	r.recorder.Event(results.Event{Kind: "warning", Text: text})
}
