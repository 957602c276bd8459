package attack

import (
	"slices"
	"sync"
	"time"

	"frontload/results"
)

// troubles collects what hindered the generator itself. Its methods may be
// called by many goroutines at once.
type troubles struct {
	mu   sync.Mutex
	list []results.Trouble
}

// mostTroubles bounds what is kept until it is taken.
const mostTroubles = 256

func (t *troubles) note(at time.Duration, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := slices.ContainsFunc(t.list, func(o results.Trouble) bool {
		return o.Text == text && o.At/time.Second == at/time.Second
	})
	if !known && len(t.list) < mostTroubles {
		t.list = append(t.list, results.Trouble{At: at, Text: text})
	}
}

func (t *troubles) take() []results.Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.list
	t.list = nil
	return list
}
