package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

// control sums up the control requests; empty where there were none.
func (in Input) control() string {
	c := in.Analysis.Control
	if c == nil {
		return ""
	}
	parts := []string{fmt.Sprintf("%s control requests, %s ok", plain.Count(c.Requests), plain.Count(c.OK))}
	for _, status := range slices.Sorted(maps.Keys(c.Statuses)) {
		if n := c.Statuses[status]; status >= "4" && status != "none" {
			parts = append(parts, plain.Count(n)+" with status "+plain.Line(status))
		}
	}
	if n := c.Statuses["none"]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s without an answer (%s)", plain.Count(n), plain.Line(commonest(c.Errors))))
	}
	return strings.Join(parts, ", ") + "; median " + plain.Span(micro(c.P50)) + ", slowest " + plain.Span(micro(c.Max))
}

// commonest returns the reason that was given most.
func commonest(reasons map[string]int64) string {
	return slices.MinFunc(append(slices.Sorted(maps.Keys(reasons)), ""), func(a, b string) int {
		return cmp.Compare(reasons[b], reasons[a])
	})
}

// controlCharts shows how long the origin took when it was asked directly; the
// seconds in which it failed are shaded. There are none where it was not asked.
func (in Input) controlCharts(b buckets, bands []band) []chart {
	if len(in.Run.Control) == 0 {
		return nil
	}
	took := curve{Name: "control requests", Ink: inkMiss, values: b.none()}
	for i := range in.Run.Control {
		c := &in.Run.Control[i]
		b.span(took.values, int(c.At.Seconds()), &c.Took)
		if failed(c) {
			bands = append(bands, band{c.At.Seconds(), c.At.Seconds() + 1, "", inkLimited})
		}
	}
	return []chart{{label: "What the origin took for control requests", buckets: b, curves: []curve{took}, log: true, tick: spanTick, bands: bands, height: 200}}
}

func failed(c *results.Control) bool { return c.Status < 200 || c.Status >= 400 }
