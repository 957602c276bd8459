package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontload/attack/run"
	"frontload/results"
	"frontload/results/live"
	"frontload/scenarios"
)

// Paces are what the pace of [Attack] may be, the usual one first.
var Paces = []string{"auto", "precise", "1ms"}

// Ownership is what shows whose a target is, beside what its scenario says.
type Ownership struct {
	Token    string // for proofs of which the scenario does not say the token
	IPRanges string // file of AWS's ip-ranges.json; empty for none
}

// Attack carries out a scenario, writes its run file and shows what came of
// it. Read names the scenario's file, if it has one. An empty file name means
// one made of the scenario's name and the time.
func Attack(ctx context.Context, s *scenarios.Scenario, read, file, pace string, own Ownership, out Output) error {
	if err := (files{in: []string{read, own.IPRanges}, out: []outFile{runFile(file), htmlFile(out.HTML)}}).check(); err != nil {
		return err
	}
	opt := run.Options{File: file, Source: "attack", Pace: pace, Token: own.Token, IPRanges: own.IPRanges}
	return carryOut(ctx, s, opt, out, nil)
}

// carryOut runs a scenario and shows it. What was recorded is shown even when
// the run failed on its way.
func carryOut(ctx context.Context, s *scenarios.Scenario, opt run.Options, out Output, rehearsed *rehearsal) error {
	plan, err := s.Plan()
	if err != nil {
		return Usage(err)
	}
	if err := banned(plan); err != nil {
		return err
	}
	yaml, err := s.YAML()
	if err != nil {
		return err
	}
	opt.Planned = planned(plan)
	opt.Scenario, opt.Version = string(yaml), Version()
	if opt.File == "" {
		opt.File = runFileName(plan.Name, time.Now())
	}
	view := live.NewView(out.Err, out.Terminal, out.Width)
	if !out.Quiet {
		opt.Progress, opt.Message = view.Show, view.Message
	}
	_, started, runErr := run.Run(ctx, plan, opt)
	view.Close()
	runErr = kindOf(runErr)
	if !started {
		return runErr
	}
	a, err := out.showFile(opt.File, rehearsed)
	out.written(view, opt.File, rehearsed, err)
	if err == nil {
		err = trustError(a)
	}
	return firstOf(runErr, err)
}

// written tells where things are, and what the lab says where there was one.
// The run file is whole even where showing it failed.
func (o *Output) written(view *live.View, file string, rehearsed *rehearsal, err error) {
	if rehearsed != nil && err == nil {
		o.message(view, "%s", rehearsed.sentence())
	}
	if o.HTML != "" && err == nil {
		o.message(view, "HTML report: %s", o.HTML)
	}
	if file == "" {
		return
	}
	o.message(view, "run file:    %s   (again: frontload report %s)", file, file)
}

// kindOf gives an error of a run its kind.
func kindOf(err error) error {
	var refused *run.RefusedError
	var setup *run.SetupError
	switch {
	case errors.As(err, &refused):
		return &kindError{err, ErrRefused}
	case errors.As(err, &setup):
		return Usage(err)
	}
	return err
}

// trustError returns an error when a run is not to be believed. The reasons
// are in what was shown.
func trustError(a *results.Analysis) error {
	if a.Trust.OK {
		return nil
	}
	return fmt.Errorf("%w in %d s of it", ErrUntrusted, a.Trust.LimitedSeconds)
}

// firstOf returns the run's own error before what came of showing it.
func firstOf(first, second error) error {
	if first != nil && second != nil && !errors.Is(second, ErrUntrusted) {
		return errors.Join(first, second)
	}
	if first != nil {
		return first
	}
	return second
}

// runFileName names a run file after its scenario and the time.
func runFileName(name string, now time.Time) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, name)
	return fmt.Sprintf("%s-%s.db", cmp.Or(strings.TrimLeft(clean, ".-"), "run"), now.UTC().Format("20060102-150405"))
}
