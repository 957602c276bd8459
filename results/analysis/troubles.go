package analysis

import (
	"fmt"
	"time"

	"frontload/results"
)

// troubles sums up why seconds were generator-limited.
type troubles struct {
	late, missing int            // seconds with a high send lag, and with many missed arrivals
	worst         time.Duration  // the highest send lag p99 of those
	others        map[string]int // seconds by hard trouble
	seen          witness        // of the late and the missing
}

func (w *troubles) add(s *results.Second) {
	late, missing := s.LagLimited(), s.MissedLimited()
	if late {
		w.late++
		w.worst = max(w.worst, s.LagP99)
	}
	if missing {
		w.missing++
	}
	if late || missing {
		w.seen.add(s.Host)
	}
	hard := results.Troubles(s.Trouble)
	if !late && !missing && hard == nil {
		hard = []string{s.Limited}
	}
	for _, trouble := range hard {
		if w.others == nil {
			w.others = map[string]int{}
		}
		w.others[trouble]++
	}
}

// explain says why seconds were limited, what the generator saw in them, and
// what to do about it. The worst of the run may be nil.
func (w *troubles) explain(worst *results.Generator) []string {
	var r []string
	say := func(format string, args ...any) { r = append(r, fmt.Sprintf(format, args...)) }
	stalled := w.others[results.TroubleStall]
	for _, trouble := range sortedKeys(w.others) {
		if trouble != results.TroubleStall {
			say("the generator was hindered for %d s: %s", w.others[trouble], trouble)
		}
	}
	if w.late > 0 {
		say("send lag p99 was over 50 ms in %d s, up to %s", w.late, inWords(w.worst))
	}
	if w.missing > 0 {
		say("over 1 %% of the arrivals were missed in %d s", w.missing)
	}
	seen := w.seen.explain()
	if w.seen.looked && seen == nil && stalled == 0 {
		say("neither the CPUs nor garbage collection explain that")
	}
	r = append(r, seen...)
	if stalled > 0 {
		say("the generator stood still in %d s%s: answers that came meanwhile were read late, so that their times are too long; "+
			"run it where nothing stops, suspends or starves it", stalled, longestStall(worst))
	}
	return r
}

// longestStall tells it, where it is known.
func longestStall(worst *results.Generator) string {
	if worst == nil || worst.Stall == nil || *worst.Stall == 0 {
		return ""
	}
	return ", for up to " + inWords(time.Duration(*worst.Stall*float64(time.Microsecond)))
}
