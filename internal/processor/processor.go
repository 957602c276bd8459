// Package processor reserves the runtime's processors (GOMAXPROCS) for
// goroutines that wait in the system without the scheduler's knowledge, and so
// keep theirs.
package processor

import (
	"runtime"
	"sync"
)

var (
	mu       sync.Mutex
	reserved int
)

// Reserve adds a processor, for the calling goroutine to keep. The function that
// it returns takes it away again.
func Reserve() (release func()) {
	change(1)
	return func() { change(-1) }
}

func change(by int) {
	mu.Lock()
	defer mu.Unlock()
	reserved += by
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + by)
}

// Shared is how many processors all other goroutines share.
func Shared() int {
	mu.Lock()
	defer mu.Unlock()
	return runtime.GOMAXPROCS(0) - reserved
}
