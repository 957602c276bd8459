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
