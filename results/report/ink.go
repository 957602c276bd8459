package report

import (
	"html/template"
	"slices"
	"strings"

	"github.com/go-analyze/charts"

	"frontload/results"
)

// An ink is a colour that the style sheet defines twice, for light and for
// dark, under this name.
type ink string

// The inks of the charts.
const (
	inkText    ink = "muted"
	inkEnd     ink = "muted-end"    // of a text that ends where it is put
	inkMiddle  ink = "muted-middle" // of a text whose middle is where it is put
	inkLabel   ink = "text"
	inkGrid    ink = "grid"
	inkBand    ink = "band"
	inkLimited ink = "limited" // seconds in which the load generator was the bottleneck
	inkAsked   ink = "asked"
	inkSent    ink = "sent"
	inkWash    ink = "wash" // the area under a line
	inkFlight  ink = "flight"
	inkHit     ink = "hit"
	inkMiss    ink = "miss"
	inkRefresh ink = "refresh"
	inkError   ink = "error"
	inkTrack   ink = "track"
	inkNone    ink = "no-burst"
)

// inks lists every ink, its index giving the colour that stands for it while
// a chart is drawn.
var inks = [...]ink{
	inkText, inkEnd, inkMiddle, inkLabel, inkGrid, inkBand, inkLimited, inkAsked, inkSent, inkWash, inkFlight,
	inkHit, inkMiss, inkRefresh, inkError, inkTrack, inkNone,
	results.VerdictEdgeCapacity, results.VerdictEdgeQuota, results.VerdictEdgeCompute,
	results.VerdictOriginSaturation, results.VerdictUndetermined,
}

// color returns the colour that stands for the ink until [colored] puts the
// style sheet's own in its place. The charts library knows nothing of CSS
// variables; these colours are ones that it gives no name to.
func (k ink) color() charts.Color {
	for i, other := range inks {
		if other == k {
			return charts.Color{R: 1, G: 2, B: uint8(3 + i), A: 255}
		}
	}
	return inkNone.color()
}

// CSS returns the ink as a value for the style sheet. Names that are not on
// the list give the ink of what belongs to no burst.
//
// Two inks carry an anchor with them. The library can only place the start of
// a text, by the width that its own font gives it, while the browser writes
// it in the reader's font; so the browser must do the aligning.
func (k ink) CSS() template.CSS {
	switch {
	case k == inkEnd:
		return "var(--muted);text-anchor:end"
	case k == inkMiddle:
		return "var(--muted);text-anchor:middle"
	case slices.Contains(inks[:], k):
		return template.CSS("var(--" + string(k) + ")")
	}
	return inkNone.CSS()
}

// colored puts CSS variables in the place of the colours in a drawing.
func colored(svg string) string {
	pairs := make([]string, 0, 2*len(inks))
	for _, k := range inks {
		pairs = append(pairs, k.color().String(), string(k.CSS()))
	}
	return strings.NewReplacer(pairs...).Replace(svg)
}
