package analysis

import (
	"cmp"
	"math"
	"slices"

	"frontload/results"
	"frontload/results/report/plain"
)

// The run counts 503s by client and by key prefix over its whole length only.
// They tell of a burst that has at least this share of all of the run's 503s.
const mostOfRun = 0.7

// tallies weighs how the 503s are spread over clients and key prefixes.
func (j *judge) tallies() {
	if j.kind == kindClient {
		j.clients = 1
		j.add("few-clients", 1, "only %s got 503s", list(j.scope.values))
		return
	}
	if float64(j.status503) < mostOfRun*float64(j.total.status503) {
		return
	}
	j.fewClients()
	j.somePrefixes()
}

// leading returns the tallied with the most 503s, as many as have nine tenths
// of them; the share that they have of all requests, and of all 503s; and how
// many are tallied by name.
func leading(list []results.Tally) (few int, requests, failed float64, of int) {
	list = slices.DeleteFunc(slices.Clone(list), func(t results.Tally) bool { return t.Name == "" || t.Requests == 0 })
	slices.SortFunc(list, func(a, b results.Tally) int {
		return cmp.Or(cmp.Compare(b.Status503, a.Status503), cmp.Compare(a.Name, b.Name))
	})
	var all, sum count
	for _, t := range list {
		all = all.add(count{float64(t.Requests), float64(t.Status503)})
	}
	for few < len(list) && sum.k < 0.9*all.k {
		sum = sum.add(count{float64(list[few].Requests), float64(list[few].Status503)})
		few++
	}
	return few, sum.n / max(1, all.n), sum.k / max(1, all.k), len(list)
}

// mostClients is how many clients are few. Of more, chance alone leaves out some
// that asked little, so that those that are left have most of the 503s.
const mostClients = 5

// busier is how many times as much as others a client must send for a limit of
// its own to be what strikes it alone.
const busier = 1.5

// fewClients weighs whether nearly all 503s are those of a few clients, while
// others that asked the same places were spared: much less of the requests came
// from these few than went to the scope.
func (j *judge) fewClients() {
	few, requests, failed, of := leading(j.run.Clients)
	all := sum(j.inside, func(int) bool { return true })
	scope := j.inScope(j.inside)
	if few == 0 || few > max(mostClients, of/20) || few == of || all.n == 0 || scope.n == 0 {
		return
	}
	share := 1.0
	if j.isPlace() {
		share = float64(scope.n) / float64(all.n)
	}
	if requests/float64(few) < busier*(1-requests)/float64(of-few) {
		return // they sent no more than others: no limit tells them apart
	}
	spared := 1 - requests/share
	missing := spared * float64(scope.fail.n)
	chance := math.Sqrt(share * (1 - share) / float64(all.n))
	if spared < 0.05 || share-requests < 4*chance || missing < 2*fewest || (1-failed)*float64(scope.fail.n) > missing/3 {
		return
	}
	j.clients = 1 - math.Exp(-missing/fewest)
	j.add("few-clients", j.clients, "%s of the 503s went to %s of %d, while others that asked the same places were spared", plain.Share(failed), many(few, "client", "clients"), of)
}

// somePrefixes weighs whether the 503s are under some of the key prefixes only,
// where prefixes tell more than request names.
func (j *judge) somePrefixes() {
	few, requests, _, of := leading(j.run.Prefixes)
	if j.isPlace() || few == 0 || of < 4 || of <= len(j.total.byRequest) || requests > 0.5 {
		return
	}
	j.add("some-prefixes", 1, "nine in ten of the 503s are under %d of %d key prefixes, which have %s of the requests", few, of, plain.Share(requests))
}
