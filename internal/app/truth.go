package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/store"
	"frontload/scenarios/lab"
)

// rehearsal is what the JSON document tells of a rehearsal: what the lab
// itself counted, and whether the analysis agrees.
type rehearsal struct {
	Case     string    `json:"case"`
	Seed     uint64    `json:"seed"`
	Truth    lab.Truth `json:"truth"`
	Lookups  int64     `json:"lookups"` // queries that the lab's DNS server answered
	Verdicts []judged  `json:"verdicts"`
	Right    bool      `json:"right"` // every fault was found once, with its cause, and nothing else

	finish func() (lab.Truth, int64, error) // ends the lab
}

func newRehearsal(r Rehearsal, finish func() (lab.Truth, int64, error)) *rehearsal {
	return &rehearsal{Case: r.Case, Seed: r.Seed, finish: finish}
}

// judged holds one fault of the lab against the bursts that it became.
type judged struct {
	Fault  lab.Fault `json:"fault"`
	Bursts []int     `json:"bursts"` // ids of those that overlap it
	Right  bool      `json:"right"`
}

// keep keeps what compare found in the run file of a rehearsal, which nobody
// may be reading. Of any other run there is nothing to keep.
func (r *rehearsal) keep(file string) error {
	if r == nil || r.finish == nil {
		return nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return store.NoteRehearsal(file, string(text))
}

// storedRehearsal returns what a run file holds of the lab, nil for nothing.
func storedRehearsal(run *results.Run) *rehearsal {
	r := &rehearsal{}
	if run.Info.Rehearsal == "" || json.Unmarshal([]byte(run.Info.Rehearsal), r) != nil {
		return nil
	}
	return r
}

// compare ends the lab and holds the analysis against what the lab knows. What
// was read from a run file was compared before.
func (r *rehearsal) compare(a *results.Analysis) error {
	if r.finish == nil {
		return nil
	}
	var err error
	if r.Truth, r.Lookups, err = r.finish(); err != nil {
		return fmt.Errorf("end the lab: %w", err)
	}
	length := a.Run.End.Sub(a.Run.Start)
	if a.Run.Interrupted {
		r.Truth.Faults = slices.DeleteFunc(r.Truth.Faults, func(f lab.Fault) bool { return f.Start > length })
	}
	for i := range r.Truth.Faults {
		f := &r.Truth.Faults[i]
		f.End = min(f.End, max(f.Start, length))
	}
	explained := map[int]bool{}
	r.Right = true
	for _, f := range r.Truth.Faults {
		j := judge(f, a, explained)
		r.Verdicts = append(r.Verdicts, j)
		r.Right = r.Right && j.Right
	}
	r.Right = r.Right && len(explained) == len(a.Bursts)
	return nil
}

// judge finds the bursts that overlap a fault in time and have its verdict.
func judge(f lab.Fault, a *results.Analysis, explained map[int]bool) judged {
	j := judged{Fault: f, Bursts: []int{}}
	for _, b := range a.Bursts {
		begin, end := b.Start.Sub(a.Run.Start), b.End.Sub(a.Run.Start)
		if begin > f.Echo+time.Second || end < f.Start-time.Second || b.Verdict != f.Verdict {
			continue
		}
		j.Bursts = append(j.Bursts, b.ID)
		explained[b.ID] = true
		kind := ""
		if b.OriginKind != nil {
			kind = *b.OriginKind
		}
		j.Right = f.OriginKind == "" || kind == f.OriginKind || kind == "unknown"
	}
	j.Right = j.Right && len(j.Bursts) == 1
	return j
}

// sentence says in words whether the analysis was right.
func (r *rehearsal) sentence() string {
	if r.Right && len(r.Truth.Faults) == 0 {
		return "The lab's own record agrees: it made no fault, and the analysis found none."
	}
	if r.Right {
		return fmt.Sprintf("The lab's own record agrees: it made %s, and the analysis names the cause of each.", r.faults())
	}
	return fmt.Sprintf("The lab's own record DISAGREES with the analysis: it made %s.", r.faults())
}

func (r *rehearsal) faults() string {
	if len(r.Truth.Faults) == 0 {
		return "no fault"
	}
	var list []string
	for _, f := range r.Truth.Faults {
		what := f.Verdict
		if f.OriginKind != "" {
			what += " (" + f.OriginKind + ")"
		}
		list = append(list, fmt.Sprintf("%s at %.1f–%.1f s", what, f.Start.Seconds(), f.End.Seconds()))
	}
	return strings.Join(list, " and ")
}
