package app

import (
	"context"
	"errors"
	"time"

	"frontload/results"
	"frontload/results/live"
	"frontload/results/record"
	"frontload/results/store"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

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
