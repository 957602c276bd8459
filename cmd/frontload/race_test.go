//go:build race

package main

// raceEnabled tells that the race detector is on, which bears no more than
// 8,128 goroutines.
const raceEnabled = true
