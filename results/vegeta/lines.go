package vegeta

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// maxLine is how long a line may be: results hold whole bodies.
const maxLine = 16 << 20

// lines cuts a stream at its line ends.
type lines struct {
	from   *bufio.Reader
	line   []byte
	number int64
	long   bool // the line was too long, and is passed over
	err    error
}

func newLines(r io.Reader) *lines { return &lines{from: bufio.NewReaderSize(r, 64<<10)} }

// next reads the next line, and reports whether there is one. It holds until
// the next call.
func (l *lines) next() bool {
	l.line, l.long = l.line[:0], false
	for l.err == nil {
		part, err := l.from.ReadSlice('\n')
		if len(l.line)+len(part) > maxLine {
			l.long = true
		} else {
			l.line = append(l.line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		l.err = err
		l.number++
		return len(part) > 0 || len(l.line) > 0 || l.long
	}
	return false
}

func (l *lines) place() string { return fmt.Sprint("line ", l.number) }

// unended reports whether the last line has no end, so that it may be cut short.
func (l *lines) unended() bool {
	return l.err != nil && len(l.line) > 0 && l.line[len(l.line)-1] != '\n'
}

// end counts why a stream ended before its end, unless it is counted already.
func (l *lines) end(u *Unread) {
	if l.err != nil && !errors.Is(l.err, io.EOF) && u.Counts[cutShort] == 0 {
		u.add(reasonOf(l.err), l.place())
	}
}

func reasonOf(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return cutShort
	}
	return damaged
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func readJSON(from io.Reader, each func(*Result) error) (u Unread, err error) {
	in := newLines(from)
	var r Result
	for in.next() {
		line := in.line
		if in.number == 1 {
			line = bytes.TrimPrefix(line, mark)
		}
		if blank(line) && !in.long {
			continue
		}
		r = Result{}
		switch {
		case in.long:
			u.add(tooLong, in.place())
		case json.Unmarshal(line, &r) != nil || r.Timestamp.IsZero():
			u.add(either(in.unended(), cutShort, badJSON), in.place())
		case !r.plausible():
			u.add(badValues, in.place())
		default:
			if err := each(&r); err != nil {
				return u, err
			}
		}
	}
	in.end(&u)
	return u, nil
}

// mark is the byte order mark that some editors write.
var mark = []byte("\xef\xbb\xbf")

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// readCSV reads rows. One may go over several lines where an error's text
// does; a line that begins as a row does is the next one's in any case, so
// that a stray quote costs one row.
func readCSV(from io.Reader, each func(*Result) error) (u Unread, err error) {
	in := newLines(from)
	row := csvRow{unread: &u, each: each}
	for in.next() {
		if in.long || len(row.text)+len(in.line) > maxLine {
			if err := row.finish(); err != nil {
				return u, err
			}
			u.add(tooLong, in.place())
			continue
		}
		if !row.open || csvStart.Match(in.line) {
			if err := row.finish(); err != nil {
				return u, err
			}
			row.place = in.place()
		}
		row.add(in.line)
	}
	row.unended = in.unended()
	if err := row.finish(); err != nil {
		return u, err
	}
	in.end(&u)
	return u, nil
}

// A csvRow is gathered from one line or several.
type csvRow struct {
	text    []byte
	open    bool // a quote is not closed yet
	unended bool // it is the last, and its line has no end
	place   string
	unread  *Unread
	each    func(*Result) error
}

func (row *csvRow) add(line []byte) {
	row.text = append(row.text, line...)
	if bytes.Count(line, []byte{'"'})%2 == 1 {
		row.open = !row.open
	}
}

// finish reads the row, if there is one, and begins the next.
func (row *csvRow) finish() error {
	text := row.text
	row.text, row.open = row.text[:0], false
	if blank(text) {
		return nil
	}
	var r Result
	fields, err := csvFields(text)
	switch {
	case err != nil || len(fields) < fewestColumns:
		row.unread.add(either(row.unended, cutShort, badCSV), row.place)
		return nil
	case !r.fromCSV(fields) || !r.plausible():
		row.unread.add(badValues, row.place)
		return nil
	}
	return row.each(&r)
}

func csvFields(row []byte) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(row, mark)))
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1
	return r.Read()
}

// The columns of vegeta's CSV. Older versions wrote the first nine or eleven
// of them.
const (
	columnTime = iota
	columnCode
	columnLatency
	columnBytesOut
	columnBytesIn
	columnError
	columnBody
	columnAttack
	columnSeq
	columnMethod
	columnURL
	columnHeaders
	columns

	fewestColumns = columnError + 1
)

// fromCSV reads a row, and reports whether what has to be there is. A body or
// headers that cannot be read are left out.
func (r *Result) fromCSV(f []string) bool {
	f = append(f, make([]string, max(0, columns-len(f)))...)
	nanos, err1 := strconv.ParseInt(f[columnTime], 10, 64)
	code, err2 := strconv.ParseUint(f[columnCode], 10, 16)
	latency, err3 := strconv.ParseInt(f[columnLatency], 10, 64)
	sent, err4 := strconv.ParseUint(f[columnBytesOut], 10, 63)
	received, err5 := strconv.ParseUint(f[columnBytesIn], 10, 63)
	if errors.Join(err1, err2, err3, err4, err5) != nil {
		return false
	}
	*r = Result{
		Timestamp: time.Unix(0, nanos).UTC(), Code: uint16(code), Latency: time.Duration(latency), BytesOut: sent, BytesIn: received,
		Error: f[columnError], Attack: f[columnAttack], Method: f[columnMethod], URL: f[columnURL], Headers: csvHeaders(f[columnHeaders]),
	}
	r.Seq, _ = strconv.ParseUint(f[columnSeq], 10, 64) // nobody needs it
	r.Body, _ = base64.StdEncoding.DecodeString(f[columnBody])
	return true
}

func csvHeaders(text string) http.Header {
	if text == "" {
		return nil
	}
	in := base64.NewDecoder(base64.StdEncoding, strings.NewReader(text))
	h, err := textproto.NewReader(bufio.NewReader(in)).ReadMIMEHeader()
	if err != nil && len(h) == 0 {
		return nil
	}
	return http.Header(h)
}
