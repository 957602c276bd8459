package record

import (
	"fmt"
	"strings"
	"time"

	"frontload/results"
)

// A second is generator-limited beyond these: the send lag that 99 % of its
// requests must keep, and the share of its arrivals that may be missed.
const (
	mostLag    = 50 * time.Millisecond
	mostMissed = 0.01
)

// Limited returns why a second is generator-limited, in words, or nothing when
// it is not: too much send lag, too many missed arrivals, or a hard trouble of
// the generator's.
func Limited(s results.Second, trouble string) string {
	var why []string
	if s.LagP99 > mostLag {
		why = append(why, fmt.Sprintf("send lag p99 %v is over %v", s.LagP99.Round(time.Millisecond), mostLag))
	}
	if float64(s.Missed) > mostMissed*float64(s.Scheduled) {
		why = append(why, fmt.Sprintf("%d of %d arrivals were missed", s.Missed, s.Scheduled))
	}
	if trouble != "" {
		why = append(why, trouble)
	}
	return strings.Join(why, "; ")
}

// AddSecond adds what a later interval told of the same second: counts add up,
// what else the later one says takes the place of what was said before, and
// whether the second is limited is judged again. Trouble is the generator's
// trouble in that second, if any.
func AddSecond(s *results.Second, later results.Second, trouble string) {
	s.Scheduled += later.Scheduled
	s.Sent += later.Sent
	s.Missed += later.Missed
	s.Unsent += later.Unsent
	s.Held += later.Held
	if later.Asked != 0 {
		s.Asked = later.Asked
	}
	if later.InFlight != 0 {
		s.InFlight = later.InFlight
	}
	if later.LagP99 != 0 {
		s.LagP99 = later.LagP99
	}
	if later.Stage != "" {
		s.Stage = later.Stage
	}
	s.Limited = Limited(*s, trouble)
}
