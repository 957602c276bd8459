package accesslog

import (
	"fmt"
	"maps"
	"slices"

	"frontload/results"
	"frontload/results/report/plain"
)

// doubts says in words what weakens a run of logs.
func (t *total) doubts(skipped map[string]int64) []string {
	var list []string
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	unread := int64(0)
	worst := none
	for r := none + 1; r < reasons; r++ {
		if n := t.unread.counts[r]; n > 0 && !r.partly() && r != outside {
			unread += n
			if worst == none || n > t.unread.counts[worst] {
				worst = r
			}
		}
	}
	if unread > 0 {
		say("%s could not be read, most often: %s (first at %s)", lines(unread), reasonWords[worst], t.unread.first[worst])
	}
	if n := t.unread.counts[fewColumns]; n > 0 {
		say("%s with a wrong number of columns, read as far as is safe (first at %s)", lines(n), t.unread.first[fewColumns])
	}
	if n := t.unread.counts[badNumber]; n > 0 {
		say("%s with a number that is none, which counts as nothing (first at %s)", lines(n), t.unread.first[badNumber])
	}
	if n := t.unread.counts[outside]; n > 0 {
		say("%s, too far in time from the others, left out: this is what happened from %s to %s; analyse other days by themselves",
			lines(n), day(t.from), day(t.until))
	}
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		say("%s: %d", why, skipped[why])
	}
	return list
}

func lines(n int64) string { return many(n, "line", "lines") }

// many returns a number with its noun.
func many[N int | int64](n N, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return plain.Count(int64(n)) + " " + more
}

func day(second uint32) string { return millis(int64(second) * 1000).Format("2006-01-02") }

// found returns the rows that were wanted, in order of time.
func (t *total) found() []results.Exemplar {
	var rows []keptRow
	for i, s := range t.shards {
		for _, k := range s.found {
			k.path = t.path[i][k.path]
			rows = append(rows, k)
		}
	}
	sortKept(rows)
	return t.named(rows)
}
