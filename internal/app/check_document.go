package app

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"frontload/attack/run"
	"frontload/results"
	"frontload/results/report/plain"
	"frontload/scenarios"
	"frontload/scenarios/guidance"
)

// names tells what a sample of clients was told.
func names(plan *scenarios.Plan, sight *run.Sight) results.Names {
	s := sight.Sample
	n := results.Names{
		Name: plan.Target.Hostname, Asked: len(s.Answers), Of: s.Clients, Lookups: sight.Queries,
		Answers: []results.NameAnswer{}, Sets: []results.AddressSet{}, Addresses: len(addressesOf(s)),
	}
	for _, a := range s.Answers {
		answer := results.NameAnswer{
			Client: a.Client, Resolver: a.Resolver, Addresses: texts(a.Addresses),
			TTL: a.TTL.Seconds(), Took: float64(a.Took.Microseconds()) / 1000, Error: a.Err,
		}
		if a.Subnet.IsValid() {
			answer.Subnet = a.Subnet.String()
		}
		if a.Err != "" {
			n.Failed++
		}
		n.Answers = append(n.Answers, answer)
	}
	n.Sets = sets(s)
	return n
}

// sets gathers equal answers, the most frequent first. The order of addresses
// within an answer does not matter.
func sets(s *guidance.Sample) []results.AddressSet {
	list := []results.AddressSet{}
	at := map[string]int{}
	for _, a := range s.Answers {
		if len(a.Addresses) == 0 {
			continue
		}
		addrs := slices.Clone(a.Addresses)
		slices.SortFunc(addrs, netip.Addr.Compare)
		key := strings.Join(texts(addrs), " ")
		if _, known := at[key]; !known {
			at[key] = len(list)
			list = append(list, results.AddressSet{Addresses: texts(addrs)})
		}
		list[at[key]].Clients++
	}
	slices.SortStableFunc(list, func(a, b results.AddressSet) int {
		return cmp.Or(cmp.Compare(b.Clients, a.Clients), cmp.Compare(a.Addresses[0], b.Addresses[0]))
	})
	return list
}

// addressesOf returns all addresses that were answered, each once, in order.
func addressesOf(s *guidance.Sample) []netip.Addr {
	var all []netip.Addr
	for _, a := range s.Answers {
		all = append(all, a.Addresses...)
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}

func texts(addrs []netip.Addr) []string {
	list := make([]string, len(addrs))
	for i, a := range addrs {
		list[i] = a.String()
	}
	return list
}

// summed tells what a plan is going to send, to so many edge addresses; zero
// where none is known.
func summed(plan *scenarios.Plan, f *guidance.Forecast, addresses int) results.PlanSummary {
	p := results.PlanSummary{
		Schedule: plan.Schedule.String(), Duration: plan.Schedule.Duration().Seconds(), Requests: int64(f.Requests),
		PeakRate: rounded(f.PeakRate), PerClient: rounded(f.PerClient), PerEdge: known(f.PerEdge), AtLeast: f.AtLeast,
		ClientLimit: known(float64(plan.Limits.PerClient)), EdgeLimit: known(float64(plan.Limits.PerEdgeAddress)),
		Shortfalls: []results.Shortfall{},
	}
	for _, s := range plan.Shortfalls(addresses) {
		p.Shortfalls = append(p.Shortfalls, results.Shortfall{
			Limit: s.Limit, At: s.At.Seconds(), Has: s.Has, Needs: s.Needs, Say: s.String(), Fix: s.Fix,
		})
	}
	for _, at := range f.Points {
		point := results.PlanPoint{
			At: at.At.Seconds(), Rate: rounded(at.Rate), Clients: at.Clients, PerClient: rounded(at.PerClient),
		}
		if at.Addresses > 0 {
			perEdge := rounded(at.PerEdge)
			point.Addresses, point.PerEdge = &at.Addresses, &perEdge
		}
		p.Points = append(p.Points, point)
	}
	return p
}

// known returns nil for what is not known, or not limited, and so zero.
func known(v float64) *float64 {
	if v = rounded(v); v == 0 {
		return nil
	}
	return &v
}

// rounded returns a rate to a millionth: what is beyond that is noise.
func rounded(rate float64) float64 { return math.Round(rate*1e6) / 1e6 }

// weigh sets what the plan is going to receive, by the bytes of one answer.
func weigh(p *results.PlanSummary, perRequest int64, from string) {
	bytes := int64(float64(p.Requests) * float64(perRequest))
	p.Bytes, p.BytesPerRequest, p.BytesFrom = &bytes, &perRequest, from
}

// summary says what to make of a check, and the next command to type. Sources
// is why this machine cannot send what is planned, nil where it can.
func summary(c *results.Check, sources error, up Checkup) (say, next string) {
	again, attack := "frontload check "+quote(up.File)+"   # once that is mended", "frontload attack "+quote(up.File)
	broken := rulesThatAre(guidance.Broken, c.Guidance)
	switch {
	case c.Refused != "":
		return "Refused: " + c.Refused, again
	case c.DNS.Addresses == 0:
		return fmt.Sprintf("Not ready: none of the clients was told an address of %s, so that an attack would send nothing: "+
			"check the name and clients.resolvers", c.DNS.Name), again
	case sources != nil:
		return fmt.Sprintf("Not ready: this machine cannot send as planned: %s", sources), again
	case len(broken) > 0:
		rules := "1 rule would be broken"
		if len(broken) > 1 {
			rules = fmt.Sprintf("%d rules would be broken", len(broken))
		}
		return fmt.Sprintf("%s: %s. An attack is not refused for that, and its 503s may be of the test's own making. First: %s",
			rules, rulesList(broken), broken[0].Fix), again
	}
	return ready(c), attack
}

// ready says that an attack may begin, and what is not known or not as planned.
func ready(c *results.Check) string {
	say := "Ready: every rule is kept"
	if unknown := rulesThatAre(guidance.Unknown, c.Guidance); len(unknown) > 0 {
		say = "Ready: no rule would be broken; unknown: " + rulesList(unknown)
	}
	if s := c.Plan.Shortfalls; len(s) > 0 {
		say += fmt.Sprintf(". Yet %s is going to hold arrivals back from %s on", s[0].Limit, plain.Clock(time.Duration(s[0].At*float64(time.Second))))
	}
	return say
}

func rulesThatAre(status string, rules []results.Rule) []results.Rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r results.Rule) bool { return r.Status != status })
}

// rulesList returns the names of rules.
func rulesList(rules []results.Rule) string {
	var list []string
	for _, r := range rules {
		list = append(list, r.Rule)
	}
	return strings.Join(list, ", ")
}
