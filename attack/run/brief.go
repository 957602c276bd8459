package run

import (
	"fmt"
	"time"

	"frontload/pacing"
)

// brief says on a short line what a schedule sends.
func brief(s *pacing.Schedule) string {
	if text := s.String(); len(text) <= 90 {
		return text
	}
	return fmt.Sprintf("%d arrivals in %s, at most %s", s.Mean(), s.Duration().Round(time.Second), s.Peak())
}
