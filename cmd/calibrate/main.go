// Calibrate tries the verdicts of Frontload's analysis on a corpus of
// simulated runs whose truth is known, and says how right and how sure they
// are: the confusion matrix, the Brier score, a reliability table and the
// expected calibration error.
//
// The runs come from the lab's model under variations drawn from a seed: what
// goes wrong, what answers tell, and what the traffic is like. The corpus has
// two halves, and no generator of any of the three is in both.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"

	"github.com/spf13/pflag"
)

// options are what the flags say.
type options struct {
	runs, workers            int
	seed                     uint64
	json                     bool
	faults, headers, traffic []string
	wrong                    int
	fit, each                bool
}

const about = `Calibrate tries Frontload's verdicts on simulated runs whose truth is known.

Usage:
  go run ./cmd/calibrate [flags]

Examples:
  go run ./cmd/calibrate                              # both halves of the corpus
  go run ./cmd/calibrate --headers bare --wrong 5     # where it errs without headers
  go run ./cmd/calibrate --fit                        # the table of weights, fitted anew

Flags:
`

func main() {
	var o options
	f := pflag.NewFlagSet("calibrate", pflag.ContinueOnError)
	f.IntVar(&o.runs, "runs", 4000, "simulate `N` runs for each half of the corpus")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "simulate `N` runs at once")
	f.Uint64Var(&o.seed, "seed", 1, "draw the corpus from seed `N`")
	f.BoolVar(&o.json, "json", false, "print one JSON document instead of text")
	f.StringSliceVar(&o.faults, "fault", nil, "only faults of these `NAME`s")
	f.StringSliceVar(&o.headers, "headers", nil, "only header styles of these `NAME`s")
	f.StringSliceVar(&o.traffic, "traffic", nil, "only traffic shapes of these `NAME`s")
	f.BoolVar(&o.fit, "fit", false, "fit the weights on the half to learn from, and judge both halves by them")
	f.BoolVar(&o.each, "each", false, "also tell how each generator of the corpus fares")
	f.IntVar(&o.wrong, "wrong", 0, "tell `N` of the wrong verdicts with their evidence")
	f.Usage = func() { fmt.Fprintf(os.Stderr, "%s%s", about, f.FlagUsages()) }
	switch err := f.Parse(os.Args[1:]); {
	case err == pflag.ErrHelp:
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "calibrate:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "calibrate:", err)
		os.Exit(1)
	}
}

// report is the JSON document.
type report struct {
	Schema string           `json:"schema"`
	Seed   uint64           `json:"seed"`
	Halves map[string]score `json:"halves"`
	Fitted []fitted         `json:"fitted,omitempty"` // with --fit
}

// fitted is one row of the table of weights: as reasoned, as it is, and as fitted.
type fitted struct {
	Signal   string  `json:"signal"`
	Favours  string  `json:"favours"`
	Reasoned float64 `json:"reasoned"`
	Present  float64 `json:"present"`
	Fitted   float64 `json:"fitted"`
	Seen     int     `json:"bursts"` // on which it was seen
}

// learntName is the JSON document's name of the half to learn from.
const learntName = "learnt"

func run(ctx context.Context, o options, w io.Writer) error {
	if o.runs < 1 {
		return fmt.Errorf("--runs is %d, want 1 or more", o.runs)
	}
	var learnt *fit
	var weights []float64
	doc := report{Schema: "frontload.calibration/1", Seed: o.seed, Halves: map[string]score{}}
	learn, back := halves()
	for _, h := range []struct {
		name, title string
		half        half
		seed        uint64
	}{{learntName, "The half to learn from", learn, o.seed}, {"held-back", "The half that is held back", back, o.seed + 1<<32}} {
		part := half{only(h.half.faults, o.faults), only(h.half.headers, o.headers), only(h.half.traffic, o.traffic)}
		if len(part.faults) == 0 || len(part.headers) == 0 || len(part.traffic) == 0 {
			continue
		}
		all, err := judgeAll(ctx, part.draws(o.runs, h.seed), max(1, o.workers))
		if err != nil {
			return err
		}
		if o.fit {
			bursts := burstsOf(all)
			if learnt == nil && h.name != learntName {
				return fmt.Errorf("--fit learns from the first half of the corpus, which has no generators of these names")
			}
			if learnt == nil {
				learnt = newFit(bursts)
				weights, doc.Fitted = learnt.table(w, o.json)
			}
			learnt.apply(bursts, weights)
		}
		s := evaluate(all, h.seed)
		doc.Halves[h.name] = s
		if !o.json {
			s.print(w, h.title)
			if o.each {
				printEach(w, all)
			}
			tellWrong(w, all, o.wrong)
		}
	}
	if len(doc.Halves) == 0 {
		return fmt.Errorf("neither half of the corpus has generators of all these names")
	}
	if o.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(doc)
	}
	return nil
}

// tellWrong tells the first wrong verdicts on what can be told.
func tellWrong(w io.Writer, all []outcome, most int) {
	for i := range all {
		for k := range all[i].bursts {
			if j := &all[i].bursts[k]; most > 0 && j.told && !j.right() {
				j.tell(w)
				most--
			}
		}
	}
}
