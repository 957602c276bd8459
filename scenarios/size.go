package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseSize reads a number of bytes as a scenario has it, such as 50GiB, 1.5MB
// or 300B.
func ParseSize(text string) (int64, error) {
	units := []struct {
		name  string
		bytes float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1}}
	for _, u := range units {
		number, found := strings.CutSuffix(text, u.name)
		if n, err := strconv.ParseFloat(number, 64); found && err == nil && n >= 0 && n*u.bytes < 1<<53 {
			return int64(math.Round(n * u.bytes)), nil
		}
	}
	return 0, fmt.Errorf("%q is not a size, write it like 50KiB, 10MB or 300B", text)
}
