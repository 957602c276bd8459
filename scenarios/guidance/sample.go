package guidance

import (
	"net/netip"
	"time"
)

// An Answer is what one client was told when it looked the target up.
type Answer struct {
	Client    int          // of the plan, counted from 0
	Resolver  string       // "system" or the resolver's address
	Subnet    netip.Prefix // EDNS client subnet that was sent; the zero value for none
	Addresses []netip.Addr // of both families, in the order of the answer; empty for none
	TTL       time.Duration
	Took      time.Duration
	Err       string // why no answer came; empty where one did, be it an empty one
}

// A Sample is what some of a plan's clients were told. A nil sample says that
// nobody was asked.
type Sample struct {
	Answers []Answer // one a client that was asked
	Clients int      // of so many
}

// shares counts, by edge address, the share of all clients' requests that
// would go to it when each client that was asked goes round its whole answer.
// The shares sum to 1; it is empty where no answer holds an address.
func (s *Sample) shares() map[netip.Addr]float64 {
	if s == nil {
		return nil
	}
	answered := 0
	for _, a := range s.Answers {
		if len(a.Addresses) > 0 {
			answered++
		}
	}
	shares := map[netip.Addr]float64{}
	for _, a := range s.Answers {
		for _, addr := range a.Addresses {
			shares[addr] += 1 / float64(len(a.Addresses)) / float64(answered)
		}
	}
	return shares
}
