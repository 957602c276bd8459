package accesslog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fixtures returns the directory of other people's public samples, which are
// not part of the project; a test is skipped aloud where they are absent.
func fixtures(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "fixtures", "logs")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: the public samples are not at %s: %v", dir, err)
	}
	return dir
}

// Every public sample is read or refused as its README says.
func TestFixtures(t *testing.T) {
	dir := fixtures(t)
	for _, f := range []struct {
		name     string
		rows     int64
		statuses map[uint16]int64
		signal   string // that its errors carry
		refused  string
	}{
		{name: "aws-docs-standard-log-example.log", rows: 6, statuses: map[uint16]int64{200: 3, 502: 3}, signal: "log-origin"},
		{name: "opensearch-catalog-cloudfront-raw.log", rows: 40, statuses: nil},
		{name: "aws-clo-microbatch-cloudfront.log.gz", rows: 2, statuses: map[uint16]int64{200: 2}},
		{name: "claygregory-web-1-0.txt", rows: 2, statuses: map[uint16]int64{200: 1, 304: 1}},
		{name: "claygregory-kinesis-1-0.txt", rows: 1, statuses: map[uint16]int64{200: 1}},
		{name: "claygregory-rtmp-1-0.txt", refused: "RTMP"},
	} {
		t.Run(f.name, func(t *testing.T) {
			log, err := Read(t.Context(), []string{filepath.Join(dir, f.name)}, Options{})
			if f.refused != "" {
				if _, ok := errors.AsType[*ForeignError](err); !ok || !strings.Contains(err.Error(), f.refused) {
					t.Fatalf("Read() = %v, want a ForeignError that names %s", err, f.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			if log.Rows != f.rows || log.Run.Unread.Lines != 0 || len(log.Run.Unread.Partly) != 0 {
				t.Errorf("%d rows and %+v unread, want %d and none", log.Rows, log.Run.Unread, f.rows)
			}
			got := map[uint16]int64{}
			for c, err := range log.Run.Cells {
				if err != nil {
					t.Fatal(err)
				}
				got[c.Status] += c.Count
				if c.Status >= 500 && !strings.Contains(strings.Join(c.Signals.Names(), " "), f.signal) {
					t.Errorf("a %d has signals %v, want %s", c.Status, c.Signals.Names(), f.signal)
				}
			}
			for status, n := range got {
				if status >= 500 && f.statuses[status] != n {
					t.Errorf("status %d: %d rows, want %d", status, n, f.statuses[status])
				}
			}
			for status, n := range f.statuses {
				if got[status] != n {
					t.Errorf("status %d: %d rows, want %d", status, got[status], n)
				}
			}
		})
	}
}
