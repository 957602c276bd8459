package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// newH2Transport returns what makes HTTP/2 connections of connections that
// stand already. It dials none itself.
func newH2Transport(maxHeaderBytes int64) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{
		DialContext:            dialled,
		DialTLSContext:         dialled,
		Protocols:              &protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// dialledKey is the key in a context of the connection that stands already.
type dialledKey struct{}

func dialled(ctx context.Context, _, _ string) (net.Conn, error) {
	c, ok := ctx.Value(dialledKey{}).(net.Conn)
	if !ok {
		return nil, errors.New("no connection stands for HTTP/2 to use")
	}
	return c, nil
}

// An h2Conn carries as many exchanges at once as the server's settings allow.
type h2Conn struct {
	place
	t      *Transport
	pool   *pool
	raw    net.Conn
	cc     *http.ClientConn
	scheme string

	// Under the pool's lock:
	active   int  // exchanges reserved or under way
	answered bool // an answer came, and the server's settings before it
	leaving  bool // the server has asked to leave
}

func (t *Transport) newH2(ctx context.Context, p *pool, raw, carried net.Conn, to netip.AddrPort) (*h2Conn, error) {
	c := &h2Conn{t: t, pool: p, raw: raw, scheme: "http"}
	if t.cfg.TLS != nil {
		c.scheme = "https"
	}
	var err error
	c.cc, err = t.h2.NewClientConn(context.WithValue(ctx, dialledKey{}, carried), c.scheme, to.String())
	if err != nil {
		return nil, err
	}
	return c, nil
}

// reserve takes a stream. When none is to be had though none is in use, the
// connection is on its way out, whatever it says of itself.
func (c *h2Conn) reserve(*Call, time.Duration) room {
	if c.leaving {
		return dead
	}
	if c.cc.Reserve() != nil {
		if c.active == 0 || c.cc.Err() != nil {
			return dead
		}
		return none
	}
	c.active++
	if !c.answered {
		return takenLast // how many streams the server allows is not known yet
	}
	return taken
}

func (c *h2Conn) release()     { c.active, c.answered = c.active-1, true }
func (c *h2Conn) unused() bool { return c.active == 0 }
func (c *h2Conn) serve()       {}

// close closes the connection when no exchange is under way; one that the
// server asked to leave ends by itself after its last exchange.
func (c *h2Conn) close() {
	if c.active == 0 || c.t.ctx.Err() != nil {
		c.raw.Close()
	}
}

func (c *h2Conn) start(call *Call) {
	c.t.work.Go(func() {
		err := c.exchange(call)
		done := c.t.cfg.Now()
		again := err != nil && unprocessed(err)
		c.pool.mu.Lock()
		c.leaving = c.leaving || again || c.cc.Err() != nil
		lost := c.leaving
		if lost {
			c.active--
		}
		c.pool.mu.Unlock()
		if lost {
			c.pool.lost(c)
		} else {
			c.pool.free(c, call, done)
		}
		if again && call.mayRetry(mostRetries) && c.t.ctx.Err() == nil {
			c.pool.start(call)
			return
		}
		c.t.finish(call, done, err)
	})
}

// unprocessed reports whether the server is known not to have processed the
// request: it had asked to leave, or refused the stream (RFC 9113, section
// 8.7). net/http does not export the errors that say so.
func unprocessed(err error) bool {
	const refused = 7 // REFUSED_STREAM
	var stream streamError
	if errors.As(err, &stream) {
		return stream.Code == refused
	}
	// A GOAWAY that came with the connection's end is another error: the server
	// may have processed the stream.
	text := err.Error()
	return strings.Contains(text, "graceful shutdown GOAWAY") || strings.Contains(text, "http2: client conn not usable")
}

func (c *h2Conn) exchange(call *Call) error {
	s := &call.Sample
	call.from(c.raw)
	ctx, cancel := context.WithTimeout(c.t.ctx, c.t.cfg.Timeout)
	defer cancel()
	req, err := c.request(ctx, &call.Request)
	if err != nil {
		return err
	}
	s.BytesOut += headerBytes(req.Header) + int64(len(call.Request.Target)+len(call.Request.Body))
	if !s.Written {
		s.Written, s.Sent = true, c.t.cfg.Now()
		c.t.cfg.Sent(call)
	}
	res, err := c.cc.RoundTrip(req)
	if err != nil {
		return h2Error(ctx, err)
	}
	s.FirstByte = c.t.cfg.Now()
	defer res.Body.Close()
	n, err := call.readBody(res, c.t.cfg.Marker, c.t.cfg.MaxBodyBytes)
	s.BytesIn = n + headerBytes(res.Header)
	return h2Error(ctx, err)
}

func (c *h2Conn) request(ctx context.Context, r *Request) (*http.Request, error) {
	path, query, _ := strings.Cut(string(r.Target), "?")
	u := &url.URL{Scheme: c.scheme, Host: r.Host, Opaque: "//" + r.Host + path, RawQuery: query}
	h := http.Header{"User-Agent": nil} // nil: none is sent unless the scenario has one
	for _, f := range r.Header {
		name := http.CanonicalHeaderKey(f.Name)
		h[name] = append(h[name], f.Value)
	}
	req := &http.Request{Method: r.Method, URL: u, Host: r.Host, Header: h}
	if len(r.Body) > 0 || takesBody(r.Method) {
		req.Body = io.NopCloser(bytes.NewReader(r.Body))
		req.ContentLength = int64(len(r.Body))
	}
	return req.WithContext(ctx), nil
}

// h2Error tells a time-out and the end of the run from what the peer did.
func h2Error(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case strings.Contains(err.Error(), "header list"):
		return ErrHeader
	}
	return err
}

func headerBytes(h http.Header) int64 {
	var n int
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return int64(n)
}
