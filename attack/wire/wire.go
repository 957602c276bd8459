// Package wire carries requests to edge addresses over HTTP/1.1, HTTP/2 and
// HTTP/3.
//
// A [Transport] takes a [Call] and returns at once; it finds the call a
// connection of its client to its edge address, dials one or lets the call
// wait for one as the limits say, and reports the finished call. There is one
// pool of connections per client and edge address, on every protocol, so that
// an even choice of edge addresses stays even on the wire.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"frontload/internal/quic"
	"frontload/results"
)

// A Request is what goes over the wire. Nothing is added to it but what HTTP
// itself demands: Host, and Content-Length where there is a body.
type Request struct {
	Method string
	Target []byte // path and query, percent-encoded
	Host   string // Host header or :authority
	Header []results.Header
	Body   []byte

	Expect *results.Expected // the statuses that count as good; nil for the usual ones
}

// A Call is one request on its way to one edge address. The caller fills in
// Request, Edge, and of Sample: Client, Request, Source (where the client has
// one of its own), Prefix, Intended and DNS; the transport fills in the rest.
type Call struct {
	Request Request
	Edge    netip.AddrPort
	Sample  results.Sample

	// Eligible is when the call could have used a connection had the
	// generator been on time: the intended time, or when its name look-up
	// ended. Late is how late the send loop took it up.
	Eligible, Late time.Duration

	// NewViewer asks for a connection of the call's own: dialled for it, beside
	// those of the pool and the limit on them, and closed after its exchange.
	NewViewer bool

	// GeneratorFault is set when the call failed for want of something on the
	// generator's side, such as open files or ports.
	GeneratorFault bool

	// Err is why no whole answer came; nil when one did.
	Err error

	out     []byte // the request as HTTP/1.1 has it, its header block over HTTP/2, its frames over HTTP/3
	answer  answerReader
	id      string
	retries int // how often it went out again, since the server had not processed it

	queued time.Duration // when it began to wait for a connection
	stream quic.Stream   // over HTTP/3: the one that was opened for it
}

// ready notes when the connection on which the call goes out could have
// carried it, had the generator been on time: with this call, by which it can
// be at most as much earlier as the call is late, and with those before it on
// the connection.
func (c *Call) ready(at time.Duration) {
	c.Sample.Ready = max(at, c.Eligible)
}

// Reset makes the call one that was never used, but for the memory that it
// keeps for its next use.
func (c *Call) Reset() {
	*c = Call{
		Request: Request{Target: reusable(c.Request.Target)},
		out:     reusable(c.out),
		answer:  answerReader{head: reusable(c.answer.head), page: reusable(c.answer.page), list: c.answer.reuseList()},
	}
}

// mostReused bounds the memory of each kind that a call keeps for its next
// use.
const mostReused = 16 << 10

func reusable(b []byte) []byte {
	if cap(b) > mostReused {
		return nil
	}
	return b[:0]
}

// idempotent reports whether the request may go out twice.
func (c *Call) idempotent() bool {
	return c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
}

// Fail makes the call one that ended at the given time without having been
// sent, for want of an address to send it to.
func (c *Call) Fail(at time.Duration, err error) {
	c.Sample.Ready = at
	c.Sample.Done = max(at, c.Sample.Intended)
	c.setError(err)
}

// mostRetries bounds how often a request goes out again that servers are known
// not to have processed.
const mostRetries = 5

// again makes the call one that goes out again from now on, unless it did so
// too often. All that it has waited for is queueing.
func (c *Call) again(now time.Duration) bool {
	if c.retries >= mostRetries {
		return false
	}
	c.retries++
	c.Eligible, c.Late = now, 0
	c.Sample.FirstByte = 0
	return true
}

// Elsewhere makes the call one that looks for a connection again at the given
// time, not having been sent on the one that it waited for or was given: the
// wait so far is queueing, but for what the generator was late.
func (c *Call) Elsewhere(now time.Duration) { c.Eligible = max(c.Eligible, now-c.Late) }

// missed reports whether an error without a byte of an answer can mean that the
// server had closed an idle connection before the request came, so that it
// never saw it. Then the request goes out again, as with every HTTP client (RFC
// 9112, section 9.3.1): a viewer would not notice. All else is a failure, that
// of a connection dialled for this very call among them.
func (c *Call) missed(err error) bool {
	s := &c.Sample
	dialled := s.Fresh && s.Connect+s.TLS > 0
	return !dialled && s.FirstByte == 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE))
}

// Exemplar returns what is kept of a call beside its sample.
func (c *Call) Exemplar() results.Exemplar {
	e := results.Exemplar{Method: c.Request.Method, URL: string(c.Request.Target), RequestID: strings.Clone(c.id)}
	header := c.answer.fields()
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			e.Headers = append(e.Headers, results.Header{Name: name, Value: value})
		}
	}
	return e
}

// Config says how a [Transport] works. Dial, Now, Done and Moved are required.
type Config struct {
	// Dial opens a TCP connection from a client's address, or from any when
	// the address is not valid.
	Dial func(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error)

	// With HTTP/3, and required then: Route says, before every connection, from
	// which address it leaves, and refuses targets that are not allowed. Bind
	// opens a UDP socket there. A client has one for each address of its own,
	// which all its connections share.
	Route func(from netip.Addr, to netip.AddrPort) (netip.Addr, error)
	Bind  func(netip.Addr) (net.PacketConn, error)

	// Now reads the run's clock.
	Now func() time.Duration

	// Sent is called when the first byte of a call was written. It must not block.
	Sent func(*Call)

	// Done takes every call back, once. It must not block; the call is the
	// receiver's from then on.
	Done func(*Call)

	// Trouble is told why a connection could not be had for want of something
	// on the generator's side, where no call fails of it. It must not block.
	// Nil is told nothing.
	Trouble func(reason string)

	Protocol results.Protocol
	TLS      *tls.Config // nil for plaintext, which HTTP/3 has not; NextProtos and the session cache are set by the transport

	// Resumption lets a client's later connections resume its TLS session, as
	// a browser's do: each client keeps the last session of its own, by server
	// name, and starts without one.
	Resumption bool

	// Connections is the most connections per client and edge address with
	// HTTP/1.1, where zero means 6, and how many there are with HTTP/2 and HTTP/3,
	// where zero means 1.
	Connections int

	// Timeout bounds an exchange, from the send. Zero means 100 s.
	Timeout time.Duration

	// ConnectTimeout bounds dialling and the TLS handshake together. Zero
	// means 30 s.
	ConnectTimeout time.Duration

	// MaxHeaderBytes and MaxBodyBytes bound an answer; beyond them it is a
	// transport error. Zero means 64 KiB and 1 GiB.
	MaxHeaderBytes, MaxBodyBytes int64

	// Moved is given a call back that has to go to another edge address: the one
	// that it was for has left the client's answer. It must not block.
	Moved func(*Call)

	// Marker is a header that only the origin sets; empty for none.
	Marker string
}

func (c Config) withDefaults() Config {
	if multiplexed(c.Protocol) {
		c.Connections = orDefault(c.Connections, 1)
	}
	c.Connections = orDefault(c.Connections, 6)
	c.Timeout = orDefault(c.Timeout, 100*time.Second)
	c.ConnectTimeout = orDefault(c.ConnectTimeout, 30*time.Second)
	c.MaxHeaderBytes = orDefault(c.MaxHeaderBytes, 64<<10)
	c.MaxBodyBytes = orDefault(c.MaxBodyBytes, 1<<30)
	if c.TLS != nil {
		c.TLS = c.TLS.Clone()
		c.TLS.NextProtos = []string{alpn(c.Protocol)}
		c.TLS.ClientSessionCache = nil
	}
	return c
}

// multiplexed reports whether a connection carries several exchanges at once.
func multiplexed(p results.Protocol) bool { return p != results.H1 }

func alpn(p results.Protocol) string {
	switch p {
	case results.H2:
		return "h2"
	case results.H3:
		return quic.NextProto
	default:
		return "http/1.1"
	}
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}
