package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"

	"github.com/go-analyze/charts"
)

// fine is how many units of a drawing a CSS pixel has. The charts library
// knows whole units only, and with one to a pixel slopes would show steps.
const fine = 3

// A curve is one value per bucket in one ink; NaN where there is none.
type curve struct {
	Name   string // in the legend; empty to leave it out
	Ink    ink
	Dashed bool
	values []float64
	thin   bool
	area   bool
}

// A band marks a span of the time axis, in seconds.
type band struct {
	from, to float64
	name     string // above it; empty for none
	ink      ink
}

// A chart is values over the time of a run, as lines or as stacked bars.
type chart struct {
	label   string // for who cannot see it
	buckets buckets
	curves  []curve
	stacked bool
	log     bool // values in decades; those of zero and below are left out
	tick    func(float64) string
	bands   []band
	height  int // CSS pixels
}

// draw returns the chart as SVG that is width CSS pixels wide.
func (c chart) draw(width int) (template.HTML, error) {
	f := c.frame(width)
	f.bands(c.bands)
	f.grid(c.tick, c.buckets.seconds)
	if c.stacked {
		f.stack(c.curves, c.buckets)
	} else {
		for _, line := range c.curves {
			f.line(line, c.buckets)
		}
	}
	return f.svg(c.label)
}

// frame measures what the axes need and returns where the values go.
func (c chart) frame(width int) *frame {
	f := newFrame(width, c.height)
	f.marks, f.log, f.left = c.marks(), c.log, 56*fine // the same for most, so that charts below each other line up
	for _, m := range f.marks {
		f.left = max(f.left, f.measure(c.tick(m))+8*fine)
	}
	f.right = width*fine - 6*fine
	f.top, f.bottom = 14*fine, (c.height-24)*fine
	f.span = float64(c.buckets.n * c.buckets.step)
	return f
}

// marks returns the values at which the chart has a line across.
func (c chart) marks() []float64 {
	low, high := math.Inf(1), 0.0
	for i := range c.buckets.n {
		sum := 0.0
		for _, line := range c.curves {
			v := line.values[i]
			if math.IsNaN(v) || v <= 0 {
				continue
			}
			low, sum = min(low, v), sum+v
			high = max(high, v)
		}
		if c.stacked {
			high = max(high, sum)
		}
	}
	if !c.log {
		return ticks(high * 1.04)
	}
	if high == 0 {
		return decades(1e3, 1e6)
	}
	return decades(low, high)
}

// frame is the plane of a chart: where a second and a value lie in it.
type frame struct {
	p                        *charts.Painter
	left, right, top, bottom int
	span                     float64 // seconds from left to right
	marks                    []float64
	log                      bool
}

func newFrame(width, height int) *frame {
	return &frame{p: charts.NewPainter(charts.PainterOptions{
		OutputFormat: charts.ChartOutputSVG, Width: width * fine, Height: height * fine,
	})}
}

func (f *frame) x(second float64) int {
	part := min(max(second/f.span, 0), 1)
	return f.left + int(math.Round(part*float64(f.right-f.left)))
}

func (f *frame) y(value float64) int {
	low, high := f.marks[0], f.marks[len(f.marks)-1]
	if f.log {
		low, high, value = math.Log10(low), math.Log10(high), math.Log10(value)
	}
	part := min(max((value-low)/(high-low), 0), 1)
	return f.bottom - int(math.Round(part*float64(f.bottom-f.top)))
}

// svg returns the drawing in the page's colours. The library escapes what
// texts hold; what is not text are numbers.
func (f *frame) svg(label string) (template.HTML, error) {
	b, err := f.p.Bytes()
	if err != nil {
		return "", fmt.Errorf("draw the chart %q: %w", label, err)
	}
	return template.HTML(colored(string(b))), nil
}

// present returns the stretches of buckets in which a curve has values.
func (c curve) present() [][2]int {
	var runs [][2]int
	from := -1
	for i, v := range append(slices.Clone(c.values), math.NaN()) {
		switch {
		case math.IsNaN(v) && from >= 0:
			runs = append(runs, [2]int{from, i})
			from = -1
		case !math.IsNaN(v) && from < 0:
			from = i
		}
	}
	return runs
}
