package pacing

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Rate is an arrival rate in requests per second. Zero sends nothing.
type Rate float64

// The rates that a schedule takes, zero apart. Faster than one request a
// nanosecond cannot be told apart by our clock; slower than one in eleven days
// is a mistake.
const (
	fastest Rate = 1e9
	slowest Rate = 1e-6
)

// ParseRate reads a rate as "500/s", "0.5/s", "30/m" or "1000/h". It refuses
// what has no unit or an unknown one, and every number that no schedule can
// hold: negative, not finite, or beyond one request a nanosecond.
func ParseRate(s string) (Rate, error) {
	number, unit, found := strings.Cut(strings.TrimSpace(s), "/")
	if !found {
		return 0, fmt.Errorf("rate %q has no unit, write it like 500/s", s)
	}
	seconds, err := unitSeconds(unit)
	if err != nil {
		return 0, fmt.Errorf("rate %q: %w", s, err)
	}
	if strings.Trim(number, "+-.0123456789eE") != "" {
		return 0, fmt.Errorf("rate %q: %q is not a number, write it like 500/s", s, number)
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, fmt.Errorf("rate %q: %q is not a number, write it like 500/s", s, number)
	}
	rate := Rate(n/seconds) + 0 // a negative zero becomes a plain one
	if err := rate.check(); err != nil {
		return 0, fmt.Errorf("rate %q %w", s, err)
	}
	return rate, nil
}

// unitSeconds returns how many seconds the unit of a rate has.
func unitSeconds(unit string) (float64, error) {
	switch unit {
	case "s":
		return 1, nil
	case "m":
		return 60, nil
	case "h":
		return 3600, nil
	}
	return 0, fmt.Errorf("unknown unit %q, want s, m or h, as in 500/s or 30/m", unit)
}

// check returns why no schedule takes r, or nil.
func (r Rate) check() error {
	switch {
	case math.IsNaN(float64(r)) || math.IsInf(float64(r), 0):
		return fmt.Errorf("is not a finite number")
	case r < 0:
		return fmt.Errorf("is negative, want 0/s or more")
	case r > fastest:
		return fmt.Errorf("is too fast, want at most %v", fastest)
	case r > 0 && r < slowest:
		return fmt.Errorf("is too slow, want 0/s or at least %v", slowest)
	}
	return nil
}

// String returns r per second, as short as [ParseRate] needs to read the very
// same rate again: "500/s", "0.5/s".
func (r Rate) String() string {
	return strconv.FormatFloat(float64(r), 'f', -1, 64) + "/s"
}

// Rounded is String with four significant digits, or all that stand before
// the point: for people, not for reading back.
func (r Rate) Rounded() string {
	if !(r > 0) || math.IsInf(float64(r), 0) {
		return r.String()
	}
	decimals := max(0, 3-int(math.Floor(math.Log10(float64(r)))))
	scale := math.Pow10(decimals)
	return Rate(math.Round(float64(r)*scale) / scale).String()
}

// Interval returns the gap between two arrivals at r, rounded up to a
// nanosecond, or 0 if r is not positive, in which case nothing arrives. A gap
// that no Duration holds is the longest Duration.
func (r Rate) Interval() time.Duration {
	if !(r > 0) {
		return 0
	}
	gap := math.Ceil(1e9 / float64(r))
	if gap >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(gap)
}
