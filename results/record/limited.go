package record

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"frontload/results"
)

// Limited returns why a second is generator-limited, in words, or nothing when
// it is not: too much send lag, too many missed arrivals, or a hard trouble of
// the generator's.
func Limited(s results.Second) string {
	var why []string
	if s.LagLimited() {
		why = append(why, fmt.Sprintf("send lag p99 %v is over %v", s.LagP99.Round(time.Millisecond), results.MostLag))
	}
	if s.MissedLimited() {
		why = append(why, fmt.Sprintf("%d of %d arrivals were missed", s.Missed, s.Scheduled))
	}
	if s.Trouble != "" {
		why = append(why, s.Trouble)
	}
	return strings.Join(why, "; ")
}

// AddSecond adds what a later interval told of the same second: counts and
// troubles add up, what else the later one says takes the place of what was
// said before, and whether the second is limited is judged again.
func AddSecond(s *results.Second, later results.Second) {
	s.Scheduled += later.Scheduled
	s.Sent += later.Sent
	s.Missed += later.Missed
	s.Unsent += later.Unsent
	s.Held += later.Held
	s.Asked = cmp.Or(later.Asked, s.Asked)
	s.InFlight = cmp.Or(later.InFlight, s.InFlight)
	s.LagP99 = cmp.Or(later.LagP99, s.LagP99)
	s.Stage = cmp.Or(later.Stage, s.Stage)
	s.Host = cmp.Or(later.Host, s.Host)
	s.Trouble = results.JoinTroubles(s.Trouble, later.Trouble)
	s.Limited = Limited(*s)
}
