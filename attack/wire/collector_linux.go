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

// A collector reads as fast as one CPU can. There is one to so many sockets, and
// at most one to two CPUs, of which the other has to write.
const (
	socketsEach    = 8
	mostCollectors = 16
)

// next returns the collector that is to read the next socket.
func (cs *collectors) next(t *Transport) (*collector, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	want := min(1+cs.used/socketsEach, max(1, processor.Shared()/2), mostCollectors)
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
	stamp   stamp // of what was received last
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
		c.round.Lock()
		rest, wait := c.rest()
		c.round.Unlock()
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

// take goes one round: it takes in what has come, and may wait for something
// where there is nothing.
func (c *collector) take(wait bool) (some bool) {
	n := epollWait(c.epoll, c.events, wait)
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
	c.message.Control = (*byte)(unsafe.Pointer(&c.stamp))
	c.message.SetControllen(int(unsafe.Sizeof(c.stamp)))
	n, err := recvmsg(fd, &c.message, unix.MSG_DONTWAIT)
	if err != 0 {
		return nil, 0, err
	}
	return c.buf[:n], c.clock.of(&c.stamp, int(c.message.Controllen), c.now), 0
}
