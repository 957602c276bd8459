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
