package analysis

import "math"

// limits weighs whether the 503s follow a limit: how their share follows the
// rate, and whether the good answers are capped.
func (j *judge) limits() {
	if j.kind == kindRequest {
		return
	}
	j.rate()
	byAddress := 0.0
	for edge, e := range j.edges {
		if edge.IsValid() && e.all.k >= 2*fewest {
			byAddress += capped(e.seconds)
		}
	}
	total := capped(j.counted())
	switch {
	case byAddress > leastCapped:
		j.add("capped-by-address", (byAddress-leastCapped)/mostCapped, "each edge address gives much the same number of good answers each second, however many it is asked for")
	case total > leastCapped && !j.isPlace():
		j.add("capped-in-total", (total-leastCapped)/mostCapped, "all edge addresses together give much the same number of good answers each second, however many they are asked for")
	}
}

// The log likelihood that good answers are capped rather than refused at
// random, from which it tells something, and what it must gain to tell all.
const (
	leastCapped = 2
	mostCapped  = 8
)

// counted returns the seconds of the scope that count, but for the first and
// the last, which are no whole ones.
func (j *judge) counted() []count {
	var list []count
	for t, s := range j.seconds {
		if !j.isLimited(j.from + t) {
			list = append(list, s)
		}
	}
	return list
}

// rate weighs whether the share of 503s follows the rate of the whole run.
func (j *judge) rate() {
	if j.isPlace() || len(j.seconds) < 5 {
		return
	}
	var x, y []float64
	for t, s := range j.seconds {
		if s.n > 0 && !j.isLimited(j.from+t) {
			x = append(x, float64(j.load[t]))
			y = append(y, s.share())
		}
	}
	if r, vary := correlation(x, y); vary > 0.1 && r > 0.5 && len(x) >= 5 {
		j.add("follows-rate", r, "the share of 503s grows with the total rate (correlation %.2f)", r)
	}
}

// leastSeconds is how many whole seconds it takes to see a cap.
const leastSeconds = 6

// capped returns the log likelihood that a limit lets through the same number
// each second, over that each request is refused by chance.
//
//	g   good answers of a second among n
//	ḡ   their mean
//	p   share of 503s
//
// Under a limit g is ḡ, give or take little, whatever n is. By chance it is
// (1−p)·n with variance p·(1−p)·n, or more where the chance itself varies.
func capped(seconds []count) float64 {
	if len(seconds) < leastSeconds+2 {
		return 0
	}
	seconds = seconds[1 : len(seconds)-1]
	total := count{}
	for _, s := range seconds {
		total = total.add(s)
	}
	p, mean := total.share(), (total.n-total.k)/float64(len(seconds))
	if p < 0.02 || mean < 2 {
		return 0
	}
	limit := 0.0
	chance := make([]float64, 3) // by how much the chance itself varies
	for _, s := range seconds {
		good := s.n - s.k
		limit += logNormal(good-mean, max(1, 0.05*mean*0.05*mean))
		for i := range chance {
			chance[i] += logNormal(good-(1-p)*s.n, max(0.5, p*(1-p)*s.n)*math.Pow(3, float64(i)))
		}
	}
	return limit - max(chance[0], chance[1], chance[2])
}

// logNormal returns the logarithm of the normal density at a distance from the
// mean, but for a constant.
func logNormal(distance, variance float64) float64 {
	return -distance*distance/(2*variance) - math.Log(variance)/2
}
