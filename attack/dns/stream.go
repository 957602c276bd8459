package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	streamIdle  = 10 * time.Second // without a question the connection is closed
	streamWrite = 5 * time.Second  // the longest that one write may take
	streamDoubt = time.Second      // so long nothing comes over one that works
	mostAwaited = 4096             // questions on one connection without an answer
)

// errLost is wrapped where a connection ended before the answer came.
var errLost = errors.New("the connection was lost")

// A stream is a connection that carries many questions at once: answers come
// in any order, known by their ids (RFC 7766, section 7).
type stream struct {
	ready chan struct{} // closed once it is open or has failed to
	ended chan struct{} // closed once err is set

	writing sync.Mutex
	mu      sync.Mutex
	conn    net.Conn               // nil until it is open
	awaited map[uint16]chan []byte // answers that are to come
	heard   time.Time              // when something was read last
	idle    *time.Timer
	err     error // why it ended; nil while it has not
}

func newStream() *stream {
	return &stream{ready: make(chan struct{}), ended: make(chan struct{}), awaited: make(map[uint16]chan []byte)}
}

// run opens the connection, and then reads from it until it ends.
func (s *stream) run(ctx context.Context, open func(context.Context) (net.Conn, error)) {
	conn, err := open(ctx)
	if err != nil {
		s.end(err)
		close(s.ready)
		return
	}
	defer conn.Close()
	s.mu.Lock()
	s.conn, s.heard = conn, time.Now()
	s.idle = time.AfterFunc(streamIdle, s.retire)
	s.mu.Unlock()
	defer s.idle.Stop()
	stop := context.AfterFunc(ctx, func() { s.end(errClosed) })
	defer stop()
	close(s.ready)
	for {
		msg, err := readMessage(conn)
		if err != nil {
			s.end(fmt.Errorf("%w: %w", errLost, err))
			return
		}
		s.deliver(msg)
	}
}

// open reports whether questions can be put, now or once it is ready.
func (s *stream) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == nil
}

// end closes the connection; the first reason counts.
func (s *stream) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = why
	close(s.ended)
	if s.conn != nil {
		_ = s.conn.SetDeadline(time.Unix(1, 0)) // the reader closes it
	}
}

// retire ends a connection that nobody uses.
func (s *stream) retire() {
	s.mu.Lock()
	used := len(s.awaited) > 0
	if used {
		s.idle.Reset(streamIdle)
	}
	s.mu.Unlock()
	if !used {
		s.end(fmt.Errorf("%w: it was idle", errLost))
	}
}

// deliver gives an answer to who awaits it. Others are late, or nobody's.
func (s *stream) deliver(msg []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	if len(msg) < 2 {
		return
	}
	id := binary.BigEndian.Uint16(msg)
	if answer := s.awaited[id]; answer != nil {
		delete(s.awaited, id)
		answer <- msg // has room for one
	}
}

// enlist returns an id that no question has, and where its answer comes.
func (s *stream) enlist() (uint16, chan []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return 0, nil, s.err
	case len(s.awaited) >= mostAwaited:
		return 0, nil, fmt.Errorf("%d queries await an answer on one connection", mostAwaited)
	}
	s.idle.Reset(streamIdle)
	for {
		id := uint16(rand.Uint32())
		if _, taken := s.awaited[id]; !taken {
			answer := make(chan []byte, 1)
			s.awaited[id] = answer
			return id, answer, nil
		}
	}
}

// ask puts one question. The stream must be ready.
func (s *stream) ask(ctx context.Context, q question) (reply, error) {
	id, answer, err := s.enlist()
	if err != nil {
		return reply{}, unsentError{err}
	}
	defer s.forget(id)
	sent := time.Now()
	if err := s.write(q, id); err != nil {
		return reply{}, err
	}
	select {
	case msg := <-answer:
		return parse(msg, id, q)
	case <-s.ended:
		select {
		case msg := <-answer: // it came before
			return parse(msg, id, q)
		default:
		}
		return reply{}, s.err
	case <-ctx.Done():
		s.doubt(sent)
		return reply{}, context.Cause(ctx)
	}
}

func (s *stream) write(q question, id uint16) error {
	msg, err := q.framed(id)
	if err != nil {
		return unsentError{err}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err = s.conn.Write(msg); err != nil {
		err = fmt.Errorf("%w: %w", errLost, err)
		s.end(err)
		return unsentError{err}
	}
	return nil
}

func (s *stream) forget(id uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.awaited, id)
}

// doubt ends a connection on which nothing was heard since a question was put
// in vain: the next one is to go over a new connection.
func (s *stream) doubt(since time.Time) {
	s.mu.Lock()
	silent := !s.heard.After(since) && time.Since(since) >= streamDoubt
	s.mu.Unlock()
	if silent {
		s.end(fmt.Errorf("%w: nothing came over it", errLost))
	}
}

// readMessage reads one message with its length before it (RFC 1035, section
// 4.2.2).
func readMessage(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, msg)
	return msg, err
}
