package results

import (
	"net/netip"
	"time"
)

// A Sample is one finished request as the plan and the wire saw it.
//
// Intended, Ready, Sent, FirstByte and Done are offsets from the start of the
// run on the monotonic clock. DNS, Connect and TLS are spans that this request
// itself had to wait for; each is zero when it did not have to.
//
// Where the kernel tells when bytes came in (Linux, HTTP/1.1 and HTTP/2), FirstByte
// and Done are its times, and the reader's delay is in neither. It tells it of the
// last of the bytes that are read at once: the first byte of an answer in several
// packets may be told late, by at most a few milliseconds and never later than
// Done.
type Sample struct {
	Client  uint32     // index of the client in the plan
	Request uint16     // index of the request name in the plan
	Source  netip.Addr // address the client sent from; invalid when nothing was sent
	Edge    netip.Addr // edge address that was asked; invalid when DNS gave none
	POP     string     // edge location of the answer, like "FRA56-P1"; empty when it did not say
	Prefix  string     // key prefix: the path up to the last slash before its varied part

	Protocol Protocol
	Fresh    bool   // the request was the first on its connection
	Written  bool   // the first byte of the request was written
	Status   uint16 // HTTP status; zero when no answer came
	Cache    Cache
	Outcome  Outcome
	Signals  Signals
	Reason   string // why the outcome is Transport, in a few fixed words such as "connect refused"; empty otherwise

	BytesIn, BytesOut int64 // on the wire as HTTP carries them: headers and bodies; over HTTP/3 those of the request's stream

	Intended  time.Duration // when the schedule wanted it sent
	Ready     time.Duration // when a permitted connection was free or dialled
	Sent      time.Duration // when its first byte was written
	FirstByte time.Duration // when the answer began; zero when none did
	Done      time.Duration // when the last byte came, or when it failed

	DNS, Connect, TLS time.Duration // over HTTP/3 the one handshake is TLS, and Connect zero
}

// Response is what a user waits: from the intended time to the last byte.
func (s *Sample) Response() time.Duration { return s.Done - s.Intended }

// Service is what the target took: from the send to the last byte. It is zero
// when nothing was written.
func (s *Sample) Service() time.Duration {
	if !s.Written {
		return 0
	}
	return s.Done - s.Sent
}

// Queueing is how long the request waited for a permitted connection, name
// look-up and dialling included: the target's doing, never the generator's.
func (s *Sample) Queueing() time.Duration { return max(0, s.Ready-s.Intended) }

// Lag is the generator's own fault: the send less the later of the intended
// time and the moment a permitted connection was ready. It is zero when
// nothing was written.
func (s *Sample) Lag() time.Duration {
	if !s.Written {
		return 0
	}
	return max(0, s.Sent-max(s.Intended, s.Ready))
}

// TTFB is the time to first byte: from the send to the first byte of the
// answer, or zero when none came.
func (s *Sample) TTFB() time.Duration {
	if s.FirstByte == 0 {
		return 0
	}
	return max(0, s.FirstByte-s.Sent)
}

// Protocol is the version of HTTP that carried a request.
type Protocol uint8

// The protocols.
const (
	H1 Protocol = iota + 1 // HTTP/1.1
	H2                     // HTTP/2
	H3                     // HTTP/3
)

// Cache is what the edge's cache did for a request, as far as its answer says.
type Cache uint8

// The cache results.
const (
	CacheUnknown Cache = iota // no answer, or one that does not say
	CacheHit
	CacheMiss
	CacheRefresh // a RefreshHit: revalidated with the origin
	CacheError   // "Error from cloudfront" and its like: says nothing about the cache
)

// Class is the latency class of a sample: hit, miss, refresh or error. Every
// sample without a good answer is of class error; a good one whose answer
// does not tell the cache's result counts as a miss, since nothing shows that
// the edge spared the origin.
type Class uint8

// The classes, in the order in which reports show them.
const (
	ClassHit Class = iota
	ClassMiss
	ClassRefresh
	ClassError
	Classes int = iota // how many there are
)

// Class returns the latency class that the sample is counted in.
func (s *Sample) Class() Class {
	switch {
	case s.Outcome != OK:
		return ClassError
	case s.Cache == CacheHit:
		return ClassHit
	case s.Cache == CacheRefresh:
		return ClassRefresh
	default:
		return ClassMiss
	}
}

// Outcome says how a request ended and, if in a server's error, who wrote it
// as far as the answer alone can tell.
type Outcome uint8

// The outcomes. Only OK is good.
const (
	OK                Outcome = iota + 1 // 1xx to 3xx, or what the scenario expects
	ClientError                          // 4xx
	EdgeCapacity                         // the edge had no capacity
	EdgeQuota                            // a CloudFront quota was exceeded
	EdgeCompute                          // Lambda@Edge or a CloudFront Function failed or was throttled
	OriginS3                             // written by S3
	OriginELB                            // written by an Elastic Load Balancer
	OriginAPIGateway                     // written by API Gateway
	OriginCustom                         // written by a custom origin that can be recognised
	Origin                               // written by an origin of unknown kind
	CachedOriginError                    // an origin's error, replayed by the edge's cache
	UnknownError                         // a server's error that does not say who wrote it
	Transport                            // no whole answer came: name look-up, connection, TLS, time-out or protocol
	Unexpected                           // 1xx to 3xx, and not what the scenario expects
)
