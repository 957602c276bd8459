package analysis

import (
	"slices"
	"strconv"
	"time"

	"frontload/results"
)

// mostReasons is how many reasons for failed control requests are told apart.
const mostReasons = 20

// controls sums up the control requests; nil where there were none.
func controls(run *results.Run) *results.ControlSummary {
	if len(run.Control) == 0 {
		return nil
	}
	s := &results.ControlSummary{Statuses: map[string]int64{}, Errors: map[string]int64{}}
	var took []time.Duration
	for _, c := range run.Control {
		s.Requests++
		took = append(took, c.Took)
		if c.Status >= 200 && c.Status < 400 {
			s.OK++
		}
		if c.Status != 0 {
			s.Statuses[strconv.Itoa(int(c.Status))]++
			continue
		}
		s.Statuses["none"]++
		if _, known := s.Errors[c.Err]; known || len(s.Errors) < mostReasons {
			s.Errors[c.Err]++
		} else {
			s.Errors["another reason"]++
		}
	}
	slices.Sort(took)
	s.P50, s.Max = micros(took[len(took)/2]), micros(took[len(took)-1])
	return s
}
