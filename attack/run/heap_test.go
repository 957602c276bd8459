package run

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// percent returns the GC percent.
func percent() int {
	now := debug.SetGCPercent(-1)
	debug.SetGCPercent(now)
	return now
}

func TestHeapIsKeptTightWhileThatIsCheap(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(80))
	k := keepHeap()
	defer k.end()
	k.look(100)
	if now := percent(); now != tightPercent {
		t.Fatalf("GC percent %d in a run that makes little garbage, want %d", now, tightPercent)
	}
	for range 1 + tightAllowance + 1 {
		runtime.GC()
	}
	k.look(1)
	if now := percent(); now != 80 {
		t.Errorf("GC percent %d after more collections than one a second, want 80 again", now)
	}
	k.look(1000)
	if now := percent(); now != 80 {
		t.Errorf("GC percent %d later on, want 80 still", now)
	}
}

func TestHeapOfARunThatIsOver(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(80))
	keepHeap().end()
	if now := percent(); now != 80 {
		t.Errorf("GC percent %d after the run, want 80 as before", now)
	}
}

func TestHeapOfAUserWhoSaysHow(t *testing.T) {
	t.Setenv("GOGC", "300")
	defer debug.SetGCPercent(debug.SetGCPercent(300))
	k := keepHeap()
	k.look(1)
	k.end()
	if now := percent(); now != 300 {
		t.Errorf("GC percent %d, want the 300 that the user said", now)
	}
}

func TestTightHeapOfManyClientsIsNotCheap(t *testing.T) {
	if !cheap(10, mostTightLive, 10) || cheap(10, mostTightLive+1, 10) {
		t.Errorf("%d bytes of live heap and no more should be cheap to collect", mostTightLive)
	}
}
