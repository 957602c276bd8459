package scenarios

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Every whole number of blocks holds the share of new viewers to within one
// request, whatever the seed.
func TestNewViewersKeepTheirShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := NewViewers{Share: rapid.Float64Range(0, 1).Draw(t, "share"), Seed: rapid.Uint64().Draw(t, "seed")}
		blocks := rapid.Uint64Range(1, 5).Draw(t, "blocks")
		got := 0
		for n := range blocks * viewerBlock {
			if v.Has(n) {
				got++
			}
		}
		if want := float64(blocks*viewerBlock) * v.Share; math.Abs(float64(got)-want) > 1 {
			t.Errorf("%+v: %d new viewers in %d blocks, want %.1f", v, got, blocks, want)
		}
	})
}

// Requests go to clients and edge addresses in turn: new viewers must not keep
// step with that, or one client or edge address would get all of them.
func TestNewViewersSpreadOverTurns(t *testing.T) {
	const requests = 200_000
	for _, turns := range []uint64{2, 3, 8, 10, 16, 100, 1024} {
		v := NewViewers{Share: 0.1, Seed: 7}
		got := make([]float64, turns)
		for n := range uint64(requests) {
			if v.Has(n) {
				got[n%turns]++
			}
		}
		want := requests * v.Share / float64(turns)
		var squares float64
		for _, g := range got {
			squares += (g - want) * (g - want) / want
		}
		freedom := float64(turns - 1)
		if most := freedom + 5*math.Sqrt(2*freedom); squares > most {
			t.Errorf("over %d in turn: chi-squared %.1f, want at most %.1f", turns, squares, most)
		}
	}
}

func TestNewViewersFollowFromTheSeed(t *testing.T) {
	differ := 0
	for n := range uint64(10_000) {
		one, same, other := NewViewers{0.5, 1}.Has(n), NewViewers{0.5, 1}.Has(n), NewViewers{0.5, 2}.Has(n)
		if one != same {
			t.Fatalf("request %d: two answers under one seed", n)
		}
		if one != other {
			differ++
		}
	}
	if differ < 4_500 || differ > 5_500 {
		t.Errorf("two seeds differ on %d of 10,000 requests, want about a half", differ)
	}
}
