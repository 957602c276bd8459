package lab

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate{most: 2}
		for i, want := range []bool{true, true, false} {
			if g.enter() != want {
				t.Errorf("a gate for two: let in number %d = %t, want %t", i+1, !want, want)
			}
		}
		go func() {
			time.Sleep(time.Second)
			g.leave()
			if g.enter() {
				t.Error("a gate that is being shut lets somebody in")
			}
			time.Sleep(time.Second)
			g.leave()
		}()
		start := time.Now()
		g.close()
		if waited := time.Since(start); waited != 2*time.Second || g.count() != 0 {
			t.Errorf("close waited %v with %d left inside, want 2s and 0", waited, g.count())
		}
	})
}
