//go:build linux

package main

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// What arrives in the freeze is answered at its end and not before; the
// record has it. No upper bound is asserted: the machine may be busy.
func TestFrozenServerAnswersNothingMeanwhile(t *testing.T) {
	const freeze = 100 * time.Millisecond
	s, err := startFrozen(time.Millisecond, 0, freeze)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	for range 3 {
		res, err := client.Get(s.url())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); err != nil || string(b) != "ok" {
			t.Fatalf("it answers %q (%v)", b, err)
		}
	}
	client.CloseIdleConnections()
	s.listener.Close()
	got := s.exchanges()
	if len(got) < 2 {
		t.Fatalf("%d exchanges are recorded, want at least the 2 before the last", len(got))
	}
	if got[0].arrived != 0 || got[0].answered < freeze {
		t.Errorf("the first request is answered after %v, want the freeze's %v at least", got[0].answered-got[0].arrived, freeze)
	}
	if took := got[1].answered - got[1].arrived; took < time.Millisecond {
		t.Errorf("the next is answered after %v, want 1ms at least", took)
	}
}
