package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"frontload/pacing"
)

// percent is a share: 0.1 is written 10%.
type percent float64

// maxDuration bounds every span of a scenario.
const maxDuration = 100 * 24 * time.Hour

// parseRate reads a rate such as 500/s.
func parseRate(text string) (pacing.Rate, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, fmt.Errorf("%s has no unit, write %s/s", text, text)
	}
	return pacing.ParseRate(text)
}

// ParseDuration reads a duration as a scenario has it, such as 90s, 5m or
// 1h30m.
func ParseDuration(text string) (time.Duration, error) { return parseDuration(text) }

// parseDuration reads a duration such as 90s, 5m or 1h30m.
func parseDuration(text string) (time.Duration, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, fmt.Errorf("%s has no unit, write %ss", text, text)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration, write it like 90s, 5m or 1h30m", text)
	}
	if d < 0 || d > maxDuration {
		return 0, fmt.Errorf("%s is not a duration from 0s to 2400h", text)
	}
	return d, nil
}

// formatDuration leaves out what is zero: 5m, not 5m0s.
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parsePercent reads a share such as 50%.
func parsePercent(text string) (percent, error) {
	number, found := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || math.IsNaN(value) || math.IsInf(value, 0):
		return 0, fmt.Errorf("%q is not a percentage, write it like 50%%", text)
	case !found && value != 0:
		if value < 1 {
			value *= 100 // 0.5 can only mean a half
		}
		return 0, fmt.Errorf("%s has no unit, write %s%%", text, strconv.FormatFloat(value, 'f', -1, 64))
	case value < 0:
		return 0, fmt.Errorf("%s is below 0%%", text)
	}
	return percent(value / 100), nil
}

// parseSwitch reads true or false.
func parseSwitch(text string) (bool, error) {
	if text != "true" && text != "false" {
		return false, fmt.Errorf("want true or false, got %q", text)
	}
	return text == "true", nil
}

func (p percent) String() string {
	return strconv.FormatFloat(float64(p)*100, 'g', 15, 64) + "%"
}
