package pacing

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseRate(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Rate
	}{
		{"500/s", 500},
		{"0.5/s", 0.5},
		{"30/m", 0.5},
		{"1800/h", 0.5},
		{"1e3/s", 1000},
		{" 7/s ", 7},
		{"0/s", 0},
		{"1000000000/s", 1e9}, // the fastest
	} {
		if got, err := ParseRate(tt.in); err != nil || got != tt.want {
			t.Errorf("ParseRate(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
	}
}

func TestParseRateRefuses(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"500", "has no unit, write it like 500/s"},
		{"", "has no unit"},
		{"500/x", `unknown unit "x", want s, m or h`},
		{"500/sec", `unknown unit "sec"`},
		{"500/s/s", `unknown unit "s/s"`},
		{"500/", `unknown unit ""`},
		{"/s", "is not a number"},
		{"fast/s", `"fast" is not a number`},
		{"500 /s", "is not a number"},
		{"0x10/s", "is not a number"},
		{"1_000/s", "is not a number"},
		{"1,000/s", "is not a number"},
		{"1e/s", "is not a number"},
		{"-1/s", "is negative"},
		{"NaN/s", "is not a number"},
		{"Inf/s", "is not a number"},
		{"1e400/s", "is not a finite number"},
		{"1000000001/s", "is too fast, want at most 1000000000/s"},
		{"0.0001/h", "is too slow, want 0/s or at least 0.000001/s"},
	} {
		got, err := ParseRate(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseRate(%q) = %v, %v, want an error with %q", tt.in, got, err, tt.want)
		}
	}
}

func TestRateRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := Rate(rapid.Float64Range(float64(slowest), float64(fastest)).Draw(t, "rate"))
		if got, err := ParseRate(rate.String()); err != nil || got != rate {
			t.Errorf("ParseRate(%q) = %v, %v, want the same rate", rate.String(), got, err)
		}
	})
}

func TestRateInterval(t *testing.T) {
	for _, tt := range []struct {
		rate Rate
		want time.Duration
	}{
		{100, 10 * time.Millisecond},
		{3, 333_333_334}, // up, so that nothing goes faster than the rate
		{0.5, 2 * time.Second},
		{0, 0}, // nothing arrives
		{-1, 0},
		{Rate(math.NaN()), 0},
		{1e-300, math.MaxInt64},
	} {
		if got := tt.rate.Interval(); got != tt.want {
			t.Errorf("Rate(%v).Interval() = %v, want %v", float64(tt.rate), got, tt.want)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"500/s", "0.5/s", "30/m", "-0/s", "1e309/s", "NaN/h", "/", "1/s/m", "0x1p3/s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rate, err := ParseRate(s)
		if err != nil {
			if rate != 0 || !strings.Contains(err.Error(), "rate ") {
				t.Errorf("ParseRate(%q) = %v, %v, want 0 and an error that names the rate", s, rate, err)
			}
			return
		}
		if !(rate >= 0) || math.Signbit(float64(rate)) || rate > fastest {
			t.Errorf("ParseRate(%q) = %v, which no schedule takes", s, float64(rate))
		}
		if again, err := ParseRate(rate.String()); err != nil || again != rate {
			t.Errorf("ParseRate(%q) = %v, %v, want %v as from %q", rate.String(), again, err, rate, s)
		}
	})
}
