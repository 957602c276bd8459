package lab

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"frontload/results"
	"frontload/scenarios"
)

// ratios counts what caches did, by request and second, as hit ratios are
// counted.
type ratios struct {
	hits, told map[uint16]float64
}

func (r *ratios) Arrival(time.Duration, results.Fate, int64) {}
func (r *ratios) Sent(time.Duration, netip.Addr, uint16)     {}
func (r *ratios) Lookup(results.Lookup)                      {}
func (r *ratios) Event(results.Event)                        {}

func (r *ratios) Record(s *results.Sample, _ results.Detail) {
	if s.Outcome != results.OK || s.Cache == results.CacheUnknown || s.Cache == results.CacheError {
		return
	}
	r.told[s.Request]++
	if s.Cache == results.CacheHit {
		r.hits[s.Request]++
	}
}

// steered simulates requests on the calm case.
func steered(t *testing.T, requests, rate string, seed uint64, length time.Duration) (*ratios, *scenarios.Plan) {
	t.Helper()
	c, err := FindCase("calm")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("version: 1\ntarget: {url: %q}\nclients: {count: 60, subnets: [203.0.113.0/24, 198.51.100.0/24, 192.0.2.0/24]}\nload: {rate: %s, for: %s, seed: %d}\nrequests:\n%s", simURL, rate, length, seed, requests)
	s, err := scenarios.Parse("hits.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	r := &ratios{map[uint16]float64{}, map[uint16]float64{}}
	if err := Simulate(context.Background(), New(c, seed, length), plan, r, func(time.Duration) {}); err != nil {
		t.Fatal(err)
	}
	return r, plan
}

// What is wanted is reached within 2 points over the whole run, its cold start
// among it, whatever the entry's own draws would come to: nearly no hits, nearly
// hits alone, or something between that grows as caches warm up.
func TestHitRatioIsHeld(t *testing.T) {
	t.Parallel()
	draws := map[string]string{
		"few hits":  "path: '/files/{v}', vars: {v: {uniform: {count: 1000000}}}",
		"some hits": "path: '/articles/{v}', vars: {v: {zipf: {count: 20000, exponent: 1.0}}}",
		"most hits": "path: '/img/{v}.jpg', vars: {v: {zipf: {count: 300, exponent: 1.2}}}",
		"one URL":   "path: /img/logo.svg",
	}
	for name, draw := range draws {
		for _, wanted := range []float64{0.2, 0.5, 0.9, 0.97} {
			for rate, length := range map[string]time.Duration{"400/s": 10 * time.Second, "1000/s": 30 * time.Second, "30/s": 2 * time.Minute, "6/s": 5 * time.Minute} {
				for seed := range uint64(2) {
					r, plan := steered(t, fmt.Sprintf("  - {name: held, cache: {hits: %v%%}, %s}\n", 100*wanted, draw), rate, seed+1, length)
					if got := r.hits[0] / r.told[0]; math.Abs(got-wanted) > 0.02 || r.told[0] < 1500 {
						t.Errorf("%s at %s for %v, seed %d: hit ratio %.3f of %v answers, want %v", name, rate, length, seed+1, got, r.told[0], wanted)
					}
					if len(plan.Hits) != 1 || plan.Hits[0] != wanted {
						t.Errorf("the plan's hit ratios are %v, want %v", plan.Hits, wanted)
					}
				}
			}
		}
	}
}

// Entries are held apart from each other, and the same seed makes the same run.
func TestHitRatiosAreHeldApart(t *testing.T) {
	requests := `  - {name: low, cache: {hits: 30%}, path: '/articles/{v}', vars: {v: {zipf: {count: 2000, exponent: 1.1}}}}
  - {name: high, weight: 2, cache: {hits: 95%}, path: '/files/{v}', vars: {v: {sequence: {}}}}
  - {name: chance, path: '/img/{v}.jpg', vars: {v: {zipf: {count: 300, exponent: 1.2}}}}
  - {name: never, cache: bypass, path: /}
`
	r, _ := steered(t, requests, "800/s", 4, 30*time.Second)
	for i, want := range map[uint16][2]float64{0: {0.28, 0.32}, 1: {0.93, 0.97}, 2: {0.8, 1}, 3: {0, 0}} {
		if got := r.hits[i] / r.told[i]; got < want[0] || got > want[1] {
			t.Errorf("request %d: hit ratio %.3f, want from %v to %v", i, got, want[0], want[1])
		}
	}
	if again, _ := steered(t, requests, "800/s", 4, 30*time.Second); !reflect.DeepEqual(r, again) {
		t.Errorf("the same seed comes to %v and then to %v", r, again)
	}
}
