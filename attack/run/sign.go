package run

import (
	"context"
	"sync"
	"time"

	"frontload/results"
	"frontload/scenarios/urls"
)

// signURLs signs the plan's URLs and, beside the send loop, signs them anew in
// time. The function that it returns ends that; it may be called again.
func (r *runner) signURLs() (end func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	end = func() {
		cancel()
		work.Wait()
	}
	for _, s := range r.plan.Signers {
		if s == nil {
			continue
		}
		if err := s.Renew(time.Now()); err != nil {
			end()
			return nil, err
		}
		work.Go(func() { r.signAnew(ctx, s) })
	}
	return end, nil
}

// signAnew signs anew whenever it is time to, until ctx ends.
func (r *runner) signAnew(ctx context.Context, s *urls.Signer) {
	due := time.NewTicker(s.Every())
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
		}
		if err := s.Renew(time.Now()); err != nil {
			r.recorder.Event(results.Event{At: r.engine.Now(), Kind: "trouble", Text: err.Error()})
		}
	}
}
