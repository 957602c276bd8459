package store

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Files of older versions, which lack tables and columns, open as ever.
func TestOlderVersionsOpen(t *testing.T) {
	queries := []string{"ALTER TABLE lookups DROP COLUMN transport", "ALTER TABLE lookups DROP COLUMN scope"}
	control := append([]string{"DROP TABLE control"}, queries...)
	for version, lacks := range map[int][]string{1: append([]string{"DROP TABLE host"}, control...), 2: control, 3: queries} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) { olderOpens(t, version, lacks) })
	}
}

func olderOpens(t *testing.T, version int, lacks []string) {
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
	for _, change := range lacks {
		if err := w.exec(change); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.exec(fmt.Sprint("PRAGMA user_version = ", version)); err != nil {
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
		if v.version != version {
			t.Errorf("the file says version %d, want %d", v.version, version)
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
		if version == 1 && s.Host != nil {
			t.Errorf("second %d has %+v of a file that knows no hosts", s.Second, s.Host)
		}
	}
	if l := run.Lookups[0]; l.Resolver != "192.0.2.53:53" || l.Subnet != "203.0.113.0/24" || l.Transport+l.Scope != "" {
		t.Errorf("look-up: %+v of a file that knows neither transport nor scope", l)
	}
	if len(run.Seconds) < 3 || run.Seconds[1].Scheduled != 100 {
		t.Errorf("seconds: %+v", run.Seconds)
	}
}
