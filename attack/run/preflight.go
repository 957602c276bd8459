package run

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"frontload/attack/dns"
	"frontload/scenarios"
)

// A RefusedError says that the target may not be asked. Nothing was sent to it.
type RefusedError struct {
	Hostname  string
	Addresses []netip.Addr // those that need an authorisation
	Control   bool         // it is the host of origin.control, not the target
}

// Error names the addresses and what to do.
func (e *RefusedError) Error() string {
	where := fmt.Sprintf("%s is at %s, which is not loopback", e.Hostname, addresses(e.Addresses))
	if len(e.Addresses) == 1 && e.Addresses[0].String() == e.Hostname {
		where = e.Hostname + " is not loopback"
	}
	if e.Control {
		return "origin.control: " + where + ", and nothing authorises this run to ask it; " +
			"if it is yours, say why: origin.authorization.attest in the scenario (the target's authorization does not speak for it)"
	}
	return where + ", and this run is not authorised to load it; " +
		"if it is yours to test, say why: --attest \"CHG-4711, we own it\", or target.authorization.attest in the scenario"
}

// Foreseen returns the error with which the plan is going to be refused, as far
// as that is known without a look-up: where its target is a literal address.
// Nil says nothing about a name.
func Foreseen(plan *scenarios.Plan) error {
	if addr, ok := foreign(plan.Target.Hostname, plan.Attest); ok {
		return &RefusedError{Hostname: plan.Target.Hostname, Addresses: []netip.Addr{addr}}
	}
	if c := plan.Control; c != nil {
		if addr, ok := foreign(c.URL.Hostname(), c.Attest); ok {
			return &RefusedError{Hostname: c.URL.Hostname(), Addresses: []netip.Addr{addr}, Control: true}
		}
	}
	return nil
}

// foreign reports whether the host is a literal address that may not be asked.
func foreign(host, attest string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(host)
	return addr, err == nil && !addr.IsLoopback() && attest == ""
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
	authorization string // why it may be asked
	attested      bool
}

// preflight resolves the target for the first client of each resolver, and
// judges whether it may be asked; other clients may be answered otherwise, and
// are judged when they have looked it up. What those clients learn is theirs:
// they do not ask again for the run.
func preflight(ctx context.Context, plan *scenarios.Plan, clients []*dns.Client) (*target, error) {
	t := &target{attested: plan.Attest != ""}
	var addrs []netip.Addr
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
		addrs = append(addrs, answer.Addrs...)
	}
	var err error
	t.authorization, err = t.authorize(plan, addrs)
	return t, err
}

// An answerBook keeps the addresses that look-ups were answered. Its methods
// may be called by many goroutines at once.
type answerBook struct {
	mu    sync.Mutex
	addrs []netip.Addr
}

func (b *answerBook) add(addrs []netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addrs = append(b.addrs, addrs...)
}

// take returns what was added, and forgets it.
func (b *answerBook) take() []netip.Addr {
	b.mu.Lock()
	defer b.mu.Unlock()
	addrs := b.addrs
	b.addrs = nil
	return addrs
}

// authorize judges the target by addresses that it resolved to, and returns why
// it may be asked.
func (t *target) authorize(plan *scenarios.Plan, addrs []netip.Addr) (string, error) {
	foreign := slices.DeleteFunc(slices.Clone(addrs), netip.Addr.IsLoopback)
	slices.SortFunc(foreign, netip.Addr.Compare)
	foreign = slices.Compact(foreign)
	var why []string
	if len(foreign) == 0 {
		why = append(why, "loopback")
	}
	if t.attested {
		why = append(why, "attest: "+plan.Attest)
	}
	if len(why) == 0 {
		return "", &RefusedError{Hostname: plan.Target.Hostname, Addresses: foreign}
	}
	return strings.Join(why, "; "), nil
}

// allow is asked before every dial, whatever DNS answers by then.
func (t *target) allow(addr netip.Addr) error {
	if addr.IsLoopback() || t.attested {
		return nil
	}
	return fmt.Errorf("the target has moved to %s, which is not loopback, and this run is not authorised to load it", addr)
}
