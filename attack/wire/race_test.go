//go:build race

package wire

// raceEnabled tells that the race detector is on: sync.Pool then throws part
// of what it holds away, so that allocations cannot be counted.
const raceEnabled = true
