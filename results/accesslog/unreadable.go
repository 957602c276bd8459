package accesslog

import (
	"fmt"
	"maps"
	"slices"

	"frontload/results/report/plain"
)

// An UnreadableError says that the inputs have lines, and that not one of them
// is a row that can be read.
type UnreadableError struct {
	Lines int64
	Why   string // the commonest reason
	Count int64  // of the lines that have it
	First string // the first of these, such as FILE:LINE
	Do    string // what to do about it
}

func (e *UnreadableError) Error() string {
	of := "all"
	if e.Count < e.Lines {
		of = plain.Count(e.Count) + " of them"
	}
	return fmt.Sprintf("%s: not one row could be read of %s; %s: %s; %s", e.First, lines(e.Lines), of, e.Why, e.Do)
}

// Unreadable returns an [*UnreadableError] where the log has lines and no row
// that was read, and nil elsewhere: also for files that hold their header only,
// which are what CloudFront writes when there were no requests.
func (l *Log) Unreadable() error {
	u := l.Run.Unread
	if l.Rows > 0 {
		return nil
	}
	e := &UnreadableError{}
	for _, why := range slices.Sorted(maps.Keys(u.Reasons)) {
		if u.First[why] == "" { // a file that was passed over
			continue
		}
		n := u.Reasons[why]
		e.Lines += n
		if n > e.Count {
			e.Why, e.Count, e.First = why, n, u.First[why]
		}
	}
	if e.Lines == 0 {
		return nil
	}
	e.Do = whatToDo(e.Why)
	return e
}

// whatToDo says what to do where a reason holds for most lines.
func whatToDo(why string) string {
	switch why {
	case reasonWords[badColumns]:
		return "check --fields, or the #Fields line: it must name every column of a row; and the columns must have tabs between them"
	case reasonWords[badTime], reasonWords[badStatus], reasonWords[noFields]:
		return "check --fields, or the #Fields line: it must name the columns in the order in which the rows have them"
	case reasonWords[badJSON], reasonWords[tooLong]:
		return "expected one row, or one JSON object, a line"
	}
	return "fetch the file again, and see whether it is a log of CloudFront's"
}
