package guidance

import (
	"net/netip"
	"time"

	"frontload/pacing"
	"frontload/scenarios"
	"frontload/scenarios/urls"
)

// Planned gathers the facts of a plan. The forecast tells what it is going to
// send, the sample what some of its clients were answered, nil where nobody was
// asked; auth is why the target may be loaded, empty where nothing authorises
// it. Requests are drawn from plan.URLs, which nobody else may use meanwhile.
func Planned(plan *scenarios.Plan, f *Forecast, s *Sample, auth string) *Facts {
	if s.thin(plan) {
		s, f = nil, NewForecast(plan, nil)
	}
	facts := &Facts{
		Regions: []string{""}, Requests: f.Requests, Peak: f.PeakRate, BitsPeak: f.bitsPeak(),
		Clients: plannedClients(plan, f), DNS: plannedDNS(plan, s), Ramp: rampOf(plan.Schedule),
		Authorization: auth, Unauthorised: auth == "",
	}
	facts.Spread = plannedSpread(f, s)
	facts.addRequests(plan, f)
	return facts
}

// fewAskers is how many pairs of resolver and subnet tell what all the others
// are going to be answered, as far as that can be told.
const fewAskers = 8

// thin reports whether the clients that were asked tell nothing of the others:
// in a guided load clients join later, and the first is but one.
func (s *Sample) thin(plan *scenarios.Plan) bool {
	if s == nil {
		return false
	}
	seen := map[asker]bool{}
	for _, a := range s.Answers {
		seen[asker{a.Resolver, a.Subnet.String()}] = true
	}
	return len(seen) < min(fewAskers, len(askers(plan)))
}

// askers returns by what the clients of a plan ask.
func askers(plan *scenarios.Plan) map[asker]bool {
	all := map[asker]bool{}
	for i := range plan.Clients.Count {
		subnet, _ := plan.Clients.Subnet(i)
		all[asker{plan.Clients.Resolver(i), subnet.String()}] = true
	}
	return all
}

// bitsPeak returns what is going to be received at the peak, bit/s; zero where
// that is not known.
func (f *Forecast) bitsPeak() float64 {
	if f.Requests == 0 {
		return 0
	}
	return f.Bytes / f.Requests * f.PeakRate * 8
}

// plannedClients deals the clients their addresses. Where the system picks, it
// picks one for all.
func plannedClients(plan *scenarios.Plan, f *Forecast) ClientFacts {
	c := ClientFacts{Count: plan.Clients.Count, Addresses: 1}
	most := plan.Clients.Count // clients at one address
	if len(plan.Clients.Addresses) > 0 {
		at := map[netip.Addr]int{}
		most = 0
		for i := range plan.Clients.Count {
			addr, _ := plan.Clients.Source(i)
			at[addr]++
			most = max(most, at[addr])
		}
		c.Addresses = len(at)
	}
	c.Busiest = min(f.PerClient*float64(most), f.PeakRate)
	return c
}

// plannedDNS tells by what the clients ask, and what those of the sample were
// answered.
func plannedDNS(plan *scenarios.Plan, s *Sample) DNSFacts {
	if _, err := netip.ParseAddr(plan.Target.Hostname); err == nil {
		return DNSFacts{Literal: true}
	}
	if s == nil {
		return DNSFacts{Askers: len(askers(plan))}
	}
	d := s.facts()
	d.Sampled = len(s.Answers) < plan.Clients.Count
	if plan.Distribution != nil && plan.Distribution.AnycastList != "" && d.Answers == 1 {
		d.Static = len(s.shares()) // however many there are
	}
	return d
}

// plannedSpread tells how requests spread when each client that was asked goes
// round its whole answer, which clients do.
func plannedSpread(f *Forecast, s *Sample) SpreadFacts {
	shares := s.shares()
	if len(shares) == 0 {
		return SpreadFacts{}
	}
	off := 0.0
	spread := evenness(shares)
	spread.Off, spread.Busiest = &off, f.PerEdge
	return spread
}

// rampOf finds when a schedule is highest over what it may be. Segments are
// linear, and what it may be never falls, so that this is where a segment
// begins or ends, or five minutes after.
func rampOf(s *pacing.Schedule) RampFacts {
	list := s.Segments()
	if len(list) == 0 {
		return RampFacts{}
	}
	var times []time.Duration
	at := time.Duration(0)
	for _, g := range list {
		times = append(times, at, at+g.For)
		at += g.For
	}
	rates := func(t time.Duration) float64 { return rateAt(list, t) }
	return worstOf(times, rates, float64(list[0].From))
}

// rateAt returns the highest rate at a time: where two segments meet, that of
// the higher one.
func rateAt(list []pacing.Segment, t time.Duration) float64 {
	rate, at := 0.0, time.Duration(0)
	for _, g := range list {
		if at <= t && t <= at+g.For {
			rate = max(rate, float64(g.From)+float64(g.To-g.From)*float64(t-at)/float64(g.For))
		}
		at += g.For
	}
	return rate
}

// worstOf finds, among times in order, when the rate is highest over what it
// may be.
func worstOf(times []time.Duration, rate func(time.Duration) float64, start float64) RampFacts {
	r := RampFacts{Start: start}
	worst, base := -1.0, 0.0
	reached := 0 // times up to five minutes before
	for _, t := range times {
		for reached < len(times) && times[reached] <= t-window {
			base = max(base, rate(times[reached]))
			reached++
		}
		before := base
		if t >= window {
			before = max(base, rate(t-window))
		}
		now := rate(t)
		r.Peak = max(r.Peak, now)
		if over := now / max(atOnce, before*(1+mostGrowth)); over > worst+1e-9 {
			worst = over
			r.At, r.Rate, r.Base = t.Seconds(), now, before
		}
	}
	return r
}

// mostDrawn is how many requests of a plan are looked at.
const mostDrawn = 20_000

// addRequests draws the plan's first requests, and tells of their URLs and key
// prefixes. Which of them repeat others to hold a hit ratio is not known before
// there are answers, and so left out.
func (f *Facts) addRequests(plan *scenarios.Plan, forecast *Forecast) {
	if plan.URLs == nil {
		return
	}
	n := uint64(min(mostDrawn, plan.Schedule.Mean()))
	d := newDraw(plan.Distribution)
	generator := plan.URLs.Natural()
	var r urls.Request
	for i := range n {
		generator.Next(i, &r)
		d.add(&r)
	}
	f.URLs = d.facts(n == plan.Schedule.Mean())
	f.Quotas.Prefixes = d.prefixes(forecast.PeakRate, forecast.Requests)
	f.Quotas.Origins = plan.Distribution != nil
	f.Bans = plannedBans(plan)
}

// plannedBans tells what a plan is going to load that must not be loaded. It
// draws from plan.URLs, as [Planned] does.
func plannedBans(plan *scenarios.Plan) BanFacts {
	bans := BanFacts{Known: plan.Distribution != nil, Entries: len(plan.Requests)}
	for _, r := range plan.Reach() {
		t := Touch{Behaviour: r.Behaviour.Pattern, Requests: r.Names()}
		if len(r.Behaviour.ViewerLambdas()) > 0 {
			bans.ViewerLambda = append(bans.ViewerLambda, t)
		}
		if len(plan.Distribution.ShieldedOf(r.Behaviour)) > 0 {
			bans.OriginShield = append(bans.OriginShield, t)
		}
	}
	return bans
}
