package app

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontload/results"
	"frontload/results/record"
	"frontload/results/store"
)

// What the guard did is read from the run file, and stands in the document.
func TestGuardInTheDocument(t *testing.T) {
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	info := results.RunInfo{Name: "guided", Source: "attack", Start: start, End: start.Add(time.Minute), Requests: []string{"home"}}
	file := filepath.Join(t.TempDir(), "run.db")
	w, err := store.Create(file, info)
	if err != nil {
		t.Fatal(err)
	}
	recorder := record.New(record.Config{Requests: info.Requests})
	recorder.Event(results.Event{At: 5 * time.Second, Kind: "step", Text: "hold 5/s"})
	recorder.Event(results.GuardEvent(13*time.Second, results.GuardHold, "the rate stays at 5/s, since burst 1: it goes on"))
	recorder.Event(results.GuardEvent(43*time.Second, results.GuardStop, "the load ends"))
	if err := w.Append(recorder.Finish(time.Minute, record.Gauges{})); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(info); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := (&Output{Out: &b, JSON: true}).showStored(file, nil); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Guard []map[string]string }
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{
		{"at": "2026-11-23T10:00:13Z", "action": "hold", "reason": "the rate stays at 5/s, since burst 1: it goes on"},
		{"at": "2026-11-23T10:00:43Z", "action": "stop", "reason": "the load ends"},
	}
	if diff := cmp.Diff(want, doc.Guard); diff != "" {
		t.Errorf("guard (-want +got):\n%s", diff)
	}
}
