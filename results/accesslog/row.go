package accesslog

import (
	"bytes"
	"time"

	"frontload/results"
)

// A row is what one line of a log says of a request. What points into the
// line is valid until the next one.
type row struct {
	millis  int64 // since 1970, when the answer ended; whole seconds where the log tells no more
	status  uint16
	cache   results.Cache
	outcome results.Outcome
	signals results.Signals

	sent, received int64 // bytes; zero where the log does not say
	taken          time.Duration
	firstByte      time.Duration
	timed          bool // taken is told
	firstTimed     bool // firstByte is told

	entry *Entry // where it is no log's; nil for those

	*columns
}

func (r *row) second() uint32 { return uint32(r.millis / 1000) }

// A clock reads the times of rows. It remembers the last date, since rows of
// one date stand together.
type clock struct {
	text [10]byte
	days int64
}

// millis returns the time of a row in milliseconds since 1970.
func (k *clock) millis(c *columns) (int64, bool) {
	if c[fieldMillis] != nil && !isDash(c[fieldMillis]) {
		return parseEpoch(c[fieldMillis])
	}
	if c[fieldDate] == nil || c[fieldTime] == nil {
		return parseEpoch(c[fieldTimestamp])
	}
	if !bytes.Equal(c[fieldDate], k.text[:]) {
		days, ok := parseDate(c[fieldDate])
		if !ok {
			return 0, false
		}
		copy(k.text[:], c[fieldDate])
		k.days = days
	}
	seconds, ok := parseClock(c[fieldTime])
	return (k.days*86400 + seconds) * 1000, ok
}

// read reads a row's columns. It returns why the row cannot be counted, and
// which of its numbers could not be read though it can.
func (r *row) read(c *columns, k *clock) (unread, odd reason) {
	*r = row{columns: c}
	var ok bool
	if r.millis, ok = k.millis(c); !ok {
		return badTime, none
	}
	s := status(c[fieldStatus])
	if s < 0 {
		return badStatus, none
	}
	r.status = uint16(s)
	if r.sent, ok = number(c[fieldSent], 0); !ok {
		odd = badNumber
	}
	if r.received, ok = number(c[fieldReceived], 0); !ok {
		odd = badNumber
	}
	if r.taken, r.timed, ok = span(c[fieldTaken]); !ok {
		odd = badNumber
	}
	if r.firstByte, r.firstTimed, ok = span(c[fieldFirstByte]); !ok {
		odd = badNumber
	}
	r.judge()
	return none, odd
}

// number reads a number that may be absent.
func number(b []byte, places int) (int64, bool) {
	if isDash(b) {
		return 0, true
	}
	return parseFixed(b, places)
}

// span reads a time in seconds that may be absent.
func span(b []byte) (d time.Duration, told, ok bool) {
	if isDash(b) {
		return 0, false, true
	}
	micros, ok := parseFixed(b, 6)
	return time.Duration(micros) * time.Microsecond, ok, ok && micros < int64(1e15)
}
