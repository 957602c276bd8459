package main

import (
	"net"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A frozenServer answers each request a fixed time after its arrival, but
// nothing at all during its freeze. Like a stopped process it takes requests
// in meanwhile, since the kernel does. It keeps when each request arrived, by
// the kernel's stamp, and when its answer was written, by the same clock.
type frozenServer struct {
	listener    net.Listener
	service     time.Duration
	after, span time.Duration // the freeze, since the first request
	queue       chan request

	mu    sync.Mutex
	all   []exchange // in times of the clock
	began time.Duration
}

// A request that awaits its answer.
type request struct {
	from       *net.TCPConn
	connection int
	arrived    time.Duration
}

func startFrozen(service, after, span time.Duration) (*frozenServer, error) {
	l, err := listenStamped()
	if err != nil {
		return nil, err
	}
	s := &frozenServer{listener: l, service: service, after: after, span: span, queue: make(chan request, 1<<16)}
	go s.accept()
	go s.answer()
	return s, nil
}

func (s *frozenServer) url() string { return "http://" + s.listener.Addr().String() + "/" }

// exchanges are those so far, by their arrival, in times since the first.
func (s *frozenServer) exchanges() []exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.all)
	for i := range all {
		all[i].arrived -= s.began
		all[i].answered -= s.began
	}
	slices.SortStableFunc(all, func(a, b exchange) int { return int(a.arrived - b.arrived) })
	return all
}

// accept takes connections until the listener is closed, and then waits for
// those that there are, which end with their client.
func (s *frozenServer) accept() {
	var serving sync.WaitGroup
	for n := 0; ; n++ {
		c, err := s.listener.Accept()
		if err != nil {
			serving.Wait()
			close(s.queue)
			return
		}
		serving.Go(func() { s.serve(c.(*net.TCPConn), n) })
	}
}

func (s *frozenServer) serve(c *net.TCPConn, n int) {
	defer c.Close()
	in, err := newStamped(c)
	if err != nil {
		return
	}
	for {
		at, ok := in.next()
		if !ok {
			return
		}
		s.queue <- request{c, n, at}
	}
}

const frozenAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"

// answer writes all answers. As each is due the same time after its request
// arrived, the order of arrival is the order of answers. Go's timers are too
// coarse for this; the kernel's are not, for a thread that asks.
func (s *frozenServer) answer() {
	runtime.LockOSThread() // which ends with this goroutine
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	for r := range s.queue {
		if s.began == 0 {
			s.mu.Lock()
			s.began = r.arrived
			s.mu.Unlock()
		}
		due := r.arrived + s.service
		if freeze := s.began + s.after; due >= freeze && due < freeze+s.span {
			due = freeze + s.span
		}
		sleepUntil(due)
		_, err := r.from.Write([]byte(frozenAnswer))
		if err != nil {
			continue // its client has gone
		}
		s.mu.Lock()
		s.all = append(s.all, exchange{r.connection, r.arrived, now()})
		s.mu.Unlock()
	}
}

func sleepUntil(due time.Duration) {
	at := unix.NsecToTimespec(int64(due))
	for now() < due {
		if err := unix.ClockNanosleep(unix.CLOCK_REALTIME, unix.TIMER_ABSTIME, &at, nil); err != nil && err != unix.EINTR {
			return
		}
	}
}
