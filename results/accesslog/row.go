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
	text [10]byte // zeros for none, which no date is
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
	if k.text[0] == 0 || !bytes.Equal(c[fieldDate], k.text[:]) {
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
	if r.sent, ok = size(c[fieldSent]); !ok {
		odd = badNumber
	}
	if r.received, ok = size(c[fieldReceived]); !ok {
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

// What no row can have, so that sums of very many fit.
const (
	longest  = 30 * 24 * time.Hour
	mostSent = 1 << 50 // bytes
)

// size reads a number of bytes that may be absent.
func size(b []byte) (int64, bool) {
	if isDash(b) {
		return 0, true
	}
	n, ok := parseFixed(b, 0)
	if !ok || n > mostSent {
		return 0, false
	}
	return n, true
}

// span reads a time in seconds that may be absent.
func span(b []byte) (d time.Duration, told, ok bool) {
	if isDash(b) {
		return 0, false, true
	}
	micros, ok := parseFixed(b, 6)
	if !ok || micros > longest.Microseconds() {
		return 0, false, false
	}
	return time.Duration(micros) * time.Microsecond, true, true
}
