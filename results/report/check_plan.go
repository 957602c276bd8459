package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

const (
	chartRows = 6
	chartEdge = 12 // columns left of the chart
	rowsShown = 8  // of the table of the plan over time
)

// blocks fill a place from below, in eighths.
var blocks = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// plan shows the rate over time as a chart, and with it who sends and to how
// many addresses.
func (t checkText) plan() []string {
	p := t.c.Plan
	lines := t.wrap("Plan: ", fmt.Sprintf("%s, %s/s at the most", length(p.Duration), plain.Number(p.PeakRate)), 2)
	lines = append(lines, t.chart()...)
	return append(append(lines, ""), t.times()...)
}

// chart draws the rate over time with block characters.
func (t checkText) chart() []string {
	p := t.c.Plan
	width := t.width - chartEdge - 2
	heights := make([]int, width)
	for i := range heights {
		heights[i] = eighths(planSummary(p).highest(i, width), p.PeakRate)
	}
	lines := make([]string, 0, chartRows+2)
	for row := chartRows - 1; row >= 0; row-- {
		label, tick := "", "│"
		switch row {
		case chartRows - 1:
			label, tick = plain.Number(p.PeakRate)+"/s", "┤"
		case 0:
			label, tick = "0/s", "┤"
		}
		var b strings.Builder
		for _, h := range heights {
			b.WriteString(blocks[min(max(h-8*row, 0), 8)])
		}
		lines = append(lines, plain.Right(label, chartEdge-1)+" "+tick+b.String())
	}
	end, half := length(p.Duration), length(p.Duration/2)
	if p.Duration < 60 && p.Duration/2 != math.Trunc(p.Duration/2) {
		half = ""
	}
	axis := "0s" + strings.Repeat(" ", max(1, width/2-2-len(half)/2)) + half
	return append(lines, strings.Repeat(" ", chartEdge+1)+axis+plain.Right(end, max(1, width-plain.Width(axis))))
}

// eighths returns how many eighths of a row a rate is high: at least one for
// any rate at all.
func eighths(rate, peak float64) int {
	if rate <= 0 || peak <= 0 {
		return 0
	}
	return max(1, int(math.Round(rate/peak*chartRows*8)))
}

// planSummary and its points are what the chart is drawn of.
type planSummary results.PlanSummary

// highest returns the highest rate within the i-th of n equal spans.
func (p planSummary) highest(i, n int) float64 {
	from, to := p.Duration*float64(i)/float64(n), p.Duration*float64(i+1)/float64(n)
	best := 0.0
	for j := 1; j < len(p.Points); j++ {
		a, b := p.Points[j-1], p.Points[j]
		if b.At <= from && b.At < p.Duration || a.At >= to || b.At == a.At {
			continue
		}
		at := func(t float64) float64 {
			t = min(max(t, a.At), b.At)
			return a.Rate + (b.Rate-a.Rate)*(t-a.At)/(b.At-a.At)
		}
		best = max(best, at(from), at(to))
	}
	return best
}

// times is the table of the plan over time.
func (t checkText) times() []string {
	lines := []string{t.row("at", "rate", "clients", "edge addresses", "per client", "per edge address")}
	for _, p := range t.shown() {
		addresses, perEdge := "unknown", "unknown"
		if p.Addresses != nil {
			addresses = t.atLeast() + plain.Count(int64(*p.Addresses))
		}
		if p.PerEdge != nil {
			perEdge = t.atMost() + plain.Number(*p.PerEdge) + "/s"
		}
		lines = append(lines, t.row(length(p.At), plain.Number(p.Rate)+"/s", plain.Count(int64(p.Clients)), addresses,
			plain.Number(p.PerClient)+"/s", perEdge))
	}
	return lines
}

func (t checkText) atLeast() string {
	if t.c.Plan.AtLeast {
		return "≥ "
	}
	return ""
}

func (t checkText) atMost() string {
	if t.c.Plan.AtLeast {
		return "≤ "
	}
	return ""
}

func (t checkText) row(cells ...string) string {
	widths := []int{10, 11, 9, 16, 12, 18}
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(plain.Right(c, widths[i]))
	}
	return b.String()
}

// shown returns the points to tell of: where something changes, and not too
// many, the peak among them. The end of a span of one rate is one of them only
// where a ramp begins there.
func (t checkText) shown() []results.PlanPoint {
	var all []results.PlanPoint
	peak := 0
	points := t.c.Plan.Points
	for i, p := range points {
		ramp := i+1 < len(points) && points[i+1].At > p.At
		if n := len(all); n > 0 && all[n-1].Rate == p.Rate && !ramp {
			continue
		}
		all = append(all, p)
		if p.Rate > all[peak].Rate {
			peak = len(all) - 1
		}
	}
	if len(all) <= rowsShown {
		return all
	}
	var few []results.PlanPoint
	for i := range rowsShown {
		at, next := i*(len(all)-1)/(rowsShown-1), (i+1)*(len(all)-1)/(rowsShown-1)
		if at < peak && peak < next && i > 0 {
			at = peak
		}
		few = append(few, all[at])
	}
	return few
}

// length writes seconds as people do.
func length(seconds float64) string {
	return plain.Clock(time.Duration(seconds * float64(time.Second)))
}

// totals are the sums of the plan, what it comes to for one client and one
// address, and what it costs.
func (t checkText) totals() []string {
	p := t.c.Plan
	lines := []string{"In all"}
	add := func(what, figure string) {
		lines = append(lines, t.wrap("  "+plain.Left(what, 27), figure, 8)...)
	}
	add("requests", plain.Count(p.Requests))
	if p.Bytes != nil {
		add("bytes received", fmt.Sprintf("%s, %s each (%s)", plain.Bytes(*p.Bytes), plain.Bytes(*p.BytesPerRequest), plain.Line(p.BytesFrom)))
	} else {
		add("bytes received", "unknown: say how many an answer has with --bytes-per-request 50KiB, or have it asked with --head")
	}
	add("most from one client", plain.Number(p.PerClient)+"/s"+limited(p.ClientLimit))
	if p.PerEdge != nil {
		add("most to one edge address", t.atMost()+plain.Number(*p.PerEdge)+"/s"+limited(p.EdgeLimit))
	} else {
		add("most to one edge address", "unknown"+limited(p.EdgeLimit))
	}
	add("AWS asks for about", t.cost())
	for _, a := range p.Cost.Assumptions {
		add("", plain.Line(a))
	}
	for _, s := range p.Shortfalls {
		lines = append(lines, t.wrap("  cannot be kept: ", plain.Line(s.Say), 5)...)
	}
	return lines
}

func limited(limit *float64) string {
	if limit == nil {
		return ""
	}
	return ", limited to " + plain.Number(*limit) + "/s"
}

func (t checkText) cost() string {
	c := t.c.Plan.Cost
	if c.Transfer == nil {
		return fmt.Sprintf("%s for the requests; the bytes are missing in that", dollars(c.Requests))
	}
	return fmt.Sprintf("%s: %s for the requests, %s for the data transfer", dollars(c.USD), dollars(c.Requests), dollars(*c.Transfer))
}

// dollars writes an amount, exact to the cent; a smaller one is not nothing.
func dollars(usd float64) string {
	switch {
	case usd > 0 && usd < 0.01:
		return "under $0.01"
	case usd >= 1000:
		return "$" + plain.Count(int64(math.Round(usd)))
	}
	return fmt.Sprintf("$%.2f", usd)
}
