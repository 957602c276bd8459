package lab

import (
	"math/rand/v2"
	"time"
)

// computeConfig describes a function that runs on every viewer request of a
// behaviour, before the cache is asked. It is either Lambda@Edge, which has a
// concurrency and is throttled beyond it, or a CloudFront Function, which has
// a budget of work and fails beyond it.
type computeConfig struct {
	lambda      bool
	took        time.Duration // median duration
	concurrency int           // Lambda@Edge: most at once
	work        float64       // CloudFront Function: median work, as a share of its budget
	leaves      span          // concurrency or median work during a fault
}

// A compute is such a function at work: for Lambda@Edge a loss system, where a
// request that finds every instance busy is turned away.
type compute struct {
	computeConfig
	now  level           // concurrency, or median work
	busy []time.Duration // Lambda@Edge: when each instance will be free
}

func newCompute(c computeConfig, f fault) *compute {
	base := c.work
	if c.lambda {
		base = float64(c.concurrency)
	}
	return &compute{
		computeConfig: c,
		now:           level{base: base, during: f.level, start: f.start, end: f.end},
		busy:          make([]time.Duration, c.concurrency),
	}
}

// workSigma is the spread of the logarithm of a CloudFront Function's work.
const workSigma = 0.3

// run runs the function at now and returns how long it takes, or the kind of
// answer that its failure makes.
func (c *compute) run(now time.Duration, rng *rand.Rand) (time.Duration, answerKind) {
	took := lognormal(rng, c.took, 0.3)
	if !c.lambda {
		if lognormal(rng, time.Second, workSigma).Seconds()*c.now.at(now) > 1 {
			return 0, answerFunctionError
		}
		return took, answerHit
	}
	n := min(len(c.busy), int(c.now.at(now)))
	for i := range n {
		if c.busy[i] <= now {
			c.busy[i] = now + took
			return took, answerHit
		}
	}
	return 0, answerLambdaLimit
}
