package accesslog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"frontload/results"
)

// A reason says why something could not be read.
type reason uint8

const (
	none reason = iota
	badTime
	badStatus
	badColumns
	badJSON
	noFields
	tooLong
	outside
	cutShort
	corrupt
	badNumber  // the row is counted without the number
	fewColumns // the row is counted by what is safely in location
	reasons    // how many there are
)

var reasonWords = [reasons]string{
	badTime:    "no valid date and time",
	badStatus:  "no valid sc-status",
	badColumns: "wrong number of columns",
	badJSON:    "not a whole JSON object",
	noFields:   "rows under a #Fields line that lacks sc-status or the time",
	tooLong:    "line over 1 MiB",
	outside:    "outside the days that hold most rows",
	cutShort:   "the file is cut short",
	corrupt:    "the file is damaged from here on",
	badNumber:  "a number that is none",
	fewColumns: "wrong number of columns, so that only what is in its place was read",
}

// partly reports whether a row that has the reason is counted all the same.
func (r reason) partly() bool { return r == badNumber || r == fewColumns }

// A location is a line of an input.
type location struct {
	name string
	line int64
}

func (l location) String() string { return fmt.Sprintf("%s:%d", l.name, l.line) }

func (l location) compare(o location) int {
	return cmp.Or(cmp.Compare(l.name, o.name), cmp.Compare(l.line, o.line))
}

// unread counts what could not be read, by reason, each with its first location.
type unread struct {
	counts [reasons]int64
	first  [reasons]location
}

func (u *unread) add(r reason, n int64, where location) {
	if u.counts[r] == 0 || where.compare(u.first[r]) < 0 {
		u.first[r] = where
	}
	u.counts[r] += n
}

func (u *unread) merge(o *unread) {
	for r, n := range o.counts {
		if n > 0 {
			u.add(reason(r), n, o.first[r])
		}
	}
}

// document returns the counts, skipped inputs by their reason among them.
func (u *unread) document(skipped map[string]int64) results.Unread {
	d := results.Unread{Reasons: map[string]int64{}, Partly: map[string]int64{}, First: map[string]string{}}
	for r := none + 1; r < reasons; r++ {
		switch n := u.counts[r]; {
		case n == 0:
			continue
		case r.partly():
			d.Partly[reasonWords[r]] += n
		default:
			d.Lines += n
			d.Reasons[reasonWords[r]] += n
		}
		if u.first[r].name != "" {
			d.First[reasonWords[r]] = u.first[r].String()
		}
	}
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		d.Lines += skipped[why]
		d.Reasons[why] += skipped[why]
	}
	return d
}
