package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/store"
)

// A saying is how a tool is run such that it tells its response times in
// full, and how to read them.
type saying struct {
	closed  bool // it sends as fast as answers come, and knows no rate
	command func(job) ([]string, error)
	read    func(j job, out []byte) (spectrum, error)
}

// sayings are those of all tools, by name.
func sayings(frontload string) map[string]saying {
	return map[string]saying{
		"frontload": {command: func(j job) ([]string, error) { return frontloadCommand(frontload, "auto", j), nil }, read: frontloadSaid},
		"vegeta":    {command: vegetaStall, read: vegetaSaid},
		"wrk":       {closed: true, command: wrkStall("wrk"), read: wrkSaid},
		"wrk2":      {command: wrkStall("wrk2", "-R"+strconv.Itoa(stallRate)), read: wrkSaid},
		"k6":        {command: k6Stall, read: k6Said},
		"ab": {closed: true, read: abSaid, command: func(j job) ([]string, error) {
			return []string{"ab", "-q", "-k", "-c", strconv.Itoa(j.connections), "-t", j.seconds(), "-n", abMost, "-e", j.file("ab.csv"), j.url}, nil
		}},
		"hey": {read: heySaid, command: func(j job) ([]string, error) {
			return slices.Insert(hey(j), 1, "-o", "csv"), nil
		}},
		"h2load": {read: h2loadSaid, command: func(j job) ([]string, error) {
			os.Remove(j.file("h2load.log")) // it appends
			return slices.Insert(h2load(j), 1, "--log-file="+j.file("h2load.log")), nil
		}},
		"bombardier": {read: bombardierSaid, command: func(j job) ([]string, error) {
			n, rate := strconv.Itoa(j.connections), strconv.Itoa(j.rate)
			return []string{"bombardier", "-p", "r", "-o", "json", "-l", "-t", "10s", "-c", n, "-d", j.span.String(), "-r", rate, j.url}, nil
		}},
		"fortio": {read: fortioSaid, command: func(j job) ([]string, error) {
			n, rate := strconv.Itoa(j.connections), strconv.Itoa(j.rate)
			args := []string{"fortio", "load", "-quiet", "-c", n, "-t", j.span.String(), "-qps", rate, "-timeout", "10s"}
			return append(args, "-p", asked("", ","), "-json", j.file("fortio.json"), j.url), nil
		}},
		"oha": {read: ohaSaid, command: func(j job) ([]string, error) {
			n, rate := strconv.Itoa(j.connections), strconv.Itoa(j.rate)
			return []string{"oha", "--no-tui", "--output-format", "json", "-c", n, "-z", j.span.String(), "-q", rate, j.url}, nil
		}},
	}
}

// file is a path for a tool's own output.
func (j job) file(name string) string { return filepath.Join(j.dir, name) }

// asked lists the percentiles below the maximum, for a tool's command line.
func asked(before, between string) string {
	var all []string
	for _, p := range percents[1 : len(percents)-1] {
		all = append(all, before+number(p))
	}
	return strings.Join(all, between)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

var errSilent = errors.New("it names no response times")

// told returns points in their order, or that there are none.
func told(s spectrum) (spectrum, error) {
	if len(s) == 0 {
		return nil, errSilent
	}
	slices.SortFunc(s, func(a, b point) int { return int(math.Copysign(1, a.Percent-b.Percent)) })
	return s, nil
}

// frontloadSaid reads the run file.
func frontloadSaid(j job, _ []byte) (spectrum, error) {
	r, err := store.Open(j.file("run.db"))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	h, err := r.Histogram(results.LatencyKey{Series: results.SeriesResponse, By: "all"})
	if err != nil {
		return nil, err
	}
	var s spectrum
	for _, p := range percents {
		if h.Count() > 0 {
			s = append(s, point{p, millis(h.Quantile(p / 100))})
		}
	}
	return told(s)
}

func vegetaStall(j job) ([]string, error) {
	args := vegeta(j)
	if args == nil {
		return nil, fmt.Errorf("cannot write %s", j.file("targets"))
	}
	args[slices.Index(args, "/dev/null")] = j.file("vegeta.bin")
	return args, nil
}

// vegetaSaid reads every result: nanoseconds are the third column.
func vegetaSaid(j job, _ []byte) (spectrum, error) {
	out, err := exec.Command("vegeta", "encode", "-to", "csv", j.file("vegeta.bin")).Output()
	if err != nil {
		return nil, fmt.Errorf("vegeta encode: %w", err)
	}
	return singles(out, ',', 2, time.Nanosecond)
}

// singles reads single response times from a column of a table. Rows that
// hold no number there, such as its head, are passed over.
func singles(table []byte, comma rune, column int, unit time.Duration) (spectrum, error) {
	r := csv.NewReader(bytes.NewReader(table))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var times []time.Duration
	for _, row := range rows {
		if column >= len(row) {
			continue
		}
		if v, err := strconv.ParseFloat(row[column], 64); err == nil {
			times = append(times, time.Duration(v*float64(unit)))
		}
	}
	return told(spectrumOf(times))
}

func heySaid(_ job, out []byte) (spectrum, error) { return singles(out, ',', 0, time.Second) }

func h2loadSaid(j job, _ []byte) (spectrum, error) {
	b, err := os.ReadFile(j.file("h2load.log"))
	if err != nil {
		return nil, err
	}
	return singles(b, '\t', 2, time.Microsecond)
}

// abSaid reads rows of "percentage,ms".
func abSaid(j job, _ []byte) (spectrum, error) {
	b, err := os.ReadFile(j.file("ab.csv"))
	if err != nil {
		return nil, err
	}
	var s spectrum
	for line := range strings.Lines(string(b)) {
		var p point
		if n, _ := fmt.Sscanf(line, "%g,%g", &p.Percent, &p.Millis); n == 2 {
			s = append(s, p)
		}
	}
	return told(s)
}

const wrkScript = `done = function(summary, latency, requests)
  for p in string.gmatch("%s", "%%S+") do
    io.write(string.format("percentile %%s %%d\n", p, latency:percentile(tonumber(p))))
  end
  io.write(string.format("percentile 100 %%d\n", latency.max))
end
`

func wrkStall(name string, more ...string) func(job) ([]string, error) {
	return func(j job) ([]string, error) {
		script := j.file("wrk.lua")
		err := os.WriteFile(script, fmt.Appendf(nil, wrkScript, asked("", " ")), 0o644)
		args := append([]string{name, "-t1", "-c" + strconv.Itoa(j.connections), "-d" + j.seconds()}, more...)
		return append(args, "--timeout", "10s", "--latency", "-s", script, j.url), err
	}
}

// wrkSaid reads what our script prints: microseconds.
func wrkSaid(_ job, out []byte) (spectrum, error) {
	var s spectrum
	for line := range strings.Lines(string(out)) {
		var percent, micros float64
		if n, _ := fmt.Sscanf(line, "percentile %g %g", &percent, &micros); n == 2 {
			s = append(s, point{percent, micros / 1000})
		}
	}
	return told(s)
}

func k6Stall(j job) ([]string, error) {
	args := k6(j)
	if args == nil {
		return nil, fmt.Errorf("cannot write %s", j.file("k6.js"))
	}
	stats := strings.ReplaceAll(asked("p(", "),")+"),max", " ", "")
	args[slices.Index(args, "--no-summary")] = "--summary-trend-stats=" + stats
	return slices.Insert(args, len(args)-1, "--summary-export="+j.file("k6.json")), nil
}

func k6Said(j job, _ []byte) (spectrum, error) {
	var said struct {
		Metrics map[string]map[string]any `json:"metrics"`
	}
	if err := readJSON(j.file("k6.json"), &said); err != nil {
		return nil, err
	}
	return k6Spectrum(said.Metrics["http_req_duration"])
}

// k6Spectrum reads keys such as "p(95)" and "max", in milliseconds.
func k6Spectrum(stats map[string]any) (spectrum, error) {
	var s spectrum
	for name, v := range stats {
		ms, ok := v.(float64)
		percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(name, "p("), ")"), 64)
		if name == "max" {
			percent, err = 100, nil
		}
		if ok && err == nil {
			s = append(s, point{percent, ms})
		}
	}
	return told(s)
}

// bombardierSaid reads microseconds by percentile.
func bombardierSaid(_ job, out []byte) (spectrum, error) {
	var said struct {
		Result struct {
			Latency struct {
				Max         float64            `json:"max"`
				Percentiles map[string]float64 `json:"percentiles"`
			} `json:"latency"`
		} `json:"result"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return nil, err
	}
	if len(said.Result.Latency.Percentiles) == 0 {
		return nil, errSilent
	}
	s := spectrum{{100, said.Result.Latency.Max / 1000}}
	for name, micros := range said.Result.Latency.Percentiles {
		if percent, err := strconv.ParseFloat(name, 64); err == nil {
			s = append(s, point{percent, micros / 1000})
		}
	}
	return told(s)
}

// fortioSaid reads seconds by percentile.
func fortioSaid(j job, _ []byte) (spectrum, error) {
	var said struct {
		DurationHistogram struct {
			Max         float64
			Percentiles []struct{ Percentile, Value float64 }
		}
	}
	if err := readJSON(j.file("fortio.json"), &said); err != nil {
		return nil, err
	}
	var s spectrum
	for _, p := range said.DurationHistogram.Percentiles {
		s = append(s, point{p.Percentile, 1000 * p.Value})
	}
	if len(s) > 0 {
		s = append(s, point{100, 1000 * said.DurationHistogram.Max})
	}
	return told(s)
}

// ohaSaid reads seconds by names such as "p99.9".
func ohaSaid(_ job, out []byte) (spectrum, error) {
	var said struct {
		Summary     struct{ Slowest float64 }
		Percentiles map[string]float64 `json:"latencyPercentiles"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return nil, err
	}
	var s spectrum
	for name, seconds := range said.Percentiles {
		if percent, err := strconv.ParseFloat(strings.TrimPrefix(name, "p"), 64); err == nil {
			s = append(s, point{percent, 1000 * seconds})
		}
	}
	if len(s) > 0 {
		s = append(s, point{100, 1000 * said.Summary.Slowest})
	}
	return told(s)
}

func readJSON(file string, v any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
