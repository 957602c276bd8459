package plain

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Count writes n with a comma before every third digit.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Number writes v with a comma before every third digit, with one decimal
// below ten unless it is whole. What is not a number is "–".
func Number(v float64) string {
	switch {
	case math.IsNaN(v) || math.Abs(v) > 1e15:
		return "–"
	case math.Abs(v) < 9.95 && v != math.Trunc(v):
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	return Count(int64(math.Round(v)))
}

// Share writes a part of a whole in per cent, from 0 to 1, with as many
// decimals as it needs to not look like nothing or like everything.
func Share(part float64) string {
	p := part * 100
	switch {
	case math.IsNaN(p) || math.IsInf(p, 0):
		return "–"
	case p == 0 || p == 100:
		return strconv.FormatFloat(p, 'f', 0, 64) + "%"
	case p < 0.01:
		return "<0.01%"
	case p < 1:
		return strconv.FormatFloat(p, 'f', 2, 64) + "%"
	case p < 10 || 99 <= p && p < 100:
		return strings.TrimSuffix(strconv.FormatFloat(min(p, 99.9), 'f', 1, 64), ".0") + "%"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + "%"
}

// Span writes d with three digits and the unit that suits its size: "843 µs",
// "1.20 ms", "12.3 ms", "1.23 s", "2m05s". A negative span is "–".
func Span(d time.Duration) string {
	number, unit := span(d)
	return number + unit
}

// Column is [Span] with every unit two columns wide, so that right-aligned
// numbers of different units stand below each other.
func Column(d time.Duration) string {
	number, unit := span(d)
	if unit == " s" {
		unit = " s "
	}
	return number + unit
}

func span(d time.Duration) (number, unit string) {
	us := float64(d) / float64(time.Microsecond)
	switch {
	case d < 0:
		return "–", ""
	case us < 999.5:
		return strconv.FormatFloat(us, 'f', 0, 64), " µs"
	case us < 999_500:
		return digits(us / 1e3), " ms"
	case us < 99.95e6:
		return digits(us / 1e6), " s"
	}
	return Clock(d), ""
}

// digits writes v, below 1,000, with three significant digits.
func digits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Clock writes d in whole seconds: "12s", "2m05s", "1h02m". A negative one
// reads as zero.
func Clock(d time.Duration) string {
	s := int64(max(0, d).Round(time.Second) / time.Second)
	two := func(n int64) string {
		return strings.Repeat("0", 2-len(strconv.FormatInt(n, 10))) + strconv.FormatInt(n, 10)
	}
	switch {
	case s < 60:
		return strconv.FormatInt(s, 10) + "s"
	case s < 3600:
		return strconv.FormatInt(s/60, 10) + "m" + two(s%60) + "s"
	}
	return Count(s/3600) + "h" + two(s/60%60) + "m"
}

// Bytes writes a number of bytes in binary units: "812 B", "1.4 MiB".
func Bytes(n int64) string {
	if n < 1024 {
		return Count(n) + " B"
	}
	v := float64(n)
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		v /= 1024
		if v < 999.5 || unit == "TiB" {
			return Number(v) + " " + unit
		}
	}
	return ""
}
