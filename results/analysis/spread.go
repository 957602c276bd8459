package analysis

import (
	"math"

	"frontload/results/report/plain"
)

// fewest is how many 503s a value would have to show, on the average, before
// its share of them is compared with others'.
const fewest = 5

// uneven is the least spread of shares, as a coefficient of variation beyond
// chance, that is called uneven.
const uneven = 0.35

// values sums the samples of the fault's seconds by value of a dimension, the
// fault's own 503s as failures; within its scope, or everywhere.
func (j *judge) values(dimension string, within bool) map[string]count {
	sums := map[string]count{}
	for i, v := range j.inside {
		if v.n > 0 && (!within || j.in[i]) {
			value := j.value(dimension, uint32(i))
			sums[value] = sums[value].add(count{float64(v.n), float64(v.fail.n)})
		}
	}
	return sums
}

// evenness compares the shares of 503s of several values. It returns how many
// could be compared and the coefficient of variation of their shares beyond
// what chance makes of so few requests.
func evenness(sums map[string]count) (compared int, variation float64) {
	total := count{}
	for _, c := range sums {
		total = total.add(c)
	}
	p := total.share()
	var n, excess float64
	for v, c := range sums {
		if v == "" || c.n*p < fewest {
			continue
		}
		compared++
		d := c.share() - p
		chance := p * (1 - p) / c.n
		excess += c.n * (d*d - chance)
		n += c.n
	}
	if compared < 2 || p == 0 {
		return compared, 0
	}
	return compared, math.Sqrt(max(0, excess/n)) / p
}

// places weighs how the 503s are spread over POPs and edge addresses.
func (j *judge) places() {
	if j.isPlace() {
		j.concentrated()
		return
	}
	dimension, signal := kindPOP, "even-over-places"
	compared, variation := evenness(j.values(dimension, true))
	if compared < 2 {
		dimension, signal = kindEdge, "even-within-pop"
		compared, variation = evenness(j.values(dimension, true))
	}
	switch {
	case compared < 2:
	case variation < uneven:
		j.add(signal, min(1, float64(compared+1)/4),
			"the same share of 503s at %d %s%s", compared, placeNames[dimension], beyondChance(variation))
	case variation > 2*uneven:
		j.add("uneven-over-places", 1, "shares of 503s differ by %s among %d %s", plain.Share(variation), compared, placeNames[dimension])
	}
	j.busier(dimension, variation)
	j.onset()
}

// placeNames are the dimensions that are places, in words.
var placeNames = map[string]string{kindPOP: "POPs", kindEdge: "edge addresses"}

// beyondChance says by how much shares differ, where chance does not explain it.
func beyondChance(variation float64) string {
	if variation < 0.005 {
		return ""
	}
	return ", give or take " + plain.Share(variation)
}

// busier weighs whether the places that got more requests failed more of them.
func (j *judge) busier(dimension string, variation float64) {
	var x, y []float64
	for v, c := range j.values(dimension, true) {
		if v != "" && c.n >= 4*fewest {
			x, y = append(x, c.n), append(y, c.share())
		}
	}
	if r, vary := correlation(x, y); vary > 0.2 && r > 0.7 && variation > uneven/2 {
		j.add("busier-places-fail-more", r, "of %d %s the busier ones failed more (correlation %.2f)", len(x), placeNames[dimension], r)
	}
}

// echoedPlaces is the strength that concentration has where caches replay
// errors: a POP's cache is its own, so that its replayed errors are, too.
const (
	echoedPlaces = 0.3
	// Where only their speed suggests it.
	perhapsEchoed = 0.6
)

// concentrated weighs how far places outside the scope were spared: much when
// many requests there would have failed too, had they failed like those in
// it; nothing when so many did that the scope is hardly the worse for it.
func (j *judge) concentrated() {
	in := j.inScope(j.inside)
	if in.fail.n == 0 {
		return
	}
	out := sum(j.inside, func(i int) bool { return !j.in[i] })
	share := float64(in.fail.n) / float64(in.n)
	struck := float64(out.stray) / float64(max(1, out.n)) / (hitShare * share)
	spared := (1 - math.Exp(-float64(out.n)*share/fewest)) * max(0, 1-struck)
	switch {
	case float64(j.cached) > leastEcho*float64(j.heard):
		spared *= echoedPlaces
	case j.echo:
		spared *= perhapsEchoed
	}
	spared *= 1 - j.clients // whose clients are the cause is where these are
	where, told := "only", "none got a 503"
	if out.stray > 0 {
		where, told = "mostly", sentence("%d got a 503 too", out.stray)
	}
	if j.others > 0 {
		told += ", those of other bursts apart"
	}
	j.add("concentrated", spared, "%s at %s: of %d requests elsewhere meanwhile %s", where, list(j.scope.values), out.n, told)
}

// onset weighs whether all POPs began at once.
func (j *judge) onset() {
	if len(j.began) < 2 {
		return
	}
	last := j.from
	for _, s := range j.began {
		last = max(last, s)
	}
	if last <= j.from+1 {
		j.add("onset-together", 1, "all %d POPs began within 2 s", len(j.began))
	}
}

// names weighs how the 503s are spread over request names.
func (j *judge) names() {
	sums := j.values(kindRequest, true)
	switch {
	case j.kind == kindRequest:
		j.add("some-requests", 1, "only %s; other requests on the same addresses work", list(j.scope.values))
		return
	case j.isPlace():
		if spared, n := sparedNames(sums); spared > 0 {
			j.add("some-requests-there", 1, "%d of %d request names work in the same place", spared, n)
		}
		return
	}
	compared, variation := evenness(sums)
	switch {
	case compared < 2:
	case variation < uneven/2:
		j.add("all-requests", min(1, float64(compared+1)/4), "%d request names fail alike", compared)
	case variation > uneven:
		j.add("uneven-over-requests", 1, "shares of 503s differ by %s among %d request names", plain.Share(variation), compared)
	}
}

// sparedNames returns how many request names had hardly a 503, though so many
// requests that they would have had ten at the common share; and of how many.
func sparedNames(sums map[string]count) (spared, of int) {
	total := count{}
	for _, c := range sums {
		total = total.add(c)
	}
	for v, c := range sums {
		if v == "" || c.n*total.share() < 2*fewest {
			continue
		}
		of++
		if c.share() < hitShare*total.share() {
			spared++
		}
	}
	return spared, of
}

// correlation returns Pearson's coefficient, and how much x varies by its mean.
func correlation(x, y []float64) (r, vary float64) {
	n := float64(len(x))
	if n < 4 {
		return 0, 0
	}
	var mx, my, sxx, syy, sxy float64
	for i := range x {
		mx += x[i] / n
		my += y[i] / n
	}
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		syy += (y[i] - my) * (y[i] - my)
		sxy += (x[i] - mx) * (y[i] - my)
	}
	if sxx == 0 || syy == 0 {
		return 0, 0
	}
	return sxy / math.Sqrt(sxx*syy), math.Sqrt(sxx/n) / mx
}
