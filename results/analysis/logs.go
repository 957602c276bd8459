package analysis

import (
	"time"

	"frontload/results"
)

// sourceLog is the source of a run that only access logs tell of: nobody sent
// load, so that no advice for load tests applies.
const sourceLog = "access-log"

// clockTimes writes a burst's span in times of day, and its day where the run
// has several.
func clockTimes(a *results.Analysis, b *results.Burst) string {
	from, to := "15:04:05", "15:04:05 MST"
	if a.Run.End.Sub(a.Run.Start) > 12*time.Hour {
		from = "2006-01-02 15:04:05"
	}
	if b.Start.YearDay() != b.End.YearDay() {
		to = "2006-01-02 15:04:05 MST"
	}
	return b.Start.UTC().Format(from) + "–" + b.End.UTC().Format(to)
}
