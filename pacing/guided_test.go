package pacing

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestGuidedDefaults(t *testing.T) {
	segments, err := Guided{Start: 50, Peak: 150, Hold: 15 * time.Minute}.Segments()
	if err != nil {
		t.Fatal(err)
	}
	s := mustNew(t, segments, Uniform)
	want := "uniform: 50/s to 75/s in 5m, 75/s to 112.5/s in 5m, 112.5/s to 150/s in 3m20s, 150/s for 15m"
	if got := s.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// A peak that the steps reach needs no sliver of a last step, whichever way
// the steps were rounded.
func TestGuidedEndsOnAStep(t *testing.T) {
	for _, peak := range []float64{math.Nextafter(112.5, 0), 112.5, math.Nextafter(112.5, 200)} {
		segments, err := Guided{Start: 50, Peak: Rate(peak), Hold: time.Minute}.Segments()
		if err != nil {
			t.Fatal(err)
		}
		if len(segments) != 3 || segments[1].To != Rate(peak) || segments[1].For != DefaultEvery {
			t.Errorf("from 50/s to %v: %v, want two steps and a hold", Rate(peak), segments)
		}
	}
}

func TestGuidedRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		g    Guided
		want string
	}{
		{"start of zero", Guided{Peak: 10, Hold: 1}, "guided start is 0/s"},
		{"peak under start", Guided{Start: 10, Peak: 5}, "guided peak is 5/s, want at least the start, 10/s"},
		{"negative growth", Guided{Start: 1, Peak: 5, Growth: -0.5}, "guided growth is -0.5"},
		{"growth that is no number", Guided{Start: 1, Peak: 5, Growth: math.NaN()}, "guided growth is NaN"},
		{"negative every", Guided{Start: 1, Peak: 5, Every: -1}, "guided growth is every -1ns"},
		{"negative hold", Guided{Start: 1, Peak: 5, Hold: -1}, "guided hold is -1ns"},
		{"nothing to do", Guided{Start: 5, Peak: 5}, "neither a ramp nor a hold"},
		{"hopelessly slow", Guided{Start: 1, Peak: 1e6, Growth: 1e-9}, "start higher or let it grow faster"},
		{"infinite peak", Guided{Start: 1, Peak: Rate(math.Inf(1))}, "guided peak, +Inf/s, is not a finite number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.g.Segments()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Segments() = %v, %v, want an error with %q", got, err, tt.want)
			}
		})
	}
	_, err := Guided{Growth: -1, Every: -1, Hold: -1}.Segments()
	for _, want := range []string{"start", "growth", "every", "hold"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
}

// The rate never grows by more than Growth within any Every, starts at Start,
// ends at Peak exactly, and never falls.
func TestGuidedLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := Rate(rapid.Float64Range(0.1, 1000).Draw(t, "start"))
		g := Guided{
			Start:  start,
			Peak:   start * Rate(rapid.Float64Range(1.001, 300).Draw(t, "times")),
			Growth: rapid.Float64Range(0.05, 3).Draw(t, "growth"),
			Every:  time.Duration(rapid.Int64Range(1e6, 1e12).Draw(t, "every")),
			Hold:   time.Duration(rapid.Int64Range(1, 1e12).Draw(t, "hold")),
		}
		segments, err := g.Segments()
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(segments, Uniform, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Rate(0); got != float64(g.Start) {
			t.Fatalf("Rate(0) = %v, want the start, %v", got, g.Start)
		}
		if got := s.Rate(s.Duration() - g.Hold); got != float64(g.Peak) || s.Peak() != g.Peak {
			t.Fatalf("rate after the ramp = %v, Peak() = %v, want %v", got, s.Peak(), g.Peak)
		}
		for range 50 {
			at := time.Duration(rapid.Int64Range(0, int64(s.Duration())-1).Draw(t, "at"))
			later := min(at+g.Every, s.Duration()-1)
			from, to := s.Rate(at), s.Rate(later)
			if to < from*(1-1e-12) || to > from*(1+g.Growth)*(1+1e-9) {
				t.Fatalf("%v: rate %v, %v later %v, want at most %v times that", at, from, g.Every, to, 1+g.Growth)
			}
		}
	})
}
