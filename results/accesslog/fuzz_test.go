package accesslog

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"frontload/results"
)

// counted feeds lines to a shard and checks what must hold whatever they are:
// each is counted as a row or as unread.
func counted(t *testing.T, kind kind, l *layout, text []byte) *shard {
	t.Helper()
	s := newShard(&spill{dir: t.TempDir()}, 1<<12)
	b := &block{name: "fuzz", kind: kind, pieces: []piece{{lines: text, first: 1, layout: l}}}
	if err := s.block(b); err != nil {
		t.Fatal(err)
	}
	run := sum([]*shard{s}, s.spill).run(results.RunInfo{})
	n := int64(0)
	for c, err := range run.Cells {
		if err != nil {
			t.Fatal(err)
		}
		if c.Count < 1 || c.Second < 0 || c.Status != 0 && (c.Status < 100 || c.Status > 999) || c.Service < 0 || c.BytesIn < 0 {
			t.Errorf("a cell that cannot be: %+v", c)
		}
		if c.Status < 500 && c.Signals != 0 {
			t.Errorf("signals on an answer that is no server's error: %+v", c)
		}
		n += c.Count
	}
	if n > s.rows || s.rows > 0 && n == 0 {
		t.Errorf("%d rows in cells, %d counted", n, s.rows)
	}
	for _, name := range run.Info.Requests {
		if name == "" {
			t.Error("a request without a name")
		}
	}
	return s
}

// linesOf counts the lines that are not empty.
func linesOf(text []byte) (n int64) {
	for line := range bytes.Lines(text) {
		if len(bytes.TrimRight(line, "\n")) > 0 && !bytes.Equal(bytes.TrimRight(line, "\n"), []byte{'\r'}) {
			n++
		}
	}
	return n
}

func (s *shard) unreadLines() (n int64) {
	for r := none + 1; r < reasons; r++ {
		if !r.partly() {
			n += s.unread.counts[r]
		}
	}
	return n
}

func FuzzStandard(f *testing.F) {
	good := testRow{status: "503", result: "LimitExceeded"}
	for _, seed := range []string{
		good.String(), good.String() + testRow{}.String(), "garbage", "\t\t\t", strings.ReplaceAll(good.String(), "\t", "\t\t"),
		good.String()[:200], "\r\n\n", testRow{status: "000", time: "24:00:00"}.String(), testRow{path: "/" + strings.Repeat("a/", 300)}.String(),
		testRow{taken: "999999999999999999.9"}.String(), testRow{agent: "a\tb\tc"}.String(),
	} {
		f.Add([]byte(seed))
	}
	l, err := newLayout(strings.Fields(standardOrder))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := counted(t, rowsOfColumns, l, text)
		if got, want := s.rows+s.unreadLines(), linesOf(text); got != want {
			t.Errorf("%d rows and %d unread, of %d lines", s.rows, s.unreadLines(), want)
		}
	})
}

func FuzzRealTime(f *testing.F) {
	f.Add([]byte(realTimeRow("1795167000.541", "503", "Error")))
	f.Add([]byte(realTimeRow("99999999999999999", "200", "Hit")))
	f.Add([]byte(realTimeRow("2026-11-20T09:30:00Z", "200", "Hit")))
	l := realTime(40)
	f.Fuzz(func(t *testing.T, text []byte) {
		s := counted(t, rowsOfColumns, l, text)
		if got, want := s.rows+s.unreadLines(), linesOf(text); got != want {
			t.Errorf("%d rows and %d unread, of %d lines", s.rows, s.unreadLines(), want)
		}
	})
}

// Where an object is one by the book, its values are what encoding/json reads.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		object(testRow{}, nil), object(testRow{status: "503"}, map[string]any{"time-taken": 1.5, "x": []any{map[string]any{"}": "\""}}}),
		`{"date":"2026-11-20","time":"09:30:00","sc-status":"5\u00303","cs-uri-stem":"\/a\ud83d\ude00\n"}`, `{}`, `{"a":`, `[{"a":1},{"b":null}]`, `{"a":tru}`,
		`{"sc-status":"\ud800"}`, `{"a":"b"}{"c":"d"}`, `{"sc-status" : -1 , "date":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		counted(t, rowsOfJSON, nil, text)
		var j jsonReader
		var c columns
		line := objectStart(text)
		if bytes.IndexByte(line, '\n') >= 0 || !utf8.Valid(line) || !json.Valid(line) || len(line) == 0 || line[0] != '{' {
			return
		}
		if _, err := j.next(line, &c); err != nil {
			t.Fatalf("next(%q) = %v, though it is JSON", line, err)
		}
		compareJSON(t, line, &c)
	})
}

func compareJSON(t *testing.T, line []byte, c *columns) {
	t.Helper()
	seen := map[field]int{}
	var want map[string]json.RawMessage
	if err := json.Unmarshal(line, &want); err != nil {
		return
	}
	for key := range want {
		if f, ok := fieldOf[normal(key)]; ok {
			seen[f]++
		}
	}
	for key, raw := range want {
		f, ok := fieldOf[normal(key)]
		var text string
		if !ok || seen[f] > 1 || strings.Count(string(line), key) > 1 || json.Unmarshal(raw, &text) != nil || string(raw) == "null" {
			continue
		}
		if string(c[f]) != text {
			t.Errorf("%s of %q is %q, want %q", key, line, c[f], text)
		}
	}
}

func FuzzRecognise(f *testing.F) {
	for _, seed := range []string{
		header33, testRow{}.String(), realTimeRow("1795167000.541", "503", "Error"), object(testRow{}, nil), "PAR1", "#Fields:", "#", "{", "[", "\x1f\x8b", "",
		"date\ttime\tsc-status\n", "a\tb\n",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	given := strings.Fields("timestamp c-ip sc-status")
	f.Fuzz(func(t *testing.T, head []byte, fields bool) {
		var names []string
		if fields {
			names = given
		}
		format, err := recognise(head, names)
		if err != nil {
			if e, ok := err.(*ForeignError); !ok || e.Looks == "" {
				t.Errorf("recognise(%q) = %v, want a ForeignError that says what it looks like", head, err)
			}
			return
		}
		if format.kind == 0 || format.kind == rowsOfColumns && format.layout != nil && format.layout.missing() != "" {
			t.Errorf("recognise(%q) = %+v", head, format)
		}
	})
}

// FuzzRead reads whole inputs, packed or not: no panic, and no error but that
// of what is no log.
func FuzzRead(f *testing.F) {
	f.Add([]byte(header33 + testRow{}.String()))
	f.Add(packed(f, header33+testRow{}.String()))
	f.Add([]byte(testRow{}.String() + "#Fields: date\n1\n#Fields: date time sc-status\n2026-11-20\t09:30:00\t503"))
	f.Fuzz(func(t *testing.T, data []byte) {
		log, err := Read(t.Context(), []string{"-"}, Options{Stdin: bytes.NewReader(data), Parsers: 1, cells: 16, TempDir: t.TempDir()})
		if err != nil {
			if _, ok := errors.AsType[*ForeignError](err); !ok {
				t.Fatalf("Read() = %v", err)
			}
			return
		}
		cellsOf(t, log.Run)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
