package pacing

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"
)

// The growth that a guided ramp keeps to when it is not told another: no more
// than +50 % every five minutes, as the Elastic Load Balancing service asks
// for (AWS article 1636185810492479). CloudFront itself names no ramp.
const (
	DefaultGrowth = 0.5
	DefaultEvery  = 5 * time.Minute
)

// mostSteps bounds the steps of a guided ramp; one of this many is a mistake.
const mostSteps = 10_000

// Guided is a ramp that grows slowly enough for what is behind the target to
// grow along.
type Guided struct {
	Start  Rate          // where it begins; must be positive, since growth by a share starts from something
	Peak   Rate          // where it ends; at least Start
	Growth float64       // most that the rate grows within any Every: 0.5 is +50 %; zero means DefaultGrowth
	Every  time.Duration // zero means DefaultEvery
	Hold   time.Duration // how long the peak is held; zero ends the schedule as the peak is reached
}

// Segments returns the ramp as linear pieces and the hold after them. Each
// piece lasts Every and ends Growth higher than it began, which keeps the
// growth over every other span of that length to the same share; the last
// keeps the slope that it would have had, and is cut where it reaches Peak.
// The error holds everything that is wrong.
func (g Guided) Segments() ([]Segment, error) {
	g.Growth = cmp.Or(g.Growth, DefaultGrowth)
	g.Every = cmp.Or(g.Every, DefaultEvery)
	if err := g.check(); err != nil {
		return nil, err
	}
	var segments []Segment
	for rate := g.Start; rate < g.Peak; {
		step := g.step(rate)
		segments = append(segments, step)
		rate = step.To
	}
	if g.Hold > 0 {
		segments = append(segments, Segment{From: g.Peak, To: g.Peak, For: g.Hold})
	}
	return segments, nil
}

// step returns the piece of the ramp that begins at rate.
func (g Guided) step(rate Rate) Segment {
	next := rate * Rate(1+g.Growth)
	if g.Peak > next*(1+1e-12) { // nearer than that is rounding, and no piece of its own
		return Segment{From: rate, To: next, For: g.Every}
	}
	share := float64(g.Peak-rate) / (float64(rate) * g.Growth)
	span := math.Ceil(min(1, share) * float64(g.Every))
	return Segment{From: rate, To: g.Peak, For: max(1, time.Duration(span))}
}

// check returns everything that is wrong with g, whose defaults are set.
func (g Guided) check() error {
	errs := []error{g.checkRates()}
	if !(g.Growth > 0) || math.IsInf(g.Growth, 0) {
		errs = append(errs, fmt.Errorf("guided growth is %v, want more than zero, such as 0.5 for +50 %%", g.Growth))
	}
	if g.Every < 0 {
		errs = append(errs, fmt.Errorf("guided growth is every %v, want more than zero", g.Every))
	}
	if g.Hold < 0 {
		errs = append(errs, fmt.Errorf("guided hold is %v, want zero or more", g.Hold))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return g.checkLength()
}

// checkRates returns what is wrong with Start and Peak.
func (g Guided) checkRates() error {
	var errs []error
	if err := g.Start.check(); err != nil {
		errs = append(errs, fmt.Errorf("guided start, %v, %w", g.Start, err))
	} else if g.Start == 0 {
		errs = append(errs, errors.New("guided start is 0/s, from which no growth leads up; begin with a rate that the target surely bears"))
	}
	if err := g.Peak.check(); err != nil {
		errs = append(errs, fmt.Errorf("guided peak, %v, %w", g.Peak, err))
	} else if g.Peak < g.Start {
		errs = append(errs, fmt.Errorf("guided peak is %v, want at least the start, %v", g.Peak, g.Start))
	}
	return errors.Join(errs...)
}

// checkLength returns why the ramp is too long or does nothing at all.
func (g Guided) checkLength() error {
	if g.Start == g.Peak && g.Hold == 0 {
		return errors.New("guided load has neither a ramp nor a hold, set a peak over the start or a hold")
	}
	steps := math.Log(float64(g.Peak/g.Start)) / math.Log1p(g.Growth)
	if steps > mostSteps || steps*float64(g.Every) > float64(longest) {
		return fmt.Errorf("guided ramp from %v to %v would take %.0f steps of %s, start higher or let it grow faster",
			g.Start, g.Peak, math.Ceil(steps), trimmed(g.Every))
	}
	return nil
}
