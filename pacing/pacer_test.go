package pacing

import (
	"io"
	"math"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"
)

var _ vegeta.Pacer = (*Schedule)(nil)

// answers is a transport that answers everything at once.
type answers struct{}

func (answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(http.NoBody), Request: r}, nil
}

// vegeta's own attacker, given a schedule, hits at the very times of its
// stream: from zero and from a low start, through a pause, and then it stops.
func TestVegetaAttackerFollows(t *testing.T) {
	for name, segments := range map[string][]Segment{
		"from zero":    {{From: 0, To: 300, For: 3 * time.Second}},
		"low start":    {{From: 1, To: 301, For: 3 * time.Second}},
		"with a pause": {hold(50, time.Second), {For: time.Second}, {From: 50, To: 0, For: time.Second}},
	} {
		for _, arrivals := range []Arrivals{Uniform, Poisson} {
			t.Run(name+"/"+arrivals.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := mustNew(t, segments, arrivals)
					if got, want := attack(s), times(s); !slices.Equal(got, want) {
						t.Errorf("%d hits, which are not the %d of the stream", len(got), len(want))
					}
				})
			})
		}
	}
}

// attack lets vegeta carry out s and returns when it hit.
func attack(s *Schedule) []time.Duration {
	start := time.Now()
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: answers{}}))
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://127.0.0.1/"})
	var hits []time.Duration
	for result := range attacker.Attack(target, s, 0, "") {
		hits = append(hits, result.Timestamp.Sub(start))
	}
	slices.Sort(hits)
	return hits
}

func TestPace(t *testing.T) {
	s := mustNew(t, []Segment{hold(100, time.Second)}, Uniform)
	for _, tt := range []struct {
		elapsed time.Duration
		hits    uint64
		wait    time.Duration
		stop    bool
	}{
		{0, 0, 0, false},         // the first is due at once
		{0, 1, 10 * ms, false},   // the second an interval later
		{10 * ms, 1, 0, false},   // it is due
		{500 * ms, 10, 0, false}, // 40 behind: no wait, and no burst of more than one
		{0, 99, 990 * ms, false}, // the last
		{0, 100, 0, true},        // none left
		{time.Hour, math.MaxUint64, 0, true},
		{-time.Second, 0, time.Second, false}, // before the start
	} {
		if wait, stop := s.Pace(tt.elapsed, tt.hits); wait != tt.wait || stop != tt.stop {
			t.Errorf("Pace(%v, %d) = %v, %v, want %v, %v", tt.elapsed, tt.hits, wait, stop, tt.wait, tt.stop)
		}
	}
}

// Pace may be asked about hits in any order, many times, past the end too.
func TestPaceInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		at := times(s)
		for range 20 {
			n := rapid.IntRange(0, len(at)+2).Draw(t, "hits")
			wait, stop := s.Pace(0, uint64(n))
			if stop != (n >= len(at)) || !stop && wait != at[n] {
				t.Fatalf("Pace(0, %d) = %v, %v of %d arrivals", n, wait, stop, len(at))
			}
		}
	})
}

func TestRateAt(t *testing.T) {
	s := mustNew(t, []Segment{{From: 0, To: 100, For: time.Second}, hold(7, time.Second)}, Uniform)
	for _, tt := range []struct {
		at   time.Duration
		want float64
	}{
		{-1, 0}, {0, 0}, {250 * ms, 25}, {time.Second, 7}, {2*time.Second - 1, 7}, {2 * time.Second, 0},
	} {
		if got := s.Rate(tt.at); got != tt.want {
			t.Errorf("Rate(%v) = %v, want %v", tt.at, got, tt.want)
		}
	}
}
