package report

import (
	"html/template"

	"frontload/results/report/plain"
)

// A bar is one edge address or edge location: what it was asked, and how much
// of that was answered with a 503.
type bar struct {
	name               string
	requests, answered int64 // answered with 503
}

const (
	barRow    = 36  // CSS pixels from one bar to the next
	barColumn = 420 // CSS pixels that a bar needs to stand beside another
)

// drawBars returns bars below their names, in two columns where there is room.
func drawBars(label string, bars []bar, width int) (template.HTML, error) {
	columns := min(2, max(1, width/barColumn))
	rows := (len(bars) + columns - 1) / columns
	f := newFrame(width, rows*barRow+4)
	var top int64 = 1
	for _, b := range bars {
		top = max(top, b.requests, b.answered)
	}
	gap := 32 * fine
	each := (width*fine - gap*(columns-1)) / columns
	for i, b := range bars {
		f.left = i % columns * (each + gap)
		f.right = f.left + each
		f.top = i / columns * barRow * fine
		f.bar(b, float64(top))
	}
	return f.svg(label)
}

// bar draws one bar with its name and figures above. A bar with any 503 shows
// at least a sliver of them.
func (f *frame) bar(b bar, top float64) {
	figures := plain.Count(b.requests) + " requests, " + plain.Count(b.answered) + " 503s"
	room := f.right - f.left - f.measure(figures) - 12*fine
	name := plain.Line(b.name)
	if width := f.measure(name); width > room {
		name = plain.Cut(name, plain.Width(name)*max(0, room)/width)
	}
	f.text(name, f.left, f.top+13*fine, inkLabel)
	f.text(figures, f.right, f.top+13*fine, inkEnd)
	length := func(n int64) int {
		if n <= 0 {
			return 0
		}
		return max(2*fine, int(float64(n)/top*float64(f.right-f.left)))
	}
	from, to := f.top+19*fine, f.top+27*fine
	f.p.FilledRect(f.left, from, f.right, to, inkTrack.color(), inkTrack.color(), 0)
	f.p.FilledRect(f.left, from, f.left+length(b.requests), to, inkSent.color(), inkSent.color(), 0)
	f.p.FilledRect(f.left, from, f.left+length(b.answered), to, inkError.color(), inkError.color(), 0)
}
