package analysis

import (
	"cmp"
	"net/netip"
	"slices"

	"frontload/results"
)

// summarize counts what the run did. A request is one whose first byte was
// written, as the generator counted it when it sent it; where no generator of
// ours did, as the cells count it.
func summarize(run *results.Run, l *ledger) results.RunSummary {
	i := &run.Info
	s := results.RunSummary{
		Name: i.Name, Source: i.Source, Target: i.Target, Authorization: i.Authorization,
		Start: i.Start, End: i.End, Interrupted: i.Interrupted, EndedBy: endedBy(run), Warmup: i.Warmup.Seconds(),
		Requests: requests(run, l), Responses: l.total.responses, Responses503: l.total.status503,
		Unfinished: unended(i), Simulated: i.Simulated, Version: i.Version,
		Outcomes: l.total.outcomes, Statuses: statuses(l.total.statuses), FailedStatuses: statuses(l.total.failed), RatePeak: float64(l.total.peak), Bytes: l.total.bytes,
		Clients: clients(run), POPs: pops(l), Edges: edges(run, l), Sources: sources(run),
		Lookups: len(run.Lookups), TransportReasons: transportReasons(run),
		CloudFrontSeen: l.total.cloudFront || i.Source == sourceLog, ByRequest: byRequest(run, l),
	}
	s.CacheResults, s.HitRatio = cacheResults(l)
	rates(run, &s)
	s.EdgeAddresses = len(s.Edges)
	if i.End.IsZero() {
		s.End = at(run, max(l.seconds(), lastSecond(run)+1))
	}
	if len(run.Seconds) > 0 {
		s.RatePeak = 0
		for _, second := range run.Seconds {
			s.RatePeak = max(s.RatePeak, float64(second.Sent))
		}
	}
	return s
}

// endedBy returns the event that ended the load before its schedule did.
func endedBy(run *results.Run) string {
	for _, e := range run.Events {
		if e.Kind == results.EventBudget {
			return e.Text
		}
	}
	return ""
}

// unended reports whether a generator of ours began the run and wrote no end.
func unended(i *results.RunInfo) bool {
	return i.End.IsZero() && !i.Start.IsZero() && (i.Source == "attack" || i.Source == "rehearsal")
}

// rates sums up what the schedule wanted and what was sent in the same seconds.
func rates(run *results.Run, s *results.RunSummary) {
	busy, asked, sent := 0.0, 0.0, 0.0
	for _, second := range run.Seconds {
		s.Scheduled += second.Scheduled
		if second.Scheduled > 0 {
			busy++
			asked += float64(second.Scheduled)
			sent += float64(second.Sent)
		}
	}
	if busy > 0 {
		s.RateAsked, s.RateReached = round(asked/busy), round(sent/busy)
	}
}

// transportReasons counts why kept requests got no whole answer.
func transportReasons(run *results.Run) map[string]int64 {
	why := map[string]int64{}
	for _, e := range run.Exemplars {
		if e.Outcome == results.Transport && e.Reason != "" {
			why[e.Reason]++
		}
	}
	return why
}

// lastSecond returns the last second that the generator tells of, -1 for none.
func lastSecond(run *results.Run) int {
	if len(run.Seconds) == 0 {
		return -1
	}
	return run.Seconds[len(run.Seconds)-1].Second
}

func requests(run *results.Run, l *ledger) int64 {
	if len(run.Sends) == 0 {
		return l.total.written
	}
	n := int64(0)
	for _, s := range run.Sends {
		n += s.Count
	}
	return n
}

// clients returns how many clients sent anything.
func clients(run *results.Run) int {
	seen := map[uint32]bool{}
	for _, c := range run.Clients {
		if c.Name != "" && c.Requests > 0 {
			seen[c.Client] = true
		}
	}
	return max(len(seen), run.ClientsSeen)
}

func pops(l *ledger) []string {
	seen := map[string]bool{}
	for _, a := range l.atoms {
		if a.pop != "" {
			seen[a.pop] = true
		}
	}
	return append([]string{}, sortedKeys(seen)...)
}

// edges counts the requests of each edge address, sorted by address.
func edges(run *results.Run, l *ledger) []results.AddressCount {
	counts := map[netip.Addr]int64{}
	for _, s := range run.Sends {
		counts[s.Edge] += s.Count
	}
	if len(run.Sends) == 0 {
		counts = l.edgeCount
	}
	addrs := map[netip.Addr]bool{}
	for a := range counts {
		addrs[a] = true
	}
	for a := range l.edgeCount {
		addrs[a] = true
	}
	list := []results.AddressCount{}
	for _, a := range slices.SortedFunc(keys(addrs), netip.Addr.Compare) {
		if a.IsValid() {
			list = append(list, results.AddressCount{
				Address: a.String(), POP: l.popOf[a], Requests: counts[a], Responses503: l.edge503[a],
			})
		}
	}
	return list
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// sources counts the requests of each client address, the busiest first.
func sources(run *results.Run) []results.AddressCount {
	list := []results.AddressCount{}
	at := map[string]int{}
	for _, c := range run.Clients {
		if c.Name == "" {
			continue
		}
		i, known := at[c.Name]
		if !known {
			i = len(list)
			at[c.Name] = i
			list = append(list, results.AddressCount{Address: c.Name})
		}
		list[i].Requests += c.Requests
		list[i].Responses503 += c.Status503
	}
	slices.SortStableFunc(list, func(x, y results.AddressCount) int {
		return cmp.Or(cmp.Compare(y.Requests, x.Requests), cmp.Compare(x.Address, y.Address))
	})
	return list
}

// busiestAddress returns the requests of the client address that sent most,
// whatever clients share it, and its mean rate in requests/s over the seconds
// in which the run sent anything.
func busiestAddress(run *results.Run, l *ledger) (requests int64, rate float64) {
	if list := sources(run); len(list) > 0 {
		requests = list[0].Requests
	}
	busy := 0
	for _, s := range run.Seconds {
		if s.Sent > 0 {
			busy++
		}
	}
	if len(run.Seconds) == 0 {
		busy = l.seconds()
	}
	return requests, float64(requests) / float64(max(1, busy))
}

// addressText returns an address in words, empty for none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
