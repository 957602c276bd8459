package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"frontload/attack/run"
	"frontload/results"
	"frontload/results/live"
	"frontload/results/record"
	"frontload/results/store"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// A Rehearsal says which case to rehearse and how.
type Rehearsal struct {
	Case     string
	For      time.Duration
	Seed     uint64
	File     string // the run file
	Simulate bool   // in virtual time, without sockets
	Log      string // file for the lab's own access log; empty for none
}

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

// Rehearse runs a case against the embedded CloudFront and shows what came of
// it.
func Rehearse(ctx context.Context, r Rehearsal, out Output) error {
	c, err := lab.FindCase(r.Case)
	if err != nil {
		return Usage(err)
	}
	model := lab.New(c, r.Seed, r.For)
	closeLog, err := accessLog(model, r.Log)
	if err != nil {
		return err
	}
	if err := rehearse(ctx, r, c, model, out); err != nil {
		return errors.Join(err, closeLog())
	}
	return closeLog()
}

// accessLog has the model write its access log to a file, and returns what
// completes it.
func accessLog(model *lab.Model, name string) (func() error, error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("write the lab's access log: %w", err)
	}
	w := bufio.NewWriter(f)
	model.Log = func(row []byte) { _, _ = w.Write(row) } // bufio keeps the error for Flush
	return func() error { return errors.Join(w.Flush(), f.Close()) }, nil
}

func rehearse(ctx context.Context, r Rehearsal, c lab.Case, model *lab.Model, out Output) error {
	if r.Simulate {
		return simulate(ctx, r, c, model, out)
	}
	server, err := lab.Serve(model, lab.Config{TLS: true})
	if err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	defer server.Close()
	dir, err := os.MkdirTemp("", "frontload-lab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, server.CA(), 0o600); err != nil {
		return err
	}
	s, err := scenario(c, lab.Place{URL: server.URL(), CAFile: ca, Resolver: server.Resolver(), For: r.For, Seed: r.Seed})
	if err != nil {
		return err
	}
	rehearsed := newRehearsal(r, func() (lab.Truth, int64, error) {
		lookups := server.Lookups()
		err := server.Close()
		return model.Truth(), lookups, err
	})
	return carryOut(ctx, s, run.Options{File: r.File, Source: "rehearsal"}, out, rehearsed)
}

// scenario reads the case's scenario the way a user's file is read.
func scenario(c lab.Case, p lab.Place) (*scenarios.Scenario, error) {
	s, err := scenarios.Parse("rehearsal.yaml", []byte(c.Scenario(p)))
	if err != nil {
		return nil, fmt.Errorf("the lab's own scenario: %w", err)
	}
	return s, nil
}

// simulate rehearses a case in virtual time: the same plan and the same model,
// without sockets.
func simulate(ctx context.Context, r Rehearsal, c lab.Case, model *lab.Model, out Output) error {
	s, err := scenario(c, lab.Place{URL: "https://" + lab.DefaultName, For: r.For, Seed: r.Seed})
	if err != nil {
		return err
	}
	plan, err := s.Plan()
	if err != nil {
		return err
	}
	yaml, err := s.YAML()
	if err != nil {
		return err
	}
	info := results.RunInfo{
		Name: plan.Name, Source: "rehearsal", Version: Version(), Start: time.Now(), Target: plan.Target.URL.String(),
		Seed: r.Seed, Plan: string(yaml), Authorization: "loopback", Requests: plan.Requests,
	}
	file, err := store.Create(r.File, info)
	if err != nil {
		return err
	}
	if err := simulateInto(ctx, file, &info, model, plan); err != nil {
		return errors.Join(err, file.Close(info))
	}
	if err := file.Close(info); err != nil {
		return err
	}
	rehearsed := newRehearsal(r, func() (lab.Truth, int64, error) { return model.Truth(), 0, nil })
	_, err = out.showFile(r.File, rehearsed)
	if err == nil {
		out.written(live.NewView(out.Err, false, nil), r.File, rehearsed)
	}
	return err
}

// simulateInto simulates a run into its run file.
func simulateInto(ctx context.Context, file *store.Writer, info *results.RunInfo, model *lab.Model, plan *scenarios.Plan) error {
	recorder := record.New(record.Config{Shards: 1, Requests: plan.Requests})
	asked := func(second time.Duration) record.Gauges {
		from := max(0, second-time.Second)
		return record.Gauges{
			Asked: plan.Schedule.Expected(second) - plan.Schedule.Expected(from),
			Stage: plan.Schedule.Stage(from),
		}
	}
	var now time.Duration
	var writeErr error
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err := lab.Simulate(ctx, model, plan, recorder, func(second time.Duration) {
		now = second
		if writeErr = file.Append(recorder.Cut(second, asked(second))); writeErr != nil {
			stop()
		}
	})
	if writeErr != nil {
		return writeErr
	}
	if err != nil {
		return err
	}
	now += time.Second
	info.End = info.Start.Add(now)
	return file.Append(recorder.Finish(now, asked(now)))
}

// compare ends the lab and holds the analysis against what the lab knows.
func (r *rehearsal) compare(a *results.Analysis) error {
	var err error
	if r.Truth, r.Lookups, err = r.finish(); err != nil {
		return fmt.Errorf("end the lab: %w", err)
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
		list = append(list, fmt.Sprintf("%s at %.0f–%.0f s", what, f.Start.Seconds(), f.End.Seconds()))
	}
	return strings.Join(list, " and ")
}
