package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontload/results"
)

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// foreign makes a SQLite file with the given pragmas.
func foreign(t testing.TB, path, pragmas string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE diary (entry TEXT); INSERT INTO diary VALUES ('dear'); " + pragmas); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, path, says string
		is               error
	}{
		{"a file that is not there", filepath.Join(dir, "none.db"), "no such run file", fs.ErrNotExist},
		{"a directory", dir, "is a directory", ErrNotRun},
		{"an empty file", write(t, filepath.Join(dir, "empty"), ""), "not a SQLite file", ErrNotRun},
		{"text", write(t, filepath.Join(dir, "text"), strings.Repeat("hello\n", 100)), "not a SQLite file", ErrNotRun},
		{"the first bytes of a SQLite file", write(t, filepath.Join(dir, "head"), "SQLite format 3\x00"), "not a SQLite file", ErrNotRun},
		{"another program's", foreign(t, filepath.Join(dir, "other.db"), ""), "another program", ErrNotRun},
		{"a newer one", foreign(t, filepath.Join(dir, "newer.db"), fmt.Sprintf("PRAGMA application_id=1179799124; PRAGMA user_version=%d", schemaVersion+1)), "newer version", ErrNewer},
		{"a newer one too", filepath.Join(dir, "newer.db"), "newer version", ErrNotRun},
		{"one without a version", foreign(t, filepath.Join(dir, "zero.db"), "PRAGMA application_id=1179799124"), "no version", ErrNotRun},
	} {
		r, err := Open(c.path)
		if r != nil || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("Open of %s: %v; want %v, saying %q and the path", c.name, err, c.is, c.says)
		}
	}
}

func TestRunWithoutTablesIsNoRun(t *testing.T) {
	path := foreign(t, filepath.Join(t.TempDir(), "x.db"), "PRAGMA application_id=1179799124; PRAGMA user_version=1")
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Run(); !errors.Is(err, ErrNotRun) {
		t.Errorf("Run of a file without our tables: %v, want ErrNotRun", err)
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	diary := foreign(t, filepath.Join(dir, "diary.db"), "")
	text := write(t, filepath.Join(dir, "notes.txt"), "keep me")
	before, err := os.ReadFile(diary)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, says string
		is               error
	}{
		{"another program's SQLite file", diary, "not replaced", ErrNotRun},
		{"a text file", text, "not replaced", ErrNotRun},
		{"a directory", dir, "something else than a file", ErrNotRun},
		{"a directory that is missing", filepath.Join(dir, "no", "run.db"), "does not exist", fs.ErrNotExist},
		{"a directory that is a file", filepath.Join(text, "run.db"), "not a directory", nil},
	} {
		w, err := Create(c.path, info())
		if w != nil || err == nil || (c.is != nil && !errors.Is(err, c.is)) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Create over %s: %v; want %v, saying %q", c.name, err, c.is, c.says)
		}
	}
	if after, err := os.ReadFile(diary); err != nil || string(after) != string(before) {
		t.Errorf("Create changed another program's file (%v)", err)
	}
	if after, err := os.ReadFile(text); err != nil || string(after) != "keep me" {
		t.Errorf("Create changed a text file to %q (%v)", after, err)
	}
}

// Two runs with one run file would lose the first one's: the second must not
// begin while the first goes on.
func TestCreateLeavesARunUnderWayAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	first, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	if w, err := Create(path, info()); w != nil || !errors.Is(err, ErrInUse) {
		t.Errorf("Create over a run under way: %v, want ErrInUse", err)
	}
	if err := first.Close(info()); err != nil {
		t.Fatal(err)
	}
	second, err := Create(path, info())
	if err != nil {
		t.Fatalf("Create over a run that has ended: %v", err)
	}
	if err := second.Close(info()); err != nil {
		t.Fatal(err)
	}
}

// Of runs that begin at the same moment with one path, one has it to itself.
func TestCreateAtTheSameTime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.db")
	for round := range 40 {
		var began atomic.Int64
		var runs sync.WaitGroup
		for range 4 {
			runs.Go(func() {
				w, err := Create(path, info())
				if err != nil {
					if !errors.Is(err, ErrInUse) {
						t.Errorf("round %d: Create: %v, want ErrInUse", round, err)
					}
					return
				}
				began.Add(1)
				time.Sleep(time.Millisecond)
				if err := w.Close(info()); err != nil {
					t.Errorf("round %d: Close: %v", round, err)
				}
			})
		}
		runs.Wait()
		r, err := Open(path)
		if err != nil || began.Load() == 0 {
			t.Fatalf("round %d: %d runs began, Open: %v", round, began.Load(), err)
		}
		r.Close()
	}
}

func TestCreateReplacesAnOlderRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	small(t, path)
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
	if run := openRun(t, path); len(run.Seconds) != 0 || len(run.Exemplars) != 0 {
		t.Errorf("the new run has %d seconds and %d exemplars of the older one", len(run.Seconds), len(run.Exemplars))
	}
}

// small writes a run of three seconds.
func small(t testing.TB, path string) {
	t.Helper()
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	for _, iv := range fill(newRecorder(), 3) {
		if err := w.Append(iv); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	intervals := fill(newRecorder(), 20)
	m := NewMemory(info())
	for i, iv := range intervals {
		if i == 2 {
			if err := w.exec("PRAGMA max_page_count = 40"); err != nil {
				t.Fatal(err)
			}
		}
		if err = w.Append(iv); err != nil {
			break
		}
		_ = m.Append(iv)
	}
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "free space") {
		t.Fatalf("Append with no room: %v; want ErrFull, with the path and what to do", err)
	}
	// With room again it goes on; what failed is not there by halves.
	if err := w.exec("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	last := intervals[len(intervals)-1]
	if err := w.Append(last); err != nil {
		t.Fatal(err)
	}
	_ = m.Append(last)
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
	_ = m.Close(ended())
	want, err := m.Run()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, want, openRun(t, path))
}

// readAll reads whatever there is; it may fail, and must not panic.
func readAll(path string) error {
	r, err := Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	run, err := r.Run()
	if err != nil {
		return err
	}
	for _, err := range run.Cells {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestDamagedFilesAreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "run.db")
	small(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.db")
	for n := 0; n < len(whole); n += max(4096, len(whole)/20/512*512) {
		write(t, bad, string(whole[:n]))
		if err := readAll(bad); !errors.Is(err, ErrNotRun) {
			t.Errorf("a file cut to %d of %d bytes: %v, want ErrNotRun", n, len(whole), err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range 200 {
		b := append([]byte{}, whole...)
		at := 100 + random.IntN(len(b)-100)
		for i := at; i < min(len(b), at+1+random.IntN(2000)); i++ {
			b[i] = byte(random.Uint32())
		}
		write(t, bad, string(b))
		if err := readAll(bad); err != nil {
			failed++
			if !errors.Is(err, ErrNotRun) {
				t.Errorf("a file garbled at %d: %v, want ErrNotRun", at, err)
			}
		}
	}
	if failed < 50 {
		t.Errorf("only %d of 200 garbled files were found out", failed)
	}
	write(t, bad, strings.ReplaceAll(string(whole), "edge-capacity", "edge-kapacity"))
	if err := readAll(bad); !errors.Is(err, ErrNotRun) || !strings.Contains(err.Error(), `unknown outcome "edge-kapacity"`) {
		t.Errorf("a file with an unknown outcome: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	seed := filepath.Join(f.TempDir(), "run.db")
	small(f, seed)
	whole, err := os.ReadFile(seed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint(24), []byte{1, 1})
	f.Add(uint(4096), []byte("\x0d\xff\xff\xff\xff"))
	f.Add(uint(40), []byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, at uint, patch []byte) {
		b := append([]byte{}, whole...)
		copy(b[at%uint(len(b)):], patch)
		_ = readAll(write(t, filepath.Join(t.TempDir(), "x.db"), string(b)))
	})
}

func BenchmarkAppend1000Cells(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "run.db"), info())
	if err != nil {
		b.Fatal(err)
	}
	iv := fill(newRecorder(), 1)[0]
	iv.Histograms, iv.Exemplars, iv.Lookups = nil, nil, nil
	keys := iv.Cells[0]
	iv.Cells = nil
	for i := range 1000 {
		keys.Status = uint16(i)
		iv.Cells = append(iv.Cells, keys)
	}
	second := 0
	for b.Loop() {
		second++
		for i := range iv.Cells {
			iv.Cells[i].Second = second
		}
		if err := w.Append(iv); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := w.Close(results.RunInfo{}); err != nil {
		b.Fatal(err)
	}
}
