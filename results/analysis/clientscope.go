package analysis

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"time"

	"frontload/results"
)

// A fault of some clients is told by the exemplars, since cells do not know
// clients: it takes so many 503s that were kept whole, and at most so many
// clients, which sent at most this share of the run's requests. Of many clients
// that each sent a few requests, those that chance let fail are no scope.
const (
	fewestExemplars  = 20
	mostNamedClients = 20
	mostClientsShare = 0.5
)

// nameClients gives the faults that are of no place and of no request name the
// scope of the clients that got nearly all of their 503s, where these sent far
// fewer of the requests. What is counted of such a fault is counted over all.
func nameClients(run *results.Run, faults []*fault) {
	sent := map[string]float64{}
	total := 0.0
	for _, c := range run.Clients {
		if c.Name != "" {
			sent[addressName(c.Name)] += float64(c.Requests)
		}
		total += float64(c.Requests)
	}
	if len(sent) < 2 {
		return
	}
	for _, f := range faults {
		if f.kind != kindAll {
			continue
		}
		if clients := f.clients(run.Exemplars, sent, total); len(clients) > 0 {
			f.kind, f.values = kindClient, clients
		}
	}
}

// addressName spells an address as [netip.Addr.String] does, in which the
// sources of exemplars are told: logs may write IPv6 with all its zeros.
func addressName(name string) string {
	if a, err := netip.ParseAddr(name); err == nil {
		return a.String()
	}
	return name
}

// clients returns the fewest clients that have nearly all of the fault's
// exemplars, sorted; none where chance, or how much they sent, may explain it,
// or where one of them is not among the clients that are counted by name.
func (f *fault) clients(exemplars []results.Exemplar, sent map[string]float64, total float64) []string {
	got := map[string]int{}
	all := 0
	for i := range exemplars {
		e := &exemplars[i]
		why := causeOf(&results.CellKey{Status: e.Status, Outcome: e.Outcome, Signals: e.Signals})
		if second := int(e.At / time.Second); f.causes[why] && second >= f.from && second < f.to && e.Source.IsValid() {
			got[e.Source.String()]++
			all++
		}
	}
	names := sortedKeys(got)
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(got[y], got[x]) })
	hit, requests, n := 0, 0.0, 0
	for n = 0; n < len(names) && float64(hit) < explained*float64(all); n++ {
		if _, known := sent[names[n]]; !known {
			return nil // one of too many clients to say what each sent
		}
		hit += got[names[n]]
		requests += sent[names[n]]
	}
	if all < fewestExemplars || n > mostNamedClients || requests == 0 || requests > mostClientsShare*total {
		return nil
	}
	if divergence(float64(hit), float64(all), requests/total)-logChoose(len(sent), min(n, len(sent))) < scopeMargin {
		return nil
	}
	return slices.Sorted(slices.Values(names[:n]))
}

// divergence returns the log likelihood that hits among all have at their own
// share over that at the given one.
func divergence(hits, all, share float64) float64 {
	d := hits * math.Log(hits/all/share)
	if others := all - hits; others > 0 {
		d += others * math.Log(others/all/(1-share))
	}
	return d
}
