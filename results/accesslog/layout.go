package accesslog

import (
	"fmt"
	"strings"
)

// standardOrder are the fields of standard logs in their order. Older files
// have the first 12, 24 or 26 of them.
const standardOrder = "date time x-edge-location sc-bytes c-ip cs-method cs-host cs-uri-stem sc-status cs-referer " +
	"cs-user-agent cs-uri-query cs-cookie x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes " +
	"time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status " +
	"fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len " +
	"sc-range-start sc-range-end"

// realTimeOrder are the fields of real-time logs in their order, where all of
// them were chosen; newer ones may follow.
const realTimeOrder = "timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem " +
	"cs-bytes x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent " +
	"cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher " +
	"x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port " +
	"x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers " +
	"cs-header-names cs-headers-count"

// A layout says which column of a row holds which field. It is not changed
// once made, and may be used by many goroutines at once.
type layout struct {
	of        []field // by column; fieldNone for what is not read
	has       [fields]bool
	firstFree int // the first column that viewers write freely; len(of) where none does
	lastFree  int // the last one; -1 where none does
}

// newLayout returns the layout of rows with the given fields, or why such rows
// could not be counted.
func newLayout(names []string) (*layout, error) {
	l := &layout{of: make([]field, len(names)), firstFree: len(names), lastFree: -1}
	var unknown []string
	for i, name := range names {
		name = normal(name)
		f, read := fieldOf[name]
		if !read || l.has[f] {
			f = fieldNone
		} else {
			l.has[f] = true
		}
		l.of[i] = f
		if !known(name) {
			unknown = append(unknown, names[i])
		}
		if free(name) {
			l.firstFree = min(l.firstFree, i)
			l.lastFree = i
		}
	}
	if missing := l.missing(); missing != "" {
		return nil, &missingError{missing, unknown}
	}
	return l, nil
}

// missing names the field without which rows cannot be counted, empty for none.
func (l *layout) missing() string {
	switch {
	case !l.has[fieldStatus]:
		return "sc-status"
	case l.has[fieldTimestamp] || l.has[fieldMillis] || l.has[fieldDate] && l.has[fieldTime]:
		return ""
	case l.has[fieldDate]:
		return "time"
	case l.has[fieldTime]:
		return "date"
	}
	return "date and time, or timestamp"
}

// A missingError says that a necessary field is not among those named.
type missingError struct {
	field   string
	unknown []string
}

func (e *missingError) Error() string {
	text := "the field " + e.field + " is missing, without which its rows cannot be counted"
	if len(e.unknown) > 0 {
		text += fmt.Sprintf("; no field of CloudFront's is %q", e.unknown[0])
	}
	return text
}

// ParseFields reads the names of fields, in their order in a row, with commas
// or spaces between. Its errors say which necessary one is missing.
func ParseFields(list string) ([]string, error) {
	names := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
	if len(names) == 0 {
		return nil, fmt.Errorf("no field is named; name them in their order, such as timestamp,c-ip,sc-status,cs-uri-stem")
	}
	_, err := newLayout(names)
	return names, err
}

// standard returns the layout of a standard log's row of n columns.
func standard(n int) *layout { return prefix(standardOrder, n) }

// realTime returns the layout of a real-time log's row of n columns.
func realTime(n int) *layout { return prefix(realTimeOrder, n) }

// prefix returns the layout of the first n fields of an order; more columns
// than it has fields are not read.
func prefix(order string, n int) *layout {
	names := strings.Fields(order)
	for len(names) < n {
		names = append(names, "-")
	}
	l, _ := newLayout(names[:n]) // nil where n is too small
	return l
}
