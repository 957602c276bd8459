package run

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"frontload/attack/dns"
	"frontload/scenarios"
)

// A RefusedError says that the target may not be asked. Nothing was sent to it.
type RefusedError struct {
	Hostname  string
	Addresses []netip.Addr // those that need an authorisation
}

// Error names the addresses and what to do.
func (e *RefusedError) Error() string {
	where := fmt.Sprintf("%s is at %s, which is not loopback", e.Hostname, addresses(e.Addresses))
	if len(e.Addresses) == 1 && e.Addresses[0].String() == e.Hostname {
		where = e.Hostname + " is not loopback"
	}
	return where + ", and this run is not authorised to load it; " +
		"if it is yours to test, say why: --attest \"CHG-4711, we own it\", or target.authorization.attest in the scenario"
}

// Foreseen returns the error with which the plan is going to be refused, as far
// as that is known without a look-up: where its target is a literal address.
// Nil says nothing about a name.
func Foreseen(plan *scenarios.Plan) error {
	addr, err := netip.ParseAddr(plan.Target.Hostname)
	if err != nil || addr.IsLoopback() || plan.Attest != "" {
		return nil
	}
	return &RefusedError{Hostname: plan.Target.Hostname, Addresses: []netip.Addr{addr}}
}

func addresses(list []netip.Addr) string {
	const shown = 4
	var b strings.Builder
	for i, a := range list[:min(shown, len(list))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.String())
	}
	if more := len(list) - shown; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// A target is what preflight found out about the plan's target.
type target struct {
	addrs         []netip.Addr // what the plan's resolvers answered
	authorization string       // why it may be asked
	attested      bool
}

// preflight resolves the target for the first client of each resolver, and
// judges whether it may be asked. What those clients learn is theirs: they do
// not ask again for the run.
func preflight(ctx context.Context, plan *scenarios.Plan, clients []*dns.Client) (*target, error) {
	t := &target{attested: plan.Attest != ""}
	asked := map[string]bool{}
	for i, c := range clients {
		resolver := plan.Clients.Resolver(i)
		if asked[resolver] {
			continue
		}
		asked[resolver] = true
		answer, err := c.Resolve(ctx)
		if err != nil {
			return nil, err
		}
		t.addrs = append(t.addrs, answer.Addrs...)
	}
	slices.SortFunc(t.addrs, netip.Addr.Compare)
	t.addrs = slices.Compact(t.addrs)
	return t, t.authorize(plan)
}

// authorize judges the target by the addresses that it resolved to.
func (t *target) authorize(plan *scenarios.Plan) error {
	foreign := slices.DeleteFunc(slices.Clone(t.addrs), netip.Addr.IsLoopback)
	var why []string
	if len(foreign) == 0 {
		why = append(why, "loopback")
	}
	if t.attested {
		why = append(why, "attest: "+plan.Attest)
	}
	if len(why) == 0 {
		return &RefusedError{Hostname: plan.Target.Hostname, Addresses: foreign}
	}
	t.authorization = strings.Join(why, "; ")
	return nil
}

// allow is asked before every dial, whatever DNS answers by then.
func (t *target) allow(addr netip.Addr) error {
	if addr.IsLoopback() || t.attested {
		return nil
	}
	return fmt.Errorf("the target has moved to %s, which is not loopback, and this run is not authorised to load it", addr)
}
