package guidance

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"frontload/results"
)

// Observed gathers the facts of a run. It reads the run's cells once, and fails
// only where they cannot be read. Of access logs, which are no test, it tells
// the source alone.
func Observed(run *results.Run) (*Facts, error) {
	f := &Facts{Source: run.Info.Source, Chance: chance, Authorization: run.Info.Authorization}
	if f.Source == sourceLog {
		return f, nil
	}
	t := tallyOf(run)
	if run.Cells != nil {
		for c, err := range run.Cells {
			if err != nil {
				return nil, fmt.Errorf("read the run's cells for the guidance: %w", err)
			}
			t.add(&c)
		}
	}
	t.close()
	f.Regions, f.Places = t.regions.list(), t.places.list()
	if f.Source == sourceVegeta {
		f.Regions = nil // its results do not say where they were sent from
	}
	sent := t.sent(run)
	rates := smooth(sent)
	f.Ramp, f.Peak = observedRamp(rates)
	f.Requests = float64(total(sent))
	f.BitsPeak = float64(t.mostBytes) * 8
	parts := partsOf(run, rates)
	f.Clients = observedClients(run, parts)
	f.DNS = NewSample(run.Lookups, f.Clients.Count).facts()
	f.DNS.Lookups = answered(run.Lookups)
	f.Spread = t.spread(run, parts)
	f.URLs = t.urls(run)
	f.Quotas = QuotaFacts{Refused: t.quota, Prefixes: t.prefixes(run, f)}
	f.Bans.LambdaAnswers = t.lambda
	return f, nil
}

func answered(lookups []results.Lookup) int {
	n := 0
	for _, l := range lookups {
		if l.Err == "" {
			n++
		}
	}
	return n
}

// smoothing is over how many seconds a rate is averaged, so that the chance of
// arrivals does not count as a peak.
const smoothing = 3

// smooth returns the mean rate of the seconds around each one, those at either
// end over as many as the others.
func smooth(sent []int64) []float64 {
	n := min(smoothing, len(sent))
	rates := make([]float64, len(sent))
	for i := range sent {
		from := min(max(0, i-n/2), len(sent)-n)
		sum := int64(0)
		for _, x := range sent[from : from+n] {
			sum += x
		}
		rates[i] = float64(sum) / float64(n)
	}
	return rates
}

// observedRamp tells how the rate grew, and its peak. A last second that is no
// whole one makes no difference to either.
func observedRamp(rates []float64) (RampFacts, float64) {
	if len(rates) == 0 {
		return RampFacts{}, 0
	}
	times := make([]time.Duration, len(rates))
	for i := range times {
		times[i] = time.Duration(i) * time.Second
	}
	at := func(t time.Duration) float64 { return rates[t/time.Second] }
	return worstOf(times, at, rates[0]), slices.Max(rates)
}

// observedClients tells of the clients that sent. Of those beyond the busiest,
// which a run does not name, the addresses are not known.
func observedClients(run *results.Run, p *parts) ClientFacts {
	clients, addresses := map[uint32]bool{}, set{}
	for _, c := range run.Clients {
		if c.Name != "" && c.Requests > 0 {
			clients[c.Client] = true
			addresses[c.Name] = true
		}
	}
	return ClientFacts{Count: max(len(clients), run.ClientsSeen), Addresses: len(addresses), Busiest: p.busiest(run.Clients)}
}

// total returns the sum of counts.
func total(counts []int64) int64 {
	sum := int64(0)
	for _, n := range counts {
		sum += n
	}
	return sum
}

// edgeCounts counts what was sent to each edge address.
func edgeCounts(run *results.Run) map[netip.Addr]float64 {
	counts := map[netip.Addr]float64{}
	for _, s := range run.Sends {
		if s.Edge.IsValid() && s.Count > 0 {
			counts[s.Edge] += float64(s.Count)
		}
	}
	return counts
}
