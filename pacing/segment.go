package pacing

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// longest is the most that a schedule may last. Up to there a float64 tells
// every nanosecond from the next.
const longest = 100 * 24 * time.Hour

// A Segment is a span over which the rate moves linearly. Every schedule is a
// list of these.
type Segment struct {
	Name     string        // what to call it in progress lines; empty: "hold 500/s" and the like
	From, To Rate          // at its start and at its end; equal for a constant rate, zero sends nothing
	For      time.Duration // how long it lasts; must be positive
}

// check returns everything that is wrong with g, each fault naming it by its
// place in the list, counted from 1.
func (g Segment) check(place int) error {
	where := fmt.Sprintf("segment %d", place)
	if g.Name != "" {
		where += fmt.Sprintf(" (%s)", g.Name)
	}
	var errs []error
	if err := g.From.check(); err != nil {
		errs = append(errs, fmt.Errorf("%s: its first rate, %v, %w", where, g.From, err))
	}
	if err := g.To.check(); err != nil {
		errs = append(errs, fmt.Errorf("%s: its last rate, %v, %w", where, g.To, err))
	}
	if g.For <= 0 {
		errs = append(errs, fmt.Errorf("%s: lasts %v, want more than zero", where, g.For))
	}
	return errors.Join(errs...)
}

// checkAll returns everything that is wrong with a list of segments.
func checkAll(segments []Segment) error {
	if len(segments) == 0 {
		return errors.New("schedule has no segments, want at least one")
	}
	var errs []error
	left := longest
	for i, g := range segments {
		errs = append(errs, g.check(i+1))
		if g.For > left {
			errs = append(errs, fmt.Errorf("schedule lasts more than %d days with segment %d, make it shorter", longest/(24*time.Hour), i+1))
			break
		}
		left -= max(0, g.For)
	}
	return errors.Join(errs...)
}

// stage says in a few words what g does: its name, "pause", "hold 500/s" or
// "ramp 50/s to 75/s".
func (g Segment) stage() string {
	switch {
	case g.Name != "":
		return g.Name
	case g.From == 0 && g.To == 0:
		return "pause"
	case g.From == g.To:
		return "hold " + g.From.Rounded()
	}
	return "ramp " + g.From.Rounded() + " to " + g.To.Rounded()
}

// String returns g as "500/s for 5m" or "50/s to 75/s in 5m", after its name
// if it has one.
func (g Segment) String() string {
	text := fmt.Sprintf("%v to %v in %s", g.From, g.To, trimmed(g.For))
	if g.From == g.To {
		text = fmt.Sprintf("%v for %s", g.From, trimmed(g.For))
	}
	if g.Name != "" {
		text = g.Name + ": " + text
	}
	return text
}

// trimmed writes d without the zero units that Duration.String adds: "5m".
func trimmed(d time.Duration) string {
	text := d.String()
	if short, found := strings.CutSuffix(text, "m0s"); found {
		text = short + "m"
	}
	if short, found := strings.CutSuffix(text, "h0m"); found {
		text = short + "h"
	}
	return text
}
