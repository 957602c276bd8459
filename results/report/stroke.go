package report

import (
	"math"

	"github.com/go-analyze/charts"

	"frontload/results/report/plain"
)

// textSize is the height of a chart's text in CSS pixels.
const textSize = 12

// font returns the style of a text in an ink. The library takes points of
// which 72 are 92 units.
func font(k ink) charts.FontStyle {
	return charts.FontStyle{FontSize: textSize * fine * 72.0 / 92, FontColor: k.color(), Font: charts.GetDefaultFont()}
}

// measure returns how wide a text will be at most: the reader's font may be a
// fifth wider than the library's own.
func (f *frame) measure(s string) int {
	return f.p.MeasureText(s, 0, font(inkText)).Width() * 6 / 5
}

// text writes s, which may be foreign, at x: its start, middle or end is there
// as the ink has it.
func (f *frame) text(s string, x, y int, k ink) {
	f.p.Text(plain.Line(s), x, y, 0, font(k))
}

// grid draws the lines across with their values, and the time axis.
func (f *frame) grid(tick func(float64) string, seconds int) {
	for _, m := range f.marks {
		y := f.y(m)
		f.p.LineStroke([]charts.Point{{X: f.left, Y: y}, {X: f.right, Y: y}}, inkGrid.color(), fine)
		f.text(tick(m), f.left-6*fine, y+4*fine, inkEnd)
	}
	width := (f.right - f.left) / fine
	step := timeStep(seconds, max(2, width/70))
	for s := 0; s <= int(f.span); s += step {
		x, label := f.x(float64(s)), timeTick(s)
		f.p.LineStroke([]charts.Point{{X: x, Y: f.bottom}, {X: x, Y: f.bottom + 4*fine}}, inkGrid.color(), fine)
		if x+f.measure(label)/2 > f.right+5*fine {
			f.text(label, f.right+4*fine, f.bottom+18*fine, inkEnd)
			continue
		}
		f.text(label, x, f.bottom+18*fine, inkMiddle)
	}
}

// bands shades spans, each with its name above; a name that would stand on
// another is left out.
func (f *frame) bands(bands []band) {
	free := math.MinInt
	for _, b := range bands {
		from, to := f.x(b.from), f.x(b.to)
		to = max(to, from+fine)
		f.p.FilledRect(from, f.top, to, f.bottom, b.ink.color(), b.ink.color(), 0)
		if b.name == "" {
			continue
		}
		if width := f.measure(b.name); from >= free && from+width <= f.right {
			f.text(b.name, from, f.top-4*fine, inkText)
			free = from + width + 6*fine
		}
	}
}

// line draws a curve through the middle of its buckets. A value that stands
// alone is a dot.
func (f *frame) line(c curve, b buckets) {
	width := 2.0 * fine
	if c.thin {
		width = 1.25 * fine
	}
	for _, run := range c.present() {
		points := make([]charts.Point, 0, run[1]-run[0])
		for i := run[0]; i < run[1]; i++ {
			points = append(points, charts.Point{X: f.x((float64(i) + 0.5) * float64(b.step)), Y: f.y(c.values[i])})
		}
		if len(points) == 1 {
			f.p.Dots(points, c.Ink.color(), c.Ink.color(), 1, width)
			continue
		}
		if c.area {
			f.area(points)
		}
		if c.Dashed {
			f.p.DashedLineStroke(points, c.Ink.color(), width, []float64{4 * fine, 4 * fine})
		} else {
			f.p.LineStroke(points, c.Ink.color(), width)
		}
	}
}

// area washes what lies below a line.
func (f *frame) area(points []charts.Point) {
	first, last := points[0], points[len(points)-1]
	shape := append(append([]charts.Point{}, points...),
		charts.Point{X: last.X, Y: f.bottom}, charts.Point{X: first.X, Y: f.bottom}, first)
	f.p.FillArea(shape, inkWash.color())
}

// stack draws the curves as bars, each on top of the ones before.
func (f *frame) stack(curves []curve, b buckets) {
	for i := range b.n {
		from, to := f.x(float64(i*b.step)), f.x(float64((i+1)*b.step))
		if to-from > 4*fine {
			to -= fine
		}
		sum := 0.0
		for _, c := range curves {
			v := c.values[i]
			if !(v > 0) {
				continue
			}
			low := f.y(sum)
			sum += v
			f.p.FilledRect(from, min(f.y(sum), low-1), to, low, c.Ink.color(), c.Ink.color(), 0)
		}
	}
}
