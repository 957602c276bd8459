// Package plain makes text that may be shown on a terminal or in a page: it
// takes the teeth out of foreign text, cuts text to a width in columns, and
// writes counts, shares and spans of time as people read them.
//
// Everything here is a function of its arguments and may be called at once.
package plain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s as one harmless line: control characters, escape sequences'
// first bytes, line and paragraph separators, invisible and direction-changing
// characters and bytes that are not UTF-8 each become "·". What is left cannot
// move a cursor, change a colour or reorder what stands beside it.
func Line(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s { // a byte that is not UTF-8 reads as RuneError
		if harmless(r) {
			b.WriteRune(r)
		} else {
			b.WriteString("·")
		}
	}
	return b.String()
}

// Text is [Line] for text of several lines: it keeps line feeds, and tabs
// become two spaces.
func Text(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = Line(strings.ReplaceAll(l, "\t", "  "))
	}
	return strings.Join(lines, "\n")
}

func clean(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !harmless(r) }) < 0
}

// harmless reports whether r is a visible character or a plain space. Cf
// holds the direction marks and the zero-width characters.
func harmless(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r < 0x7f
	}
	return r != utf8.RuneError && unicode.IsPrint(r) && !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

// Width returns how many columns a terminal uses for s: none for a combining
// mark, two for the wide scripts of East Asia and for pictures, else one.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case wide(r):
		return 2
	}
	return 1
}

// wide holds the blocks that UAX #11 calls wide or full-width, in coarse strokes.
func wide(r rune) bool {
	return 0x1100 <= r && r <= 0x115f || 0x2e80 <= r && r <= 0xa4cf || 0xa960 <= r && r <= 0xa97f ||
		0xac00 <= r && r <= 0xd7a3 || 0xf900 <= r && r <= 0xfaff || 0xfe30 <= r && r <= 0xfe6f ||
		0xff00 <= r && r <= 0xff60 || 0xffe0 <= r && r <= 0xffe6 || 0x1f000 <= r && r <= 0x1faff ||
		0x20000 <= r && r <= 0x3fffd || 0x231a <= r && r <= 0x231b || 0x23e9 <= r && r <= 0x23f3 || 0x2600 <= r && r <= 0x27bf
}

// Cut returns s in at most the given number of columns, its end replaced by
// "…" where it is longer. A width below one gives the empty string.
func Cut(s string, width int) string {
	if width < 1 {
		return ""
	}
	if Width(s) <= width {
		return s
	}
	used := 0
	for i, r := range s {
		w := runeWidth(r)
		if used+w > width-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
		used += w
	}
	return s
}

// CutWords is [Cut], but does not cut within a word, unless one alone is too long.
func CutWords(s string, width int) string {
	cut := Cut(s, width)
	whole, isCut := strings.CutSuffix(cut, "…")
	if !isCut || !strings.HasPrefix(s, whole) || strings.HasPrefix(s[len(whole):], " ") {
		return cut
	}
	if at := strings.LastIndexByte(whole, ' '); at > 0 {
		return strings.TrimRight(whole[:at], " ,;:(") + "…"
	}
	return cut
}

// Wrap breaks s at spaces into lines of at most the given number of columns,
// but not between a number and its unit of time. A word that is longer is cut.
// The result has at least one line.
func Wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words(s) {
		word = Cut(word, width)
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// words returns what a line may break between.
func words(s string) []string {
	var list []string
	for _, word := range strings.Fields(s) {
		last := len(list) - 1
		unit := strings.TrimRight(word, ".,;:)")
		if last >= 0 && (unit == "s" || unit == "ms" || unit == "µs") && endsInDigit(list[last]) {
			list[last] += " " + word
			continue
		}
		list = append(list, word)
	}
	return list
}

func endsInDigit(s string) bool { c := s[len(s)-1]; return '0' <= c && c <= '9' }

// Capital returns s with its first letter as a capital one.
func Capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// Left pads s with spaces on its right to the given number of columns.
func Left(s string, width int) string { return s + strings.Repeat(" ", max(0, width-Width(s))) }

// Right pads s with spaces on its left to the given number of columns.
func Right(s string, width int) string { return strings.Repeat(" ", max(0, width-Width(s))) + s }
