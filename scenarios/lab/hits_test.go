package lab

import (
	"context"
	"fmt"
	"math"
	"net/netip"
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
func steered(t *testing.T, requests string, seed uint64, length time.Duration) (*ratios, *scenarios.Plan) {
	t.Helper()
	c, err := FindCase("calm")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("version: 1\ntarget: {url: %q}\nclients: {count: 60, subnets: [203.0.113.0/24, 198.51.100.0/24, 192.0.2.0/24]}\nload: {rate: 400/s, for: %s, seed: %d}\nrequests:\n%s", simURL, length, seed, requests)
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
	draws := map[string]string{
		"few hits":  "path: '/files/{v}', vars: {v: {uniform: {count: 1000000}}}",
		"some hits": "path: '/articles/{v}', vars: {v: {zipf: {count: 20000, exponent: 1.0}}}",
		"most hits": "path: '/img/{v}.jpg', vars: {v: {zipf: {count: 300, exponent: 1.2}}}",
		"one URL":   "path: /img/logo.svg",
	}
	for name, draw := range draws {
		for _, wanted := range []float64{0.2, 0.5, 0.9, 0.97} {
			for seed := range uint64(3) {
				r, plan := steered(t, fmt.Sprintf("  - {name: held, cache: {hits: %v%%}, %s}\n", 100*wanted, draw), seed+1, time.Minute)
				if got := r.hits[0] / r.told[0]; math.Abs(got-wanted) > 0.02 || r.told[0] < 20_000 {
					t.Errorf("%s, seed %d: hit ratio %.3f of %v answers, want %v", name, seed+1, got, r.told[0], wanted)
				} else {
					t.Logf("%s, seed %d: %.4f of %v", name, seed+1, got, wanted)
				}
				if len(plan.Hits) != 1 || plan.Hits[0] != wanted {
					t.Errorf("the plan's hit ratios are %v, want %v", plan.Hits, wanted)
				}
			}
		}
	}
}
