package run

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"frontload/results"
	"frontload/results/lookout"
	"frontload/results/record"
)

// A watch looks for bursts beside the send loop and beside the writing of the
// run file, neither of which ever waits for it. What a look took decides how
// long it rests, so that it never takes more than a quarter of one CPU.
type watch struct {
	lookout *lookout.Lookout
	looked  atomic.Int64 // when the last look began, by the run's clock
	now     func() time.Duration
	tell    func(results.Event)
	cuts    chan struct{} // there is something new to look at
	stop    chan struct{}
	done    sync.WaitGroup
}

// newWatch begins to watch the run. What is found is told as events.
func newWatch(info results.RunInfo, now func() time.Duration, tell func(results.Event)) *watch {
	w := &watch{lookout: lookout.New(info), now: now, tell: tell, cuts: make(chan struct{}, 1), stop: make(chan struct{})}
	w.done.Go(w.run)
	return w
}

// add takes what was cut. It never waits.
func (w *watch) add(iv *record.Interval, now time.Duration) {
	w.lookout.Add(iv, now)
	select {
	case w.cuts <- struct{}{}:
	default: // it has not begun to look at the one before: it will look at both
	}
}

func (w *watch) run() {
	for {
		select {
		case <-w.stop:
			return
		case <-w.cuts:
		}
		began, at := time.Now(), w.now()
		events, err := w.lookout.Look(at)
		if err != nil {
			w.tell(results.Event{At: w.now(), Kind: "trouble", Text: err.Error()})
			return
		}
		w.looked.Store(int64(at))
		for _, e := range events {
			w.tell(e)
		}
		select {
		case <-w.stop:
			return
		case <-time.After(min(time.Second, 3*time.Since(began))):
		}
	}
}

// end stops watching, and tells of the bursts that go on. It may be called
// again.
func (w *watch) end() {
	select {
	case <-w.stop:
		return
	default:
	}
	close(w.stop)
	w.done.Wait()
	for _, e := range w.lookout.End(w.now()) {
		w.tell(e)
	}
}

// current returns the bursts that go on as of the last look, and when that was.
func (w *watch) current() (at time.Duration, bursts []lookout.Burst) {
	at = time.Duration(w.looked.Load())
	return at, w.lookout.Current()
}

// going says in words which bursts go on.
func (w *watch) going() []string {
	var list []string
	for _, b := range w.lookout.Current() {
		list = append(list, b.String())
	}
	return list
}

// announce keeps an event in the run file, and tells the user.
func (r *runner) announce(e results.Event) {
	r.recorder.Event(e)
	r.say("%s  %s", fmt.Sprintf("%5s", e.At.Truncate(time.Second)), e.Text)
}
