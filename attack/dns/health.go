package dns

import (
	"fmt"
	"sync"
	"time"
)

// What shows that a resolver limits us: over the last healthSpan, at least a
// tenth of the queries failed and as many as leastFailed; and in leastMixed of
// the seconds it answered some and failed others, which one that is down, goes
// down or comes back does not do. A query belongs to the second in which it was
// sent.
const (
	healthSpan  = 10 // seconds
	leastFailed = 20 // queries
	leastMixed  = 3  // seconds
)

// A health is how well one server answers. Its size does not depend on how
// often it is asked. Its methods may be called by many goroutines at once.
type health struct {
	mu      sync.Mutex
	seconds [healthSpan]tally // by second, in a ring
	latest  int64             // second
	limits  bool              // it was found to limit us
	noEDNS  bool
}

// A tally counts the queries of one second.
type tally struct {
	second           int64
	answered, failed int
}

// of returns what is known of a server.
func (p *Pool) of(server endpoint) *health {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.mu.health[server]
	if h == nil {
		h = new(health)
		p.mu.health[server] = h
	}
	return h
}

// note counts a query that was sent at a time, and tells once where the server
// turns out to limit us.
func (p *Pool) note(server endpoint, sent time.Time, failed bool) {
	if answered, asked, limits := p.of(server).note(sent.Unix(), failed); limits {
		p.cfg.Tell(fmt.Sprintf("resolver %s %s: it limits us; %s", server, share(answered, asked), useLess))
	}
}

// doubt says of a server that failed a query whether it may limit us: where it
// answered others just now. Else it is empty.
func (p *Pool) doubt(server endpoint) string {
	h := p.of(server)
	h.mu.Lock()
	defer h.mu.Unlock()
	answered, asked, _ := h.judge()
	if answered == 0 || answered == asked {
		return ""
	}
	return fmt.Sprintf("; it %s: if it limits us, %s", share(answered, asked), useLess)
}

const useLess = "lower clients.lookups or use more resolvers"

func share(answered, asked int) string {
	return fmt.Sprintf("answered %d of %d queries in the last %d s", answered, asked, healthSpan)
}

// note counts a query of a second. Limits is true once, when it has become
// plain that the server limits us.
func (h *health) note(second int64, failed bool) (answered, asked int, limits bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := &h.seconds[second%healthSpan]
	if t.second > second {
		return 0, 0, false // it came back too late to count
	}
	if t.second < second {
		*t = tally{second: second}
	}
	if failed {
		t.failed++
	} else {
		t.answered++
	}
	h.latest = max(h.latest, second)
	if h.limits || !failed {
		return 0, 0, false
	}
	answered, asked, limits = h.judge()
	h.limits = limits
	return answered, asked, limits
}

// judge counts over the span that ends with the latest second. The lock is held.
func (h *health) judge() (answered, asked int, limits bool) {
	failed, mixed := 0, 0
	for _, t := range h.seconds {
		if t.second <= h.latest-healthSpan {
			continue
		}
		answered += t.answered
		failed += t.failed
		if t.answered > 0 && t.failed > 0 {
			mixed++
		}
	}
	asked = answered + failed
	return answered, asked, failed >= leastFailed && 10*failed >= asked && mixed >= leastMixed
}

// speaksEDNS reports whether the server is to be asked with EDNS: unless it has
// been found not to know it.
func (p *Pool) speaksEDNS(server endpoint) bool {
	h := p.of(server)
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.noEDNS
}

// withoutEDNS remembers that a server answers only without EDNS, and tells so
// where a client subnet was to be sent.
func (p *Pool) withoutEDNS(server endpoint, subnet bool) {
	h := p.of(server)
	h.mu.Lock()
	known := h.noEDNS
	h.noEDNS = true
	h.mu.Unlock()
	if subnet && !known {
		p.cfg.Tell(fmt.Sprintf("resolver %s does not know EDNS, so that no client subnet can be sent to it, and it cannot tell its clients apart; "+
			"use another resolver, or leave out clients.subnets", server))
	}
}
