package urls

import (
	"fmt"
	"maps"
	"slices"
)

// maxSeconds is how long recorded gaps may be: a day.
const maxSeconds = 24 * 60 * 60

// errLong says that requests are too far from each other for their gaps.
var errLong = fmt.Errorf("the requests were recorded over more than a day, and gaps can be kept over a day at most: name fewer files")

// seconds counts requests by the second, since 1970.
type seconds map[int64]int64

func (s seconds) add(second int64) { s[second]++ }

// all returns the counts of all seconds, from the first to the last.
func (s seconds) all() ([]int64, error) {
	if len(s) == 0 {
		return nil, nil
	}
	at := slices.Sorted(maps.Keys(s))
	first, last := at[0], at[len(at)-1]
	if last-first >= maxSeconds {
		return nil, errLong
	}
	all := make([]int64, last-first+1)
	for second, n := range s {
		all[second-first] = n
	}
	return all, nil
}
