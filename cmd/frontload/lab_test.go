package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"frontload/scenarios"
)

// labDocument is what lab prints with --json.
type labDocument struct {
	Schema string
	URL    string
	Truth  struct {
		Requests     int64
		Responses503 int64 `json:"responses_503"`
		Edges        map[string]counts
	}
	Lookups struct{ A, AAAA, Other int64 }
}

// A lab serves other programs, this one among them, and counts what they sent;
// init makes a scenario of its page, through its resolver.
func TestLabServesOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	lab := program(t, dir, "lab", "--case", "calm", "--scenario", "lab.yaml", "--ca", "ca.pem", "--distribution", "lab.json", "--for", "10s", "--json")
	var out, talk bytes.Buffer
	lab.Stdout = &out
	stderr, err := lab.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan bool), make(chan error, 1)
	go func() {
		buf, told := make([]byte, 1024), false
		for {
			n, err := stderr.Read(buf)
			talk.Write(buf[:n])
			if !told && strings.Contains(talk.String(), "Ctrl-C") {
				told = true
				close(ready)
			}
			if err != nil {
				ended <- lab.Wait()
				return
			}
		}
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("the lab ended before it was ready: %v\n%s", err, talk.String())
	case <-ctx.Done():
		t.Fatal("the lab is not ready in a minute")
	}
	run := finish(t, program(t, dir, "attack", "lab.yaml", "--json"), 0, 6)
	plan := labPlan(t, filepath.Join(dir, "lab.yaml"))
	if plan.Distribution == nil || len(plan.Reach()) != 4 {
		t.Errorf("the lab's requests meet %+v, want its four behaviours", plan.Reach())
	}
	pages := program(t, dir, "init", plan.Target.URL.String(), "--resolver", plan.Clients.Resolvers[0], "--ca", "ca.pem", "--out", "page.yaml")
	if text, err := pages.CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, text)
	}
	if p := labPlan(t, filepath.Join(dir, "page.yaml")); p.Target.URL.String() != plan.Target.URL.String() || p.Target.CA == nil {
		t.Errorf("init makes a scenario for %s", p.Target.URL)
	}
	if err := lab.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatalf("the interrupted lab ended with %v\n%s", err, talk.String())
	}
	var d labDocument
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatalf("standard output is no JSON document: %v\n%.500s", err, out.Bytes())
	}
	if d.Schema != "frontload.lab/1" || d.Truth.Requests != run.Analysis.Run.Requests+1 || d.Lookups.A == 0 {
		t.Errorf("the lab counted %d requests and %+v look-ups, want %d requests and the page's", d.Truth.Requests, d.Lookups, run.Analysis.Run.Requests)
	}
	sum := int64(0)
	for _, c := range d.Truth.Edges {
		sum += c.Requests
	}
	if sum != d.Truth.Requests {
		t.Errorf("the edges counted %d requests of %d", sum, d.Truth.Requests)
	}
}

// labPlan reads a scenario.
func labPlan(t *testing.T, file string) *scenarios.Plan {
	t.Helper()
	s, err := scenarios.Load(file, scenarios.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
