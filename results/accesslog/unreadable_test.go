package accesslog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"frontload/results"
)

// Lines of which not one can be read are told with their number, the commonest
// reason and its first place. Header lines alone are an empty log.
func TestUnreadable(t *testing.T) {
	piped := strings.ReplaceAll(testRow{}.String(), "\t", "|")
	for _, c := range []struct{ say, text, want string }{
		{"a good row", header33 + testRow{}.String(), ""},
		{"one good row among bad ones", header33 + piped + testRow{}.String(), ""},
		{"header lines", header33, ""},
		{"other delimiters", header33 + piped + piped, "standard input:3: not one row could be read of 2 lines; all: wrong number of columns; check --fields"},
		{
			"a bad date", header33 + strings.ReplaceAll(testRow{}.String(), "2026-11", "11-2026") + piped + piped,
			"standard input:4: not one row could be read of 3 lines; 2 of them: wrong number of columns; check --fields",
		},
		{
			"JSON in one long line", "[" + strings.Repeat(object(testRow{}, nil)+",", 3000) + object(testRow{}, nil) + "]",
			"standard input:1: not one row could be read of 1 line; all: line over 1 MiB; expected one row",
		},
	} {
		err := readText(t, c.text).Unreadable()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.say, err, c.want)
		}
	}
}

// Binary files are told from logs with a strange byte, and archives by name.
func TestBinary(t *testing.T) {
	tar := "access.log" + strings.Repeat("\x00", 247) + "ustar\x0000" + strings.Repeat("\x00", 200)
	for _, c := range []struct{ text, want string }{
		{string(packed(t, tar)), "a tar archive inside gzip; unpack it first"},
		{tar, "a tar archive; unpack it first"},
		{"\x00\x01\x02", "a binary file"},
		{string(packed(t, "\x00\x01\x02")), "a binary file inside gzip"},
	} {
		_, err := Read(t.Context(), []string{"-"}, Options{Stdin: strings.NewReader(c.text)})
		if _, ok := errors.AsType[*ForeignError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q…: %v, want %s", c.text[:3], err, c.want)
		}
	}
}

// A row that was cut names neither a host nor what was cut off in the middle.
func TestCutRowsNameNoHost(t *testing.T) {
	whole := testRow{status: "503"}.String()
	text := header33 + whole
	for n := range len(whole) {
		text += whole[:n] + "\n" + whole[:n] + whole
	}
	run := readText(t, text).Run
	var pops []string
	for _, c := range cellsOf(t, run) {
		if c.POP != "" && c.POP != "FRA56-P1" {
			pops = append(pops, c.POP)
		}
	}
	if want := readText(t, header33+whole).Run.Info.Target; run.Info.Target != want || len(pops) > 0 {
		t.Errorf("target %q, want %q alone; edge locations %q, want FRA56-P1 alone", run.Info.Target, want, pops)
	}
}

// Viewers that left have waited, and got no answer: no latency is theirs.
func TestViewersThatLeftHaveNoResponseTime(t *testing.T) {
	text := header33 + testRow{}.String()
	for _, r := range []testRow{{status: "000", result: "Error", detail: "ClientCommError"}, {detail: "ClientCommError"}, {status: "503", result: "Error", detail: "ClientHungUpRequest"}} {
		c := r.columns()
		c[18] = "9.5"
		text += strings.Join(c, "\t") + "\n"
	}
	log := readText(t, text)
	for key, q := range log.Run.Latency {
		if key.Series == results.SeriesResponse && (q.Count != 1 || q.Max > time.Second) {
			t.Errorf("%v: %+v, want the one answer that came whole", key, q)
		}
	}
	if log.Rows != 4 || len(log.Run.Latency) == 0 {
		t.Errorf("%d rows, %d latencies, want 4 and some", log.Rows, len(log.Run.Latency))
	}
}

// Several distributions in one log are told, with the rows of each.
func TestDistributions(t *testing.T) {
	row := func(host string) string {
		c := testRow{}.columns()
		c[6] = host
		return strings.Join(c, "\t") + "\n"
	}
	one := readText(t, header33+row("d111111abcdef8.cloudfront.net")+row("d111111abcdef8.cloudfront.net"))
	if len(one.Run.Doubts) > 0 {
		t.Errorf("one distribution: doubts %q, want none", one.Run.Doubts)
	}
	two := readText(t, header33+row("d111111abcdef8.cloudfront.net")+row("d222222abcdef8.cloudfront.net")+row("d222222abcdef8.cloudfront.net"))
	want := "analyse each by itself (d222222abcdef8.cloudfront.net on 2 lines, d111111abcdef8.cloudfront.net on 1 line)"
	if len(two.Run.Doubts) != 1 || !strings.Contains(two.Run.Doubts[0], want) {
		t.Errorf("two distributions: doubts %q, want %q", two.Run.Doubts, want)
	}
}
