// Package vegeta reads the results of vegeta, the load generator, in each of
// its encodings: JSON lines, CSV, and gob, which it calls binary.
//
// It reads a stream in memory that does not grow with it, keeps what it read
// of a file that is cut short, and goes on behind a line that cannot be read.
// Vegeta's own decoders do neither, and lose a last line without its end; the
// tests hold this package to what vegeta's encoders write.
package vegeta

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"
)

// A Result is one request as vegeta tells of it. It must not be kept: its
// memory is used again.
type Result struct {
	Attack    string        `json:"attack"`
	Seq       uint64        `json:"seq"`
	Code      uint16        `json:"code"`      // zero when no whole answer came
	Timestamp time.Time     `json:"timestamp"` // of the send
	Latency   time.Duration `json:"latency"`   // from then to the last byte
	BytesOut  uint64        `json:"bytes_out"` // of the request's body
	BytesIn   uint64        `json:"bytes_in"`  // of the answer's body
	Error     string        `json:"error"`     // why no whole answer came or, of a status of 400 and above, its text
	Body      []byte        `json:"body"`
	Method    string        `json:"method"`
	URL       string        `json:"url"`
	Headers   http.Header   `json:"headers"` // of the answer; nil where they were not kept
}

// A Format is one of the encodings.
type Format uint8

// The encodings.
const (
	None Format = iota // what is read is none of vegeta's
	JSON
	CSV
	Gob
)

// The shape of a record's beginning, as vegeta writes it. Blanks may stand
// before fields where people edited them.
var (
	jsonStart = regexp.MustCompile(`^\s*\{\s*"(attack|seq|code|timestamp|latency|bytes_out|bytes_in|error|body|method|url|headers)"\s*:`)
	csvStart  = regexp.MustCompile(`^\s*"?\d{16,19}"?,\s*"?\d{1,3}"?,\s*"?\d+"?,\s*"?\d+"?,\s*"?\d+"?,`)
)

// Recognise returns the encoding of what begins so: some hundred bytes are
// enough.
func Recognise(head []byte) Format {
	text := bytes.TrimPrefix(head, mark)
	switch {
	case bytes.Contains(head[:min(len(head), 1024)], []byte("\x06Result\x01")) && bytes.Contains(head[:min(len(head), 1024)], []byte("Latency")):
		return Gob // it begins with the type's name and fields
	case jsonStart.Match(text) && namesOurs(text):
		return JSON
	case csvStart.Match(text):
		return CSV
	}
	return None
}

// namesOurs reports whether the first line has the keys that every result
// has. A line that is longer than what is there is taken for one.
func namesOurs(text []byte) bool {
	line, _, whole := bytes.Cut(bytes.TrimLeft(text, " \t\r\n"), []byte{'\n'})
	found := 0
	for _, key := range []string{`"timestamp"`, `"latency"`, `"code"`} {
		if bytes.Contains(line, []byte(key)) {
			found++
		}
	}
	return found == 3 || !whole && found > 0 && bytes.Contains(line, []byte(`"attack"`))
}

// Why something could not be read.
const (
	badJSON   = "not a whole JSON object of vegeta's"
	badCSV    = "not a whole row of vegeta's CSV"
	badValues = "a time, status or latency that is none"
	tooLong   = "a line over 16 MiB"
	cutShort  = "the file is cut short"
	damaged   = "the file is damaged from here on"
)

// Unread counts what could not be read, by reason, each with its first place:
// a line, or a record of a gob stream.
type Unread struct {
	Counts map[string]int64
	First  map[string]string
}

func (u *Unread) add(reason, where string) {
	if u.Counts == nil {
		u.Counts, u.First = map[string]int64{}, map[string]string{}
	}
	if u.Counts[reason] == 0 {
		u.First[reason] = where
	}
	u.Counts[reason]++
}

// Read reads a stream of results to its end, and calls each for every one. An
// error of each ends it and is returned; what cannot be read does not, and is
// counted. A read that fails counts as the end of the stream, where it is
// damaged.
func Read(r io.Reader, f Format, each func(*Result) error) (Unread, error) {
	switch f {
	case JSON:
		return readJSON(r, each)
	case CSV:
		return readCSV(r, each)
	case Gob:
		return readGob(r, each)
	}
	return Unread{}, fmt.Errorf("these are no results of vegeta's")
}

// plausible reports whether a result can be counted: its times are those of a
// request.
func (r *Result) plausible() bool {
	year := r.Timestamp.Year()
	return r.Code <= 999 && year >= 2000 && year < 2100 && 0 <= r.Latency && r.Latency < 366*24*time.Hour
}
