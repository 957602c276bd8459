package lab

import (
	"net/netip"
	"time"

	"frontload/results"
)

// An Ask is one viewer's request as an edge sees it.
type Ask struct {
	Edge     netip.Addr // edge address that was asked
	Client   netip.Addr // viewer's address
	Port     uint16     // viewer's port
	Method   string
	Host     string
	Path     string // without the query
	Query    string // without the question mark; empty for none
	Protocol string // "HTTP/1.1", "HTTP/2.0" or "HTTP/3.0"
	TLS      bool
	Header   func(name string) string // request header by name; nil for none
	Bytes    int64                    // size of the request
}

// A Reply is what the edge will answer, and when. It is complete as soon as
// the model returns it: the model computes every queue in closed form.
type Reply struct {
	FirstByte time.Duration // when its first byte leaves, from the model's start; never before the ask
	Done      time.Duration // when its last byte leaves
	Status    int
	Header    []results.Header // in the order in which they are sent, Content-Length among them
	Body      []byte           // shared: must not be written to
	Cause     Cause
	Cache     results.Cache // what the cache really did
	POP       string
	RequestID string
}

// A Cause is the truth about who wrote an answer.
type Cause uint8

// The causes.
const (
	CauseNone         Cause = iota // a good answer, or the client's own error
	CauseEdgeCapacity              // an edge address was asked for more than it can
	CauseEdgeQuota                 // the distribution's quota was exceeded
	CauseEdgeCompute               // a function at the edge failed or was throttled
	CauseOrigin                    // the origin was overwhelmed
	CauseCachedOrigin              // the cache replayed an origin's error
)
