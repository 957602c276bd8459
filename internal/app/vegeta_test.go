package app

import (
	"os"
	"path/filepath"
	"testing"
)

// Looking for vegeta's results keeps no file of another kind open: there may be
// more of them than can be open at once.
func TestLookingKeepsNothingOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(name, []byte("#Version: 1.0\n#Fields: date time sc-status\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := findVegeta(&Analysis{}, []string{name, name, filepath.Join(t.TempDir(), "none")})
	if err != nil || len(found.files) > 0 || len(found.list) > 0 {
		t.Errorf("findVegeta = %+v, %v", found, err)
	}
}

// Vegeta's results that are named twice count once.
func TestVegetaOnce(t *testing.T) {
	dir := t.TempDir()
	name, other, linked := filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json"), filepath.Join(dir, "c.json")
	for _, n := range []string{name, other} {
		if err := os.WriteFile(n, []byte(`{"code":200,"timestamp":"2026-11-20T12:00:00Z","latency":5}`+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a.json", linked); err != nil {
		t.Fatal(err)
	}
	found, err := findVegeta(&Analysis{}, []string{name, name, other, linked})
	defer found.close()
	if err != nil || len(found.list) != 2 || len(found.files) != 2 {
		t.Errorf("findVegeta = %+v, %v", found, err)
	}
}
