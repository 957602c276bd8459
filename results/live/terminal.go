package live

import (
	"strconv"
	"strings"

	"frontload/results/report/plain"
)

// The cursor codes, as ECMA-48 has them.
const (
	clearLine  = "\x1b[K" // from the cursor to the end of the line
	clearBelow = "\x1b[J" // from the cursor to the end of the screen
)

// columns returns how many columns a line may have: one less than the
// terminal, since some move on to the next line when the last one is filled.
func (v *View) columns() int { return max(1, v.screen()-1) }

func (v *View) screen() int {
	if v.width == nil {
		return defaultWidth
	}
	if w := v.width(); w > 0 {
		return w
	}
	return defaultWidth
}

// erase returns the codes that move the cursor to where the progress began.
// When the window was made narrower the old lines were wrapped by the
// terminal, so their rows are counted at today's width.
func (v *View) erase() string {
	if v.mu.drawn == nil {
		return ""
	}
	screen, rows := v.screen(), 0
	for _, line := range v.mu.drawn {
		rows += max(1, (plain.Width(line)+screen-1)/screen)
	}
	if rows == 1 {
		return "\r"
	}
	return "\r\x1b[" + strconv.Itoa(rows-1) + "A"
}

// draw returns the progress as it is to stand below the cursor, and remembers
// it. Every line is cleared behind its end, not before, so that nothing flickers.
func (v *View) draw() string {
	width := v.columns()
	v.mu.drawn = []string{
		fit(v.mu.last.first(), width),
		fit(v.mu.last.second(), width),
	}
	if bursts := v.mu.last.third(); bursts != nil {
		v.mu.drawn = append(v.mu.drawn, fit(bursts, width))
	}
	v.mu.shown = true
	return strings.Join(v.mu.drawn, clearLine+"\r\n") + clearLine + clearBelow
}

// fit joins as many parts as the width has room for; the first one is cut
// where even it has none.
func fit(parts []string, width int) string {
	line := plain.Cut(parts[0], width)
	for _, part := range parts[1:] {
		rest := width - plain.Width(line) - 2
		if rest < 8 && plain.Width(part) > rest {
			break
		}
		line += "  " + plain.Cut(part, rest)
	}
	return line
}
