package analysis

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"
)

var long = flag.Bool("long", false, "simulate whole days of noise, and more of them")

// A noise is a run without a fault, drawn by its counts: each second has so
// many requests, spread evenly over the scopes, and the few 503s among them
// fall on random ones.
type noise struct {
	name                  string
	rate                  func(t int) float64
	share                 func(t int, last float64, rnd *rand.Rand) float64
	pops, edges, requests int
}

func steadily(rate float64) func(int) float64 { return func(int) float64 { return rate } }

func always(share float64) func(int, float64, *rand.Rand) float64 {
	return func(int, float64, *rand.Rand) float64 { return share }
}

// daily lets a rate go up and down by so much around its mean in 24 hours.
func daily(mean, by float64) func(int) float64 {
	return func(t int) float64 { return mean * (1 + by*math.Sin(2*math.Pi*float64(t)/86400)) }
}

// wandering lets the logarithm of a share drift back and forth around its
// median, by so many standard deviations, in some such number of seconds.
func wandering(median, sigma, seconds float64) func(int, float64, *rand.Rand) float64 {
	pull := 1 / seconds
	return func(t int, last float64, rnd *rand.Rand) float64 {
		if t == 0 {
			return median
		}
		x := math.Log(last / median)
		return median * math.Exp(x*(1-pull)+sigma*math.Sqrt(2*pull)*rnd.NormFloat64())
	}
}

var noises = []noise{
	{"0.05 %", steadily(1000), always(0.0005), 5, 50, 10},
	{"0.01 %", steadily(1000), always(0.0001), 5, 50, 10},
	{"0.2 %", steadily(1000), always(0.002), 5, 50, 10},
	{"0.5 %", steadily(1000), always(0.005), 5, 50, 10},
	{"1 %", steadily(1000), always(0.01), 5, 50, 10},
	{"0.05 %, day and night", daily(1000, 0.9), always(0.0005), 5, 50, 10},
	{"1 %, day and night", daily(1000, 0.9), always(0.01), 5, 50, 10},
	{"0.05 %, wandering in minutes", steadily(1000), wandering(0.0005, 0.6, 120), 5, 50, 10},
	{"0.05 %, wandering in hours", steadily(1000), wandering(0.0005, 1, 7200), 5, 50, 10},
	{"0.4 %, wandering in hours", steadily(1000), wandering(0.004, 0.5, 7200), 5, 50, 10},
	{"1 % of 1 request/s", steadily(1), always(0.01), 5, 50, 10},
	{"1 % of 5 requests/s", steadily(5), always(0.01), 5, 50, 10},
	{"1 % of 20 requests/s", steadily(20), always(0.01), 5, 50, 10},
	{"0.05 % of 5 requests/s", steadily(5), always(0.0005), 5, 50, 10},
	{"0.2 % of 100 requests/s, one scope", steadily(100), always(0.002), 1, 1, 1},
	{"1 % of 100 requests/s, one scope", steadily(100), always(0.01), 1, 1, 1},
	{"0.2 % of 20,000 requests/s", steadily(20_000), always(0.002), 5, 50, 10},
}

// bursts draws so many seconds and returns the spans that are taken for bursts.
func (z noise) bursts(seed uint64, seconds int) []span {
	rnd := rand.New(rand.NewPCG(seed, 11))
	groups := []int{1, z.pops, z.edges, z.requests}
	d := &detector{blockSeconds: blockSeconds(seconds), busy: seconds}
	var scopes []collector
	for _, n := range groups {
		if n == 1 && len(scopes) > 0 {
			continue
		}
		for range n {
			scopes = append(scopes, collector{blockSeconds: d.blockSeconds})
		}
	}
	k := make([]uint32, len(scopes))
	share, sizes := 0.0, make([]float64, len(scopes))
	for t := range seconds {
		n := poissonOf(rnd, z.rate(t))
		share = z.share(t, share, rnd)
		clear(k)
		for range poissonOf(rnd, float64(n)*share) {
			edge, request := rnd.IntN(z.edges), rnd.IntN(z.requests)
			k[0]++
			if len(scopes) > 1 {
				k[1+edge%z.pops]++
				k[1+z.pops+edge]++
				k[1+z.pops+z.edges+request]++
			}
		}
		i := 0
		for _, of := range groups {
			for range min(of, len(scopes)-i) {
				in := uint32(n / of)
				if rnd.IntN(of) < n%of {
					in++
				}
				in = max(in, k[i])
				scopes[i].count(t, in, k[i])
				sizes[i] += float64(in)
				i++
			}
		}
	}
	d.sizes = sizes
	var found []span
	for i := range scopes {
		scopes[i].close()
		severe, slight := d.look(scopes[i].series, i)
		found = append(append(found, severe...), slight...)
	}
	return join(found)
}

// poissonOf draws from a Poisson distribution, for large means from the normal
// one beside it.
func poissonOf(rnd *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rnd.NormFloat64())))
	}
	n, t := 0, rnd.ExpFloat64()
	for ; t < mean; t += rnd.ExpFloat64() {
		n++
	}
	return n
}

// Nor do short runs, of which little is known.
func TestShortRunsOfNoiseHaveNoBursts(t *testing.T) {
	for _, share := range []float64{0.0005, 0.002, 0.01} {
		for _, rate := range []float64{1, 5, 20, 100, 1000} {
			runs, found := trials(20, 1440), 0
			for seed := range runs {
				found += len(noise{"", steadily(rate), always(share), 5, 50, 10}.bursts(seed, 60))
			}
			t.Logf("%.2f %% of %.0f requests/s: %d false bursts in %d runs of a minute", 100*share, rate, found, runs)
			if most := int(runs / 400); found > most {
				t.Errorf("%.2f %% of %.0f requests/s: %d false bursts in %d runs of a minute, want %d at most", 100*share, rate, found, runs, most)
			}
		}
	}
}

// All scopes together take calm for a burst at most once a day, whatever the
// noise.
func TestFalseAlarmsKeepTheirBudget(t *testing.T) {
	days, seconds := 1, 3600
	if *long {
		days, seconds = 10, 24*3600
	}
	for _, z := range noises {
		total := 0
		for seed := range days {
			found := z.bursts(uint64(seed), seconds)
			if total += len(found); len(found) > 0 {
				t.Logf("%s, seed %d: %d: %v", z.name, seed, len(found), found[:min(8, len(found))])
			}
		}
		t.Logf("%s: %d false bursts in %d × %.0f hours", z.name, total, days, float64(seconds)/3600)
		if total > 0 && float64(total) > float64(days*seconds)/86400 {
			t.Errorf("%s: %d false bursts in %d × %d s, want one in 24 hours at most", z.name, total, days, seconds)
		}
	}
}
