package wire

import (
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"frontload/internal/processor"
)

// collectors are those of one transport. Each is made for its first socket.
type collectors struct {
	mu   sync.Mutex
	list []*collector
	all  atomic.Pointer[[]*collector] // the list, to read without the lock
	used int                          // sockets that were given out
}

// mostCollectors bounds them. Each reads as fast as one CPU can.
const mostCollectors = 16

// next returns the collector that is to read the next socket.
func (cs *collectors) next(t *Transport) (*collector, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	want := min(max(1, processor.Shared()/2), mostCollectors)
	if len(cs.list) < want {
		c, err := newCollector(t)
		if err != nil {
			return nil, err
		}
		cs.list = append(cs.list, c)
		all := slices.Clone(cs.list)
		cs.all.Store(&all)
	}
	cs.used++
	return cs.list[cs.used%len(cs.list)], nil
}

// collect takes in what has come and was left to gather.
func (cs *collectors) collect() (some bool) {
	if all := cs.all.Load(); all != nil {
		for _, c := range *all {
			some = c.collect() || some
		}
	}
	return some
}

// hurry has what comes from now on taken in soon, as somebody waits for it.
func (cs *collectors) hurry() {
	if all := cs.all.Load(); all != nil {
		for _, c := range *all {
			c.hurry()
		}
	}
}

func (cs *collectors) close() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.list {
		c.close()
	}
	cs.list = nil
	cs.all.Store(nil)
}

// A collector reads the sockets of a transport as something comes in, in one
// goroutine: with the kernel's news of many sockets at once there is less than
// one system call to a request for it, and none to hand a request over. It
// waits in the system without the scheduler's knowledge, and so has a
// processor of its own.
//
// Where answers may gather, it waits a while between its rounds, and asks less
// often still. That an answer is read later changes none of its times: they are
// the kernel's, of when its last bytes came in.
type collector struct {
	t     *Transport
	epoll int
	alarm int // an eventfd that ends a wait
	done  chan struct{}

	gathers bool // answers may gather: not where a connection's news would be as late as the last of several

	closing atomic.Bool
	resting atomic.Bool  // it waits without looking at the sockets, for longer than a waiting call may
	lately  atomic.Int64 // when collect was last called, in nanoseconds of the run
	table   sync.Mutex   // of slots
	slots   []*socket    // by slot; nil where it is free
	turns   []int32      // how often each slot was given out
	free    []int32      // of slots
	round   sync.Mutex   // held during a round
	events  []unix.EpollEvent
	sockets []*socket // that the events are of
	again   []*socket // with more to read
	buf     []byte
	message unix.Msghdr
	vector  unix.Iovec
	control [64]byte
	clock   kernelClock
	traffic traffic
	last    int // events of the last round
}

// A slot names a socket in a collector's events.
type slot struct{ index, turn int32 }

var noSlot = slot{index: -1}

const eventsAtOnce = 256

func newCollector(t *Transport) (*collector, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	alarm, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epoll)
		return nil, os.NewSyscallError("eventfd", err)
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: noSlot.index}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, alarm, &event); err != nil {
		unix.Close(epoll)
		unix.Close(alarm)
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	c := &collector{
		t: t, epoll: epoll, alarm: alarm, gathers: !multiplexed(t.cfg.Protocol), done: make(chan struct{}),
		events: make([]unix.EpollEvent, eventsAtOnce), buf: make([]byte, readSize),
	}
	c.vector.Base = &c.buf[0]
	c.vector.SetLen(len(c.buf))
	c.message.Iov, c.message.Iovlen = &c.vector, 1
	go c.run()
	return c, nil
}

// add has a socket read.
func (c *collector) add(s *socket) error {
	c.table.Lock()
	defer c.table.Unlock()
	if len(c.free) == 0 {
		c.free = append(c.free, int32(len(c.slots)))
		c.slots, c.turns = append(c.slots, nil), append(c.turns, 0)
	}
	last := len(c.free) - 1
	at := slot{index: c.free[last], turn: c.turns[c.free[last]]}
	event := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: at.index, Pad: at.turn,
	}
	if err := unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, s.fd, &event); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	c.free = c.free[:last]
	c.slots[at.index], s.slot = s, at
	return nil
}

// remove has a socket not read any more, before it is closed.
func (c *collector) remove(s *socket) {
	if s.slot == noSlot {
		return
	}
	c.table.Lock()
	defer c.table.Unlock()
	i := s.slot.index
	c.slots[i], s.slot = nil, noSlot
	c.turns[i]++ // what is told of the socket already is of nobody
	c.free = append(c.free, i)
}

func (c *collector) now() time.Duration { return c.t.cfg.Now() }

// run takes in what comes until close.
func (c *collector) run() {
	defer close(c.done)
	defer processor.Reserve()()
	for !c.closing.Load() {
		rest, wait := c.rest()
		if rest > 0 {
			c.wait(rest)
		}
		c.round.Lock()
		c.take(wait)
		c.round.Unlock()
		runtime.Gosched()
	}
}

// wait waits, but not for what comes in.
func (c *collector) wait(rest time.Duration) {
	if awaitReadable(c.alarm, rest) {
		var count [8]byte
		unix.Read(c.alarm, count[:])
	}
	c.resting.Store(false)
}

func (c *collector) collect() (some bool) {
	if !c.gathers || !c.round.TryLock() {
		return false
	}
	defer c.round.Unlock()
	c.lately.Store(int64(c.now()))
	return c.take(false)
}

func (c *collector) hurry() {
	if c.resting.Load() && c.resting.Swap(false) {
		c.ring()
	}
}

// ring ends a wait.
func (c *collector) ring() {
	one := [8]byte{1}
	unix.Write(c.alarm, one[:])
}

func (c *collector) close() {
	c.closing.Store(true)
	c.ring()
	<-c.done
	unix.Close(c.epoll)
	unix.Close(c.alarm)
}

// take goes one round: it takes in what has come, and waits for something where
// there is nothing.
func (c *collector) take(wait bool) (some bool) {
	n := epollWait(c.epoll, c.events, wait && len(c.again) == 0)
	now := c.now()
	c.clock.read(now, c.now)
	c.sockets = c.sockets[:0]
	c.table.Lock()
	for i := range c.events[:n] {
		e := &c.events[i]
		var s *socket
		if e.Fd >= 0 && c.turns[e.Fd] == e.Pad {
			s = c.slots[e.Fd]
		}
		c.sockets = append(c.sockets, s)
	}
	c.table.Unlock()
	again := c.again
	c.again = nil
	for i, s := range c.sockets {
		if s != nil {
			c.traffic.note(s)
			c.read(s, c.events[i].Events)
		}
	}
	for _, s := range again {
		c.read(s, unix.EPOLLIN|unix.EPOLLRDHUP)
	}
	c.traffic.turn(now)
	c.last = n
	return n > 0
}

func (c *collector) read(s *socket, events uint32) {
	if s.onEvents(events) && !slices.Contains(c.again, s) {
		c.again = append(c.again, s)
	}
}

// receive takes what has come on a socket, with when.
func (c *collector) receive(fd int) ([]byte, time.Duration, syscall.Errno) {
	c.message.Control = &c.control[0]
	c.message.SetControllen(len(c.control))
	n, err := recvmsg(fd, &c.message, unix.MSG_DONTWAIT)
	if err != 0 {
		return nil, 0, err
	}
	return c.buf[:n], c.clock.of(c.control[:c.message.Controllen], c.now), 0
}

// A kernelClock tells times of the run from the kernel's stamps of what came in
// (SO_TIMESTAMPNS of socket(7)), which are times of day.
type kernelClock struct {
	at     time.Duration // of the run, when the two clocks were last compared; zero: never
	behind int64         // how far the run's clock is behind the time of day
}

// compareEvery is for how long a comparison of the clocks holds: the time of day
// may be set anew.
const compareEvery = time.Millisecond

// read compares the clocks when it is time to. The time of day is read between
// two looks at the run's clock that are as good as one.
func (k *kernelClock) read(now time.Duration, clock func() time.Duration) {
	if k.at != 0 && now-k.at < compareEvery {
		return
	}
	for range 3 {
		before := clock()
		day := time.Now().UnixNano()
		after := clock()
		k.at, k.behind = after, day-int64(before+(after-before)/2)
		if after-before < 2*time.Microsecond {
			return
		}
	}
}

// of returns the time of a message with such a control part, and at the latest
// now, which it is where there is no stamp.
func (k *kernelClock) of(control []byte, clock func() time.Duration) time.Duration {
	if len(control) < unix.SizeofCmsghdr+int(unsafe.Sizeof(unix.Timespec{})) {
		return clock()
	}
	header := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	if header.Level != unix.SOL_SOCKET || header.Type != unix.SCM_TIMESTAMPNS {
		return clock()
	}
	stamp := (*unix.Timespec)(unsafe.Pointer(&control[unix.CmsgLen(0)]))
	at := time.Duration(stamp.Nano() - k.behind)
	if at > k.at {
		return min(at, clock())
	}
	return at
}

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
	if s.window != t.window {
		s.window = t.window
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

// rest is how long answers may gather now; zero is not at all.
func (c *collector) rest() (rest time.Duration, wait bool) {
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
