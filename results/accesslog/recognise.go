package accesslog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// A kind is a way of writing rows.
type kind uint8

const (
	rowsOfColumns kind = iota + 1 // with tabs between, standard logs and real-time logs
	rowsOfJSON                    // one object each
	rowsOfParquet
)

// A format is what the beginning of a file says of its rows.
type format struct {
	kind   kind
	layout *layout // of the first rows; nil until a #Fields line comes
	titled bool    // the first line names the columns
}

// A ForeignError says that something is no log of CloudFront's that can be
// read, what it looks like, and what to do.
type ForeignError struct {
	Name  string // of the input; empty where it is not known
	Looks string // what it looks like
	Do    string // empty for nothing
}

func (e *ForeignError) Error() string {
	text := "it looks like " + e.Looks
	if e.Name != "" {
		text = e.Name + ": " + text
	}
	if e.Do != "" {
		text += "; " + e.Do
	}
	return text
}

const expected = "expected CloudFront's access logs: standard (v1 or v2 as w3c, plain, JSON or Parquet) or real-time ones, or vegeta's results; gzip or not"

func foreign(looks string) error { return &ForeignError{Looks: looks, Do: expected} }

// recognise says what rows a file has, by its beginning and, for rows that
// name no fields, by the fields given or else by how they look. The head may
// end anywhere. Its errors are each a [ForeignError].
func recognise(head []byte, given []string) (format, error) {
	if err := recogniseBinary(head); err != nil {
		return format{}, err
	}
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return format{kind: rowsOfParquet}, nil
	}
	text := bytes.TrimLeft(withoutMark(head), " \t\r\n")
	switch {
	case len(text) == 0:
		return format{}, &ForeignError{Looks: "an empty file"}
	case text[0] == '#':
		return recogniseHeader(text)
	case text[0] == '{' || text[0] == '[':
		return firstOf(text, recogniseJSON)
	}
	return firstOf(text, func(line []byte) (format, error) { return recogniseRow(line, given) })
}

// mostLooked is how many lines are looked at, where the first are dirty.
const mostLooked = 10

// firstOf returns the format of the first line that has one, or why the first
// of all has none.
func firstOf(text []byte, look func(line []byte) (format, error)) (format, error) {
	var first error
	n := 0
	for line := range bytes.Lines(text) {
		f, err := look(bytes.TrimRight(line, "\r\n"))
		if err == nil {
			f.titled = f.titled && n == 0
			return f, nil
		}
		first = cmp.Or(first, err)
		if n++; n == mostLooked {
			break
		}
	}
	return format{}, first
}

// withoutMark cuts off the byte order mark that some editors write.
func withoutMark(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) }

// recogniseBinary refuses what is no text, Parquet apart.
func recogniseBinary(head []byte) error {
	for _, m := range []struct{ magic, looks, do string }{
		{"SQLite format 3\x00", "a SQLite file", "a run file stands first, before the logs"},
		{"PK\x03\x04", "a zip archive", "unpack it first"},
		{"\x28\xb5\x2f\xfd", "a file compressed by zstd", "unpack it first"},
		{"BZh", "a file compressed by bzip2", "unpack it first"},
		{"\xfd7zXZ", "a file compressed by xz", "unpack it first"},
		{"\x1f\x8b", "a file compressed twice", "unpack it first"},
		{"ORC", "an ORC file", expected},
		{"Obj\x01", "an Avro file", expected},
		{"\xff\xfe", "text in UTF-16", "convert it to UTF-8 first"},
		{"\xfe\xff", "text in UTF-16", "convert it to UTF-8 first"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return &ForeignError{Looks: m.looks, Do: m.do}
		}
	}
	if isTar(head) {
		return &ForeignError{Looks: "a tar archive", Do: "unpack it first: its files can be read as they are, in a directory too"}
	}
	if bytes.IndexByte(head[:min(len(head), 4096)], 0) >= 0 && !bytes.HasPrefix(head, []byte("PAR1")) && !saysLog(head) {
		return foreign("a binary file")
	}
	return nil
}

// isTar reports whether a file begins as archives of tar do.
func isTar(head []byte) bool {
	const at = 257 // where the first header has its magic
	return len(head) > at && bytes.HasPrefix(head[at:], []byte("ustar")) && bytes.IndexByte(head[:at], 0) >= 0
}

// saysLog reports whether a file says of itself that it is a log: then bytes
// that are no text spoil single rows, and not the file.
func saysLog(head []byte) bool {
	text := bytes.ToLower(bytes.TrimLeft(withoutMark(head[:min(len(head), 64)]), " \t\r\n"))
	return bytes.HasPrefix(text, []byte("#version:")) || bytes.HasPrefix(text, []byte("#fields:"))
}

// recogniseHeader looks for the #Fields line of a file that begins with '#'.
func recogniseHeader(text []byte) (format, error) {
	for line := range bytes.Lines(text) {
		if line[0] != '#' {
			break
		}
		names, ok := fieldsLine(line)
		if !ok {
			continue
		}
		if err := judgeNames(names); err != nil {
			return format{}, err
		}
		return format{kind: rowsOfColumns}, nil
	}
	return format{}, &ForeignError{Looks: "a file with a comment at its top and no #Fields line", Do: expected}
}

// fieldsLine returns the names in a #Fields line, and whether it is one.
func fieldsLine(line []byte) ([]string, bool) {
	const head = "#fields:"
	if len(line) < len(head) || !strings.EqualFold(string(line[:len(head)]), head) {
		return nil, false
	}
	return strings.Fields(string(line[len(head):])), true
}

// judgeNames refuses the fields of other logs, and those that lack what is
// necessary.
func judgeNames(names []string) error {
	set := map[string]bool{}
	for _, n := range names {
		set[normal(n)] = true
	}
	switch {
	case set["x-event"] || set["x-cf-status"]:
		return &ForeignError{Looks: "a CloudFront log of RTMP streaming, which ended in 2020", Do: "only logs of HTTP requests can be analysed"}
	case set["s-ip"] || set["s-sitename"] || set["sc-win32-status"] || set["s-computername"]:
		return foreign("a web server's own W3C log, such as IIS writes")
	}
	if _, err := newLayout(names); err != nil {
		return incomplete("a log", err)
	}
	return nil
}

func incomplete(what string, err error) error {
	var missing *missingError
	if !errors.As(err, &missing) {
		return err
	}
	return &ForeignError{Looks: what + " in which " + missing.Error(), Do: "choose that field too when you set up CloudFront's logs"}
}

// recogniseRow looks at the first line of a file without a #Fields line.
func recogniseRow(line []byte, given []string) (format, error) {
	parts := strings.Split(string(line), "\t")
	if names(parts) {
		if err := judgeNames(parts); err != nil {
			return format{}, err
		}
		l, _ := newLayout(parts)
		return format{kind: rowsOfColumns, layout: l, titled: true}, nil
	}
	if given != nil {
		return recogniseGiven(parts, line, given)
	}
	if looksStandard(parts) {
		return format{kind: rowsOfColumns, layout: standard(len(parts))}, nil
	}
	if looksRealTime(parts) {
		return format{kind: rowsOfColumns, layout: realTime(len(parts))}, nil
	}
	if looks := foreignLine(string(line)); looks != "" {
		return format{}, foreign(looks)
	}
	if len(parts) > 1 {
		return format{}, &ForeignError{
			Looks: fmt.Sprintf("rows of %d columns that do not say which fields they are", len(parts)),
			Do:    "for a real-time log name its fields in order, as in --fields timestamp,c-ip,sc-status,cs-uri-stem",
		}
	}
	return format{}, foreign(fmt.Sprintf("text that begins with %q", line[:min(len(line), 40)]))
}

// recogniseGiven takes rows for what the user says that they are.
func recogniseGiven(parts []string, line []byte, given []string) (format, error) {
	l, err := newLayout(given)
	if err != nil {
		return format{}, incomplete("rows of the fields given", err)
	}
	if len(parts) != len(given) {
		if looks := foreignLine(string(line)); looks != "" {
			return format{}, foreign(looks)
		}
		return format{}, &ForeignError{
			Looks: fmt.Sprintf("rows of %d columns, while %d fields are given", len(parts), len(given)),
			Do:    "name all fields of a row in their order",
		}
	}
	return format{kind: rowsOfColumns, layout: l}, nil
}

// names reports whether most parts of a line are names of fields.
func names(parts []string) bool {
	n := 0
	for _, p := range parts {
		if known(normal(p)) && p != "-" {
			n++
		}
	}
	return n >= 2 && 2*n > len(parts)
}

// looksStandard reports whether the columns are those of a standard log.
func looksStandard(p []string) bool {
	return len(p) >= 12 && isDate([]byte(p[0])) && isClock([]byte(p[1])) && isPOP([]byte(p[2])) && isAddress([]byte(p[4])) &&
		isMethod([]byte(p[5])) && status([]byte(p[8])) >= 0
}

// looksRealTime reports whether the columns are those of a real-time log for
// which all fields were chosen.
func looksRealTime(p []string) bool {
	return len(p) >= 38 && isEpoch([]byte(p[0])) && isAddress([]byte(p[1])) && isNumber([]byte(p[2])) && status([]byte(p[3])) >= 0 &&
		isMethod([]byte(p[5])) && isPOP([]byte(p[10])) && isResult([]byte(p[20])) && isResult([]byte(p[24])) && isResult([]byte(p[32]))
}
