package run

import (
	"context"
	"sync"

	"frontload/attack/host"
)

// watch begins to watch the generator itself. The function that it returns,
// which must be called, ends that.
func (r *runner) watch() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r.host = host.New(r.engine.Now())
	r.watchdog = host.NewWatchdog(r.engine.Now)
	var watching sync.WaitGroup
	watching.Go(func() { r.watchdog.Run(ctx) })
	return func() {
		cancel()
		watching.Wait()
		r.host.Close()
	}
}
