//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Each piece is what the tool's own version printed or wrote, shortened.
func TestSayings(t *testing.T) {
	for _, c := range []struct {
		tool, file, text string
		want             map[float64]float64 // ms by percentage
	}{
		{"wrk", "", "Running 10s test\n  Latency   9.11ms  75.61ms 999.97ms   98.83%\npercentile 95 449000\npercentile 99 891250\npercentile 100 999970\n", map[float64]float64{95: 449, 99: 891.25, 100: 999.97}},
		{"k6", "k6.json", `{"metrics": {"http_req_duration": {"p(87.5)": 1.329089, "p(99.9)": 1.85, "max": 1018.5}, "http_reqs": {"count": 40}}}`, map[float64]float64{87.5: 1.329089, 99.9: 1.85, 100: 1018.5}},
		{"ab", "ab.csv", "Percentage served,Time in ms\n0,0.392\n95,0.710\n100,58.149\n", map[float64]float64{0: 0.392, 95: 0.71, 100: 58.149}},
		{"hey", "", "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n0.0157,0.0106,0.0000,0.0040,0.0007,0.0002,200,0.0466\n0.0150,0.0098,0.0000,0.0001,0.0047,0.0002,200,0.0474\n", map[float64]float64{50: 15, 100: 15.7}},
		{"h2load", "h2load.log", "1795645066127771\t200\t1020\n1795645066127764\t200\t3083\n", map[float64]float64{50: 1.02, 100: 3.083}},
		{"bombardier", "", `{"spec":{"rate":50},"result":{"latency":{"mean":1355.07,"stddev":262.4,"max":2500,"percentiles":{"50":1341,"95":1516}}}}`, map[float64]float64{50: 1.341, 95: 1.516, 100: 2.5}},
		{"fortio", "fortio.json", `{"DurationHistogram": {"Max": 0.0028, "Percentiles": [{"Percentile": 50, "Value": 0.0017}, {"Percentile": 99.9, "Value": 0.0027}]}}`, map[float64]float64{50: 1.7, 99.9: 2.7, 100: 2.8}},
		{"oha", "", `{"summary": {"slowest": 1.001}, "latencyPercentiles": {"p50": 0.0006, "p99.9": 0.9}}`, map[float64]float64{50: 0.6, 99.9: 900, 100: 1001}},
	} {
		j := job{dir: t.TempDir()}
		if c.file != "" {
			if err := os.WriteFile(filepath.Join(j.dir, c.file), []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := sayings("")[c.tool].read(j, []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.tool, err)
			continue
		}
		for percent, want := range c.want {
			if ms := got.at(percent); inMillis(ms) != inMillis(want) {
				t.Errorf("%s: p%v is %v ms, want %v", c.tool, percent, ms, want)
			}
		}
		for i := 1; i < len(got); i++ {
			if got[i-1].Percent >= got[i].Percent {
				t.Errorf("%s: %v comes after %v", c.tool, got[i], got[i-1])
			}
		}
	}
}

func TestSilenceIsAnError(t *testing.T) {
	for name, s := range sayings("") {
		j := job{dir: t.TempDir()}
		if got, err := s.read(j, []byte("{}")); err == nil {
			t.Errorf("%s: of nothing it reads %v", name, got)
		}
	}
}

// Every tool that can be measured is asked what it says of a frozen server,
// but for Frontload's second pace.
func TestEveryToolHasASaying(t *testing.T) {
	for _, tool := range tools("") {
		s, ok := sayings("")[tool.name]
		if !ok && tool.name != "frontload-precise" {
			t.Errorf("%s is not asked", tool.name)
		}
		if !ok {
			continue
		}
		args, err := s.command(job{kind: "stall", rate: 1000, span: stallSpan, connections: 8, dir: t.TempDir(), url: "http://127.0.0.1:1/"})
		if err != nil || len(args) < 3 {
			t.Errorf("%s: its command is %q (%v)", tool.name, args, err)
		}
	}
}
