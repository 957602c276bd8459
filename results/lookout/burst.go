package lookout

import (
	"fmt"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// A Burst is one that goes on, as far as is known by now.
type Burst struct {
	ID           int // from 1, in the order in which they became known; kept while it goes on
	Scope        results.Scope
	Verdict      string // such as [results.VerdictEdgeCapacity]; undetermined while it cannot be told
	Family       string
	Confidence   float64       // of the verdict, 0 to 1
	Since        time.Duration // its first second, from the run's start
	Until        time.Duration // the end of its latest second with a 503: until 3 s after it, it is taken to go on
	Known        time.Duration // when it became known
	Requests     int64         // in its scope since then, of the seconds that are looked at still
	Responses503 int64         // of them
	Share        float64       // 503s among these requests, 0 to 1
}

// String says cause, place and confidence in the words of the reports, such as
// "edge capacity at FRA56-P1, 97% sure".
func (b Burst) String() string {
	sure := plain.Share(b.Confidence) + " sure"
	if b.Verdict == results.VerdictUndetermined {
		sure = "the likeliest cause " + plain.Share(b.Confidence)
	}
	return fmt.Sprintf("%s %s, %s", results.VerdictWords(b.Verdict), where(b.Scope), sure)
}

// told says how much of the requests it took, too.
func (b Burst) told() string {
	return fmt.Sprintf("%s; 503 on %s of its requests", b, plain.Share(b.Share))
}

// clock returns a time of the run to the second, such as 1m14s.
func clock(d time.Duration) string { return d.Truncate(time.Second).String() }

// where says in words where a scope is.
func where(s results.Scope) string {
	switch s.Kind {
	case "all":
		return "everywhere"
	case "pop":
		return "at " + list(s.Values)
	case "request":
		return "for " + list(s.Values)
	case "client":
		return "from " + list(s.Values)
	case "key-prefix":
		return "under " + list(s.Values)
	}
	return "at " + strings.ReplaceAll(s.Kind, "-", " ") + " " + list(s.Values)
}

// mostListed is how many values of a scope are named.
const mostListed = 3

func list(values []string) string {
	shown := values[:min(len(values), mostListed)]
	text := strings.Join(shown, ", ")
	if more := len(values) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
