package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"frontload/attack/run"
	"frontload/results"
	"frontload/results/live"
	"frontload/results/report"
	"frontload/scenarios"
	"frontload/scenarios/guidance"
)

// mostAsked is how many clients a check has look the target up.
const mostAsked = 50

// A Checkup says what a check is told beside the scenario.
type Checkup struct {
	File       string // the scenario's, as it was named
	Own        Ownership
	Head       bool  // send one HEAD request
	PerRequest int64 // bytes of one answer; zero for not known
	Prices     Prices
}

// Check judges a scenario against CloudFront's rules and shows what it is going
// to send, where to, and what that costs. It resolves the target's name for
// some of the clients, and looks for the proof that the scenario names. It
// sends no load, and at most one HEAD request, where that is wanted and the
// target may be asked.
//
// The error is of kind [ErrRefused] when an attack would be refused. Broken
// rules, and names that cannot be resolved, are told and no error.
func Check(ctx context.Context, s *scenarios.Scenario, up Checkup, out Output) error {
	plan, err := s.Plan()
	if err != nil {
		return Usage(err)
	}
	sight, err := out.look(ctx, plan, up)
	if err != nil {
		return kindOf(err)
	}
	c := checked(plan, sight, up)
	switch {
	case out.JSON:
		err = report.JSON(out.Out, c)
	case !out.Quiet:
		err = report.CheckText(out.Out, c, out.Page)
	}
	if c.Refused != "" {
		err = errors.Join(&kindError{fmt.Errorf("refused: %s", c.Refused), ErrRefused}, err)
	}
	return err
}

// look asks DNS, and says that it does.
func (o *Output) look(ctx context.Context, plan *scenarios.Plan, up Checkup) (*run.Sight, error) {
	view := live.NewView(o.Err, o.Terminal, o.Width)
	defer view.Close()
	asked := min(mostAsked, plan.Clients.Count)
	if _, err := netip.ParseAddr(plan.Target.Hostname); err != nil {
		o.message(view, "looking %s up for %d of %d clients", plan.Target.Hostname, asked, plan.Clients.Count)
	}
	opt := run.Options{IPRanges: up.Own.IPRanges, Token: up.Own.Token}
	sight, err := run.Look(ctx, plan, opt, mostAsked, up.Head)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w before it was known", ErrInterrupted)
	}
	return sight, err
}

// checked makes the document of what is known.
func checked(plan *scenarios.Plan, sight *run.Sight, up Checkup) *results.Check {
	forecast := guidance.NewForecast(plan, sight.Sample)
	c := &results.Check{
		Schema: results.CheckSchema, Name: plan.Name, Target: plan.Target.URL.String(),
		DNS: names(plan, sight), Authorisation: authorisation(sight), Head: sight.Head,
		Notes: append([]string{}, plan.Notes...),
	}
	if budget := plan.Budget.String(); budget != "" {
		c.Notes = append(c.Notes, "the run ends at its budget of "+budget)
	}
	c.Plan = summed(plan, forecast, c.DNS.Addresses)
	switch {
	case up.PerRequest > 0:
		forecast.Weigh(float64(up.PerRequest))
		weigh(&c.Plan, up.PerRequest, "by --bytes-per-request")
	case c.Head != nil && c.Head.Status == 200 && c.Head.Length != nil:
		forecast.Weigh(float64(*c.Head.Length))
		weigh(&c.Plan, *c.Head.Length, "by the HEAD request, as if all were like that one")
	}
	c.Plan.Cost = up.Prices.cost(c.Plan.Requests, c.Plan.Bytes)
	if onlyLoopback(sight.Sample) {
		c.Plan.Cost.Assumptions = slices.Insert(c.Plan.Cost.Assumptions, 0, "the target is on this machine and costs nothing: so much it would be at CloudFront")
	}
	facts := guidance.Planned(plan, forecast, sight.Sample, sight.Authorization.Text)
	facts.Unauthorised = c.Authorisation.State == results.Unauthorised
	c.Guidance = guidance.Judge(facts, nil)
	c.DNS.StaticList = facts.DNS.Static > 0
	c.Refused = refusal(sight.Refused, guidance.Banned(plan))
	c.Summary, c.Next = summary(c, sight.Sources, up)
	return c
}

// refusal says why an attack would be refused: every reason.
func refusal(errs ...error) string {
	text := ""
	for _, err := range errs {
		if err != nil && text != "" {
			text += "; "
		}
		if err != nil {
			text += err.Error()
		}
	}
	return text
}

// authorisation tells whether the target may be loaded.
func authorisation(s *run.Sight) results.Authorisation {
	a := results.Authorisation{State: results.NotJudged, Why: "no address of the target is known", Notes: s.Authorization.Notes}
	if a.Notes == nil {
		a.Notes = []string{}
	}
	switch {
	case s.Refused != nil:
		a.State, a.Why = results.Unauthorised, s.Refused.Error()
	case s.Authorization.Text != "":
		a.State, a.Why = results.Authorised, s.Authorization.Text
	}
	return a
}

// onlyLoopback reports whether every address that was answered is this
// machine's own.
func onlyLoopback(s *guidance.Sample) bool {
	addrs := addressesOf(s)
	return len(addrs) > 0 && !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !a.IsLoopback() })
}
