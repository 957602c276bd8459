// Package run carries out a plan on this machine and writes its run file.
package run

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"frontload/attack"
	"frontload/attack/host"
	"frontload/attack/permit"
	"frontload/attack/source"
	"frontload/results"
	"frontload/results/live"
	"frontload/results/record"
	"frontload/results/store"
	"frontload/scenarios"
)

// Options say how a plan is carried out.
type Options struct {
	File     string // the run file to write
	Scenario string // the resolved scenario as YAML, to be kept in it
	Source   string // attack or rehearsal
	Version  string // of the program
	Pace     string // auto, precise or 1ms; empty means auto
	Token    string // for proofs of which the plan does not say the token
	IPRanges string // file of AWS's ip-ranges.json; empty for none

	// Planned returns the facts of the plan as the run file keeps them, from what
	// its first clients were answered and why the target may be loaded. It is
	// called once, before anything is sent. Nil for none.
	Planned func(first []results.Lookup, authorization string) string

	Progress func(live.Status) // called once a second; nil for none
	Message  func(string)      // called with what a user should know; nil for none

	rule edgeRule // of the guard, for tests; zero means that of every guided load
}

// ErrInterrupted is returned by [Run] when its context ended: the run file is
// whole all the same.
var ErrInterrupted = errors.New("interrupted")

// A SetupError is something about the plan or the options that cannot be
// carried out on this machine, such as a source address or a file. Nothing was
// sent.
type SetupError struct{ Err error }

func (e *SetupError) Error() string { return e.Err.Error() }
func (e *SetupError) Unwrap() error { return e.Err }

// Run carries out the plan and returns what the run was. Started tells
// whether load was sent, and so whether there is a run file to read, be there
// an error or not.
//
// The error is a [RefusedError] when the target may not be asked, a
// [SetupError] when the plan or the options cannot be carried out here,
// [ErrInterrupted] when ctx ended, and [ErrGuard] when the guard ended the load;
// any other says what failed.
func Run(ctx context.Context, plan *scenarios.Plan, opt Options) (info results.RunInfo, started bool, err error) {
	r := &runner{plan: plan, opt: opt}
	info, started, err = r.run(ctx)
	if !started && err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w before anything was sent", ErrInterrupted)
	}
	return info, started, err
}

// A runner is one run under way.
type runner struct {
	plan     *scenarios.Plan
	opt      Options
	info     results.RunInfo
	recorder *record.Recorder
	file     runFile
	engine   *attack.Engine
	host     *host.Watcher
	watchdog *host.Watchdog
	watch    *watch
	gate     *permit.Gate // of the target
	notes    []string     // on the authorisation
	guard    *edgeGuard   // nil for none
	stopped  error        // why the load was ended before the plan was; nil where it was not
	first    answerBook   // what was answered before the load
	prober   *prober      // nil where the origin is not asked
	beside   []func()     // each ends something that goes on beside the send loop, and may be called again
	status   status

	controlGate *permit.Gate // of control requests; nil where the origin is not asked

	stage  string // of the last event that told of one
	absent bool   // that clients do not take part was told
}

// A runFile takes what was recorded. [store.Writer] is one.
type runFile interface {
	Append(*record.Interval) error
	Close(results.RunInfo) error
}

func (r *runner) run(ctx context.Context) (results.RunInfo, bool, error) {
	r.recorder = record.New(record.Config{Requests: r.plan.Requests, Secrets: r.plan.Secrets})
	pool, err := r.newPool()
	if err != nil {
		return r.info, false, &SetupError{err}
	}
	defer pool.Close()
	resolvers := r.newResolvers(pool)
	defer r.closeGates()
	err = r.authorise(ctx, resolvers)
	if err != nil {
		return r.info, false, err
	}
	r.info = r.describe()
	dialer := &source.Dialer{Allow: r.gate.Allow}
	if r.engine, err = r.newEngine(resolvers); err != nil {
		return r.info, false, &SetupError{err}
	}
	if r.prober, err = r.newProber(); err != nil {
		return r.info, false, &SetupError{err}
	}
	transport, err := newTransport(r.plan, r.engine, dialer)
	if err != nil {
		return r.info, false, &SetupError{err}
	}
	signing, err := r.signURLs()
	if err != nil {
		transport.Close()
		return r.info, false, &SetupError{err}
	}
	defer signing()
	if err := r.prepare(ctx); err != nil {
		transport.Close()
		return r.info, false, err
	}
	r.warnOfFiles()
	for _, note := range r.plan.Notes {
		r.say("%s", note)
	}
	r.say("%s: %s at %s", r.plan.Name, brief(r.plan.Schedule), r.plan.Target.URL)
	host.Settle()
	r.host = host.New(0)
	defer r.host.Close()
	r.info.Start = r.engine.Begin()
	err = r.carryOut(ctx, transport)
	return r.info, true, err
}

func (r *runner) say(format string, args ...any) {
	if r.opt.Message != nil {
		r.opt.Message(fmt.Sprintf(format, args...))
	}
}

// prepare has the first clients look the target up, judges all that they were
// answered, and begins the run file: an older one is replaced only then.
func (r *runner) prepare(ctx context.Context) error {
	if err := store.CanCreate(r.opt.File); err != nil {
		return &SetupError{err}
	}
	if err := r.lookUp(ctx); err != nil {
		return err
	}
	if err := r.refused(); err != nil {
		return err
	}
	r.info.Authorization = r.authorization()
	if r.opt.Planned != nil {
		r.info.Planned = r.opt.Planned(r.first.take(), r.info.Authorization)
	}
	r.gate.Begin()
	r.foresee(r.gate.Allowed())
	var err error
	if r.file, err = store.Create(r.opt.File, r.info); err != nil {
		return &SetupError{err}
	}
	return nil
}

// lookUp has the first clients look the target up.
func (r *runner) lookUp(ctx context.Context) error {
	const long = 2 * time.Second
	queries := 2 * float64(r.plan.Clients.Count)
	if _, err := netip.ParseAddr(r.plan.Target.Hostname); err == nil {
		queries = 0 // an address needs none
	}
	if took := time.Duration(queries / float64(r.plan.Clients.Lookups) * float64(time.Second)); took > long {
		r.say("looking %s up for the first clients, at most %s for each resolver; for all %d it takes up to %s",
			r.plan.Target.Hostname, r.plan.Clients.Lookups, r.plan.Clients.Count, took.Round(time.Second))
	}
	err := r.engine.Prepare(ctx)
	if err == nil {
		r.tellAbsent()
	}
	return err
}

// tellAbsent tells once that clients do not take part, since they could not
// look the target up.
func (r *runner) tellAbsent() {
	if n, why := r.engine.Absent(); n > 0 && !r.absent {
		r.absent = true
		r.tell("dns", fmt.Sprintf("%d of %d clients could not look the target up, and are tried again until they can: %v", n, r.plan.Clients.Count, why))
	}
}

// tellNeverJoined tells at the end of clients that could not look the target up
// to the last.
func (r *runner) tellNeverJoined() {
	if n, why := r.engine.Absent(); n > 0 {
		r.tell("dns", fmt.Sprintf("%d of %d clients sent nothing, since they could not look the target up: %v", n, r.plan.Clients.Count, why))
	}
}

// carryOut sends the load, and writes the run file as it goes.
func (r *runner) carryOut(ctx context.Context, transport attack.Transport) error {
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer r.watchForStalls()()
	r.watch = newWatch(r.info, r.engine.Now, r.announce)
	r.guard = r.newGuard()
	r.beside = []func(){r.probe(), r.watch.end, r.closeGates}
	defer r.endBeside()
	finished := make(chan error, 1)
	go func() { finished <- r.engine.Run(sending, transport) }()
	writeErr := r.writeUntil(finished, stop)
	sendErr := <-finished
	return r.finish(ctx, sendErr, writeErr)
}

// watchForStalls begins to. The function that it returns, which must be called,
// ends that.
func (r *runner) watchForStalls() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r.watchdog = host.NewWatchdog(r.engine.Now)
	var watching sync.WaitGroup
	watching.Go(func() { r.watchdog.Run(ctx) })
	return func() {
		cancel()
		watching.Wait()
	}
}

// endBeside ends what goes on beside the send loop and tells the recorder. It
// may be called again.
func (r *runner) endBeside() {
	for _, end := range r.beside {
		end()
	}
}

// finish completes the run file and sorts out why the run ended.
func (r *runner) finish(ctx context.Context, sendErr, writeErr error) error {
	r.endBeside() // before the last of the record is written, to which what they tell belongs
	r.info.End = time.Now()
	r.info.Authorization = r.authorization() // with what was judged since
	r.info.Interrupted = ctx.Err() != nil || sendErr != nil || writeErr != nil
	if ctx.Err() != nil {
		r.recorder.Event(results.Event{At: r.engine.Now(), Kind: "interrupted", Text: "interrupted by the user"})
	}
	if writeErr == nil {
		now := r.engine.Now()
		r.tellNeverJoined()
		from := (now - 1).Truncate(time.Second)
		g := r.gauges(from)
		r.note(g, from)
		writeErr = r.append(r.recorder.Finish(now, g), g)
		r.info.Interrupted = r.info.Interrupted || writeErr != nil
	}
	closeErr := r.file.Close(r.info)
	switch {
	case writeErr != nil:
		return fmt.Errorf("the run was stopped: %w", writeErr)
	case closeErr != nil:
		return closeErr
	case ctx.Err() != nil:
		return ErrInterrupted
	case sendErr != nil:
		return sendErr
	case r.stopped != nil:
		return r.stopped
	}
	return r.engine.Verdict()
}
