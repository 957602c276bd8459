package store

import (
	"strings"
	"testing"
	"time"

	"frontload/results"
)

func TestCountsOfARow(t *testing.T) {
	got, id, err := countsOf("7 3 10 9 1 9000 -4 9223372036854775807 5 6 0")
	want := results.Cell{Second: 7, Counts: results.Counts{
		Count: 10, Written: 9, FreshConn: 1, BytesIn: 9000, BytesOut: -4,
		Response: time.Duration(9223372036854775807), Service: 5, TTFB: 6,
	}}
	if err != nil || got != want || id != 3 {
		t.Errorf("countsOf() = %+v, %d, %v, want %+v, 3 and no error", got, id, err, want)
	}
	for _, row := range []string{"", "1", "1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9 10 11 12", "1 2 3 4 5 6 7 8 9 10 ", "1 2 3 x 5 6 7 8 9 10 11", "1 2 3 4 5 6 7 8 9 10 9223372036854775808"} {
		if c, _, err := countsOf(row); err == nil || !strings.Contains(err.Error(), "row ") {
			t.Errorf("countsOf(%q) = %+v, %v, want an error that shows the row", row, c, err)
		}
	}
}

// Whatever stands in a damaged file, a row gives its numbers or an error.
func FuzzCountsOf(f *testing.F) {
	f.Add("7 3 10 9 1 9000 4 5 5 6 0")
	f.Fuzz(func(t *testing.T, row string) {
		if _, _, err := countsOf(row); err == nil && strings.Count(row, " ") != 10 && strings.Count(row, " ") != 11 {
			t.Errorf("countsOf(%q) gives no error", row)
		}
	})
}
