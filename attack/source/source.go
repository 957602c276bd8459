// Package source opens TCP connections, and UDP sockets for QUIC, from the
// source address that each client of a load test has, and tells whose trouble
// a failed one is.
//
// Choosing the source address needs Linux. Elsewhere only connections whose
// source address the system picks are possible; [Check] says so before a run.
package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// A Dialer opens TCP connections and UDP sockets from a given source address.
// The zero value dials loopback addresses only. It must not be copied after first use; its
// methods may be called by many goroutines at once.
type Dialer struct {
	// Allow is asked before every dial whether the target's address may be
	// asked at all, so that authorisation holds whatever DNS answers later.
	// What it returns is wrapped in a [DeniedError]. Nil allows loopback only.
	Allow func(netip.Addr) error

	local local
}

// Dial connects to the given target. From is the source address; an invalid
// one leaves the choice to the system. The connection has TCP_NODELAY set, as
// Go's connections have.
//
// It fails with a [DeniedError] when the target is not allowed, with a
// [FamilyError] when one address is IPv4 and the other IPv6, and otherwise
// with what the system reports; [Trouble] sorts these. There is no time limit
// but that of ctx.
func (d *Dialer) Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	from, target := from.Unmap(), to.Addr().Unmap()
	if err := d.check(from, target); err != nil {
		return nil, err
	}
	return d.dial(ctx, from, netip.AddrPortFrom(target, to.Port()))
}

// check says whether the one address may and can connect to the other.
func (d *Dialer) check(from, target netip.Addr) error {
	if err := d.allowed(target); err != nil {
		return &DeniedError{Addr: target, Err: err}
	}
	if from.IsValid() && from.Is4() != target.Is4() {
		return &FamilyError{From: from, To: target}
	}
	return nil
}

var errNotLoopback = errors.New("it is not a loopback address, and nothing else is authorised")

func (d *Dialer) allowed(target netip.Addr) error {
	if d.Allow != nil {
		return d.Allow(target)
	}
	if !target.IsLoopback() {
		return errNotLoopback
	}
	return nil
}

// A DeniedError says that a target's address must not be dialled.
type DeniedError struct {
	Addr netip.Addr
	Err  error // why
}

// Error names the address and the reason.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("refused to connect to %s: %v", e.Addr, e.Err)
}

// Unwrap returns the reason.
func (e *DeniedError) Unwrap() error { return e.Err }

// A FamilyError says that a source address cannot reach a target because one
// is IPv4 and the other IPv6.
type FamilyError struct{ From, To netip.Addr }

// Error names both addresses.
func (e *FamilyError) Error() string {
	return fmt.Sprintf("connect from %s to %s: the one is %s, the other %s; give clients source addresses of both families, or a target of one",
		e.From, e.To, family(e.From), family(e.To))
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "IPv4"
	}
	return "IPv6"
}
