package analysis

import (
	"fmt"
	"slices"

	"frontload/results"
	"frontload/results/report/plain"
)

// The states of a rule.
const (
	ruleKept    = "kept"
	ruleBroken  = "broken"
	ruleUnknown = "unknown"
)

// fairness is Jain's index from which requests count as spread over all edge
// addresses: 1 when all got the same, 1/n when one of n got everything.
const fairness = 0.9

// notJudged says what is missing about a rule that the run alone cannot show.
const notJudged = "not judged yet: a run does not show it"

// judgeGuidance judges CloudFront's rules by what the run plainly shows, in
// the order of the document's schema.
func judgeGuidance(run *results.Run, l *ledger) []results.Rule {
	unknown := func(rule string) results.Rule {
		return results.Rule{Rule: rule, Status: ruleUnknown, Fix: notJudged}
	}
	rules := []results.Rule{
		unknown("regions"),
		clientAddresses(run, l),
		independentDNS(run),
		spreadRule(run, l),
		unknown("ramp"),
		unknown("url-variety"),
		unknown("quotas"),
		unknown("no-viewer-lambda"),
		unknown("no-origin-shield"),
		authorised(run),
	}
	if run.Info.Source == sourceLog {
		return withoutTest(rules)
	}
	return rules
}

func authorised(run *results.Run) results.Rule {
	r := results.Rule{Rule: "authorised", Status: ruleKept, Planned: "only with leave of the target's owner", Observed: run.Info.Authorization}
	switch {
	case r.Observed == "loopback":
		r.Observed = "every address was loopback"
	case r.Observed == "":
		r.Status, r.Fix = ruleUnknown, "the run does not say why it might load its target"
	}
	return r
}

func clientAddresses(run *results.Run, l *ledger) results.Rule {
	r := results.Rule{Rule: "client-addresses", Status: ruleUnknown, Planned: fmt.Sprintf("many client addresses, none over %d requests/s", mostPerClient)}
	list := sources(run)
	if len(list) == 0 {
		r.Fix = "the run names no client addresses"
		return r
	}
	total := int64(0)
	for _, c := range run.Clients {
		total += c.Requests
	}
	busiest, rate := busiestAddress(run, l)
	r.Status = ruleKept
	r.Observed = fmt.Sprintf("%s; the busiest sent %s of the requests, %s/s on the average",
		many(len(list), "client address", "client addresses"), share(busiest, total), plain.Number(rate))
	if rate > mostPerClient {
		r.Status = ruleBroken
		r.Fix = fmt.Sprintf("use at least %d times as many clients, each with an address of its own", int(rate/mostPerClient)+1)
	} else if len(list) == 1 {
		r.Status = ruleBroken
		r.Fix = "send from several client addresses: CloudFront is built for viewers that differ"
	}
	return r
}

func independentDNS(run *results.Run) results.Rule {
	r := results.Rule{Rule: "independent-dns", Status: ruleUnknown, Planned: "every client makes its own DNS lookups"}
	lookups := lookupsByClient(run)
	if len(lookups) == 0 {
		r.Fix = "the run holds no DNS lookups"
		return r
	}
	answers := 0
	for _, n := range lookups {
		answers += n
	}
	known := clients(run)
	r.Status = ruleKept
	r.Observed = fmt.Sprintf("%s made %s, %.1f each, for %s", many(len(lookups), "client", "clients"), many(answers, "lookup", "lookups"),
		float64(answers)/float64(len(lookups)), many(known, "client", "clients")+" that sent")
	if len(lookups) < known {
		r.Status = ruleBroken
		r.Fix = "let every client resolve for itself"
	}
	return r
}

func spreadRule(run *results.Run, l *ledger) results.Rule {
	r := results.Rule{Rule: "spread", Status: ruleUnknown, Planned: fmt.Sprintf("every address that DNS gave, evenly, none over %d requests/s", mostPerEdge)}
	addresses := edges(run, l)
	if len(addresses) < 2 {
		r.Observed = many(len(addresses), "edge address", "edge addresses")
		r.Fix = "fewer than two edge addresses: there was nothing to spread over"
	} else {
		jain := jainIndex(addresses)
		r.Status = ruleKept
		r.Observed = fmt.Sprintf("%d edge addresses, evenness %.2f of 1 (Jain's index)", len(addresses), jain)
		if jain < fairness {
			r.Status = ruleBroken
			r.Fix = "let each client spread its requests over its whole DNS answer, and use more resolvers or client subnets"
		}
	}
	if over := overEdgeLimit(l); len(over) > 0 {
		r.Status = ruleBroken
		r.Observed += "; over the rate: " + list(over)
		r.Fix = "use more clients with lookups of their own, so that more edge addresses share the load"
	}
	return r
}

// jainIndex returns (Σx)² / (n·Σx²) of the requests per address.
func jainIndex(list []results.AddressCount) float64 {
	var sum, squares float64
	for _, e := range list {
		x := float64(e.Requests)
		sum += x
		squares += x * x
	}
	if squares == 0 {
		return 1
	}
	return sum * sum / (float64(len(list)) * squares)
}

// overEdgeLimit names the edge addresses that got too much in one second.
func overEdgeLimit(l *ledger) []string {
	var over []string
	for edge, n := range l.edgePeak {
		if edge.IsValid() && n > mostPerEdge {
			over = append(over, fmt.Sprintf("%s with %d requests/s", edge, n))
		}
	}
	slices.Sort(over)
	return over
}

// many returns a number with its noun.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
