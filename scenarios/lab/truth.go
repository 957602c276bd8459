package lab

import (
	"net/netip"
	"time"
)

// String returns the cause's name, as the truth counts it.
func (c Cause) String() string {
	switch c {
	case CauseEdgeCapacity:
		return "edge-capacity"
	case CauseEdgeQuota:
		return "edge-quota"
	case CauseEdgeCompute:
		return "edge-compute"
	case CauseOrigin:
		return "origin"
	case CauseCachedOrigin:
		return "cached-origin"
	default:
		return "none"
	}
}

// A Count counts requests, and those of them that were answered with 503.
type Count struct {
	Requests     int64 `json:"requests"`
	Responses503 int64 `json:"responses_503"`
}

func (c *Count) add(failed bool) {
	c.Requests++
	if failed {
		c.Responses503++
	}
}

// Truth is what a model really did.
type Truth struct {
	Case    string           `json:"case"`
	Seed    uint64           `json:"seed"`
	Last    time.Duration    `json:"last_ns"` // when the last ask came
	Count                    // of everything
	Causes  map[string]int64 `json:"causes"`  // 503s by who wrote them
	Edges   map[string]Count `json:"edges"`   // by edge address
	Clients map[string]Count `json:"clients"` // by viewer's address
	POPs    map[string]Count `json:"pops"`
	// Origins counts what each kind of origin was asked, and refused.
	Origins   map[string]Count `json:"origins"`
	Collapsed int64            `json:"collapsed"` // asks that waited for another's miss
	Stale     int64            `json:"stale"`     // expired objects served since the origin failed
	Faults    []Fault          `json:"faults"`    // in order of time
}

// tally is the truth while it is counted.
type tally struct {
	all       Count
	causes    [CauseCachedOrigin + 1]int64
	edges     [][perPOP]Count
	clients   map[netip.Addr]*Count
	collapsed int64
	stale     int64
}

func newTally(pops int) tally {
	return tally{edges: make([][perPOP]Count, pops), clients: make(map[netip.Addr]*Count)}
}

func (m *Model) count(a *Ask, d *answer) {
	t := &m.tally
	failed := d.kind.info().status == 503
	t.all.add(failed)
	t.edges[d.pop][d.edge].add(failed)
	c := t.clients[a.Client]
	if c == nil {
		c = new(Count)
		t.clients[a.Client] = c
	}
	c.add(failed)
	if failed {
		t.causes[d.cause]++
	}
	if d.kind == answerStale {
		t.stale++
	}
}

// Truth returns what the model did so far. It shares nothing with the model.
func (m *Model) Truth() Truth {
	t := Truth{
		Case: m.c.Name, Seed: m.seed, Last: m.last, Count: m.tally.all,
		Causes: map[string]int64{}, Edges: map[string]Count{}, Clients: map[string]Count{},
		POPs: map[string]Count{}, Origins: map[string]Count{},
		Collapsed: m.tally.collapsed, Stale: m.tally.stale,
	}
	for cause, n := range m.tally.causes {
		if n > 0 {
			t.Causes[Cause(cause).String()] = n
		}
	}
	for p := range m.pops {
		var sum Count
		for i, c := range m.tally.edges[p] {
			t.Edges[edgeAddr(p, i).String()] = c
			sum.Requests += c.Requests
			sum.Responses503 += c.Responses503
		}
		t.POPs[m.pops[p].name] = sum
	}
	for addr, c := range m.tally.clients {
		t.Clients[addr.String()] = *c
	}
	for _, o := range m.origins {
		c := t.Origins[o.kind.String()]
		c.Requests += o.requests
		c.Responses503 += o.errors
		t.Origins[o.kind.String()] = c
	}
	for _, f := range m.faults {
		t.Faults = append(t.Faults, m.publicFault(f))
	}
	return t
}
