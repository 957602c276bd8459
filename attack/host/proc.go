package host

import (
	"bytes"
	"fmt"
	"math"
)

// cpuTimes are CPU times of the whole machine since it started, in the
// kernel's ticks.
type cpuTimes struct{ busy, idle, steal uint64 }

// parseStat reads the first line of /proc/stat, which sums up all CPUs
// (proc_pid_stat(5)). Time of guests is part of user time there, and so not
// added. Steal is zero before Linux 2.6.11, which does not tell it.
func parseStat(text []byte) (cpuTimes, error) {
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	rest, ok := bytes.CutPrefix(line, []byte("cpu "))
	if !ok {
		return cpuTimes{}, fmt.Errorf("/proc/stat begins with %.20q, want the line cpu", text)
	}
	var times [8]uint64 // user, nice, system, idle, iowait, irq, softirq, steal
	n := 0
	for field := range bytes.FieldsSeq(rest) {
		if n == len(times) {
			break
		}
		v, ok := number(field)
		if !ok {
			return cpuTimes{}, fmt.Errorf("/proc/stat has %.20q for a number", field)
		}
		times[n] = v
		n++
	}
	if n < 4 {
		return cpuTimes{}, fmt.Errorf("/proc/stat has %d times, want 4 or more", n)
	}
	return cpuTimes{
		busy: times[0] + times[1] + times[2] + times[5] + times[6],
		idle: times[3] + times[4], steal: times[7],
	}, nil
}

// since returns the shares of CPU time since an earlier reading that were used
// and stolen. They are not ok when no time has passed. A count that went back,
// as that of idle time may, counts as unchanged.
func (c cpuTimes) since(before cpuTimes) (busy, steal float64, ok bool) {
	b, i, s := rise(c.busy, before.busy), rise(c.idle, before.idle), rise(c.steal, before.steal)
	total := float64(b) + float64(i) + float64(s)
	if total == 0 {
		return 0, 0, false
	}
	return float64(b) / total, float64(s) / total, true
}

func rise(now, before uint64) uint64 {
	if now < before {
		return 0
	}
	return now - before
}

// countCPUs counts the lines cpu0, cpu1 … of /proc/stat.
func countCPUs(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("cpu")); ok && rest[0] >= '0' && rest[0] <= '9' {
			n++
		}
	}
	return n
}

// parseStatm returns the resident memory in pages: the second number of
// /proc/self/statm.
func parseStatm(text []byte) (int64, error) {
	n := 0
	for field := range bytes.FieldsSeq(text) {
		if n++; n < 2 {
			continue
		}
		if v, ok := number(field); ok && v <= math.MaxInt64 {
			return int64(v), nil
		}
		break
	}
	return 0, fmt.Errorf("/proc/self/statm is %.40q, want numbers of pages", text)
}

// parseSockstat returns how many TCP sockets are in use by /proc/net/sockstat
// or sockstat6, whose line of them begins with the given word.
func parseSockstat(text []byte, word string) (int64, error) {
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(line, []byte(word+": inuse "))
		if !ok {
			continue
		}
		for field := range bytes.FieldsSeq(rest) {
			if v, ok := number(field); ok && v <= math.MaxInt64 {
				return int64(v), nil
			}
			break
		}
	}
	return 0, fmt.Errorf("/proc/net/sockstat has no line %s: inuse", word)
}

// number reads a decimal number without a sign.
func number(field []byte) (uint64, bool) {
	var v uint64
	for _, c := range field {
		if c < '0' || c > '9' || v > (math.MaxUint64-9)/10 {
			return 0, false
		}
		v = 10*v + uint64(c-'0')
	}
	return v, len(field) > 0
}
