package accesslog

import (
	"strings"
	"testing"

	"frontload/results"
)

// Numbers that no row can have count as nothing, and are told: they neither
// make a sum overflow nor a latency of a month.
func TestAbsurdNumbers(t *testing.T) {
	var text strings.Builder
	text.WriteString(header33)
	for range 50 {
		row := testRow{taken: "999999999999"}.String()
		text.WriteString(strings.Replace(row, "\t500\t", "\t999999999999999999\t", 1))
	}
	text.WriteString(testRow{}.String())
	log := readText(t, text.String())
	if log.Rows != 51 || log.Run.Unread.Partly["a number that is none"] != 50 || log.Run.Clamped != 0 {
		t.Errorf("%d rows, unread %+v, %d clamped", log.Rows, log.Run.Unread, log.Run.Clamped)
	}
	for _, c := range cellsOf(t, log.Run) {
		if c.BytesIn != 500 || c.Response < 0 || c.TTFB < 0 {
			t.Errorf("cell %+v", c)
		}
	}
	if q := log.Run.Latency[results.LatencyKey{Series: results.SeriesResponse, By: "all"}]; q.Count != 1 {
		t.Errorf("%d latencies, want 1", q.Count)
	}
}

// A date of nothing but zero bytes is none.
func TestZeroDate(t *testing.T) {
	row := strings.Replace(testRow{}.String(), "2026-11-20", strings.Repeat("\x00", 10), 1)
	s := newShard(&spill{}, mostCells)
	if err := s.columnsRow([]byte(strings.TrimSuffix(row, "\n")), standard(33)); err != nil {
		t.Fatal(err)
	}
	if s.rows != 0 || s.unread.counts[badTime] != 1 {
		t.Errorf("%d rows, unread %v", s.rows, s.unread.counts)
	}
}
