package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"frontload/attack/run"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// A Rehearsal says which case to rehearse and how.
type Rehearsal struct {
	Case     string
	For      time.Duration
	Seed     uint64
	File     string // the run file; empty for none, in virtual time only
	Simulate bool   // in virtual time, without sockets
	Log      string // file for the lab's own access log; empty for none
}

// Rehearse runs a case against the embedded CloudFront and shows what came of
// it.
func Rehearse(ctx context.Context, r Rehearsal, out Output) error {
	c, err := lab.FindCase(r.Case)
	if err != nil {
		return Usage(err)
	}
	if err := (files{out: []outFile{runFile(r.File), htmlFile(out.HTML), logFile(r.Log)}}).check(); err != nil {
		return err
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
	f, err := logFile(name).create()
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
	place := lab.Place{
		URL: server.URL(), Resolver: server.Resolver(), For: r.For, Seed: r.Seed,
		CAFile: filepath.Join(dir, "ca.pem"), Distribution: filepath.Join(dir, "distribution.json"),
	}
	if err := os.WriteFile(place.CAFile, server.CA(), 0o600); err != nil {
		return err
	}
	s, err := permitted(c, model, place)
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

// permitted returns the case's scenario with the lab's distribution, or without
// it where AWS would not allow to load that: such a case can only be rehearsed.
func permitted(c lab.Case, model *lab.Model, p lab.Place) (*scenarios.Scenario, error) {
	config, err := model.Distribution(lab.DefaultName)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.Distribution, config, 0o600); err != nil {
		return nil, err
	}
	s, err := scenario(c, p)
	if err != nil {
		return nil, err
	}
	plan, err := s.Plan()
	if err != nil {
		return nil, err
	}
	if banned(plan) == nil {
		return s, nil
	}
	p.Distribution = ""
	return scenario(c, p)
}

// scenario reads the case's scenario the way a user's file is read.
func scenario(c lab.Case, p lab.Place) (*scenarios.Scenario, error) {
	s, err := scenarios.Parse("rehearsal.yaml", []byte(c.Scenario(p)))
	if err != nil {
		return nil, fmt.Errorf("the lab's own scenario: %w", err)
	}
	return s, nil
}
