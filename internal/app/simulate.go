package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"frontload/results"
	"frontload/results/live"
	"frontload/results/lookout"
	"frontload/results/record"
	"frontload/results/store"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// simulate rehearses a case in virtual time: the same plan and the same model,
// without sockets. What was simulated is shown even when it was interrupted.
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
		Seed: r.Seed, Plan: string(yaml), Authorization: "loopback", Requests: plan.Requests, Simulated: true,
	}
	info.Planned = planned(plan)(nil, info.Authorization)
	model.Epoch = info.Start
	rehearsed := newRehearsal(r, func() (lab.Truth, int64, error) { return model.Truth(), 0, nil })
	if r.File == "" {
		err = simulateInMemory(ctx, &info, model, plan, out, rehearsed)
	} else {
		err = simulateToFile(ctx, r.File, &info, model, plan, out, rehearsed)
	}
	if err != nil {
		return err
	}
	out.written(live.NewView(out.Err, false, nil), r.File, rehearsed, nil)
	if info.Interrupted {
		return ErrInterrupted
	}
	return nil
}

// simulateInMemory keeps no run file, which takes ten times as long as the
// simulation does.
func simulateInMemory(ctx context.Context, info *results.RunInfo, model *lab.Model, plan *scenarios.Plan, out Output, rehearsed *rehearsal) error {
	memory := store.NewMemory(*info)
	if err := simulateInto(ctx, memory, false, info, model, plan); err != nil {
		return err
	}
	if err := memory.Close(*info); err != nil {
		return err
	}
	run, err := memory.Run()
	if err != nil {
		return err
	}
	_, err = out.show(run, "", rehearsed)
	return err
}

func simulateToFile(ctx context.Context, name string, info *results.RunInfo, model *lab.Model, plan *scenarios.Plan, out Output, rehearsed *rehearsal) error {
	file, err := store.Create(name, *info)
	if err != nil {
		return Usage(err)
	}
	if err := simulateInto(ctx, file, true, info, model, plan); err != nil {
		return errors.Join(err, file.Close(*info))
	}
	if err := file.Close(*info); err != nil {
		return err
	}
	_, err = out.showFile(name, rehearsed)
	return err
}

// An appender is a run file, or its like in memory.
type appender interface {
	Append(*record.Interval) error
}

// simulateInto simulates a run, with histograms of each ten seconds or not.
// While one second is written, the next is simulated. The end of ctx ends the
// run as interrupted, and is no error.
func simulateInto(ctx context.Context, file appender, tens bool, info *results.RunInfo, model *lab.Model, plan *scenarios.Plan) error {
	recorder := record.New(record.Config{Shards: 1, Requests: plan.Requests, WholeRunEvery: -1, NoTens: !tens})
	asked := func(second time.Duration) record.Gauges {
		from := max(0, second-time.Second)
		return record.Gauges{
			Asked: plan.Schedule.Expected(second) - plan.Schedule.Expected(from),
			Stage: plan.Schedule.Stage(from),
		}
	}
	watch := lookout.New(*info)
	look := func(iv *record.Interval, second time.Duration) error {
		if !tens {
			return nil // nobody would see what is told
		}
		watch.Add(iv, second)
		events, err := watch.Look(second)
		for _, e := range events {
			recorder.Event(e)
		}
		return err
	}
	seconds := make(chan time.Duration, 1)
	broken := make(chan struct{}) // closed once no second is written any more
	work, both := errgroup.WithContext(ctx)
	work.Go(func() error {
		defer close(broken)
		for second := range seconds {
			iv := recorder.Cut(second, asked(second))
			if err := errors.Join(file.Append(iv), look(iv, second)); err != nil {
				return err
			}
		}
		return nil
	})
	var now time.Duration
	work.Go(func() error {
		defer close(seconds)
		return lab.Simulate(both, model, plan, recorder, func(second time.Duration) {
			now = second
			select {
			case seconds <- second:
			case <-broken:
			}
		})
	})
	err := work.Wait()
	info.Interrupted = err != nil && errors.Is(err, context.Cause(ctx))
	if err != nil && !info.Interrupted {
		return err
	}
	for _, e := range watch.End(now) {
		recorder.Event(e)
	}
	now += time.Second
	info.End = info.Start.Add(max(plan.Schedule.Duration(), now-time.Second)) // the last second is hardly begun
	if info.Interrupted {
		info.End = info.Start.Add(now)
	}
	return file.Append(recorder.Finish(now, asked(now)))
}
