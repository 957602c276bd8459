//go:build linux

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
	"slices"
	"strconv"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/store"
)

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
