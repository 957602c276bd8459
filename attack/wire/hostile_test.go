package wire

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontload/results"
)

// A request that reached the server and got no answer has failed, however the
// connection was used before: nothing is sent that is not counted.
func TestRequestsThatAServerDropsAreFailures(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			var requests atomic.Int64
			l := newLedger(t, kind.protocol, kind.secure, [2]uint16{}, func(http.ResponseWriter, *http.Request) {
				if requests.Add(1)%2 == 0 {
					panic(http.ErrAbortHandler)
				}
			})
			r := newRig(t, l.Listener.Addr(), l.config(kind.protocol))
			const n = 60
			failed := 0
			for range n {
				if c := r.do(t, "GET", "/"); c.Err != nil {
					failed++
				} else if s := &c.Sample; s.Ready > s.Sent || s.Lag() > time.Second {
					t.Errorf("ready at %v, sent at %v", s.Ready, s.Sent)
				}
			}
			if got := requests.Load(); got != n || failed != n/2 || r.sent.Load() != n {
				t.Errorf("%d requests reached the server, %d were told of and %d failed; want %d, %d and %d", got, r.sent.Load(), failed, n, n, n/2)
			}
		})
	}
}

// What a request waits for before it goes out again is queueing, and the sink
// hears of it once.
func TestTimesOfARequestThatGoesOutAgain(t *testing.T) {
	told := 0
	tr := New(Config{Sent: func(*Call) { told++ }})
	c := &Call{Eligible: 10 * time.Millisecond, Sample: results.Sample{Intended: 10 * time.Millisecond}}
	c.ready(10 * time.Millisecond)
	tr.sent(c, 11*time.Millisecond)
	if !c.again(20 * time.Millisecond) {
		t.Fatal("it does not go out again")
	}
	c.ready(5 * time.Millisecond) // another connection had long been free
	if c.Sample.Ready != 20*time.Millisecond {
		t.Errorf("ready at %v, want not before it was to go out again", c.Sample.Ready)
	}
	c.ready(500 * time.Millisecond)
	tr.sent(c, 501*time.Millisecond)
	c.Sample.Done = 521 * time.Millisecond
	s := &c.Sample
	if told != 1 || s.Response() != 511*time.Millisecond || s.Queueing() != 490*time.Millisecond || s.Lag() != time.Millisecond || s.Service() != 20*time.Millisecond {
		t.Errorf("told %d times: response %v, queueing %v, lag %v, service %v", told, s.Response(), s.Queueing(), s.Lag(), s.Service())
	}
}

// A server that leaves, and then says no more of what it still processes, does
// not hold up the end of a run.
func TestCloseAfterGoAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	left := make(chan struct{})
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.ReadFull(c, make([]byte, len(preface)))
		c.Write(http2Frame(frameSettings, 0, 0, nil))
		for kind := byte(0); kind != frameHeaders && err == nil; {
			kind, _, err = readHTTP2Frame(c)
		}
		c.Write(http2Frame(frameGoAway, 0, 0, []byte{0, 0, 0, 1, 0, 0, 0, 0}))
		close(left)
		io.Copy(io.Discard, c)
	}()
	r := newRig(t, l.Addr(), Config{Protocol: results.H2, Timeout: time.Minute})
	r.Start(r.call("GET", "/"))
	<-left
	key := poolKey{0, r.at}
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		p := r.pool(key)
		p.mu.Lock()
		known := p.known
		p.mu.Unlock()
		if known == 0 && p.dialing == 0 {
			break
		}
		if time.Now().After(until) {
			t.Fatal("the connection is still given calls")
		}
	}
	begin := time.Now()
	r.Close()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("Close took %v", took)
	}
	if c := r.next(t); !errors.Is(c.Err, ErrEnded) {
		t.Errorf("%v, want it ended with the run", c.Err)
	}
}

// An address that left the answer gets no new connection, whatever waits for
// one: the calls go back to their client.
func TestRetiredAddressGetsNoConnections(t *testing.T) {
	var connections, requests atomic.Int64
	under := make(chan struct{}, 100)
	release := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		under <- struct{}{}
		<-release
		w.Header().Set("Connection", "close")
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	r := newRig(t, server.Listener.Addr(), Config{Connections: 2})
	for range 40 {
		r.Start(r.call("GET", "/"))
	}
	<-under
	<-under
	waiting := r.Retire(0, r.at)
	close(release)
	for range 2 {
		if c := r.next(t); c.Err != nil {
			t.Error(c.Err)
		}
	}
	if len(waiting) != 38 || connections.Load() != 2 || requests.Load() != 2 {
		t.Errorf("%d calls came back; %d connections and %d requests at the server, want 38, 2 and 2", len(waiting), connections.Load(), requests.Load())
	}
}

// A server that asks for replies and reads none fills no memory.
func TestFloodOfPings(t *testing.T) {
	r := floods(t, http2Frame(framePing, 0, 0, make([]byte, 8)))
	if c := r.do(t, "GET", "/"); !errors.Is(c.Err, ErrMalformed) || !strings.Contains(c.Err.Error(), "does not read") {
		t.Errorf("%v, want the flood found", c.Err)
	}
}

// Informational answers without end are a header without end.
func TestFloodOfInformationalAnswers(t *testing.T) {
	r := floods(t, http2Frame(frameHeaders, endHeaders, 1, fieldsOf(":status", "103")))
	if c := r.do(t, "GET", "/"); !errors.Is(c.Err, ErrHeader) {
		t.Errorf("%v, want ErrHeader", c.Err)
	}
}

// floods is a rig whose server sends a frame again and again, and reads nothing
// but the first request.
func floods(t *testing.T, say []byte) *rig {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.ReadFull(c, make([]byte, len(preface)))
		c.Write(http2Frame(frameSettings, 0, 0, nil))
		for kind := byte(0); kind != frameHeaders && err == nil; {
			kind, _, err = readHTTP2Frame(c)
		}
		many := joined(say, say, say, say, say, say, say, say)
		for range 1 << 20 {
			if _, err := c.Write(many); err != nil {
				return
			}
		}
	}()
	return newRig(t, l.Addr(), Config{Protocol: results.H2, Timeout: time.Minute})
}

// An answer that never pauses and never ends has no more time than others.
func TestEndlessAnswersTimeOut(t *testing.T) {
	for _, p := range []results.Protocol{results.H1, results.H2} {
		server := serverOf(t, p, func(w http.ResponseWriter, r *http.Request) {
			page := make([]byte, 64<<10)
			for r.Context().Err() == nil {
				if _, err := w.Write(page); err != nil {
					return
				}
			}
		})
		r := newRig(t, server.Listener.Addr(), Config{Protocol: p, TLS: trust(server), Timeout: 300 * time.Millisecond, MaxBodyBytes: 1 << 50})
		if c := r.do(t, "GET", "/"); c.Sample.Reason != "timeout" || c.Sample.Done > 5*time.Second {
			t.Errorf("%s: %q after %v, want a time-out", p, c.Sample.Reason, c.Sample.Done)
		}
		r.Close()
	}
}

// A connection whose numbers of streams are used up gives way to another.
func TestStreamNumbersRunOut(t *testing.T) {
	server := serverOf(t, results.H2, func(http.ResponseWriter, *http.Request) {})
	r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
	r.do(t, "GET", "/")
	p := r.pool(poolKey{0, r.at})
	p.mu.Lock()
	c := p.all[0].(*h2Conn)
	c.begun = mostStreams - 2
	c.mu.Lock()
	c.next = 1<<31 - 3
	c.mu.Unlock()
	p.mu.Unlock()
	fresh := 0
	for i := range 4 {
		c := r.do(t, "GET", "/")
		if c.Err != nil {
			t.Fatalf("request %d: %v", i, c.Err)
		}
		if c.Sample.Fresh {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d of the requests came on a new connection, want one", fresh)
	}
}

// A request of which the server took a part in may have been carried out: it
// does not go out again. Nor does one on a new connection that is refused.
func TestWhatDoesNotGoOutAgain(t *testing.T) {
	var connections atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				if req, err := http.ReadRequest(in); err != nil || req.Method == "HEAD" {
					return
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				http.ReadRequest(in) // but not its body
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, io.LimitReader(in, 1<<20))
			}()
		}
	}()
	r := newRig(t, l.Addr(), Config{Connections: 1})
	if c := r.do(t, "HEAD", "/"); c.Err == nil || connections.Load() != 1 {
		t.Errorf("refused: %v on %d connections, want an error on one", c.Err, connections.Load())
	}
	r.do(t, "GET", "/")
	call := r.call("POST", "/")
	call.Request.Body = make([]byte, 8<<20)
	r.Start(call)
	if c := r.next(t); c.Err == nil || connections.Load() != 2 || r.sent.Load() != 3 {
		t.Errorf("half read: %v on %d connections, %d sent; want an error on 2, and 3 sent", c.Err, connections.Load(), r.sent.Load())
	}
}

// A request that a leaving server has not processed goes to another address
// when its own has left the answer.
func TestMovesOnFromARetiredAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got, leave := make(chan struct{}), make(chan struct{})
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.ReadFull(c, make([]byte, len(preface)))
		c.Write(http2Frame(frameSettings, 0, 0, nil))
		for kind := byte(0); kind != frameHeaders && err == nil; {
			kind, _, err = readHTTP2Frame(c)
		}
		close(got)
		<-leave
		c.Write(http2Frame(frameGoAway, 0, 0, make([]byte, 8)))
		io.Copy(io.Discard, c)
	}()
	moved := make(chan *Call, 1)
	r := newRig(t, l.Addr(), Config{Protocol: results.H2, Moved: func(c *Call) { moved <- c }})
	call := r.call("GET", "/")
	r.Start(call)
	<-got
	r.Retire(0, r.at)
	close(leave)
	select {
	case c := <-moved:
		if c != call || c.Eligible == 0 || c.Late != 0 {
			t.Errorf("moved on: eligible at %v, late by %v", c.Eligible, c.Late)
		}
	case c := <-r.done:
		t.Errorf("%v, want the call to move on", c.Err)
	case <-time.After(10 * time.Second):
		t.Error("the call did not come back within 10 s")
	}
}

// What a call waited for on an address that left the answer is queueing.
func TestElsewhere(t *testing.T) {
	c := &Call{Eligible: 300 * time.Millisecond, Late: 20 * time.Millisecond}
	c.Elsewhere(5 * time.Second)
	c.ready(time.Second) // another address's connection has been free since then
	c.Sample.Written, c.Sample.Sent, c.Sample.Intended = true, 5*time.Second, 300*time.Millisecond
	if s := &c.Sample; s.Lag() != 20*time.Millisecond || s.Queueing() != 4680*time.Millisecond {
		t.Errorf("lag %v, queueing %v", s.Lag(), s.Queueing())
	}
}
