//go:build linux

package main

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Arrivals that are late by known spans, the least of them none, are found to
// be late by just those.
func TestSendErrorsAreTheLateness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lates := rapid.SliceOfN(rapid.Int64Range(0, 900), 2, 50).Draw(t, "microseconds late")
		lates[rapid.IntRange(0, len(lates)-1).Draw(t, "the punctual one")] = 0
		var at, want []time.Duration
		for i, late := range lates { // less late than the gap: none overtakes
			want = append(want, time.Duration(late)*time.Microsecond)
			at = append(at, time.Hour+time.Duration(i)*time.Millisecond+want[i])
		}
		slices.Sort(want)
		if got, _ := sendErrors(at, 1000); !slices.Equal(got, want) {
			t.Fatalf("late by %v, want %v", got, want)
		}
	})
}

func TestBurstiness(t *testing.T) {
	var smooth, paired []time.Duration
	for i := range 1000 {
		smooth = append(smooth, time.Duration(i)*time.Millisecond)
		paired = append(paired, time.Duration(i/2)*2*time.Millisecond)
	}
	if _, got := sendErrors(smooth, 1000); got > 1e-6 {
		t.Errorf("a smooth stream has %v, want 0", got)
	}
	if _, got := sendErrors(paired, 1000); math.Abs(got-1) > 0.01 {
		t.Errorf("a stream of pairs has %v, want 1", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{1, 2}, 1.5}, {[]float64{1, 2, 9}, 2}} {
		if got := median(c.of); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.of, got, c.want)
		}
	}
}

// A round in which the machine was twice as slow for everybody leaves its
// ratio alone.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	of := func(micros ...int) (turns []turn) {
		for _, m := range micros {
			turns = append(turns, turn{requests: 100, cpu: time.Duration(m) * 100 * time.Microsecond})
		}
		return turns
	}
	got := ratios(of(10, 20, 12), of(20, 40, 20))
	if got == nil || *got != [3]float64{0.5, 0.5, 0.6} {
		t.Errorf("ratios are %v, want median 0.5 of 0.5 to 0.6", got)
	}
	if got := ratios(nil, of(1)); got != nil {
		t.Errorf("without Frontload there are ratios %v", got)
	}
}

func TestFellShort(t *testing.T) {
	for _, c := range []struct {
		wanted int
		rate   float64
		want   bool
	}{{1000, 1000, false}, {1000, 985, false}, {1000, 970, true}, {0, 5, false}} {
		if got := (measurement{Wanted: c.wanted, Rate: c.rate}).fellShort(); got != c.want {
			t.Errorf("%v of %v sent: fellShort() = %v, want %v", c.rate, c.wanted, got, c.want)
		}
	}
}

func TestOptionsThatCannotBeMeasured(t *testing.T) {
	good := options{kinds: kinds, svg: "a.svg", requests: 1_000_000}
	if err := good.validate(); err != nil {
		t.Errorf("everything: %v", err)
	}
	for want, o := range map[string]options{
		`there is no "h3"`:  {kinds: []string{"h1", "h3"}, requests: 1_000_000},
		"add --kinds stall": {kinds: []string{"h1"}, svg: "a.svg", requests: 1_000_000},
		"more than":         {kinds: []string{"memory"}, requests: 10},
	} {
		if err := o.validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// The help says how to get each peer.
func TestHelpNamesEveryPeer(t *testing.T) {
	help := howToGet()
	for _, tool := range tools("") {
		if tool.get != "" && !strings.Contains(help, tool.name+" ") {
			t.Errorf("%s is not named", tool.name)
		}
	}
	for _, command := range []string{"apt-get install", "go install github.com/tsenart/vegeta/v12@", "go install go.k6.io/k6@"} {
		if !strings.Contains(help, command) {
			t.Errorf("it does not say %q", command)
		}
	}
}
