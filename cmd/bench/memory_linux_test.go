//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestParseResident(t *testing.T) {
	now, peak, err := parseResident(strings.NewReader("Name:\twrk\nVmHWM:\t    3072 kB\nVmRSS:\t    2048 kB\n"))
	if now != 2 || peak != 3 || err != nil {
		t.Errorf("parseResident = %v, %v, %v, want 2 and 3 MB", now, peak, err)
	}
	if _, _, err := parseResident(strings.NewReader("Name:\tzombie\n")); err == nil {
		t.Error("a process without memory is taken for one with")
	}
}

func TestSteadyIsOfTheLaterHalf(t *testing.T) {
	got := steady([]footprint{{10, 90, 90}, {50, 10, 90}, {60, 20, 90}, {100, 60, 95}})
	if want := (footprint{100, 20, 95}); got != want {
		t.Errorf("steady = %v, want %v", got, want)
	}
}

func TestFlatIsWithinFivePercent(t *testing.T) {
	for growth, want := range map[float64]bool{-0.2: true, 0.05: true, 0.051: false, 0.17: false} {
		if got := (memory{Growth: growth}).flat(); got != want {
			t.Errorf("growth of %v is flat: %v, want %v", growth, got, want)
		}
	}
}
