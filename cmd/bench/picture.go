//go:build linux

package main

import (
	"fmt"
	"io"
	"strconv"

	"frontload/results/report"
)

// colors are those of the peers in the picture.
var colors = map[string]string{
	"vegeta": "#d4351c", "wrk": "#e08a00", "wrk2": "#8a6d00", "k6": "#8b46c9", "fortio": "#0f8f83", "bombardier": "#b92fb0",
	"h2load": "#5b7a1f", "hey": "#64748b", "ab": "#a0522d", "oha": "#c2243f",
}

// shades are Frontload's colours by the connections allowed.
var shades = [...]string{"#1f4fb0", "#3f7fe8", "#7fb0ff", "#b9d4ff"}

// picture draws what all tools said that had few connections, beside the
// truth, and what Frontload said for each limit, beside the server's record.
func picture(w io.Writer, all []stall) error {
	p := report.Spectrum{Title: fmt.Sprintf("Response times of %g seconds at %d requests/s, when a server that answers in %g ms is frozen for %g second",
		stallSpan.Seconds(), stallRate, millis(stallService), stallFor.Seconds())}
	for _, panel := range []report.SpectrumPanel{few(all), own(all)} {
		if len(panel.Curves) > 0 {
			p.Panels = append(p.Panels, panel)
		}
	}
	return p.WriteSVG(w)
}

func few(all []stall) report.SpectrumPanel {
	p := report.SpectrumPanel{Title: strconv.Itoa(peerLimits[0]) + " connections: what each tool says"}
	for _, s := range all {
		if s.Connections != peerLimits[0] {
			continue
		}
		if s.Tool == "frontload" {
			p.Curves = append(p.Curves, curve("Frontload", shades[2], 5, s.Said))
			continue
		}
		p.Curves = append(p.Curves, curve(s.Tool, colors[s.Tool], 1.75, s.Said))
	}
	for _, s := range all {
		if s.Connections == peerLimits[0] {
			p.Curves = append(p.Curves, dashed("the truth", s.Truth.Waits))
			break
		}
	}
	return p
}

func own(all []stall) report.SpectrumPanel {
	p := report.SpectrumPanel{Title: "Frontload with few and many connections"}
	var records []report.SpectrumCurve
	for _, s := range all {
		if s.Tool != "frontload" {
			continue
		}
		name := strconv.Itoa(s.Connections)
		p.Curves = append(p.Curves, curve("Frontload with "+name, shades[len(p.Curves)%len(shades)], 5, s.Said))
		records = append(records, dashed("", s.Served))
	}
	if len(records) > 0 {
		records[0].Name = "the server's own record of each"
	}
	p.Curves = append(p.Curves, records...)
	return p
}

// dashed is what Frontload's wide line lies under.
func dashed(name string, of spectrum) report.SpectrumCurve {
	c := curve(name, "#111111", 1.5, of)
	c.Dashed = true
	return c
}

func curve(name, color string, width float64, of spectrum) report.SpectrumCurve {
	c := report.SpectrumCurve{Name: name, Color: color, Width: width}
	for _, p := range of {
		c.Points = append(c.Points, report.SpectrumPoint{Percent: p.Percent, Millis: p.Millis})
	}
	return c
}
