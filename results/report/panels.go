package report

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"frontload/results/report/plain"
)

// The widths, in CSS pixels, in which every chart is drawn: for a desk and
// paper, and for a phone. The style sheet chooses.
const (
	wideChart   = 960
	narrowChart = 340
)

// panels draws the charts in the order in which the page shows them.
func panels(in Input) ([]panel, error) {
	g, err := in.gather()
	if err != nil {
		return nil, err
	}
	bands := in.bands()
	var out []panel
	for _, p := range []struct {
		panel  panel
		charts []chart
	}{
		{panel{Title: "Rate", Note: g.worst(in.shading())}, g.rates(withMarks(bands, in.guardBands()), in.Analysis.Run.Simulated)},
		{panel{Title: "503s by verdict", Note: "Every 503 by the burst that it belongs to."}, []chart{g.errors(bands)}},
		{panel{Title: "Response time by cache result", Note: g.worst("From the intended time. Scale by powers of ten.")}, []chart{g.latency(in, bands)}},
		{panel{Title: "Straight to the origin", Note: g.worst("Control requests, past CloudFront. Grey: they failed.")}, in.controlCharts(g.buckets, in.burstBands())},
		{panel{Title: "The load generator itself", Note: g.worst("Seconds in which it was the bottleneck are shaded.")}, in.generatorCharts(g.buckets)},
	} {
		if p.charts == nil {
			continue
		}
		for _, c := range p.charts {
			d, err := c.drawing()
			if err != nil {
				return nil, err
			}
			p.panel.Drawings = append(p.panel.Drawings, d)
		}
		out = append(out, p.panel)
	}
	bars, err := barPanel(in, g)
	return append(out, bars), err
}

// worst adds to a note what a bucket of several seconds shows.
func (g *gathered) worst(note string) string {
	if g.buckets.step == 1 {
		return note
	}
	return strings.TrimSpace(note + " The worst second of every " + plain.Count(int64(g.buckets.step)) + ".")
}

// rates shows what was sent, and what was in flight, which a simulation does
// not tell.
func (g *gathered) rates(bands []band, simulated bool) []chart {
	sent := chart{label: "Requests per second", buckets: g.buckets, curves: []curve{g.sent, g.asked}, tick: countTick, bands: bands, height: 230}
	if simulated {
		return []chart{sent}
	}
	return []chart{
		sent,
		{label: "Arrivals in flight", buckets: g.buckets, curves: []curve{g.flight}, tick: countTick, bands: bands, height: 150},
	}
}

func (g *gathered) errors(bands []band) chart {
	label := "503s per second"
	if g.buckets.step > 1 {
		label = "503s per " + strconv.Itoa(g.buckets.step) + " seconds"
	}
	return chart{label: label, buckets: g.buckets, curves: g.verdicts, stacked: true, tick: countTick, bands: bands, height: 230}
}

func (g *gathered) latency(in Input, bands []band) chart {
	return chart{
		label: "Response time: p99, and dashed p50", buckets: g.buckets, curves: g.latencyCurves(in.Run.Series),
		log: true, tick: spanTick, bands: bands, height: 280,
	}
}

// drawing draws the chart in both widths, unless it has nothing to show.
func (c chart) drawing() (drawing, error) {
	d := drawing{Title: c.label, Label: c.label}
	empty := true
	for _, line := range c.curves {
		if len(line.present()) == 0 {
			continue
		}
		empty = false
		if line.Name != "" {
			d.Legend = append(d.Legend, legend{line.Name, line.Ink.CSS(), line.Dashed})
		}
	}
	if empty {
		return d, nil
	}
	var err error
	if d.Wide, err = c.draw(wideChart); err != nil {
		return d, err
	}
	d.Narrow, err = c.draw(narrowChart)
	return d, err
}

// bands returns the warm-up, the seconds that are not to be trusted, and the
// bursts, as spans of the time axis.
func (in Input) bands() []band {
	bands := append(in.limited(), in.burstBands()...)
	if w := in.Run.Info.Warmup; w > 0 {
		bands = append([]band{{0, min(w.Seconds(), float64(in.seconds())), "warm-up", inkWash}}, bands...)
	}
	return bands
}

func (in Input) burstBands() []band {
	var bands []band
	for _, b := range in.Analysis.Bursts {
		bands = append(bands, band{
			b.Start.Sub(in.start()).Seconds(), b.End.Sub(in.start()).Seconds(), "burst " + strconv.Itoa(b.ID), inkBand,
		})
	}
	return bands
}

// limited returns the spans in which the load generator was the bottleneck.
func (in Input) limited() []band {
	var bands []band
	for _, s := range in.Run.Seconds {
		if s.Limited == "" {
			continue
		}
		from := float64(s.Second)
		if last := len(bands) - 1; last >= 0 && bands[last].to == from {
			bands[last].to++
			continue
		}
		bands = append(bands, band{from, from + 1, "", inkLimited})
	}
	return bands
}

// shading says what the charts' shades mean, and which seconds are grey.
func (in Input) shading() string {
	note := ""
	if len(in.Analysis.Bursts) > 0 {
		note = "Bursts are shaded."
	}
	var spans []string
	for _, b := range in.limited() {
		spans = append(spans, plain.Number(b.from)+"–"+plain.Number(b.to))
	}
	if len(spans) > 0 {
		note += " Grey: the load generator was the bottleneck, which counts for no verdict: " + list(spans, 8) + " s."
	}
	return strings.TrimSpace(note)
}

// barPanel shows how requests and 503s are spread over POPs and edge addresses.
func barPanel(in Input, g gathered) (panel, error) {
	p := panel{Title: "503s by POP and edge address", Note: "Those with the most 503s first."}
	for _, part := range []struct {
		title string
		bars  []bar
	}{{"By POP", topBars(g.pops)}, {"By edge address", in.edgeBars()}} {
		d := drawing{Title: part.title, Label: "Requests and 503s " + part.title}
		if len(part.bars) > 0 {
			d.Legend = []legend{{"requests", inkSent.CSS(), false}, {"503s", inkError.CSS(), false}}
			for width, to := range map[int]*template.HTML{wideChart: &d.Wide, narrowChart: &d.Narrow} {
				svg, err := drawBars(d.Label, part.bars, width)
				if err != nil {
					return p, fmt.Errorf("draw the spread: %w", err)
				}
				*to = svg
			}
		}
		p.Drawings = append(p.Drawings, d)
	}
	return p, nil
}
