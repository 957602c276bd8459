package report

import (
	"cmp"
	"slices"

	"frontload/results"
	"frontload/results/report/plain"
)

// guardRow is one thing that the guard did.
type guardRow struct{ At, Action, Reason string }

func (in Input) guardRows() []guardRow {
	var rows []guardRow
	for _, a := range in.Run.Guard() {
		rows = append(rows, guardRow{plain.Clock(a.At.Sub(in.start())), plain.Line(a.Action), plain.Line(a.Reason)})
	}
	return rows
}

// stopped reports whether the guard ended the load.
func (in Input) stopped() bool {
	return slices.ContainsFunc(in.Run.Guard(), func(a results.GuardAction) bool { return a.Action == results.GuardStop })
}

// guardBands mark on the time axis when the guard did something.
func (in Input) guardBands() []band {
	var bands []band
	for _, a := range in.Run.Guard() {
		at := a.At.Sub(in.start()).Seconds()
		bands = append(bands, band{at, at, plain.Line(a.Action), inkText})
	}
	return bands
}

// withMarks adds marks to bands, all in order of time.
func withMarks(bands, marks []band) []band {
	return slices.SortedStableFunc(slices.Values(slices.Concat(bands, marks)), func(a, b band) int { return cmp.Compare(a.from, b.from) })
}

// guard tells what the guard did, the last of it where that is too much.
func (t text) guard(d detail) []string {
	rows := t.in.guardRows()
	var lines []string
	for _, r := range rows[max(0, len(rows)-d.guard):] {
		lead := "guard"
		if len(lines) > 0 {
			lead = ""
		}
		lines = append(lines, t.wrap(plain.Left(lead, 6)+plain.Right(r.At, 7)+"  ", r.Action+": "+r.Reason, d.wrapped)...)
	}
	return lines
}
