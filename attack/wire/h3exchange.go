package wire

import (
	"io"
	"os"
	"time"

	"frontload/internal/quic"
)

// An h3Exchange is one request and its answer. Its goroutine alone reports the
// call.
type h3Exchange struct {
	c       *h3Conn
	call    *Call
	stream  quic.Stream
	began   time.Duration // on this connection
	after   uint64        // how often something had come when it began
	at      int           // where it stands in underWay
	fate    h3Fate        // under the connection's lock
	written chan struct{} // closed when the request is written; nil when that was done at once
	reader  h3Reader
	receive func()     // run, made once
	first   [2048]byte // most answers are no longer
}

// An h3Fate is what the connection decided of an exchange.
type h3Fate uint8

const (
	onItsWay h3Fate = iota
	tooLate
	leftBehind // the server says that it will not process it
)

// abandon ends the exchange from without. The connection's lock is held.
func (x *h3Exchange) abandon(fate h3Fate) {
	if x.fate == onItsWay {
		x.fate = fate
		x.stream.Cancel(h3CodeCancelled)
	}
}

// send writes the request, or, where the server does not take the whole of it
// now, leaves that to a goroutine.
func (x *h3Exchange) send() {
	call := x.call
	call.out = appendH3Request(call.out[:0], &call.Request)
	body := call.Request.Body
	if len(body) <= mostReused {
		call.out, body = append(call.out, body...), nil
	}
	err := x.stream.TryWrite(call.out)
	if err == nil {
		x.wrote(len(call.out))
	}
	switch {
	case err == nil && body == nil:
		x.stream.CloseWrite()
	case err == nil:
		x.sendLater(body)
	case quic.WouldBlock(err):
		x.sendLater(call.out, body)
	} // else reading fails, too
}

func (x *h3Exchange) sendLater(parts ...[]byte) {
	written, stream := make(chan struct{}), x.stream
	x.written = written
	x.c.t.work.Go(func() {
		defer close(written)
		for _, part := range parts {
			n, err := stream.Write(part)
			if n > 0 {
				x.wrote(n)
			}
			if err != nil {
				return
			}
		}
		stream.CloseWrite()
	})
}

// wrote notes that bytes of the request were written.
func (x *h3Exchange) wrote(n int) {
	s := &x.call.Sample
	s.BytesOut += int64(n)
	x.c.t.sent(x.call, x.began)
}

// run reads the answer and reports the call.
func (x *h3Exchange) run() {
	now, err := x.read()
	if err != nil || x.written != nil {
		x.stream.Cancel(h3CodeCancelled) // which does nothing where all was written
	}
	if x.written != nil {
		<-x.written
	}
	x.finish(now, err)
}

// read reads the answer, and returns when the last of it came.
func (x *h3Exchange) read() (time.Duration, error) {
	p := x.first[:]
	for {
		n, err := x.stream.Read(p)
		now := x.c.t.cfg.Now()
		if n > 0 {
			x.c.reads.Add(1)
			if s := &x.call.Sample; s.FirstByte == 0 {
				s.FirstByte = now
			}
			if bad := x.reader.read(p[:n]); bad != nil {
				return now, bad
			}
		}
		switch {
		case err == io.EOF:
			return now, x.reader.end()
		case err != nil:
			return now, err
		case n == len(x.first): // a long answer
			large := readBuffers.Get().(*[]byte)
			defer readBuffers.Put(large)
			p = *large
		}
	}
}

// finish reports the call, or starts it again when the server is known not to
// have processed it.
func (x *h3Exchange) finish(now time.Duration, err error) {
	c, call, id := x.c, x.call, x.stream.ID()
	silent := c.reads.Load() == x.after
	fate, broken := c.remove(x)
	code, reset := quic.Reset(err)
	switch {
	case err == nil:
	case fate == tooLate:
		err = os.ErrDeadlineExceeded
	case fate == leftBehind:
		c.goElsewhere(call, now, errLeft)
		return
	case reset && code == h3CodeRejected:
		c.goElsewhere(call, now, streamError{id, code})
		return
	case reset:
		err = streamError{id, code}
	case broken != nil:
		err = broken
	case silent && closedInGoodOrder(err) && call.idempotent() && call.retries == 0:
		c.goElsewhere(call, now, err)
		return
	}
	c.pool.free(c, call, now)
	c.t.finish(call, now, err)
}

// closedInGoodOrder reports whether the server closed the connection with
// nothing to complain of: it took it to be idle.
func closedInGoodOrder(err error) bool {
	code, closed := quic.Closed(err)
	return closed && code == h3CodeNone
}
