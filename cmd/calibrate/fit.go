package main

import (
	"math"
	"slices"

	"frontload/results"
	"frontload/results/analysis"
)

// A fit finds the weights under which the truth about the bursts is likeliest:
// a multinomial logistic regression on how strongly each signal was seen.
//
//	x   strength of a row of the table on a burst, 0 to 1; 0 where it is absent
//	w   the row's weight; w₀ the weight that was reasoned
//	s   score of a verdict: its prior and the sum of w·x of the rows that favour
//	    it or its family
//
// It minimises the mean of −log p(truth) with p ∝ exp(s), plus a ridge that
// pulls w towards w₀ so that what the corpus hardly shows stays as reasoned. No
// weight may change its sign, shrink to less than a quarter of w₀, or grow by
// more than half.
type fit struct {
	rows     []analysis.Weight
	examples []example
}

// An example is one burst in the form that is learnt from.
type example struct {
	of     *judged
	truth  int       // index of the verdict
	prior  []float64 // by verdict
	seen   []strength
	weight float64
}

// A strength is how strongly a row's signal was seen.
type strength struct {
	row int
	x   float64
}

const (
	ridge       = 0.003
	leastWeight = 0.25 // of w₀
	mostWeight  = 1.5
	rounds      = 1200
	folds       = 5
	leastPure   = 0.8 // share of a burst's 503s that have one cause, for it to teach
)

// newFit prepares the bursts. Those of two causes at once teach nothing.
func newFit(bursts []*judged) *fit {
	f := &fit{rows: analysis.Weights()}
	index := map[[2]string]int{}
	for i, r := range f.rows {
		index[[2]string{r.Signal, r.Favours}] = i
	}
	for _, j := range bursts {
		if j.purity < leastPure {
			continue
		}
		e := example{of: j, truth: slices.Index(verdicts, j.truth), weight: 1}
		for _, v := range verdicts[:4] {
			e.prior = append(e.prior, analysis.Prior(v))
		}
		for _, ev := range j.Evidence {
			i := index[[2]string{ev.Signal, ev.Favours}]
			e.seen = append(e.seen, strength{i, ev.LogOdds / f.rows[i].Odds})
		}
		f.examples = append(f.examples, e)
	}
	return f
}

// favours reports whether a row favours a verdict, given by its index.
func favours(row analysis.Weight, verdict int) bool {
	v := verdicts[verdict]
	return row.Favours == v || row.Favours == results.FamilyEdge && v != results.VerdictOriginSaturation ||
		row.Favours == results.FamilyOrigin && v == results.VerdictOriginSaturation
}

// probabilities fills in p by verdict.
func (e *example) probabilities(rows []analysis.Weight, w []float64, p []float64) {
	most := math.Inf(-1)
	for v := range p {
		p[v] = e.prior[v]
		for _, s := range e.seen {
			if favours(rows[s.row], v) {
				p[v] += w[s.row] * s.x
			}
		}
		most = max(most, p[v])
	}
	sum := 0.0
	for v := range p {
		p[v] = math.Exp(p[v] - most)
		sum += p[v]
	}
	for v := range p {
		p[v] /= sum
	}
}

// solve returns the weights, by projected gradient descent with momentum. It
// is the same on every machine.
func (f *fit) solve(examples []example) []float64 {
	w := make([]float64, len(f.rows))
	for i, r := range f.rows {
		w[i] = r.Reasoned
	}
	speed, gradient, square := make([]float64, len(w)), make([]float64, len(w)), make([]float64, len(w))
	p := make([]float64, 4)
	for round := range rounds {
		for i, r := range f.rows {
			gradient[i] = 2 * ridge * (w[i] - r.Reasoned) / max(1, math.Abs(r.Reasoned))
		}
		for k := range examples {
			e := &examples[k]
			e.probabilities(f.rows, w, p)
			for v := range p {
				d := p[v] / float64(len(examples))
				if v == e.truth {
					d -= 1 / float64(len(examples))
				}
				for _, s := range e.seen {
					if favours(f.rows[s.row], v) {
						gradient[s.row] += d * s.x
					}
				}
			}
		}
		step := 0.05 * math.Pow(0.01, float64(round)/rounds)
		for i, r := range f.rows {
			speed[i] = 0.9*speed[i] + 0.1*gradient[i]
			square[i] = 0.99*square[i] + 0.01*gradient[i]*gradient[i]
			w[i] = bounded(w[i]-step*speed[i]/(math.Sqrt(square[i])+1e-6), r.Reasoned)
		}
	}
	return w
}

// bounded keeps a weight near what was reasoned.
func bounded(w, reasoned float64) float64 {
	return reasoned * min(mostWeight, max(leastWeight, w/reasoned))
}

// shrink returns by what all weights must be multiplied so that the confidence
// is right on what was not learnt from: each fifth of the faults' generators in
// turn is left out, and its bursts are predicted from the others. It is at most
// one: other people's worlds are stranger than any corpus.
func (f *fit) shrink() float64 {
	names := map[string]bool{}
	for _, e := range f.examples {
		names[e.of.fault.Name] = true
	}
	type fold struct {
		w  []float64
		of []example
	}
	var left []fold
	order := sorted(names)
	for i := range folds {
		var rest, out []example
		for _, e := range f.examples {
			if slices.Index(order, e.of.fault.Name)%folds == i {
				out = append(out, e)
			} else {
				rest = append(rest, e)
			}
		}
		left = append(left, fold{f.solve(rest), out})
	}
	best, least := 1.0, math.Inf(1)
	p := make([]float64, 4)
	for by := 0.4; by < 1.01; by += 0.05 {
		loss := 0.0
		for _, fo := range left {
			w := make([]float64, len(fo.w))
			for i := range w {
				w[i] = fo.w[i] * by
			}
			for i := range fo.of {
				fo.of[i].probabilities(f.rows, w, p)
				loss -= math.Log(max(1e-9, p[fo.of[i].truth]))
			}
		}
		if loss < least {
			best, least = by, loss
		}
	}
	return best
}

// seen returns on how many bursts each row's signal was seen.
func (f *fit) seen() []int {
	n := make([]int, len(f.rows))
	for _, e := range f.examples {
		for _, s := range e.seen {
			n[s.row]++
		}
	}
	return n
}

// apply judges the bursts anew under the weights.
func (f *fit) apply(bursts []*judged, w []float64) {
	index := map[[2]string]int{}
	for i, r := range f.rows {
		index[[2]string{r.Signal, r.Favours}] = i
	}
	for _, j := range bursts {
		for k := range j.Evidence {
			e := &j.Evidence[k]
			i := index[[2]string{e.Signal, e.Favours}]
			e.LogOdds *= w[i] / f.rows[i].Odds
		}
		analysis.Pronounce(&j.Burst)
	}
}

func sorted(of map[string]bool) []string {
	var list []string
	for name := range of {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
