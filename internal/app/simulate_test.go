package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontload/results/store"
)

// An interrupted simulation ends as any run does: its kind of error, what was
// simulated until then shown, and a whole run file.
func TestSimulationIsInterrupted(t *testing.T) {
	for _, file := range []string{"", filepath.Join(t.TempDir(), "run.db")} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // an hour takes seconds
		defer cancel()
		var text bytes.Buffer
		err := Rehearse(ctx, Rehearsal{Case: "calm", For: time.Hour, Seed: 1, File: file, Simulate: true}, Output{Out: &text, Err: io.Discard, Page: 100})
		if !errors.Is(err, ErrInterrupted) {
			t.Fatalf("run file %q: %v, want ErrInterrupted", file, err)
		}
		if !strings.Contains(text.String(), "INTERRUPTED before its end") {
			t.Errorf("run file %q: the report does not tell the interruption:\n%s", file, text.String())
		}
		if file == "" {
			continue
		}
		run, err := store.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		whole, err := run.Run()
		if err != nil {
			t.Fatal(err)
		}
		if i := whole.Info; !i.Interrupted || i.End.IsZero() || i.End.Sub(i.Start) >= time.Hour {
			t.Errorf("interrupted %t, from %v to %v", i.Interrupted, i.Start, i.End)
		}
	}
}
