package lab

import (
	"testing"
	"time"
)

// Every generator draws, with every other of the same kind in turn, a case
// that can be carried out; and the same one again from the same seed.
func TestVariationsCanBeCarriedOut(t *testing.T) {
	t.Parallel()
	faults, headers, traffic := FaultStyles(), HeaderStyles(), TrafficShapes()
	n := max(len(faults), len(headers), len(traffic))
	struck := 0
	for i := range 2 * n {
		v := Variation{faults[i%len(faults)].Name, headers[i%len(headers)].Name, traffic[(i+i/n)%len(traffic)].Name}
		c, err := v.Draw(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := v.Draw(uint64(i)); again.For != c.For || again.rate != c.rate || len(again.faults) != len(c.faults) {
			t.Errorf("%v, seed %d: drawn twice, it differs", v, i)
		}
		c.For = min(c.For, 40*time.Second)
		w, truth := simulate(t, c.Case, uint64(i), c.For)
		if truth.Requests == 0 || w.all != truth.Count {
			t.Errorf("%v, seed %d: counts %v, want %v", v, i, w.all, truth.Count)
		}
		if truth.Responses503 > 0 {
			struck++
		}
	}
	if struck < n {
		t.Errorf("%d of %d variations had a 503, want most", struck, 2*n)
	}
}

func TestUnknownGeneratorIsRefused(t *testing.T) {
	if _, err := (Variation{Fault: "queue", Headers: "plain", Traffic: "sight"}).Draw(1); err == nil {
		t.Error("a traffic shape of no such name is drawn")
	}
}
