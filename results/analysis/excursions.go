package analysis

import "math"

// How many false alarms all scopes of a run may make together: one in a
// hundred days of calm, and in a short run one in ten thousand such runs.
const (
	alarmsPerSecond = 1.0 / (100 * 24 * 3600)
	alarmsPerRun    = 1e-4
)

// In calm seconds the cumulative sum of log likelihood ratios of a scope
// climbs by x or more C·exp(-x) times a second: the law is exact for large x,
// and only C is to be found, by simulation. It turns out to depend on little
// but how many 503s a second the raised state would bring: it is no more than
// a slope times that and, as no more than one excursion begins in a second, no
// more than a ceiling. `go test ./results/analysis -run TestThresholds -v`
// simulates both anew and fails where they are too small; see docs/bursts.md.
const (
	excursionSlope   = 0.4
	excursionCeiling = 0.25
)

// excursions returns C for a scope that would have so many 503s a second in
// the raised state.
func excursions(raised float64) float64 {
	return min(excursionSlope*raised, excursionCeiling)
}

// costOf returns the cost of entering a raised state at which scopes whose C
// add up to sum keep the budget of so many seconds. There are two raised states.
func costOf(sum float64, seconds int) float64 {
	t := float64(max(1, seconds))
	return max(0, math.Log(2*sum*t/max(alarmsPerRun, alarmsPerSecond*t)))
}
