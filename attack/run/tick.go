package run

import (
	"context"
	"fmt"
	"time"

	"frontload/attack/host"
	"frontload/attack/source"
	"frontload/results"
	"frontload/results/live"
	"frontload/results/record"
)

// afterSecond is how long after a second's end its record is cut, so that
// what finished in it has been recorded.
const afterSecond = 20 * time.Millisecond

// writeUntil cuts the record once a second and appends it to the run file,
// until the engine has finished. When the file cannot be written it stops the
// engine; the error says why. The engine's own result stays in the channel.
func (r *runner) writeUntil(finished chan error, stop context.CancelCauseFunc) error {
	for second := 1; ; second++ {
		second = max(second, int(r.engine.Now()/time.Second)) // after a write that took long
		wait := time.NewTimer(time.Duration(second)*time.Second + afterSecond - r.engine.Now())
		select {
		case err := <-finished:
			wait.Stop()
			finished <- err
			return nil
		case <-wait.C:
		}
		from := r.engine.Now().Truncate(time.Second) - time.Second
		g := r.gauges(from)
		r.note(g, from)
		now := r.engine.Now()
		iv := r.recorder.Cut(now, g)
		r.watch.add(iv, now)
		r.govern()
		r.tellAbsent()
		if err := r.append(iv, g); err != nil {
			stop(err)
			return err
		}
		tidyHeap()
	}
}

func (r *runner) append(iv *record.Interval, g record.Gauges) error {
	err := r.file.Append(iv)
	r.status.add(iv, g)
	if r.opt.Progress != nil {
		r.status.Elapsed, r.status.Total = r.engine.Now(), r.engine.Course().Duration(r.engine.Now())
		r.status.Bursts = r.watch.going()
		r.opt.Progress(r.status.Status)
	}
	return err
}

// gauges reads the generator's state, for the second that begins at from.
func (r *runner) gauges(from time.Duration) record.Gauges {
	s := r.engine.Course().Schedule()
	asked := s.Expected(from+time.Second) - s.Expected(from)
	g := record.Gauges{
		Asked:    asked,
		InFlight: r.engine.InFlight(),
		Stage:    s.Stage(from),
		Troubles: withRemedies(r.engine.Troubles()),
		Stalls:   r.watchdog.Take(),
	}
	if g.Host = r.host.Read(r.engine.Now()); g.Host != nil {
		g.Host.Stall = new(host.Longest(g.Stalls))
	}
	return g
}

// withRemedies adds to the generator's troubles what to do about them.
func withRemedies(troubles []results.Trouble) []results.Trouble {
	for i := range troubles {
		if remedy := source.Remedy(troubles[i].Text); remedy != "" {
			troubles[i].Text += ": " + remedy
		}
	}
	return troubles
}

// note records what the second that began at from brought: a step of the
// schedule, or trouble of the generator's own.
func (r *runner) note(g record.Gauges, from time.Duration) {
	if g.Stage != r.stage && r.plan.Gaps == nil { // recorded gaps have a step every second
		r.stage = g.Stage
		r.recorder.Event(results.Event{At: from, Kind: "step", Text: g.Stage})
	}
	for _, t := range g.Troubles {
		r.recorder.Event(results.Event{At: t.At, Kind: "trouble", Text: "the generator lacks something: " + t.Text})
	}
	if g.Host != nil && g.Host.Trouble() != "" {
		r.recorder.Event(results.Event{At: from, Kind: "trouble", Text: g.Host.Trouble()})
	}
	for _, s := range g.Stalls {
		text := fmt.Sprintf("the generator stood still for %s", (s.To - s.From).Round(time.Millisecond))
		r.recorder.Event(results.Event{At: s.From, Kind: "trouble", Text: text})
	}
}

// lacking names the generator's hard troubles, those of its network among them.
func lacking(g record.Gauges) string {
	all := ""
	for _, t := range g.Troubles {
		all = results.JoinTroubles(all, t.Text)
	}
	if g.Host != nil {
		all = results.JoinTroubles(all, g.Host.Trouble())
	}
	return all
}

// status sums up a run for its progress line.
type status struct{ live.Status }

func (s *status) add(iv *record.Interval, g record.Gauges) {
	t := iv.Totals()
	s.Sent, s.P99 = float64(t.Sent), t.P99
	s.OK += t.OK
	s.Status503 += t.Status503
	s.Errors += t.Errors
	for _, second := range iv.Seconds {
		s.Missed += second.Missed
		s.Unsent += second.Unsent
	}
	s.Asked, s.InFlight, s.Stage, s.Trouble = g.Asked, g.InFlight, g.Stage, lacking(g)
	if len(g.Stalls) > 0 {
		s.Trouble = results.JoinTroubles(s.Trouble, results.TroubleStall)
	}
}
