package accesslog

import "bytes"

// What values look like. Each takes one column; an empty one looks like nothing.

func isDash(b []byte) bool { return len(b) == 0 || len(b) == 1 && b[0] == '-' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNumber takes decimal numbers, with or without a fraction.
func isNumber(b []byte) bool {
	dots := 0
	for _, c := range b {
		if c == '.' {
			dots++
		} else if !isDigit(c) {
			return false
		}
	}
	return len(b) > dots && dots <= 1
}

func isDate(b []byte) bool {
	_, ok := parseDate(b)
	return ok
}

func isClock(b []byte) bool {
	_, ok := parseClock(b)
	return ok
}

// isEpoch takes seconds since 1970 of this century's first half, such as
// "1607374321.541".
func isEpoch(b []byte) bool {
	whole, _, _ := bytes.Cut(b, []byte{'.'})
	return len(whole) == 10 && '1' <= whole[0] && whole[0] <= '2' && isNumber(b)
}

// isPOP takes edge locations, such as "FRA56-P1" or "LAX1".
func isPOP(b []byte) bool {
	if len(b) < 4 || len(b) > 24 {
		return false
	}
	for i, c := range b {
		upper := 'A' <= c && c <= 'Z'
		if i < 3 && !upper || i == 3 && !isDigit(c) || !upper && !isDigit(c) && c != '-' {
			return false
		}
	}
	return true
}

// isAddress takes what may be an IPv4 or IPv6 address.
func isAddress(b []byte) bool {
	marks := 0
	for _, c := range b {
		switch {
		case c == '.' || c == ':':
			marks++
		case !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f'):
			return false
		}
	}
	return marks >= 2 && len(b) >= 3 && len(b) <= 45
}

func isMethod(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return len(b) >= 3 && len(b) <= 20
}

// isResult takes result types, known or not: one word of letters.
func isResult(b []byte) bool {
	for _, c := range b {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return isDash(b)
		}
	}
	return len(b) >= 3 && len(b) <= 64 || isDash(b)
}
