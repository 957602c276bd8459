// Package nearest finds what was probably meant by a word that is unknown.
package nearest

import "strings"

// longest bounds the words that are compared, in bytes.
const longest = 64

// Word returns the candidate that takes the fewest edits to reach from word,
// at most one in three of its letters; empty when none is that near. Case, and
// an underscore for a hyphen, do not count.
func Word(word string, candidates []string) string {
	if len(word) > longest {
		return ""
	}
	folded := strings.ToLower(strings.ReplaceAll(word, "_", "-"))
	best, fewest := "", longest
	for _, c := range candidates {
		if n := edits(folded, c); n < fewest && n <= max(1, len(c)/3) {
			best, fewest = c, n
		}
	}
	return best
}

// edits is the optimal string alignment distance between a and b: how many
// letters to insert, remove, replace or swap with their neighbour.
func edits(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
