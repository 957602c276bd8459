package wire

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"frontload/results"
)

// sockets are those that the transport's collectors read.
func (r *rig) sockets() []*socket {
	var all []*socket
	for _, c := range r.collectors.list {
		c.table.Lock()
		for _, s := range c.slots {
			if s != nil {
				all = append(all, s)
			}
		}
		c.table.Unlock()
	}
	return all
}

// An answer that is read late has come when the kernel had it: what keeps the
// generator from reading is no latency.
func TestAnswersAreTimedByTheKernel(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			answered := make(chan struct{}, 1)
			l := newLedger(t, kind.protocol, kind.secure, [2]uint16{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "0")
				http.NewResponseController(w).Flush()
				answered <- struct{}{}
			})
			r := newRig(t, l.Listener.Addr(), l.config(kind.protocol))
			r.do(t, "GET", "/")
			<-answered
			held := r.sockets()
			if len(held) != 1 {
				t.Fatalf("%d sockets, want one", len(held))
			}
			// The kernel begins to stamp a moment after it is asked to.
			var s results.Sample
			var read time.Duration
			for range 5 {
				held[0].reading.Lock()
				r.Start(r.call("GET", "/"))
				<-answered
				time.Sleep(200 * time.Millisecond)
				read = r.cfg.Now()
				held[0].reading.Unlock()
				s = r.next(t).Sample
				if s.Done <= read-50*time.Millisecond {
					break
				}
			}
			if s.Done > read-50*time.Millisecond || s.FirstByte > s.Done || s.FirstByte < s.Sent {
				t.Errorf("sent at %v, first byte at %v, done at %v; want it long before %v, when it was read", s.Sent, s.FirstByte, s.Done, read)
			}
		})
	}
}

// Where there is no stamp, or one from later than now, as after the time of day
// was set, now is the time.
func TestKernelClock(t *testing.T) {
	now := time.Second
	clock := func() time.Duration { return now }
	var k kernelClock
	k.read(now, clock)
	stamped := func(at time.Time) *stamp {
		s := &stamp{at: unix.NsecToTimespec(at.UnixNano())}
		s.header.Level, s.header.Type = unix.SOL_SOCKET, unix.SCM_TIMESTAMPNS
		return s
	}
	const whole = int(unsafe.Sizeof(stamp{}))
	other := stamped(time.Now().Add(-time.Hour))
	other.header.Type = unix.SCM_RIGHTS
	now += 10 * time.Millisecond
	for _, test := range []struct {
		name     string
		stamp    *stamp
		bytes    int
		from, to time.Duration
	}{
		{"half a second ago", stamped(time.Now().Add(-500 * time.Millisecond)), whole, 400 * time.Millisecond, 700 * time.Millisecond},
		{"in an hour", stamped(time.Now().Add(time.Hour)), whole, now, now},
		{"no stamp", stamped(time.Now().Add(-time.Hour)), 0, now, now},
		{"another message", other, whole, now, now},
	} {
		if at := k.of(test.stamp, test.bytes, clock); at < test.from || at > test.to {
			t.Errorf("%s: %v, want %v to %v", test.name, at, test.from, test.to)
		}
	}
}

// Connections come and go, so that their descriptors' numbers are used again and
// again, while requests go out on others: each gets its own answer.
func TestDescriptorsThatAreUsedAgain(t *testing.T) {
	var served atomic.Int64
	l := newLedger(t, kinds[0].protocol, false, [2]uint16{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amz-Cf-Id", r.URL.Path)
		if served.Add(1)%3 == 0 {
			w.Header().Set("Connection", "close")
		}
	})
	r := newRig(t, l.Listener.Addr(), Config{Connections: 4})
	const calls, clients = 3000, 8
	for n := range calls {
		c := r.call("GET", fmt.Sprintf("/%d", n))
		c.Sample.Client = uint32(n % clients)
		r.Start(c)
		if n >= 64 {
			r.answered(t)
		}
	}
	for range 64 {
		r.answered(t)
	}
	if n := served.Load(); n != calls {
		t.Errorf("the server had %d requests, want %d", n, calls)
	}
}

// answered awaits a call, and checks that its answer is the one to it.
func (r *rig) answered(t *testing.T) {
	t.Helper()
	if c := r.next(t); c.Err != nil || c.id != string(c.Request.Target) {
		t.Errorf("%s has the answer to %s: %v", c.Request.Target, c.id, c.Err)
	}
}

// A large body waits for the server to read it, in no goroutine, and arrives
// whole; so does a large answer.
func TestLargeBodiesBothWays(t *testing.T) {
	const size = 8 << 20
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			l := newLedger(t, kind.protocol, kind.secure, [2]uint16{}, func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(50 * time.Millisecond) // until the buffers between are full
				n, _ := io.Copy(io.Discard, r.Body)
				w.Header().Set("X-Amz-Cf-Id", fmt.Sprint(n))
				w.Write(make([]byte, size))
			})
			r := newRig(t, l.Listener.Addr(), l.config(kind.protocol))
			c := r.call("POST", "/")
			c.Request.Body = make([]byte, size)
			r.Start(c)
			if c = r.next(t); c.Err != nil || c.id != fmt.Sprint(size) || c.Sample.BytesIn < size {
				t.Errorf("%v; %s bytes came to the server and %d from it, want %d each", c.Err, c.id, c.Sample.BytesIn, size)
			}
		})
	}
}

// Of a transport that was closed nothing is left: no descriptor and no
// processor.
func TestCloseLeavesNothing(t *testing.T) {
	l := newLedger(t, kinds[0].protocol, false, [2]uint16{}, nil)
	before, processors := openFiles(t), runtime.GOMAXPROCS(0)
	for range 3 {
		r := newRig(t, l.Listener.Addr(), Config{})
		r.do(t, "GET", "/")
		r.Start(r.call("GET", "/")) // and one under way
		r.Close()
	}
	l.CloseClientConnections()
	l.awaitOpen(t, 0)
	for until := time.Now().Add(10 * time.Second); openFiles(t) > before; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d files are open, %d were before", openFiles(t), before)
		}
	}
	if n := runtime.GOMAXPROCS(0); n != processors {
		t.Errorf("%d processors, before it were %d", n, processors)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// Without a free descriptor there is no connection, and that is the
// generator's own trouble.
func TestNoDescriptorForTheSecondTime(t *testing.T) {
	l := newLedger(t, kinds[0].protocol, false, [2]uint16{}, nil)
	r := newRig(t, l.Listener.Addr(), Config{})
	c, err := net.Dial("tcp", l.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if l, err := r.socketLink(c, nil, nil); err == nil {
		t.Errorf("a link %v on a connection that is closed", l)
	}
	word, generator := reason(os.NewSyscallError("dup", syscall.EMFILE))
	if word == "" || !generator {
		t.Errorf("out of descriptors: %q, the generator's: %t", word, generator)
	}
}

// Answers gather only where many come, and for less where somebody waits.
func TestHowLongAnswersGather(t *testing.T) {
	const us = time.Microsecond
	now := time.Second
	for _, test := range []struct {
		name    string
		c       *collector
		queued  int64
		rest    time.Duration
		waiting bool
	}{
		{"few come", &collector{gathers: true}, 0, 0, true},
		{"several exchanges to a connection", &collector{traffic: traffic{gap: 10 * us, among: 64}}, 0, 0, true},
		{"many come", &collector{gathers: true, traffic: traffic{gap: 10 * us, among: 64}}, 0, time.Millisecond, false},
		{"calls wait", &collector{gathers: true, traffic: traffic{gap: 10 * us, among: 64}}, 9, 80 * us, false},
		{"calls wait, half is there", &collector{gathers: true, traffic: traffic{gap: 10 * us, among: 64}, last: 4}, 9, 40 * us, false},
		{"calls wait, enough is there", &collector{gathers: true, traffic: traffic{gap: 10 * us, among: 64}, last: 8}, 9, 0, false},
		{"calls wait for few connections", &collector{gathers: true, traffic: traffic{gap: 10 * us, among: 6}}, 9, 0, true},
		{"calls wait long", &collector{gathers: true, traffic: traffic{gap: 400 * us, among: 64}}, 9, 250 * us, false},
		{"there is more to read", &collector{gathers: true, traffic: traffic{gap: 10 * us, among: 64}, again: []*socket{nil}}, 0, 0, false},
	} {
		c := test.c
		c.t = &Transport{cfg: Config{Now: func() time.Duration { return now }}}
		c.t.queued.Store(test.queued)
		if rest, wait := c.rest(); rest != test.rest || wait != test.waiting {
			t.Errorf("%s: rest %v, then wait %t; want %v and %t", test.name, rest, wait, test.rest, test.waiting)
		}
		if alone := test.rest == time.Millisecond; alone != c.resting.Load() {
			t.Errorf("%s: resting is %t", test.name, c.resting.Load())
		} else if alone {
			c.lately.Store(int64(now - time.Millisecond))
			if rest, _ := c.rest(); rest != restTime {
				t.Errorf("%s, and are collected: rest %v, want %v", test.name, rest, restTime)
			}
		}
	}
}

// A call that begins to wait while nobody looks at the sockets ends that.
func TestWaitingCallsHurryTheCollector(t *testing.T) {
	alarm, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(alarm)
	c := &collector{alarm: alarm}
	c.resting.Store(true)
	c.hurry()
	c.hurry() // need not ring twice
	began := time.Now()
	c.wait(time.Minute)
	if time.Since(began) > 30*time.Second || c.resting.Load() {
		t.Error("the wait was not ended")
	}
	if awaitReadable(alarm, 0) {
		t.Error("the next wait would end at once")
	}
}

// The traffic that decides is that of the last few milliseconds.
func TestTraffic(t *testing.T) {
	var tr traffic
	sockets := [4]socket{}
	for i := range 100 {
		tr.note(&sockets[i%4])
	}
	tr.turn(trafficWindow)
	if tr.gap != trafficWindow/100 || tr.among != 4 {
		t.Errorf("a gap of %v among %d, want %v among 4", tr.gap, tr.among, trafficWindow/100)
	}
	tr.note(&sockets[0])
	tr.turn(trafficWindow + 1)
	if tr.gap == 0 {
		t.Error("a window ended early")
	}
	tr.turn(3 * trafficWindow)
	if tr.gap != 0 || tr.among != 1 {
		t.Errorf("a gap of %v among %d after one event, want none", tr.gap, tr.among)
	}
}
