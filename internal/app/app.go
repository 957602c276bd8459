// Package app puts Frontload's pieces together for its commands. It holds no
// flags and ends no process: what a command should exit with is told by the
// error's kind.
package app

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"frontload/attack/run"
	"frontload/results"
	"frontload/results/live"
	"frontload/results/report"
	"frontload/results/store"
	"frontload/scenarios"
)

// The kinds of error that decide how a process exits. Match them with
// errors.Is; every other error means that something failed while running.
var (
	ErrUsage       = errors.New("wrong usage")
	ErrRefused     = errors.New("refused")
	ErrInterrupted = run.ErrInterrupted
	ErrGuard       = run.ErrGuard
	ErrUntrusted   = errors.New("this run is not to be believed: the generator was the bottleneck")
)

// A kindError gives an error one of the kinds above without changing its text.
type kindError struct {
	err  error
	kind error
}

func (e *kindError) Error() string        { return e.err.Error() }
func (e *kindError) Unwrap() error        { return e.err }
func (e *kindError) Is(target error) bool { return target == e.kind }

// Usage makes err one of wrong usage; nil stays nil.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return &kindError{err, ErrUsage}
}

// NotYet says that something of the contract is not carried out by this
// version.
func NotYet(what string) error {
	return Usage(fmt.Errorf("not yet: %s is not supported in this version", what))
}

// InFile reports whether the error's text begins with FILE:LINE:COLUMN.
func InFile(err error) bool {
	var faults scenarios.Faults
	return errors.As(err, &faults) && len(faults) > 0 && faults[0].File != ""
}

// An Output says where and how results are shown.
type Output struct {
	Out, Err io.Writer
	Terminal bool       // Err is a terminal
	Width    func() int // its columns
	Page     int        // columns of the text report

	JSON  bool   // one JSON document on Out, and nothing else
	Quiet bool   // neither progress nor text
	HTML  string // file for the HTML report; empty for none
}

// Version returns the program's version, as the Go tool recorded it.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// A document is what attack and rehearse print with --json.
type document struct {
	Schema     string                `json:"schema"`
	Analysis   *results.Analysis     `json:"analysis"`
	Thresholds []struct{}            `json:"thresholds"`
	Guard      []results.GuardAction `json:"guard"` // what it did, in order of time
	RunFile    string                `json:"run_file"`
	Rehearsal  *rehearsal            `json:"rehearsal,omitempty"`
}

const runSchema = "frontload.run/1"

// message shows a line of talk, unless the output is to be quiet.
func (o *Output) message(view *live.View, format string, args ...any) {
	if !o.Quiet {
		view.Message(fmt.Sprintf(format, args...))
	}
}

// show analyses a run and shows it in every form that was asked for. The
// analysis is whole even where showing it failed.
func (o *Output) show(r *results.Run, file string, rehearsed *rehearsal) (*results.Analysis, error) {
	a, err := analyze(r)
	if err != nil {
		return nil, fmt.Errorf("analyze %s: %w", file, err)
	}
	in := report.Input{Analysis: a, Run: r}
	if rehearsed != nil {
		if err = rehearsed.compare(a); err == nil {
			in.Lab = rehearsed.sentence()
		}
	}
	err = errors.Join(err, o.writeHTML(in))
	switch {
	case o.JSON:
		doc := document{runSchema, a, []struct{}{}, r.Guard(), file, rehearsed}
		err = errors.Join(err, report.JSON(o.Out, doc))
	case !o.Quiet:
		err = errors.Join(err, report.Text(o.Out, in, o.Page))
	}
	return a, err
}

func (o *Output) writeHTML(in report.Input) error {
	if o.HTML == "" {
		return nil
	}
	f, err := htmlFile(o.HTML).create()
	if err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return errors.Join(report.HTML(f, in), f.Close())
}

// showFile shows the run in a run file, and keeps there what the lab knew.
func (o *Output) showFile(file string, rehearsed *rehearsal) (*results.Analysis, error) {
	a, err := o.showStored(file, rehearsed)
	if err == nil {
		err = rehearsed.keep(file)
	}
	return a, err
}

func (o *Output) showStored(file string, rehearsed *rehearsal) (*results.Analysis, error) {
	r, err := store.Open(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	recorded, err := r.Run()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return o.show(recorded, file, rehearsed)
}
