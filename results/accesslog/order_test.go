package accesslog

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"pgregory.net/rapid"

	"frontload/results"
)

// drawnRow draws a row of few different ones, so that many share a cell.
func drawnRow(t *rapid.T) testRow {
	one := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "one") }
	return testRow{
		time: fmt.Sprintf("%s:%02d", one("09:30", "09:31", "23:59"), rapid.IntRange(0, 3).Draw(t, "second")),
		pop:  one("FRA56-P1", "IAD89-C2", "-"), ip: one("192.0.2.1", "192.0.2.2", "2001:db8::1", "-"),
		path:   one("/", "/a", "/b/1", "/b/c/d/e", "/b/c/d/f", "/b/x", "-", "/p"+fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "p"))),
		status: one("200", "200", "503", "502", "000"), result: one("Hit", "Miss", "Error", "CapacityExceeded"),
		taken: one("0.001", "1.5", "-", "x"), id: one(fmt.Sprintf("%022d", rapid.IntRange(0, 1<<30).Draw(t, "id")), fmt.Sprintf("%022d", 0), "-"),
	}
}

// Whatever files the rows stand in, in whatever order, and however many rows
// fit into memory, the run is the same.
func TestOrderDoesNotMatter(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawnRow), 1, 120).Draw(t, "rows")
		var text strings.Builder
		text.WriteString(header33)
		for _, r := range rows {
			text.WriteString(r.String())
		}
		want := runOf(t, []string{writeFile(t, dir, "whole", text.String())}, Options{Parsers: 1})

		shuffled := rapid.Permutation(rows).Draw(t, "shuffled")
		var files []string
		for i := 0; len(shuffled) > 0; i++ {
			n := rapid.IntRange(1, len(shuffled)).Draw(t, "rows of a file")
			part := header33
			for _, r := range shuffled[:n] {
				part += r.String()
			}
			files = append(files, writeFile(t, dir, fmt.Sprint("part", i), part))
			shuffled = shuffled[n:]
		}
		got := runOf(t, files, Options{
			Parsers: rapid.IntRange(1, 3).Draw(t, "parsers"), TempDir: dir, cells: rapid.IntRange(1, 50).Draw(t, "cells"),
		})
		if diff := gocmp.Diff(want, got, gocmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" {
			t.Fatalf("another order or another split gives another run (-whole +parts):\n%s", diff)
		}
	})
	left, err := filepath.Glob(filepath.Join(dir, "frontload-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func writeFile(t rapid.TB, dir, name, text string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A wholeRun is all that a run holds, to be compared.
type wholeRun struct {
	Run   results.Run
	Cells []results.Cell
}

func runOf(t rapid.TB, names []string, o Options) wholeRun {
	t.Helper()
	log, err := Read(context.Background(), names, o)
	if err != nil {
		t.Fatal(err)
	}
	w := wholeRun{Run: *log.Run}
	for range 2 { // they can be read again
		w.Cells = nil
		for c, err := range log.Run.Cells {
			if err != nil {
				t.Fatal(err)
			}
			w.Cells = append(w.Cells, c)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(w.Cells, func(x, y results.Cell) int { return cmp.Compare(x.Second, y.Second) }) {
		t.Fatal("the cells are not in order of seconds")
	}
	w.Run.Cells, w.Run.Info.Name, w.Run.Unread.First, w.Run.Doubts = nil, "", nil, nil // they name files
	return w
}

// Memory does not grow with the number of different cells: what does not fit
// is set aside, and read again in order.
func TestSetAside(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(header33)
	const rows = 5000
	for i := range rows {
		second := (i * 7919) % 3000
		b.WriteString(testRow{time: fmt.Sprintf("%02d:%02d:%02d", 9+second/3600, second/60%60, second%60), pop: fmt.Sprintf("FRA%d-P1", 50+i%5)}.String())
	}
	dir := t.TempDir()
	log, err := Read(t.Context(), []string{writeFile(t, dir, "log", b.String())}, Options{TempDir: dir, cells: 64, Parsers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if log.spill.size == 0 {
		t.Error("nothing was set aside")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "frontload-*")); len(left) > 0 {
		t.Errorf("the temporary file has a name while it is used, so that a kill leaves it behind: %v", left)
	}
	n, seconds := int64(0), map[int]bool{}
	for _, c := range cellsOf(t, log.Run) {
		n += c.Count
		seconds[c.Second] = true
	}
	if n != rows || len(seconds) != 3000 {
		t.Errorf("%d rows in %d seconds, want %d in 3000", n, len(seconds), rows)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range log.Run.Cells {
		if err == nil {
			t.Error("cells can be read after Close")
		}
		break
	}
}
