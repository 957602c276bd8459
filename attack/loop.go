package attack

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"frontload/attack/wire"
	"frontload/pacing"
	"frontload/results"
)

// ErrNothingAnswers is why a run ends early when it could not have got a
// single answer.
var ErrNothingAnswers = errors.New("no request could be answered")

// Run sends the schedule's arrivals over the transport, awaits the
// outstanding answers and closes the transport. When ctx ends it stops
// sending and awaits answers for no longer than a moment. The error is nil
// when the schedule was carried out, else the context's cause or why the run
// ended early.
func (e *Engine) Run(ctx context.Context, t Transport) error {
	e.transport = t
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.ctx, e.fatal = ctx, cancel
	stopJoining := e.beginJoining(ctx)
	e.send(ctx)
	stopJoining()
	e.drain(ctx)
	cancel(errFinished)
	e.lookups.Wait()
	t.Close()
	if err := context.Cause(ctx); !errors.Is(err, errFinished) {
		return err
	}
	return nil
}

var errFinished = errors.New("finished")

// send is the send loop. It reads the clock once a round, and follows what the
// course becomes.
func (e *Engine) send(ctx context.Context) {
	schedule := e.course.Schedule()
	stream, gate := schedule.Stream(0, 1), pacing.NewGate(schedule)
	sleeper := newSleeper(e.cfg.Pace)
	defer sleeper.close()
	a, more := stream.Next()
	for ctx.Err() == nil {
		now := e.Now()
		if changed := e.course.Schedule(); changed != schedule {
			schedule = changed
			gate.Follow(schedule)
			a, more = stream.Follow(schedule)
		}
		if e.overBudget(now) {
			return
		}
		if !more {
			if e.course.Finish(schedule) {
				return
			}
			e.idle(ctx, sleeper, now, longestWait)
			continue
		}
		decision, wait := gate.Admit(a.At, now)
		if decision == pacing.Wait {
			e.idle(ctx, sleeper, now, min(wait, longestWait))
			continue
		}
		if decision == pacing.Miss {
			e.cfg.Sink.Arrival(a.At, results.Missed, 1)
		} else {
			e.cfg.Sink.Arrival(a.At, e.arrive(ctx, a, now), 1)
		}
		a, more = stream.Next()
	}
}

// idle takes in what answers have come and waits, or the other way round: with
// the precise pace nothing is to come between the wait and the next arrival,
// with the other one many arrivals come at once, and want connections.
func (e *Engine) idle(ctx context.Context, s *sleeper, now, span time.Duration) {
	if s.pace == PacePrecise && e.transport.Collect() {
		return // that took a while: the clock is read anew
	}
	s.wait(ctx, now, span)
	if s.pace != PacePrecise {
		e.transport.Collect()
	}
}

// longestWait is how long the send loop waits at most before it looks whether
// the course has changed.
const longestWait = ChangeAhead / 2

// ChangeAhead is how far ahead of now a change of the course should be made, so
// that the send loop follows in time.
const ChangeAhead = 200 * time.Millisecond

// arrive hands an arrival to a client, or says why not.
func (e *Engine) arrive(ctx context.Context, a pacing.Arrival, now time.Duration) results.Fate {
	if e.inFlight.Load() >= int64(e.cfg.MaxInFlight) {
		return results.Unsent
	}
	c := e.pick(a)
	if c == nil {
		return results.Held
	}
	call := e.calls.Get().(*wire.Call)
	call.Late, call.Eligible = max(0, now-a.At), a.At
	s := &call.Sample
	s.Client, s.Source, s.Intended = c.index, c.source, a.At
	s.Request, s.Prefix = e.cfg.Requests.Next(a.N, &call.Request)
	call.NewViewer = e.cfg.NewViewer != nil && e.cfg.NewViewer(a.N)
	e.inFlight.Add(1)
	e.spent.requests.Add(1)
	if !c.take(ctx, call, now) {
		e.reuse(call)
		e.inFlight.Add(-1)
		e.spent.requests.Add(-1)
		return results.Held
	}
	return results.Started
}

// pick chooses the client of an arrival: all that take part in turn, passing
// over those that have not looked the target up yet, and those that have
// reached their limit. It returns nil when none is left.
func (e *Engine) pick(a pacing.Arrival) *client {
	e.joined = max(e.joined, e.clientsAt(a.At))
	n := e.joined
	if n == e.full.clients && a.At < e.full.until {
		return nil
	}
	limit, opens := float64(e.cfg.PerClient), time.Duration(math.MaxInt64)
	for i := range n {
		c := e.clients[(a.N+uint64(i))%uint64(n)]
		if !c.ready.Load() {
			continue
		}
		if c.allowed.take(limit, a.At) {
			return c
		}
		opens = min(opens, c.allowed.opens(limit))
	}
	e.full.clients, e.full.until = n, opens
	return nil
}

// drain awaits the outstanding answers.
func (e *Engine) drain(ctx context.Context) {
	last := time.NewTimer(e.cfg.Drain)
	defer last.Stop()
	var hurry <-chan time.Time
	interrupted := ctx.Done()
	for e.inFlight.Load() > 0 {
		select {
		case <-e.done:
		case <-interrupted:
			interrupted = nil
			hurry = time.After(interruptedDrain)
		case <-hurry:
			return
		case <-last.C:
			return
		}
	}
}

// interruptedDrain is how long an interrupted run awaits answers.
const interruptedDrain = time.Second

// Done takes a finished call from the transport.
func (e *Engine) Done(call *wire.Call) {
	if neverSent(call) {
		e.cfg.Sink.Arrival(call.Sample.Intended, results.Abandoned, 1)
	} else {
		e.cfg.Sink.Record(&call.Sample, call)
	}
	e.spend(&call.Sample)
	e.watch(call)
	e.reuse(call)
	if e.inFlight.Add(-1) == 0 {
		select {
		case e.done <- struct{}{}:
		default:
		}
	}
}

// neverSent reports whether a call ended unsent for a reason that lies with
// the run or its generator, and so says nothing about the target.
func neverSent(call *wire.Call) bool {
	return !call.Sample.Written &&
		(call.GeneratorFault || errors.Is(call.Err, wire.ErrEnded) || errors.Is(call.Err, ErrHeld))
}

// Moved takes a call back from the transport that has to go to another edge
// address.
func (e *Engine) Moved(call *wire.Call) { e.clients[call.Sample.Client].move(call) }

// reuse keeps a call's memory for another.
func (e *Engine) reuse(call *wire.Call) {
	call.Reset()
	e.calls.Put(call)
}

// Sent takes note that the first byte of a call was written.
func (e *Engine) Sent(call *wire.Call) {
	e.cfg.Sink.Sent(call.Sample.Sent, call.Sample.Edge, call.Sample.Request)
}

// Hindered takes note that the generator itself lacked something, which cost
// no call.
func (e *Engine) Hindered(reason string) { e.troubles.note(e.Now(), reason) }

// errNoConnection is what a call failed for that the end of a run cut off before
// it had a connection. It counts where nothing at all was answered.
var errNoConnection = errors.New("no connection could be had before the run ended")

// watch looks for trouble of the generator's own, and ends a run in which no
// request can ever be answered.
func (e *Engine) watch(call *wire.Call) {
	if call.Err == nil {
		if !e.answered.Load() {
			e.answered.Store(true)
		}
		return
	}
	if call.GeneratorFault {
		e.Hindered(call.Sample.Reason)
	}
	err := call.Err
	switch {
	case errors.Is(err, wire.ErrEnded) && !call.Sample.Written:
		err = errNoConnection
	case neverSent(call):
		return
	}
	if e.failure.Load() == nil {
		e.failure.CompareAndSwap(nil, &err)
	}
	var tls *wire.TLSError
	if !e.answered.Load() && errors.As(call.Err, &tls) && tls.Certificate() {
		e.fatal(fmt.Errorf("%w by %s: %w", ErrNothingAnswers, call.Edge, call.Err))
	}
}
