package wire

import (
	"net/http"
	"os"
	"sync"
	"time"
)

// An h2Conn carries as many exchanges at once as the server's settings allow.
// Whoever starts a call writes its request; what reads the link reports the
// calls, and the goroutine in serve alone ends the connection.
type h2Conn struct {
	place
	t      *Transport
	pool   *pool
	link   link
	secure bool

	// Under the pool's lock:
	active  int  // exchanges reserved or under way
	limit   int  // of them, as the server's settings have it; 1 until they came
	begun   int  // exchanges ever reserved
	leaving bool // no more exchanges begin

	// mu is held while a request is written, so that streams begin in the
	// order of their numbers, and from before until Sent was told. The pool's
	// lock is never taken under it.
	mu         sync.Mutex
	streams    map[uint32]*h2Stream
	spare      []*h2Stream
	next       uint32 // the number of the next stream
	sendWindow int64
	peer       h2Settings
	blocked    int           // streams with a body that waits for a window
	out        []byte        // what is to be written
	corked     bool          // serve writes out when it has read everything
	armed      bool          // the link has a deadline
	due        time.Duration // when the first stream's time is up, at the earliest
	closing    bool          // serve is to end
	broken     error         // why nothing more can be sent

	reading sync.Mutex // held while frames are read and told of; before all other locks
	reader  h2Reader   // what it shares with those who write is under mu, too
}

// h2Settings are the server's.
type h2Settings struct {
	window    int64 // of each stream
	frameSize int
}

// An h2Stream is one exchange.
type h2Stream struct {
	id         uint32
	call       *Call
	began      time.Duration // on this connection
	sendWindow int64
	body       []byte // still to be sent
	unread     int    // bytes that came and that the server was not told of
	answered   bool   // the final header is there
	length     int64  // that it announced; -1 when it did not
	headers    int64  // the size of all its headers
	after      uint64 // how often something had come when it began
}

// newH2 begins HTTP/2 on a connection.
func (t *Transport) newH2(p *pool, l link) (*h2Conn, error) {
	c := &h2Conn{
		t: t, pool: p, link: l, secure: t.cfg.TLS != nil,
		limit: 1, streams: map[uint32]*h2Stream{}, next: 1, sendWindow: firstWindow,
		peer: h2Settings{window: firstWindow, frameSize: firstFrameSize},
	}
	c.reader.begin(c)
	return c, l.send(hello(t.cfg.MaxHeaderBytes))
}

func (c *h2Conn) reserve(*Call, time.Duration) room {
	switch {
	case c.leaving:
		return dead
	case c.active >= c.limit:
		return none
	case c.begun >= mostStreams:
		c.leaving = true
		return dead
	}
	c.begun++
	c.active++
	if c.active == c.limit {
		return takenLast
	}
	return taken
}

// mostStreams is how many numbers there are for a client's streams.
const mostStreams = 1 << 30

func (c *h2Conn) release()     { c.active-- }
func (c *h2Conn) unused() bool { return c.active == 0 }
func (c *h2Conn) load() int    { return c.active }

// close lets the connection end: now when nothing is under way or the run is
// over, else after the last exchange.
func (c *h2Conn) close() {
	c.leaving = true
	if c.active > 0 && c.t.ctx.Err() == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	c.link.deadline(longAgo)
}

// allow takes over how many streams the server allows at once.
func (c *h2Conn) allow(streams int, now time.Duration) {
	c.pool.mu.Lock()
	c.limit = streams
	if c.known && c.active < streams {
		c.pool.list(c, now)
	}
	c.pool.mu.Unlock()
	c.pool.serveQueue(now)
}

func (c *h2Conn) start(call *Call) {
	c.mu.Lock()
	if c.closing || c.broken != nil || c.reader.leaving { // it has ended since it was reserved
		c.mu.Unlock()
		c.pool.lost(c)
		c.pool.free(c, call, c.t.cfg.Now())
		c.pool.restart(call)
		return
	}
	defer c.mu.Unlock()
	s := &call.Sample
	if !s.Source.IsValid() {
		s.Source = c.link.local()
	}
	st := c.open(call)
	c.appendRequest(st)
	if c.corked || c.flush() {
		c.t.sent(call, st.began)
	}
}

// open makes a stream of a call.
func (c *h2Conn) open(call *Call) *h2Stream {
	st := new(h2Stream)
	if n := len(c.spare); n > 0 {
		st, c.spare = c.spare[n-1], c.spare[:n-1]
	}
	*st = h2Stream{id: c.next, call: call, began: c.t.cfg.Now(), sendWindow: c.peer.window, body: call.Request.Body, length: -1, after: c.reader.reads}
	c.next += 2
	c.streams[st.id] = st
	call.answer.begin(&c.t.cfg, call.Request.Method == http.MethodHead)
	if !c.armed {
		c.armed, c.due = true, st.began+c.t.cfg.Timeout
		c.link.deadline(time.Now().Add(c.t.cfg.Timeout))
	}
	return st
}

// appendRequest appends the header of a request, and of its body what the
// windows allow.
func (c *h2Conn) appendRequest(st *h2Stream) {
	block := st.call.out[:0]
	if st.id == 1 {
		block = append(block, 0x20) // no dynamic table, whatever the server allows
	}
	block = appendFields(block, &st.call.Request, c.secure)
	st.call.out = block
	before := len(c.out)
	kind, flags := byte(frameHeaders), byte(0)
	if len(st.body) == 0 {
		flags = flagEndStream
	}
	for {
		n := min(len(block), c.peer.frameSize)
		if n == len(block) {
			flags |= flagEndHeaders
		}
		c.out = frame{length: n, kind: kind, flags: flags, stream: st.id}.append(c.out)
		c.out = append(c.out, block[:n]...)
		if block = block[n:]; len(block) == 0 {
			break
		}
		kind, flags = frameContinuation, 0
	}
	st.call.Sample.BytesOut += int64(len(c.out) - before)
	if len(st.body) > 0 {
		c.blocked++
		c.appendBody(st)
	}
}

// appendBody appends what the windows allow of a body.
func (c *h2Conn) appendBody(st *h2Stream) {
	before := len(c.out)
	defer func() { st.call.Sample.BytesOut += int64(len(c.out) - before) }()
	for len(st.body) > 0 {
		n := int(min(int64(len(st.body)), int64(c.peer.frameSize), c.sendWindow, st.sendWindow))
		if n <= 0 {
			return
		}
		flags := byte(0)
		if n == len(st.body) {
			flags = flagEndStream
		}
		c.out = frame{length: n, kind: frameData, flags: flags, stream: st.id}.append(c.out)
		c.out = append(c.out, st.body[:n]...)
		st.body = st.body[n:]
		c.sendWindow -= int64(n)
		st.sendWindow -= int64(n)
	}
	c.blocked--
}

// unblock sends what new windows allow of the bodies that wait.
func (c *h2Conn) unblock() {
	if c.blocked == 0 {
		return
	}
	for _, st := range c.streams {
		if len(st.body) > 0 {
			c.appendBody(st)
		}
	}
}

// flush writes what is there to write.
func (c *h2Conn) flush() bool {
	if len(c.out) == 0 || c.broken != nil {
		return c.broken == nil
	}
	err := c.link.send(c.out)
	if cap(c.out) > mostReused {
		c.out = nil
	}
	c.out = c.out[:0]
	if err != nil {
		c.broken = err
		c.link.deadline(longAgo)
	}
	return err == nil
}

// serve has frames read until the connection ends.
func (c *h2Conn) serve() {
	err := c.link.read(c.take)
	for isTimeout(err) && c.goOn() {
		err = c.link.read(c.take)
	}
	c.end(err)
}

// take reads what has come at a time. What is written meanwhile goes out
// together at the end.
func (c *h2Conn) take(p []byte, at time.Duration) {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.mu.Lock()
	if c.closing || c.broken != nil {
		c.mu.Unlock()
		return
	}
	c.corked = true
	err := c.reader.read(p, at)
	if c.armed && at >= c.due { // without a pause in which the link could see that
		c.expire(at)
	}
	c.mu.Unlock()
	c.tell(at)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = false
	if err != nil && c.broken == nil {
		c.broken = err
		c.link.deadline(longAgo)
	}
	c.flush()
	if err := c.reader.overdrawn(c.link.waiting()); err != nil && c.broken == nil {
		c.broken = err
		c.link.deadline(longAgo)
	}
}

// tell passes on what was read: the server's limit, that it leaves, and the
// calls that ended.
func (c *h2Conn) tell(now time.Duration) {
	if c.reader.leaving {
		c.pool.lost(c)
	}
	if streams := c.reader.streams; streams != nil {
		c.reader.streams = nil
		c.allow(*streams, now)
	}
	for _, e := range c.reader.ended {
		c.pool.free(c, e.call, now)
		if e.again && c.t.ctx.Err() == nil && e.call.again(now) {
			c.pool.start(e.call)
		} else {
			c.t.finish(e.call, now, e.err)
		}
	}
	clear(c.reader.ended)
	c.reader.ended = c.reader.ended[:0]
}

// drop ends a stream. The lock is held.
func (c *h2Conn) drop(st *h2Stream, err error, again bool) {
	delete(c.streams, st.id)
	if len(st.body) > 0 {
		c.blocked--
	}
	c.reader.ended = append(c.reader.ended, endedStream{st.call, err, again})
	*st = h2Stream{}
	c.spare = append(c.spare, st)
}

// An endedStream is a call with why it ended: nil when its answer is whole.
type endedStream struct {
	call  *Call
	err   error
	again bool // the server is known not to have processed it
}

// reset ends a stream of which no more is wanted, and tells the server.
func (c *h2Conn) reset(st *h2Stream, err error) {
	c.out = appendReset(c.out, st.id, codeCancelled)
	c.drop(st, err, false)
}

// goOn decides whether reading goes on after a deadline. There is one deadline
// for all streams; those whose time is up end.
func (c *h2Conn) goOn() bool {
	c.reading.Lock()
	defer c.reading.Unlock()
	now := c.t.cfg.Now()
	c.mu.Lock()
	if c.closing || c.broken != nil {
		c.mu.Unlock()
		return false
	}
	c.expire(now)
	if c.armed {
		c.link.deadline(time.Now().Add(c.due - now))
	} else {
		c.link.deadline(time.Time{})
	}
	c.flush()
	c.mu.Unlock()
	c.tell(now)
	return true
}

// expire ends the streams whose time is up. The lock is held.
func (c *h2Conn) expire(now time.Duration) {
	c.armed = false
	for _, st := range c.streams {
		if due := st.began + c.t.cfg.Timeout; due > now {
			if !c.armed || due < c.due {
				c.armed, c.due = true, due
			}
			continue
		}
		// A server that has said nothing at all meanwhile is taken to be gone.
		c.reader.leaving = c.reader.leaving || c.reader.reads == st.after
		c.reset(st, os.ErrDeadlineExceeded)
	}
}

// end takes the connection away, for the given reason.
func (c *h2Conn) end(err error) {
	c.reading.Lock()
	now := c.t.cfg.Now()
	c.mu.Lock()
	c.closing = true
	if c.broken != nil {
		err = c.broken
	}
	alone := len(c.streams) == 1
	for _, st := range c.streams {
		c.drop(st, err, alone && c.reader.reads == st.after && st.call.missed(err) && c.link.unseen(len(st.call.out)))
	}
	c.mu.Unlock()
	c.pool.gone(c)
	c.tell(now)
	c.reading.Unlock()
	c.link.close()
}
