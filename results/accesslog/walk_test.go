package accesslog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write writes a file of a test, with the directories above it.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

// Every file is read once, however often it is named or linked to, and links to
// directories are followed, in circles too.
func TestEveryFileOnce(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	a, b := filepath.Join(dir, "logs", "a.log"), filepath.Join(dir, "logs", "more", "b.log")
	c := filepath.Join(other, "c.log")
	for _, name := range []string{a, b, c} {
		write(t, name, header33+testRow{}.String())
	}
	logs, linked := filepath.Join(dir, "logs"), filepath.Join(dir, "linked")
	link(t, "logs", linked)
	link(t, "a.log", filepath.Join(logs, "latest"))
	link(t, "..", filepath.Join(logs, "more", "circle"))
	link(t, other, filepath.Join(logs, "elsewhere"))
	link(t, "nowhere", filepath.Join(logs, "broken"))
	for _, test := range []struct {
		names []string
		rows  int64
		doubt string
	}{
		{[]string{a}, 1, ""},
		{[]string{a, a}, 1, "1 file is named"},
		{[]string{linked}, 3, "1 file is named"},
		{[]string{logs, linked, a}, 3, "2 files are named"},
		{[]string{a, filepath.Join(dir, "linked", "more", "..", "a.log"), c}, 2, "1 file is named"},
	} {
		log, err := Read(t.Context(), test.names, Options{})
		if err != nil {
			t.Errorf("%v: %v", test.names, err)
			continue
		}
		defer log.Close()
		if log.Rows != test.rows {
			t.Errorf("%v: %d rows, want %d", test.names, log.Rows, test.rows)
		}
		said := slices.ContainsFunc(log.Run.Doubts, func(d string) bool { return strings.Contains(d, "named or linked") })
		told := slices.ContainsFunc(log.Run.Doubts, func(d string) bool { return test.doubt != "" && strings.HasPrefix(d, test.doubt) })
		if said != (test.doubt != "") || said != told {
			t.Errorf("%v: doubts %q, want %q", test.names, log.Run.Doubts, test.doubt)
		}
	}
}
