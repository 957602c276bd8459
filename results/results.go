// Package results holds the words in which Frontload speaks of a load test:
// the sample (one finished request), its outcome, the cell by which samples
// are counted, what a run leaves behind, and the analysis document.
//
// The package imports nothing of Frontload's own, holds no clock and does no
// input or output, so that everything else may depend on it.
package results
