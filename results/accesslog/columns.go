package accesslog

import "bytes"

// columns are the fields of one row as the log has them; nil for a field that
// the row does not have. They are valid until the next row.
type columns [fields][]byte

// split cuts a row at its tabs, and returns how many columns it has.
func (l *layout) split(line []byte, c *columns) int {
	*c = columns{}
	for i := 0; ; i++ {
		end := bytes.IndexByte(line, '\t')
		value := line
		if end >= 0 {
			value = line[:end]
		}
		if i < len(l.of) && l.of[i] != fieldNone {
			c[l.of[i]] = value
		}
		if end < 0 {
			return i + 1
		}
		line = line[end+1:]
	}
}

// salvage reads what can be read safely of a row with too many or too few
// columns, and reports whether that is enough to count it.
//
// The columns before the first that viewers write are where they belong. Those
// behind the last such one may be shifted, by a tab in a user agent, or may
// have been left out: they are read from the left or from the right, whichever
// looks like what the fields hold, or not at all.
func (l *layout) salvage(line []byte, c *columns) bool {
	parts := bytes.Split(line, []byte{'\t'})
	*c = columns{}
	for i := range min(l.firstFree, len(parts)-1) { // the last part may have been cut short
		if f := l.of[i]; f != fieldNone {
			c[f] = parts[i]
		}
	}
	if !l.plausibleStart(c) {
		return false
	}
	shift := len(parts) - len(l.of)
	for _, shifted := range [][2]int{{0, shift}, {shift, shift}, {0, 0}} {
		filled := *c
		l.fill(&filled, parts, shifted)
		if plausible(&filled) {
			*c = filled
			break
		}
	}
	return true
}

// fill reads the columns behind the first free one, those before the last free
// one and those behind it shifted by so many.
func (l *layout) fill(c *columns, parts [][]byte, shift [2]int) {
	for i := l.firstFree + 1; i < len(l.of); i++ {
		at := i + shift[0]
		if i > l.lastFree {
			at = i + shift[1]
		}
		// The last part of a row that is too short may have been cut.
		if f := l.of[i]; f != fieldNone && at > l.firstFree && (at < len(parts)-1 || at == len(parts)-1 && len(parts) >= len(l.of)) {
			c[f] = parts[at]
		}
	}
}

// plausibleStart reports whether the columns that are known to be in place
// hold what they should.
func (l *layout) plausibleStart(c *columns) bool {
	return status(c[fieldStatus]) >= 0 &&
		(c[fieldPOP] == nil || isPOP(c[fieldPOP])) &&
		(c[fieldClient] == nil || isAddress(c[fieldClient])) &&
		(c[fieldMethod] == nil || isMethod(c[fieldMethod]))
}

// plausible reports whether the columns behind the free ones do.
func plausible(c *columns) bool {
	for _, f := range []field{fieldResult, fieldPromise, fieldDetail} {
		if c[f] != nil && !isResult(c[f]) {
			return false
		}
	}
	for _, f := range []field{fieldTaken, fieldFirstByte, fieldReceived, fieldSent} {
		if c[f] != nil && !isDash(c[f]) && !isNumber(c[f]) {
			return false
		}
	}
	return (c[fieldResult] != nil || c[fieldPromise] != nil) &&
		(c[fieldRequestID] == nil || isDash(c[fieldRequestID]) || len(c[fieldRequestID]) >= 16) &&
		(c[fieldScheme] == nil || isDash(c[fieldScheme]) || len(c[fieldScheme]) <= 5) &&
		(c[fieldVersion] == nil || isDash(c[fieldVersion]) || bytes.HasPrefix(c[fieldVersion], []byte("HTTP/")))
}
