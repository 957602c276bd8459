// Package pacing says when requests are due: schedules in closed form, the
// guided ramp, and the rule for arrivals that are late.
//
// A [Schedule] is a list of [Segment]s over which the rate moves linearly.
// Everything follows from the integral of that rate, which is known exactly:
// arrival n stands where the integral reaches n, so the time of any arrival
// can be computed alone, and any shard of a schedule, on any machine, finds
// its own share. Nothing here reads a clock, sleeps or does I/O; the loop
// that waits asks a [Stream] for the next arrival and a [Gate] what to do
// with it:
//
//	for a, ok := stream.Next(); ok; a, ok = stream.Next() {
//		for {
//			decision, wait := gate.Admit(a.At, time.Since(start))
//			…
//		}
//	}
//
// A schedule under way is a [Course]: a governor can hold its rate, lower it, let
// it go on and stop it. That makes it another schedule, which stream and gate
// then follow.
//
// A rate of zero sends nothing; zero never means "as fast as possible".
package pacing
