package report

import (
	"cmp"
	"fmt"

	"frontload/results/report/plain"
)

func (t text) trust(d detail) []string {
	doubts := t.in.doubts()
	var lines []string
	if !t.in.Analysis.Trust.OK {
		lines = append(lines, "DO NOT BELIEVE THIS RUN: "+t.in.disbelief()+".")
	} else if len(doubts) > 0 {
		lines = append(lines, "Read with care:")
	}
	for i, r := range doubts {
		if i == d.reasons {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(doubts)-i))
			break
		}
		lines = append(lines, t.wrap("  - ", r, d.wrapped)...)
	}
	return lines
}

func (t text) heading() []string {
	r := t.in.Analysis.Run
	name := plain.Line(r.Name)
	if name == "" {
		name = "unnamed run"
	}
	first := plain.Cut(name, 48) + "  " + plain.Line(r.Target)
	when := "start not known"
	if s := t.in.start(); !s.IsZero() {
		when = s.UTC().Format("2006-01-02 15:04:05 MST")
	}
	if l := t.in.length(); l > 0 {
		when += ", " + plain.Clock(l)
	}
	if how := t.in.ended(); how != "" {
		when += ", " + how
	}
	leave := ""
	if r.Authorization != "" {
		leave = "authorised by " + plain.Line(r.Authorization)
	}
	return append([]string{first}, t.flow(when, t.in.source(), leave, t.in.whichTimes(), t.in.warmup(), t.in.early())...)
}

func (t text) counts() []string {
	r, n, trust := t.in.Analysis.Run, t.in.tally(), t.in.Analysis.Trust
	count := func(what string, v int64) string { return what + " " + plain.Count(v) }
	others := count("other errors", n.errors)
	if kinds := t.in.otherStatuses(4); kinds != "" {
		others += " (" + kinds + ")"
	}
	left := count("missed", trust.MissedArrivals) + ", " + count("unsent", trust.UnsentArrivals)
	if t.in.fromLogs() {
		left = t.in.gone()
	}
	if t.in.fromVegeta() {
		left = ""
	}
	lines := t.flow(count("requests", r.Requests), t.in.rate(), count("ok", n.ok), count("503", r.Responses503), others, left)
	if n.transport > 0 {
		why := plain.Line(r.TransportReason())
		lines = append(lines, plain.Count(n.transport)+" errors without a whole answer ("+cmp.Or(why, "reason not known")+")")
	}
	edges := count("edge addresses", int64(r.EdgeAddresses))
	if spread := t.in.spread(); spread != "" {
		edges += ", " + spread
	}
	if t.in.fromLogs() {
		edges = ""
	}
	if join := t.in.join(); join != "" {
		lines = append(lines, t.wrap("access logs: ", join, 6)...)
	}
	if control := t.in.control(); control != "" {
		lines = append(lines, "straight to the origin: "+control)
	}
	if wanted := t.in.hitsWanted(); wanted != "" {
		lines = append(lines, t.wrap("hit ratio held: ", wanted, 4)...)
	}
	clients := count("clients", int64(r.Clients))
	if t.in.fromVegeta() {
		clients, edges = "", ""
	}
	if t.in.fromLogs() && r.Clients == 0 {
		clients = "" // the log does not name them
	}
	return append(lines, t.flow(clients, edges, t.in.pops(), t.in.hitRatio())...)
}
