package wire

import "time"

// traffic is what came in of late.
type traffic struct {
	window  uint32
	since   time.Duration // when the window began
	events  int           // in it
	sockets int           // that had some

	gap   time.Duration // between two events in the last window; zero where they were few
	among int           // sockets that had them
}

const (
	// trafficWindow is for how long traffic is counted at least.
	trafficWindow = 5 * time.Millisecond
	// mostGap is how far apart events may be for answers to gather.
	mostGap = 500 * time.Microsecond
)

func (t *traffic) note(s *socket) {
	t.events++
	if seen := t.window + 1; s.window != seen {
		s.window = seen
		t.sockets++
	}
}

// turn begins another window when it is time to.
func (t *traffic) turn(now time.Duration) {
	span := now - t.since
	if span < trafficWindow {
		return
	}
	t.gap, t.among = 0, t.sockets
	if t.events > 0 && span/time.Duration(t.events) <= mostGap {
		t.gap = span / time.Duration(t.events)
	}
	t.since, t.events, t.sockets = now, 0, 0
	t.window++
}

const (
	// gatherTime is how long answers gather where no call waits for one.
	gatherTime = time.Millisecond
	// Where somebody collects at least that often, nobody else has to for so
	// long.
	restTime = 4 * time.Millisecond
	// Where calls wait, answers gather while so large a part of the busy
	// connections gets one, so that the others keep the target busy. It must be
	// worth a wait, and not be noticed.
	gatherPart  = 8
	leastGather = 30 * time.Microsecond
	mostGather  = 250 * time.Microsecond
)

// rest is how long answers may gather now, and whether the next round is to wait
// for some.
func (c *collector) rest() (rest time.Duration, wait bool) {
	if len(c.again) > 0 {
		return 0, false
	}
	if !c.gathers || c.traffic.gap == 0 {
		return 0, true
	}
	if c.t.queued.Load() > 0 {
		part := c.traffic.among / gatherPart
		if c.traffic.gap*time.Duration(part) < leastGather {
			return 0, true
		}
		if c.last >= part {
			return 0, false
		}
		return min(max(leastGather, c.traffic.gap*time.Duration(part-c.last)), mostGather), false
	}
	c.resting.Store(true)
	if c.t.queued.Load() > 0 { // nobody who begins to wait is overlooked
		c.resting.Store(false)
		return leastGather, false
	}
	if lately := time.Duration(c.lately.Load()); lately > 0 && c.now()-lately < 2*gatherTime {
		return restTime, false
	}
	return gatherTime, false
}
