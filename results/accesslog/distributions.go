package accesslog

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontload/results/report/plain"
)

// isDistribution reports whether a host is the name that CloudFront gave a
// distribution, such as d111111abcdef8.cloudfront.net.
func isDistribution(host []byte) bool {
	name, ok := bytes.CutSuffix(host, []byte(".cloudfront.net"))
	return ok && len(name) > 1 && name[0] == 'd' && bytes.IndexByte(name, '.') < 0
}

// distributionsDoubt says that logs of several distributions are analysed as
// one: their origins differ, and so may what causes their 503s.
func distributionsDoubt(shards []*shard) []string {
	const mostNamed = 4
	rows := map[string]int64{}
	for _, s := range shards {
		for name, n := range s.served.counts {
			rows[name] += *n
		}
	}
	if len(rows) < 2 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(rows), func(x, y string) int {
		return cmp.Or(cmp.Compare(rows[y], rows[x]), cmp.Compare(x, y))
	})
	var told []string
	for _, name := range names[:min(len(names), mostNamed)] {
		told = append(told, plain.Line(name)+" on "+lines(rows[name]))
	}
	if more := len(names) - len(told); more > 0 {
		told = append(told, fmt.Sprintf("%d more", more))
	}
	return []string{fmt.Sprintf("the logs of %d distributions are analysed as if they were one, though each has its own origins: analyse each by itself (%s)",
		len(names), strings.Join(told, ", "))}
}
