package distribution

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Fault is one thing that is wrong with a file.
type Fault struct {
	File         string
	Line, Column int // from 1, the column in characters
	Message      string
}

func (f Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// Faults is everything that was found to be wrong with a file, in the order of
// the file; maxFaults at most.
type Faults []Fault

const maxFaults = 20

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].Error()
	}
	return strings.Join(lines, "\n")
}

// place returns the line and column of an offset.
func place(data []byte, at int) (line, column int) {
	before := string(data[:min(at, len(data))])
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// shown returns what to show of a text from outside: no more than a line's
// worth, and nothing that a terminal might obey.
func shown(text string) string { return fmt.Sprintf("%.80q", text) }
