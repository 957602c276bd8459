package run

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"frontload/attack/permit"
	"frontload/scenarios"
	"frontload/scenarios/proof"
)

// A RefusedError says that the target may not be asked. No load was sent to it.
type RefusedError struct {
	Hostname  string
	Host      string       // that is asked for, without its port
	Addresses []netip.Addr // those that may not be asked, for this reason
	Kind      permit.Kind
	Why       error // what did not hold for the first of them
	Control   bool  // it is the host of origin.control, not the target
}

// Error names the addresses, why they may not be asked, and what to do.
func (e *RefusedError) Error() string {
	text := e.reason()
	if e.Control {
		return "origin.control: " + text
	}
	return text
}

func (e *RefusedError) reason() string {
	where := fmt.Sprintf("%s is at %s", e.Hostname, addresses(e.Addresses))
	literal := len(e.Addresses) == 1 && e.Addresses[0].String() == e.Hostname
	subject := where + ", which"
	if literal {
		subject = e.Hostname
	}
	load, key := "load", "target"
	if e.Control {
		load, key = "ask", "origin"
	}
	switch e.Kind {
	case permit.Forbidden, permit.Unheard:
		return fmt.Sprintf("%s: %v", where, e.Why)
	case permit.Outside:
		return fmt.Sprintf("%s is outside CloudFront's ranges, as --ip-ranges has them; if it is meant all the same, list it: target.outside: [%s]",
			subject, strings.Join(prefixes(e.Addresses), ", "))
	case permit.Unproved:
		return fmt.Sprintf("%s is not proved to be yours to %s: %v", subject, load, e.Why)
	}
	return fmt.Sprintf("%s is not loopback, and this run is not authorised to %s it; %s", subject, load, e.ways(key))
}

// ways says how an authorisation is given, which is in one of three ways.
func (e *RefusedError) ways(key string) string {
	attest := "--attest \"CHG-4711, we own it\", or target.authorization.attest in the scenario"
	if e.Control {
		attest = "origin.authorization.attest in the scenario (the target's authorization does not speak for it)"
	}
	host := e.Host
	if _, err := netip.ParseAddr(host); err == nil {
		host = "HOST"
	}
	return fmt.Sprintf("if it is yours to test, publish a token that `frontload init` makes, "+
		"as a TXT record at %s (%s.authorization: {proof: dns, token: ftl-...}) "+
		"or on a line of https://%s%s ({proof: well-known, token: ftl-...}), or say why: %s",
		proof.RecordName(host), key, host, proof.Path, attest)
}

// prefixes returns addresses as target.outside has them, a few at most.
func prefixes(list []netip.Addr) []string {
	var texts []string
	for _, a := range list[:min(len(list), mostShown)] {
		texts = append(texts, netip.PrefixFrom(a, a.BitLen()).String())
	}
	return texts
}

const mostShown = 4 // addresses in a message

func addresses(list []netip.Addr) string {
	var b strings.Builder
	for i, a := range list[:min(mostShown, len(list))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.String())
	}
	if more := len(list) - mostShown; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// refusal makes an error of what a gate denies: of the plainest kind alone,
// since what is said of that holds for all of its addresses. Nil when nothing
// is denied.
func refusal(denials []*permit.Denied, hostname, host string, control bool) error {
	if len(denials) == 0 {
		return nil
	}
	e := &RefusedError{Hostname: hostname, Host: host, Control: control, Kind: denials[0].Kind}
	for _, d := range denials {
		e.Kind = min(e.Kind, d.Kind)
	}
	for _, d := range denials {
		if d.Kind != e.Kind {
			continue
		}
		if e.Why == nil {
			e.Why = d.Err
		}
		e.Addresses = append(e.Addresses, d.Addr)
	}
	return e
}

// Foreseen returns the error with which the plan is going to be refused, as far
// as that is known without asking anybody: where a literal address is asked
// that nothing authorises. Nil says nothing about a name or a proof.
func Foreseen(plan *scenarios.Plan) error {
	t := plan.Target
	if err := foreseen(t.Hostname, t.ServerName, t.Authorization, false); err != nil {
		return err
	}
	if c := plan.Control; c != nil {
		return foreseen(c.URL.Hostname(), c.URL.Hostname(), c.Authorization, true)
	}
	return nil
}

func foreseen(hostname, host string, a scenarios.Authorization, control bool) error {
	addr, err := netip.ParseAddr(hostname)
	if err != nil || a.Proof != "" {
		return nil
	}
	gate := permit.New(permit.Config{Hostname: hostname, Attest: a.Attest})
	defer gate.Close()
	gate.Judge(context.Background(), []netip.Addr{addr})
	return refusal(gate.Denials(), hostname, host, control)
}
