package dns

import (
	"math"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// An Answer is what one look-up found. Its fields must not be changed; it may
// be used by many goroutines at once.
type Answer struct {
	// Addrs are all the usable addresses: both families, evenly mixed, each in
	// ascending order. They are sorted since resolvers rotate their answers:
	// rotation together with clients that each begin at another place would
	// prefer some addresses.
	Addrs []netip.Addr

	// Left are addresses of earlier answers that are not in this one: their
	// connections should be retired, which may be told of more than once.
	// Families whose query failed are not among them.
	Left []netip.Addr

	// Expires is when the answer must no longer be used for new arrivals. It
	// is zero when it never does: the target is an IP address.
	Expires time.Time

	// Waited is how long the look-up waited for its budget, and its answer to be
	// judged.
	Waited time.Duration

	refreshAt time.Time      // from when on to ask anew ahead of time; zero for never
	asked     atomic.Bool    // somebody was told to refresh
	turn      *atomic.Uint64 // the client's; nil for that of an answer without one
	ownTurn   atomic.Uint64
}

// newAnswer makes an answer of addresses that were received with a TTL such
// that they expire at the given time.
func newAnswer(addrs []netip.Addr, expires time.Time, ttl time.Duration, offset int) *Answer {
	return &Answer{Addrs: mix(addrs), Expires: expires, refreshAt: expires.Add(-refreshLead(ttl, offset))}
}

// refreshLead is how long before the end of a TTL to ask anew: at least a
// tenth of it and a second, at most half of it. Clients of one caching
// resolver have answers that expire together, so each has another lead, by
// the golden ratio, which spreads any number of them evenly: else they would
// all ask at once, and wait for their budget.
func refreshLead(ttl time.Duration, offset int) time.Duration {
	const golden = math.Phi - 1
	least := min(max(ttl/10, time.Second), ttl/2)
	_, part := math.Modf(float64(offset) * golden)
	return least + time.Duration(part*float64(ttl/2-least))
}

// Next returns the address whose turn it is for the client, for an arrival
// that waited for this answer. Unlike [Client.Next] it does not look at the
// clock, so that an answer of TTL 0 serves those that waited for it.
func (a *Answer) Next() netip.Addr {
	turn := a.turn
	if turn == nil {
		turn = &a.ownTurn
	}
	return a.Addrs[(turn.Add(1)-1)%uint64(len(a.Addrs))]
}

func (a *Answer) live(now time.Time) bool {
	return a.Expires.IsZero() || now.Before(a.Expires)
}

func (a *Answer) stale(now time.Time) bool {
	return !a.refreshAt.IsZero() && !now.Before(a.refreshAt)
}

// postponed returns the same answer, to be asked anew later.
func (a *Answer) postponed(until time.Time) *Answer {
	return &Answer{Addrs: a.Addrs, Expires: a.Expires, Waited: a.Waited, refreshAt: until, turn: a.turn}
}

// mix sorts addresses, drops duplicates, and deals both families evenly: after
// any number of addresses each family has had its share, to within one.
func mix(addrs []netip.Addr) []netip.Addr {
	v4 := make([]netip.Addr, 0, len(addrs))
	var v6 []netip.Addr
	for _, a := range addrs {
		if a.Is4() {
			v4 = append(v4, a)
		} else {
			v6 = append(v6, a)
		}
	}
	v4, v6 = sorted(v4), sorted(v6)
	mixed := make([]netip.Addr, 0, len(v4)+len(v6))
	for i, j := 0, 0; i < len(v4) || j < len(v6); {
		if j == len(v6) || i < len(v4) && (2*i+1)*len(v6) <= (2*j+1)*len(v4) {
			mixed = append(mixed, v4[i])
			i++
		} else {
			mixed = append(mixed, v6[j])
			j++
		}
	}
	return mixed
}

func sorted(addrs []netip.Addr) []netip.Addr {
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs)
}
