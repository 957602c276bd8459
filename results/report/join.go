package report

import (
	"time"

	"frontload/results/report/plain"
)

// join says how the run and access logs were joined; empty where they were not.
func (in Input) join() string {
	j := in.Analysis.Join
	if j == nil {
		return ""
	}
	text := plain.Count(j.Joined) + " of " + plain.Count(j.Exemplars) + " kept requests joined, " +
		plain.Count(j.Joined503) + " of " + plain.Count(j.Kept503) + " 503s among them; " + plain.Count(j.LogRows) + " rows, " +
		plain.Count(j.Within) + " of the run's time"
	if j.OtherRows > 0 {
		text += ", about " + plain.Count(j.OtherRows) + " of these other viewers'"
	}
	if j.LatestRow != nil {
		text += "; latest row " + j.LatestRow.UTC().Format("2006-01-02 15:04:05 MST") + in.lateness(*j.LatestRow)
	}
	if j.Why != "" {
		text += "; not joined: " + plain.Line(j.Why)
	}
	return text
}

// lateness says how far the logs go, beside the run.
func (in Input) lateness(latest time.Time) string {
	end := in.Run.Info.End
	switch after := latest.Sub(end); {
	case end.IsZero():
		return ""
	case after < -time.Second:
		return ", " + plain.Clock(-after) + " before the run's end"
	case after > time.Second:
		return ", " + plain.Clock(after) + " after the run's end"
	}
	return ", as far as the run goes"
}
