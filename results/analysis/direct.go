package analysis

import (
	"slices"
	"time"

	"frontload/results"
)

// fewestControls is how many control requests it takes to say that the origin is well.
const fewestControls = 3

// control weighs what the origin answered when it was asked directly.
func (j *judge) control() {
	var during, quiet []results.Control
	for _, c := range j.run.Control {
		switch second := int(c.At / time.Second); {
		case j.isLimited(second):
		case j.from <= second && second < j.to:
			during = append(during, c)
		case !j.nearAny(second):
			quiet = append(quiet, c)
		}
	}
	if len(during) == 0 {
		return
	}
	failed := 0
	for _, c := range during {
		if fails(c) {
			failed++
		}
	}
	was, now := medianTook(quiet), medianTook(during)
	told := sentence("%d of %d control requests straight to the origin failed", failed, len(during))
	switch slow := was > 0 && now > 2*was; {
	case 5*failed >= len(during):
		j.add("control-fails", min(1, 2*float64(failed)/float64(len(during))), "%s", told)
	case slow:
		j.add("control-slow", 1, "%s; they took %s, %s when all is well", told, inWords(now), inWords(was))
	case len(during) >= fewestControls:
		j.add("control-fine", 1, "%s; they took %s", told, inWords(now))
	}
}

// nearAny reports whether a second is within or near any fault.
func (w *watcher) nearAny(second int) bool {
	return slices.ContainsFunc(w.observed, func(o *observation) bool {
		return o.from-margin <= second && second < o.to+margin
	})
}

func fails(c results.Control) bool { return c.Err != "" || c.Status == 0 || c.Status >= 500 }

// medianTook returns what the median answer took, zero where there is none.
func medianTook(list []results.Control) time.Duration {
	var took []time.Duration
	for _, c := range list {
		if !fails(c) {
			took = append(took, c.Took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}
