package analysis

import "math"

// alarmsPerSecond is how many false alarms all scopes of a run may make
// together in a second of calm: one in a hundred days.
const alarmsPerSecond = 1.0 / (100 * 24 * 3600)

// costOf returns the cost of entering a raised state when excursions as high
// as x happen sum·exp(-x) times a second in calm. Two raised states are tried.
func costOf(sum float64) float64 {
	return max(0, math.Log(2*sum/alarmsPerSecond))
}

// excursions returns C so that in a calm scope with so many expected 503s a
// second the log likelihood of the raised state climbs by x or more
// C·exp(-x) times a second.
func excursions(expected float64) float64 { return 0.5 * math.Min(1, expected) }
