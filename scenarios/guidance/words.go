package guidance

import (
	"fmt"
	"strings"

	"frontload/results/report/plain"
)

// many returns a number with its noun.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return plain.Count(int64(n)) + " " + more
}

// perSecond returns a rate.
func perSecond(rate float64) string { return plain.Number(rate) + "/s" }

// list returns names with commas, the first most of them and how many more
// there are.
func list(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// sentences joins what is not empty.
func sentences(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "; ")
}
