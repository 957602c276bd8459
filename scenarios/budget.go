package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// size is a number of bytes.
type size int64

// sizeUnits are the units of a size, a larger one before those that it is a
// multiple of.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"KB", 1e3},
	{"kB", 1e3},
	{"B", 1},
}

// maxSize bounds a size: up to it every number of bytes is exact in a float64.
const maxSize = 1 << 53

// parseSize reads a size such as 50GiB, 1.5MB or 300B.
func parseSize(text string) (size, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, fmt.Errorf("%s has no unit, write %sB", text, text)
	}
	for _, u := range sizeUnits {
		number, found := strings.CutSuffix(text, u.name)
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || math.IsNaN(n) {
			break
		}
		if n = math.Round(n * u.bytes); n < 0 || n > maxSize {
			return 0, fmt.Errorf("%s is not a size from 0B to %s", text, size(maxSize))
		}
		return size(n), nil
	}
	return 0, fmt.Errorf("%q is not a size, write it like 50GiB, 10MB or 300B", text)
}

// ParseSize reads a number of bytes as a scenario has it, such as 50GiB, 1.5MB
// or 300B.
func ParseSize(text string) (int64, error) {
	s, err := parseSize(text)
	return int64(s), err
}

// String writes the size in the unit that makes it shortest: 50GiB, 1.5MB.
func (s size) String() string {
	shortest := strconv.FormatInt(int64(s), 10) + "B"
	for _, u := range sizeUnits {
		text := strconv.FormatFloat(float64(s)/u.bytes, 'f', -1, 64) + u.name
		if again, err := parseSize(text); err == nil && again == s && len(text) < len(shortest) {
			shortest = text
		}
	}
	return shortest
}

// String says the budget in words, such as "1000 requests or 50GiB received";
// nothing where there is none.
func (b Budget) String() string {
	var parts []string
	if b.Requests > 0 {
		parts = append(parts, fmt.Sprintf("%d requests", b.Requests))
	}
	if b.Bytes > 0 {
		parts = append(parts, size(b.Bytes).String()+" received")
	}
	return strings.Join(parts, " or ")
}

// budget compiles the section budget.
func (s *Scenario) budget(f *faults) Budget {
	m := s.model.Budget
	if m == nil {
		return Budget{}
	}
	requests, bytes := s.origin.has("budget.requests"), s.origin.has("budget.bytes")
	if !requests && !bytes {
		f.add("budget", "it limits nothing: say requests, bytes or both, such as {requests: 1e6, bytes: 50GiB}")
	}
	if requests && m.Requests < 1 {
		f.add("budget.requests", "%d requests are none at all: write 1 or more", m.Requests)
	}
	if bytes && m.Bytes < 1 {
		f.add("budget.bytes", "0B lets nothing in: write a size above it, such as 50GiB")
	}
	return Budget{Requests: m.Requests, Bytes: int64(m.Bytes)}
}

// warmup compiles the key warmup. It needs the plan's schedule.
func (s *Scenario) warmup(f *faults, p *Plan) time.Duration {
	if p.Schedule == nil || !s.origin.has("warmup") {
		return 0
	}
	if all := p.Schedule.Duration(); s.model.Warmup >= all {
		f.add("warmup", "%s is no shorter than the load, which takes %s: nothing would be left for thresholds to judge",
			formatDuration(s.model.Warmup), formatDuration(all.Round(time.Second/10)))
	}
	return s.model.Warmup
}
