package wire

import (
	"crypto/tls"
	"sync"
)

// A session is what one client remembers of TLS: the last session that a
// server gave it, by the server's name, as a browser keeps it. A transport has
// one server name, so that one session is all that there is to keep. Its
// methods may be called by many goroutines at once.
type session struct {
	mu    sync.Mutex
	name  string
	state *tls.ClientSessionState
}

var _ tls.ClientSessionCache = (*session)(nil)

// Get returns the session of a server.
func (s *session) Get(name string) (*tls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.state != nil && s.name == name
}

// Put remembers a session in the place of the one before. Nil forgets it.
func (s *session) Put(name string, state *tls.ClientSessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name, s.state = name, state
}

// tlsFor returns the TLS settings of a client.
func (t *Transport) tlsFor(client uint32) *tls.Config {
	if !t.cfg.Resumption {
		return t.cfg.TLS
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.secure[client]
	if c == nil {
		c = t.cfg.TLS.Clone()
		c.ClientSessionCache = new(session)
		t.secure[client] = c
	}
	return c
}
