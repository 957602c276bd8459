package store

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file of version 1, which has no table host, opens as ever.
func TestVersion1Opens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	for _, iv := range fill(newRecorder(), 3) {
		if err := w.Append(iv); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.exec("DROP TABLE host; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.view(func(v view) error {
		if v.version != 1 {
			t.Errorf("the file says version %d, want 1", v.version)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	run := openRun(t, path)
	if d := cmp.Diff(ended(), run.Info); d != "" {
		t.Errorf("info (-want +got):\n%s", d)
	}
	for _, s := range run.Seconds {
		if s.Host != nil {
			t.Errorf("second %d has %+v of a file that knows no hosts", s.Second, s.Host)
		}
	}
	if len(run.Seconds) < 3 || run.Seconds[1].Scheduled != 100 {
		t.Errorf("seconds: %+v", run.Seconds)
	}
}
