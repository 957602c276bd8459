package run

import (
	"net/netip"

	"frontload/results"
)

// foresee says where the plan's limits are going to hold arrivals back, as far
// as that can be known from the addresses that look-ups were answered by now.
func (r *runner) foresee(answered []netip.Addr) {
	known := map[netip.Addr]bool{}
	for _, a := range answered {
		known[a] = true
	}
	for _, s := range r.plan.Shortfalls(max(len(known), r.engine.Addresses())) {
		text := "as far as DNS was asked by now, " + s.String()
		r.say("warning: %s", text)
		r.recorder.Event(results.Event{Kind: "warning", Text: text})
	}
}
