package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A cusum follows the cumulative sum of log likelihood ratios through calm
// seconds with so many expected 503s each, for a raised state of ratio times
// as many, and counts the excursions by how high they climb.
type cusum struct {
	mean, ratio float64
	seconds     float64
	sum, peak   float64
	climbed     [12]float64 // excursions that came to this height, at least
}

func (c *cusum) step(k int) {
	c.sum += float64(k)*math.Log(c.ratio) - c.mean*(c.ratio-1)
	c.peak = max(c.peak, c.sum)
	if c.sum <= 0 {
		c.end()
	}
}

func (c *cusum) end() {
	for h := range c.climbed {
		if c.peak >= float64(h) {
			c.climbed[h]++
		}
	}
	c.sum, c.peak = 0, 0
}

// calm lets so many seconds with a 503 pass. Seconds without one are skipped.
func (c *cusum) calm(rnd *rand.Rand, moments int) {
	none := math.Exp(-c.mean)
	for range moments {
		quiet := math.Floor(rnd.ExpFloat64() / c.mean) // each second has none with probability exp(-mean)
		c.seconds += quiet + 1
		if c.sum -= quiet * c.mean * (c.ratio - 1); quiet > 0 && c.sum <= 0 {
			c.end()
		}
		c.step(positivePoisson(rnd, c.mean, none))
	}
}

// positivePoisson draws from a Poisson distribution, given that it is not 0.
func positivePoisson(rnd *rand.Rand, mean, none float64) int {
	at := rnd.Float64() * (1 - none)
	k, p := 0, none
	for at >= 0 {
		k++
		p *= mean / float64(k)
		if at -= p; p < 1e-300 {
			break
		}
	}
	return k
}

// constant returns the C for which C·exp(-h) excursions a second came to h,
// the largest over the heights that enough excursions came to.
func (c *cusum) constant() float64 {
	largest := 0.0
	for h, n := range c.climbed {
		if h >= 3 && n >= 300 {
			largest = max(largest, n/c.seconds*math.Exp(float64(h)))
		}
	}
	return largest
}

var (
	simulatedTimes  = []float64{3, 5, 10, 20, 50}
	simulatedRaised = []float64{0.003, 0.03, 0.3, 1, 3, 10, 30}
)

// simulated returns C by simulation.
func simulated(rnd *rand.Rand, ratio, raised float64) float64 {
	c := cusum{mean: raised / ratio, ratio: ratio}
	c.calm(rnd, int(trials(100_000, 500_000)))
	return c.constant()
}

// The constants of excursions.go are what simulation gives: enough in every
// scope, and not much more than is needed in the worst.
func TestThresholds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	slope, ceiling := 0.0, 0.0
	for _, ratio := range simulatedTimes {
		for _, raised := range simulatedRaised {
			got := simulated(rnd, ratio, raised)
			t.Logf("%2.0f times as many, %6.3f 503s/s when raised: C = %.4f", ratio, raised, got)
			if got > 1.1*excursions(raised) {
				t.Errorf("%.0f times as many, %.3f 503s/s when raised: C = %.4f by simulation, more than excursions() = %.4f", ratio, raised, got, excursions(raised))
			}
			if raised < 0.1 {
				slope = max(slope, got/raised)
			}
			ceiling = max(ceiling, got)
		}
	}
	t.Logf("slope %.3f, ceiling %.3f", slope, ceiling)
	if excursionSlope > 1.5*slope || excursionCeiling > 1.5*ceiling {
		t.Errorf("slope and ceiling are %.2f and %.2f by simulation, so %.2f and %.2f find less than they could", slope, ceiling, excursionSlope, excursionCeiling)
	}
}
