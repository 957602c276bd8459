package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-analyze/charts"
)

// A Spectrum is a picture of response times by percentile, its panels side by
// side. The axis of percentiles is a logarithm of what lies beyond: 90 %, 99 %
// and 99.9 % are equally far apart.
type Spectrum struct {
	Title  string
	Panels []SpectrumPanel
}

// A SpectrumPanel is curves in a plane of their own. Later ones lie above.
type SpectrumPanel struct {
	Title  string
	Curves []SpectrumCurve
}

// A SpectrumCurve is what somebody says of a run.
type SpectrumCurve struct {
	Name   string
	Color  string  // such as "#2f6fde"
	Width  float64 // CSS pixels
	Dashed bool
	Points []SpectrumPoint // in the order of their percentages
}

// A SpectrumPoint is a percentage of the requests, 0 to 100, and the
// milliseconds that the slowest of them took.
type SpectrumPoint struct{ Percent, Millis float64 }

// The measures of a spectrum's picture, in CSS pixels.
const (
	spectrumWidth   = 1000
	spectrumPlane   = 340 // height of a plane
	spectrumTop     = 66
	spectrumLegend  = 22 // height of a line of the legend
	spectrumColumns = 2  // of the legend
	spectrumNines   = 4  // the axis ends at 99.99 %
)

// spectrumInks are the colours of what is not a curve: a picture that stands
// alone has no style sheet, and brings its own white ground.
var spectrumInks = strings.NewReplacer(
	inkText.color().String(), "#4b5565",
	inkEnd.color().String(), "#4b5565;text-anchor:end",
	inkMiddle.color().String(), "#4b5565;text-anchor:middle",
	inkLabel.color().String(), "#1b2330",
	inkGrid.color().String(), "#dfe3ea",
)

// WriteSVG writes the picture as an SVG that needs nothing else.
func (s Spectrum) WriteSVG(w io.Writer) error {
	if len(s.Panels) == 0 {
		return fmt.Errorf("draw %q: it has no panels", s.Title)
	}
	lines, top := 0, 0.0
	for _, p := range s.Panels {
		lines = max(lines, (len(p.Curves)+spectrumColumns-1)/spectrumColumns)
		top = max(top, p.highest())
	}
	f := newFrame(spectrumWidth, spectrumTop+spectrumPlane+52+lines*spectrumLegend)
	f.marks = ticks(top)
	white := charts.ColorWhite
	f.p.FilledRect(0, 0, f.p.Width(), f.p.Height(), white, white, 0)
	f.text(s.Title, 16*fine, 26*fine, inkLabel)
	f.top, f.bottom = spectrumTop*fine, (spectrumTop+spectrumPlane)*fine
	each := spectrumWidth * fine / len(s.Panels)
	for i, p := range s.Panels {
		f.left, f.right = i*each+64*fine, (i+1)*each-30*fine
		f.spectrum(p)
	}
	b, err := f.p.Bytes()
	if err != nil {
		return fmt.Errorf("draw %q: %w", s.Title, err)
	}
	_, err = io.WriteString(w, spectrumInks.Replace(string(b)))
	return err
}

func (p SpectrumPanel) highest() float64 {
	top := 0.0
	for _, c := range p.Curves {
		for _, point := range c.Points {
			top = max(top, point.Millis)
		}
	}
	return top
}

// spectrum draws one panel into the plane, and its legend below.
func (f *frame) spectrum(p SpectrumPanel) {
	f.text(p.Title, f.left, f.top-14*fine, inkLabel)
	f.spectrumGrid()
	named := 0
	for _, c := range p.Curves {
		var points []charts.Point
		for _, v := range c.Points {
			points = append(points, charts.Point{X: f.nines(v.Percent), Y: f.y(v.Millis)})
		}
		f.stroke(c, points)
		if c.Name != "" {
			f.named(c, named)
			named++
		}
	}
}

// named writes a curve's place in the legend.
func (f *frame) named(c SpectrumCurve, place int) {
	x := f.left + place%spectrumColumns*(f.right-f.left)/spectrumColumns
	y := f.bottom + (58+place/spectrumColumns*spectrumLegend)*fine
	f.stroke(c, []charts.Point{{X: x, Y: y - 4*fine}, {X: x + 26*fine, Y: y - 4*fine}})
	f.text(c.Name, x+32*fine, y, inkLabel)
}

// spectrumGrid draws the lines of both axes with their values.
func (f *frame) spectrumGrid() {
	for _, m := range f.marks {
		y := f.y(m)
		f.p.LineStroke([]charts.Point{{X: f.left, Y: y}, {X: f.right, Y: y}}, inkGrid.color(), fine)
		label := "0"
		if m > 0 {
			label = spanTick(1000 * m)
		}
		f.text(label, f.left-6*fine, y+4*fine, inkEnd)
	}
	for _, percent := range []float64{0, 50, 90, 95, 99, 99.9, 99.99} {
		x := f.nines(percent)
		f.p.LineStroke([]charts.Point{{X: x, Y: f.top}, {X: x, Y: f.bottom}}, inkGrid.color(), fine)
		f.text(strconv.FormatFloat(percent, 'f', -1, 64)+"%", x, f.bottom+18*fine, inkMiddle)
	}
	f.text("share of the requests that took no longer", (f.left+f.right)/2, f.bottom+36*fine, inkMiddle)
}

func (f *frame) stroke(c SpectrumCurve, points []charts.Point) {
	if c.Dashed {
		f.p.DashedLineStroke(points, charts.ParseColor(c.Color), c.Width*fine, []float64{5 * fine, 4 * fine})
		return
	}
	f.p.LineStroke(points, charts.ParseColor(c.Color), c.Width*fine)
}

// nines returns where a percentage lies across the plane.
func (f *frame) nines(percent float64) int {
	beyond := math.Log10(1 - min(percent, 100)/100)
	part := min(-beyond/spectrumNines, 1)
	return f.left + int(math.Round(part*float64(f.right-f.left)))
}
