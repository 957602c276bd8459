package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"golang.org/x/sync/errgroup"

	"frontload/results/analysis"
	"frontload/scenarios/lab"
)

// A half is one of the two halves of the corpus. No generator is in both, so
// that what is learnt from one is tried on faults, headers and traffic that
// the learner has never met.
type half struct{ faults, headers, traffic []lab.Generator }

// held names the generators that are held back from the fit.
var held = map[string]bool{
	"pop-slumps": true, "three-addresses": true, "quota-refuses": true, "heavy-viewer": true, "lambda-crowded": true, "function-heavier": true,
	"workers-lost": true, "bucket-scales": true, "api-outage": true, "application-refuses": true, "function-and-bucket": true,

	"layered": true, "log-rich": true, "pages-only": true, "stripped": true, "log-terse": true,

	"news": true, "office": true, "store": true, "evening": true,
}

// halves returns the half to learn from and the one that is held back.
func halves() (learn, back half) {
	split := func(all []lab.Generator) (a, b []lab.Generator) {
		for _, g := range all {
			if held[g.Name] {
				b = append(b, g)
			} else {
				a = append(a, g)
			}
		}
		return a, b
	}
	learn.faults, back.faults = split(lab.FaultStyles())
	learn.headers, back.headers = split(lab.HeaderStyles())
	learn.traffic, back.traffic = split(lab.TrafficShapes())
	return learn, back
}

// only keeps the generators of the given names, all where there are none.
func only(all []lab.Generator, names []string) []lab.Generator {
	return slices.DeleteFunc(slices.Clone(all), func(g lab.Generator) bool {
		return len(names) > 0 && !slices.Contains(names, g.Name)
	})
}

// A draw is one run of the corpus before it is simulated.
type draw struct {
	fault, headers, traffic lab.Generator
	seed                    uint64
}

func (d draw) String() string {
	return fmt.Sprintf("%s / %s / %s, seed %d", d.fault.Name, d.headers.Name, d.traffic.Name, d.seed)
}

// several is the share of the runs whose faults have no single verdict.
const several = 0.08

// draws returns n runs of a half: the same ones for the same seed. Each cause
// comes as often as the prior says, so that a confidence of 0.9 has to be right
// nine times in ten where the prior holds; the generators of a cause, the header
// styles and the traffic shapes come equally often.
func (h half) draws(n int, seed uint64) []draw {
	rng := rand.New(rand.NewPCG(seed, 0x63616c))
	weights := make([]float64, len(h.faults))
	for i, g := range h.faults {
		weights[i] = several
		if g.Verdict != "" {
			weights[i] = math.Exp(analysis.Prior(g.Verdict))
		}
		weights[i] /= float64(len(slices.DeleteFunc(slices.Clone(h.faults), func(o lab.Generator) bool { return o.Verdict != g.Verdict })))
	}
	list := make([]draw, n)
	for i := range list {
		list[i] = draw{
			fault: h.faults[pick(rng, weights)], headers: h.headers[rng.IntN(len(h.headers))], traffic: h.traffic[rng.IntN(len(h.traffic))],
			seed: rng.Uint64() >> 16,
		}
	}
	return list
}

// pick draws an index by weight.
func pick(rng *rand.Rand, weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := rng.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// judgeAll simulates and judges the runs, several at a time. The result is in
// the order of the runs.
func judgeAll(ctx context.Context, runs []draw, workers int) ([]outcome, error) {
	all := make([]outcome, len(runs))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(workers)
	for i, d := range runs {
		work.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			o, err := judge(ctx, d)
			if err != nil {
				return fmt.Errorf("%v: %w", d, err)
			}
			all[i] = o
			return nil
		})
	}
	return all, work.Wait()
}
