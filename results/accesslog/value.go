package accesslog

import (
	"bytes"
	"math"
	"time"
)

// parseDate returns the days since 1970 of a date like "2026-11-20", from 1970
// to 2105.
func parseDate(b []byte) (days int64, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, ok1 := digits(b[:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:])
	if !ok1 || !ok2 || !ok3 || year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Unix() / 86400, t.Day() == day
}

// parseClock returns the seconds since midnight of a time like "23:59:59"; what
// it has beyond whole seconds is left out.
func parseClock(b []byte) (seconds int64, ok bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' || len(b) > 8 && b[8] != '.' {
		return 0, false
	}
	h, ok1 := digits(b[:2])
	m, ok2 := digits(b[3:5])
	s, ok3 := digits(b[6:8])
	return int64(h*3600 + m*60 + s), ok1 && ok2 && ok3 && h < 24 && m < 60 && s <= 60
}

// digits returns a whole number of at most nine digits.
func digits(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// status returns an HTTP status, 0 for "000", or -1 for what is none.
func status(b []byte) int {
	if n, ok := digits(b); ok && (n == 0 || n >= 100 && n <= 999) && len(b) <= 3 {
		return n
	}
	return -1
}

// parseFixed returns a decimal number as whole parts of 10^-places: the number
// "0.0415" as 41 where there are three places. More digits than fit, signs and
// exponents are refused.
func parseFixed(b []byte, places int) (n int64, ok bool) {
	whole, fraction, _ := bytes.Cut(b, []byte{'.'})
	if len(whole) == 0 || len(whole)+places > 18 {
		return 0, false
	}
	for _, c := range whole {
		if !isDigit(c) {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	for i, c := range fraction {
		if !isDigit(c) {
			return 0, false
		}
		if i < places {
			n = 10*n + int64(c-'0')
		}
	}
	for i := len(fraction); i < places; i++ {
		n *= 10
	}
	return n, true
}

// parseEpoch returns the milliseconds since 1970 of a time that is told in
// seconds, with or without a fraction, or in milliseconds; as RFC 3339 too.
func parseEpoch(b []byte) (millis int64, ok bool) {
	if n, ok := parseFixed(b, 3); ok {
		if n >= 1e14 { // no fraction, and too large for seconds
			n /= 1000
		}
		return n, n/1000 <= math.MaxUint32
	}
	if len(b) >= 19 && b[4] == '-' {
		if t, err := time.Parse(time.RFC3339, string(b)); err == nil {
			n := t.UnixMilli()
			return n, n >= 0 && n/1000 <= math.MaxUint32
		}
	}
	return 0, false
}
