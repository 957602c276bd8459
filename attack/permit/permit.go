// Package permit decides which addresses a run may ask. A [Gate] hears every
// address that a look-up of the target brings, judges it before anybody uses
// it, and is asked again at every dial. What it has not heard, it refuses: so
// no redirect, header, other service or protocol can lead load elsewhere than
// to the target's own answer.
//
// # What has to be shown
//
// Two names matter: the URL's, which is resolved and so chooses addresses, and
// the Host that is asked for there. And each address matters, since whoever
// owns a name can point it at the machine of another.
//
//   - Loopback needs nothing. That is judged by address, never by name.
//   - Some addresses are never asked, whatever is said: see [NeverAsked].
//   - Attested: the user's word, which is kept with the run. It speaks for every
//     address that the name has.
//   - proof: dns shows that the user has a say over names: the Host, and the
//     URL's name where that differs, each by a record of its own. A record of
//     a domain above them does not count: that would let a host's owner speak
//     for his neighbours. The URL's name needs none where it is CloudFront's own
//     (*.cloudfront.net), whose owner cannot be asked to publish anything: there
//     only the Host says whose content is served. Every resolver that the
//     clients have must see the record, since each of them decides where load
//     goes. A name says nothing of an address. Over https each address must
//     therefore show a certificate for the Host before it is used: the machine of
//     somebody else has none. Over http nothing can, and so the addresses are
//     taken that the name had when the run began, as its owner published them
//     beside the record; one that comes later is refused unless it is in
//     CloudFront's ranges.
//   - proof: well-known is bound to addresses: each must itself serve the token
//     for the Host that the load asks for, at the load's port and by its TLS
//     name, before it is used. A redirect is no proof.
//   - An attestation beside a proof is a remark: it does not stand in for a proof
//     that fails.
//
// What none of this can do: a user who runs the resolver, or writes to the
// hosts file, decides where a name leads; over https the certificate still
// holds him to the owner's machines. And a word is a word: an attestation is
// believed.
package permit

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"frontload/scenarios/proof"
)

// Config says what may be asked, and what shows it.
type Config struct {
	Hostname   string // that is resolved, or an IP address
	Host       string // that is asked for: a name or an IP address, with a port where one must be said
	ServerName string // Host without its port
	Scheme     string // http or https
	Port       uint16
	Roots      *x509.CertPool // nil for the system's

	Attest string // the user's word; empty for none
	Proof  string // proof.DNS, proof.WellKnown, or empty for none
	Token  string // that is published; empty where nobody said one

	Ranges  *Ranges        // CloudFront's; nil where they are not known
	Outside []netip.Prefix // may be asked though they are not in Ranges

	// Resolvers are those of the clients, each once.
	Resolvers []Resolver

	// Dial opens a TCP connection for a proof.
	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

	// Tell is called with what a user should know, from any goroutine. Nil tells
	// nobody.
	Tell func(string)
}

// A Resolver is asked for proofs.
type Resolver interface {
	// TXT returns the texts of a name's TXT records, looked up anew.
	TXT(ctx context.Context, name string) ([]string, error)
}

const (
	atOnce     = 4           // proofs under way at a time
	again      = time.Minute // after which a failed proof is tried once more, if it is still needed
	mostHeard  = 1 << 16     // addresses that a gate judges
	mostTold   = 20          // addresses that are told of one by one
	proofLimit = 10 * time.Second
)

// A Gate judges the addresses of one target. Its methods may be called by many
// goroutines at once. It must be closed.
type Gate struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	slots  chan struct{}

	mu       sync.Mutex
	verdicts map[netip.Addr]*verdict // of every address that was heard
	names    *verdict                // of the records in DNS; nil until they are needed
	proved   time.Time               // the first address
	begun    bool
	told     int
}

// A verdict is what became of an address, or of names, once done is closed.
type verdict struct {
	done   chan struct{}
	at     time.Time
	denied *Denied // nil where it may be asked
	shown  bool    // a proof held for it
}

// New returns a gate that has heard of no address yet.
func New(cfg Config) *Gate {
	if cfg.Tell == nil {
		cfg.Tell = func(string) {}
	}
	g := &Gate{cfg: cfg, slots: make(chan struct{}, atOnce), verdicts: map[netip.Addr]*verdict{}}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

// Close ends the proofs that are under way. Addresses that were allowed stay so.
func (g *Gate) Close() {
	g.mu.Lock() // none begins that is not waited for
	g.cancel()
	g.mu.Unlock()
	g.work.Wait()
}

// Begin says that load begins: which addresses the name has had so far is
// known from here on.
func (g *Gate) Begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun = true
}

// Judge hears addresses that a look-up brought, and returns once all are
// judged, or ctx or the gate has ended.
func (g *Gate) Judge(ctx context.Context, addrs []netip.Addr) {
	for _, v := range g.hear(addrs) {
		select {
		case <-v.done:
		case <-ctx.Done():
			return
		case <-g.ctx.Done():
			return
		}
	}
}

// hear returns the verdicts on addresses, and begins those that there are none
// of. It does not wait for them.
func (g *Gate) hear(addrs []netip.Addr) []*verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]*verdict, 0, len(addrs))
	for _, a := range addrs {
		a = a.Unmap()
		v := g.verdicts[a]
		if v == nil && len(g.verdicts) >= mostHeard {
			continue // never heard, and so refused
		}
		if v == nil || v.stale() {
			v = &verdict{done: make(chan struct{}), at: time.Now()}
			g.verdicts[a] = v
			g.judge(a, v)
		}
		all = append(all, v)
	}
	return all
}

// stale reports whether a verdict may be given anew: a proof failed some time
// ago.
func (v *verdict) stale() bool {
	select {
	case <-v.done:
		return v.denied != nil && v.denied.Kind == Unproved && time.Since(v.at) > again
	default:
		return false
	}
}

// judge judges an address, in the background where a proof is needed. The lock
// is held.
func (g *Gate) judge(a netip.Addr, v *verdict) {
	kind, why := g.plainly(a)
	if kind != 0 {
		v.denied = &Denied{a, kind, why}
	} else if g.outside(a) && !a.IsLoopback() {
		g.tell("%s is outside CloudFront's ranges, which target.outside allows", a)
	}
	if kind != 0 || a.IsLoopback() || g.cfg.Proof == "" {
		g.settle(v)
		return
	}
	if g.ctx.Err() != nil {
		v.denied = &Denied{a, Unproved, context.Cause(g.ctx)}
		g.settle(v)
		return
	}
	late := g.begun
	g.work.Go(func() {
		err := g.prove(a, late)
		g.mu.Lock()
		defer g.mu.Unlock()
		v.at, v.shown = time.Now(), err == nil
		if err != nil {
			v.denied = &Denied{a, Unproved, err}
		} else if g.proved.IsZero() {
			g.proved = v.at
		}
		g.settle(v)
	})
}

// settle makes a verdict known, and tells of one against an address that comes
// after the run has begun. The lock is held.
func (g *Gate) settle(v *verdict) {
	close(v.done)
	if v.denied != nil && g.begun && g.ctx.Err() == nil {
		g.tell("nothing is sent to %v", v.denied)
	}
}

// tell tells of an address, unless it told of many already. The lock is held.
func (g *Gate) tell(format string, args ...any) {
	switch g.told++; {
	case g.told <= mostTold:
		g.cfg.Tell(fmt.Sprintf(format, args...))
	case g.told == mostTold+1:
		g.cfg.Tell("there is something about more addresses, which are not told one by one")
	}
}

// Allow is asked before every dial. It does not wait, and fails with a
// [Denied] for an address that no look-up brought or that may not be asked.
func (g *Gate) Allow(a netip.Addr) error {
	a = a.Unmap()
	g.mu.Lock()
	v := g.verdicts[a]
	g.mu.Unlock()
	if v == nil {
		return &Denied{a, Unheard, fmt.Errorf("no look-up of %s was answered with it", g.cfg.Hostname)}
	}
	select {
	case <-v.done:
	default:
		return &Denied{a, Unproved, fmt.Errorf("it is not known yet whether it may be asked")}
	}
	if v.denied != nil {
		return v.denied
	}
	return nil
}

// Denials returns what was judged against so far, by address.
func (g *Gate) Denials() []*Denied {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []*Denied
	for _, v := range g.verdicts {
		select {
		case <-v.done:
			if v.denied != nil {
				all = append(all, v.denied)
			}
		default:
		}
	}
	slices.SortFunc(all, func(a, b *Denied) int { return a.Addr.Compare(b.Addr) })
	return all
}

// Allowed returns the addresses that may be asked as far as is known, sorted.
func (g *Gate) Allowed() []netip.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []netip.Addr
	for a, v := range g.verdicts {
		select {
		case <-v.done:
			if v.denied == nil {
				all = append(all, a)
			}
		default:
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return all
}

// String says in a line what shows that the addresses which may be asked may
// be: "loopback", "attest: WHY", or which proof held, when and where.
func (g *Gate) String() string {
	var foreign, outside int
	for _, a := range g.Allowed() {
		if a.IsLoopback() {
			continue
		}
		foreign++
		if g.outside(a) {
			outside++
		}
	}
	var why []string
	switch {
	case foreign == 0:
		why = append(why, "loopback")
	case g.cfg.Proof != "":
		why = append(why, g.proofText(foreign))
	}
	if g.cfg.Attest != "" {
		why = append(why, "attest: "+g.cfg.Attest)
	}
	if r := g.cfg.Ranges; r != nil && foreign > 0 {
		text := fmt.Sprintf("%d of %d addresses are CloudFront's by its ranges of %s", foreign-outside, foreign, r.Created.Format(time.DateOnly))
		if outside > 0 {
			text += ", the others are in target.outside"
		}
		why = append(why, text)
	}
	return strings.Join(why, "; ")
}

func (g *Gate) proofText(addresses int) string {
	at := fmt.Sprintf("%d addresses", addresses)
	if addresses == 1 {
		at = "1 address"
	}
	g.mu.Lock()
	when := g.proved.UTC().Format(time.RFC3339)
	g.mu.Unlock()
	if g.cfg.Proof == proof.WellKnown {
		return fmt.Sprintf("proof: well-known at %s, %s", at, when)
	}
	names, _ := g.cfg.names() // which held, or nothing is allowed
	for i := range names {
		names[i] = proof.RecordName(names[i])
	}
	text := "proof: dns TXT " + strings.Join(names, " and ")
	if g.cfg.Scheme == "https" {
		text += " and certificate at " + at
	}
	return text + ", " + when
}
