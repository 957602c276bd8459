package plain

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLineIsHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"FRA56-P1":           "FRA56-P1",
		"Größe 東京 ✓":         "Größe 東京 ✓",
		"a\x1b[31mb":         "a·[31mb",
		"two\r\nlines":       "two··lines",
		"\u202egnp.exe":      "·gnp.exe",
		"zero\u200bwidth":    "zero·width",
		"c1\u009b2J":         "c1·2J",
		"not \xff UTF-8":     "not · UTF-8",
		"separator\u2028end": "separator·end",
		"no-break\u00a0here": "no-break·here",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := Text("a:\r\n\tb\x1b"), "a:\n  b·"; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b]0;t\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Line(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Errorf("Line(%q) = %q", s, got)
		}
		if Line(got) != got {
			t.Errorf("Line(%q) is not its own fixed point: %q", s, got)
		}
	})
}

func TestCutAndWrapKeepToTheirWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("ab é東e\u0301🎈"))).Draw(t, "s")
		width := rapid.IntRange(-1, 30).Draw(t, "width")
		cut := Cut(s, width)
		if Width(cut) > max(0, width) {
			t.Errorf("Cut(%q, %d) = %q has %d columns", s, width, cut, Width(cut))
		}
		if width >= 1 && Width(s) <= width && cut != s {
			t.Errorf("Cut(%q, %d) = %q, want it whole", s, width, cut)
		}
		for _, line := range Wrap(s, max(1, width)) {
			if Width(line) > max(1, width) {
				t.Errorf("Wrap(%q, %d) has the line %q", s, width, line)
			}
		}
	})
	if got, want := strings.Join(Wrap("took 5.93 s. or 12 ms more", 8), "|"), "took|5.93 s.|or 12 ms|more"; got != want {
		t.Errorf("Wrap() = %q, want %q: a number stays with its unit", got, want)
	}
	if got, want := strings.Join(Wrap("spread the keys over more prefixes", 12), "|"), "spread the|keys over|more|prefixes"; got != want {
		t.Errorf("Wrap = %q, want %q", got, want)
	}
}

func TestPadding(t *testing.T) {
	if got := Left("東", 4) + "|" + Right("é", 3) + "|" + Left("long", 2); got != "東  |  é|long" {
		t.Errorf("padded %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		Count(0): "0", Count(999): "999", Count(-1234567): "-1,234,567", Count(math.MinInt64): "-9,223,372,036,854,775,808",
		Number(2.5): "2.5", Number(9.96): "10", Number(12345.6): "12,346", Number(math.NaN()): "–", Number(math.Inf(1)): "–",
		Share(0.00001): "<0.01%", Share(0.001): "0.10%", Share(0.0634): "6.3%", Share(0.94): "94%", Share(0.99): "99%", Share(0.9999): "99.9%", Share(1): "100%",
		Share(math.NaN()): "–", Bytes(0): "0 B", Bytes(1023): "1,023 B", Bytes(1536): "1.5 KiB", Bytes(5 << 40): "5 TiB", Bytes(1 << 62): "4,194,304 TiB",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "–", 0: "0 µs", 843 * time.Microsecond: "843 µs", 999_600 * time.Nanosecond: "1.00 ms", 12300 * time.Microsecond: "12.3 ms",
		999_600 * time.Microsecond: "1.00 s", 1230 * time.Millisecond: "1.23 s", 99_960 * time.Millisecond: "1m40s", time.Hour: "1h00m",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%d) = %q, want %q", d, got, want)
		}
	}
	if got := Column(time.Second); got != "1.00 s " {
		t.Errorf("Column(1s) = %q", got)
	}
	for d, want := range map[time.Duration]string{-time.Second: "0s", 59600 * time.Millisecond: "1m00s", 125 * time.Second: "2m05s", 26 * time.Hour: "26h00m"} {
		if got := Clock(d); got != want {
			t.Errorf("Clock(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestCutWords(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  string
	}{
		{"give it more capacity", 30, "give it more capacity"},
		{"give it more capacity", 16, "give it more…"},
		{"give it more capacity", 13, "give it more…"},
		{"give it more, capacity", 17, "give it more…"},
		{"capacity", 5, "capa…"},
		{"give", 0, ""},
	} {
		if got := CutWords(c.s, c.width); got != c.want {
			t.Errorf("CutWords(%q, %d) = %q, want %q", c.s, c.width, got, c.want)
		}
	}
}
