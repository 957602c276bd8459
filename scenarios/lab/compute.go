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
	fail level           // share of runs that fail at random
	rate *bucket         // CloudFront Function: runs that it is allowed; nil for any number
	late time.Duration   // how long a run that fails at random takes
	only int             // the one POP where the fault is; negative for all
	busy []time.Duration // Lambda@Edge: when each instance will be free
}

func newCompute(c computeConfig, f fault) *compute {
	base := c.work
	if c.lambda {
		base = float64(c.concurrency)
	}
	n := &compute{
		computeConfig: c,
		now:           f.limit(base),
		fail:          f.refusals(),
		late:          f.stall,
		only:          -1,
		busy:          make([]time.Duration, c.concurrency),
	}
	if f.region {
		n.only = f.pop
	}
	if f.share() > 0 {
		b := newBucket(f.limit(quota), edgeBurst)
		b.share = f.share()
		n.rate = &b
	}
	return n
}

// workSigma is the spread of the logarithm of a CloudFront Function's work.
const workSigma = 0.3

// run runs the function at now and returns how long it takes, or the kind of
// answer that its failure makes.
func (c *compute) run(now time.Duration, pop int, rng *rand.Rand) (time.Duration, answerKind) {
	took := lognormal(rng, c.took, 0.3)
	here := c.only < 0 || c.only == pop
	if here && c.rate != nil && !c.rate.take(now) {
		if c.lambda {
			return 0, answerLambdaLimit
		}
		return 0, answerFunctionThrottled
	}
	if here && chance(rng, c.fail.at(now)) {
		if c.lambda {
			return took + c.late, answerLambdaError
		}
		return 0, answerFunctionError
	}
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
