package report

import (
	"math"
	"strconv"
	"time"
)

// maxPoints bounds the points of a line, whatever the length of the run.
const maxPoints = 300

// timeSteps are the spans, in seconds, that buckets and ticks may have.
var timeSteps = [...]int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400}

// timeStep returns the shortest of the usual spans that cuts the given number
// of seconds into at most n parts.
func timeStep(seconds, n int) int {
	for _, s := range timeSteps {
		if (seconds+s-1)/s <= n {
			return s
		}
	}
	return (seconds + n - 1) / n
}

// buckets divides a run's seconds into at most [maxPoints] parts of equal
// length.
type buckets struct{ seconds, step, n int }

func newBuckets(seconds int) buckets {
	seconds = max(1, seconds)
	step := timeStep(seconds, maxPoints)
	return buckets{seconds: seconds, step: step, n: (seconds + step - 1) / step}
}

// of returns the bucket that a second lies in; what lies outside the run
// belongs to its first or last one.
func (b buckets) of(second int) int { return min(max(second/b.step, 0), b.n-1) }

// none returns values that say nothing in any bucket.
func (b buckets) none() []float64 {
	values := make([]float64, b.n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}

// highest keeps v in the bucket of a second if nothing larger is there.
func (b buckets) highest(values []float64, second int, v float64) {
	i := b.of(second)
	if math.IsNaN(values[i]) || v > values[i] {
		values[i] = v
	}
}

// ticks returns round values from zero to at least top, four to six of them.
func ticks(top float64) []float64 {
	if !(top > 0) || math.IsInf(top, 0) {
		top = 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(top/4)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 2.5, 5} {
		if top/(m*unit) <= 5 {
			step = m * unit
			break
		}
	}
	marks := []float64{0}
	for marks[len(marks)-1] < top {
		marks = append(marks, step*float64(len(marks)))
	}
	return marks
}

// decades returns the powers of ten that enclose low and high, both above
// zero; at least two.
func decades(low, high float64) []float64 {
	from := math.Floor(math.Log10(low))
	to := max(from+1, math.Ceil(math.Log10(high)))
	var marks []float64
	for e := from; e <= to; e++ {
		marks = append(marks, math.Pow(10, e))
	}
	return marks
}

// timeTick writes a number of seconds below a time axis.
func timeTick(s int) string {
	switch {
	case s == 0:
		return "0"
	case s%3600 == 0:
		return strconv.Itoa(s/3600) + " h"
	case s > 3600:
		return strconv.Itoa(s/3600) + ":" + strconv.Itoa(s%3600/600) + strconv.Itoa(s%600/60) + " h"
	case s%60 == 0:
		return strconv.Itoa(s/60) + " min"
	case s < 60:
		return strconv.Itoa(s) + " s"
	}
	return strconv.Itoa(s/60) + ":" + strconv.Itoa(s%60/10) + strconv.Itoa(s%10)
}

// spanTick writes a number of microseconds beside an axis, which marks powers
// of ten.
func spanTick(us float64) string {
	d := time.Duration(us * float64(time.Microsecond))
	switch {
	case d < time.Millisecond:
		return strconv.FormatFloat(us, 'g', 3, 64) + " µs"
	case d < time.Second:
		return strconv.FormatFloat(us/1e3, 'g', 3, 64) + " ms"
	}
	return strconv.FormatFloat(us/1e6, 'f', -1, 64) + " s"
}

// countTick writes a number beside an axis: "250", "1.5k", "2M".
func countTick(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case v >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}
