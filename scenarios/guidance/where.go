package guidance

import (
	"fmt"
	"math"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

// regions: requests come from several geographic regions. What counts is that
// several edge locations have to answer, which client subnets and resolvers of
// several networks bring about from one place too.
func regions(f *Facts) finding {
	g := finding{status: Unknown, measured: map[string]float64{
		"generator_regions": float64(len(f.Regions)), "edge_locations": float64(len(f.Places)), "separate_answers": float64(f.DNS.Sets),
	}}
	from := sentFrom(f.Regions)
	switch {
	case len(f.Places) > 0:
		g.words = sentences(from, fmt.Sprintf("answered by %s (%s)", many(len(f.Places), "edge location", "edge locations"), list(f.Places, 8)))
		g.status = kept(len(f.Places) > 1)
	case f.DNS.Static > 0:
		g.words = from + " to the same static list of addresses: which edge locations answer does not show in DNS"
	case f.DNS.Sets > 0:
		g.words = sentences(from, "DNS gives "+separate(f.DNS.Sets))
		g.status = kept(f.DNS.Sets > 1)
	case f.DNS.Literal:
		g.words = from + ", to one address"
	case f.Source == "":
		g.words = sentences(from, "which edge locations are going to answer is not known before clients have asked DNS")
	default:
		g.words = sentences(from, "no answer names an edge location")
	}
	if g.status != Kept {
		g.fix = "send from two or more regions; or give clients.subnets, or clients.resolvers, of networks far apart, so that DNS sends them to several edge locations"
	}
	return g
}

// sentFrom tells where load generators stand.
func sentFrom(regions []string) string {
	switch {
	case len(regions) == 0:
		return ""
	case len(regions) > 1:
		return fmt.Sprintf("sent from %d regions (%s)", len(regions), list(regions, 6))
	case regions[0] != "":
		return "sent from 1 region (" + plain.Line(regions[0]) + ")"
	}
	return "sent from 1 place"
}

// separate tells of groups of answers.
func separate(sets int) string {
	if sets == 1 {
		return "edge addresses of one network, and so of one edge location"
	}
	return fmt.Sprintf("edge addresses of %d separate networks, and so of about as many edge locations", sets)
}

// kept returns the state of a rule that is known to be kept or not.
func kept(yes bool) string {
	if yes {
		return Kept
	}
	return Broken
}

// clientAddresses: requests come from many client addresses, none of which
// sends much.
func clientAddresses(f *Facts) finding {
	c := f.Clients
	if c.Addresses == 0 {
		return finding{status: Unknown}
	}
	g := finding{status: Kept, measured: map[string]float64{
		"clients": float64(c.Count), "addresses": float64(c.Addresses), "busiest_per_s": c.Busiest, "limit_per_s": results.MostPerClient,
	}}
	g.words = many(c.Addresses, "client address", "client addresses")
	if c.Count > 0 {
		g.words = many(c.Count, "client", "clients") + " at " + many(c.Addresses, "address", "addresses")
	}
	if c.Busiest > 0 {
		g.words += fmt.Sprintf("; the busiest address sends %s at peak, of the %d/s that it may send", perSecond(c.Busiest), results.MostPerClient)
	}
	switch {
	case c.Busiest > results.MostPerClient*(1+f.Chance):
		g.status = Broken
		g.fix = fmt.Sprintf("at this rate it takes %d addresses: raise clients.count, and give clients.addresses a pool that large", int(math.Ceil(f.Peak/results.MostPerClient)))
	case c.Addresses == 1:
		g.status = Broken
		g.fix = "send from several addresses: give clients.addresses a pool, such as an IPv6 /80; CloudFront is built for viewers that differ"
	}
	return g
}

// independentDNS: each client looks the name up for itself, and so is given a
// set of addresses of its own.
func independentDNS(f *Facts) finding {
	d := f.DNS
	g := finding{status: Unknown, measured: map[string]float64{
		"clients": float64(f.Clients.Count), "clients_asked": float64(d.Asked), "lookups": float64(d.Lookups), "askers": float64(d.Askers),
		"answers": float64(d.Answers), "clients_of_commonest_answer": float64(d.Commonest), "static_list": float64(d.Static),
	}}
	switch {
	case d.Literal:
		g.status, g.words = Broken, "the target is an address: nobody looks a name up, and every client asks the same edge address"
		g.fix = "write the distribution's name as target.url"
		return g
	case d.Static > 0:
		g.status = NotApplicable
		g.words = fmt.Sprintf("every client is given the same %d addresses, whatever it asks by: an anycast static list, for which DNS cannot spread load", d.Static)
		g.fix = "send from several regions: with a static list only that reaches several edge locations"
		return g
	case d.Asked == 0:
		g.words = unasked(f)
		g.fix = moreAskers(f)
		return g
	case d.Lookups == 0:
		g.words = asked(f)
		g.fix = "name resolvers that answer in clients.resolvers, and check the name"
		return g
	}
	g.words = asked(f)
	shared := d.Asked > 1 && (d.Answers == 1 || float64(d.Commonest) > mostCommon*float64(d.Asked))
	missing := !d.Sampled && d.Asked < f.Clients.Count
	g.status = kept(d.Answers > 0 && !shared && !missing)
	if shared || d.Answers == 0 {
		g.fix = moreAskers(f)
	}
	if missing {
		g.fix = strings.TrimPrefix(g.fix+"; let every client look the name up for itself", "; ")
	}
	return g
}

// asked tells what came of the look-ups.
func asked(f *Facts) string {
	d := f.DNS
	who := many(d.Asked, "client", "clients")
	if d.Sampled || d.Asked < f.Clients.Count {
		who = fmt.Sprintf("%s of %s", plain.Count(int64(d.Asked)), many(f.Clients.Count, "client", "clients"))
	}
	by := ""
	if d.Askers > 0 {
		by = " by " + many(d.Askers, "resolver and subnet", "pairs of resolver and subnet")
	}
	if d.Lookups == 0 {
		return fmt.Sprintf("%s asked%s; none was answered", who, by)
	}
	if d.Answers == 0 {
		return fmt.Sprintf("%s asked%s; no answer held an address", who, by)
	}
	common := ""
	if d.Asked > 1 {
		common = fmt.Sprintf(", the commonest given to %s", many(d.Commonest, "client", "clients"))
	}
	return fmt.Sprintf("%s asked%s: %s, %s%s", who, by, many(d.Lookups, "answer", "answers"), many(d.Answers, "distinct set of addresses", "distinct sets of addresses"), common)
}

// unasked tells what is known before anybody looked the name up.
func unasked(f *Facts) string {
	if f.DNS.Askers == 0 || f.Clients.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%s to ask by %s; what they will be answered is not known yet", many(f.Clients.Count, "client", "clients"),
		many(f.DNS.Askers, "resolver and subnet", "pairs of resolver and subnet"))
}

// moreAskers says how to get answers that differ.
func moreAskers(f *Facts) string {
	if f.Clients.Count < 2 || f.DNS.Askers == 0 {
		return "let several clients look the name up, each for itself"
	}
	return "clients behind one caching resolver are given one answer: give clients.subnets a range, so that each client asks for a network of its own, or name several clients.resolvers"
}
