package results

import (
	"bytes"
	"strings"
)

// Signals is the set of things in an answer that bear on who wrote it. Each
// has a name, by which evidence is listed.
type Signals uint32

// The signals. Source: the CloudFront Developer Guide's pages on 503 errors
// and on response headers, and captured answers.
const (
	SignalXCacheCapacity   Signals = 1 << iota // X-Cache: CapacityExceeded …
	SignalXCacheLimit                          // X-Cache: LimitExceeded …
	SignalXCacheLambda                         // X-Cache: Lambda…: one failed, or answered itself
	SignalXCacheFunction                       // X-Cache: Function…: one failed, or answered itself
	SignalServerCloudFront                     // Server: CloudFront
	SignalServerS3                             // Server: AmazonS3
	SignalServerELB                            // Server: awselb/…
	SignalServerOther                          // Server names other software: an origin's
	SignalServerAbsent                         // no Server header
	SignalS3IDs                                // x-amz-request-id or x-amz-id-2
	SignalAPIGatewayIDs                        // x-amzn-RequestId or x-amz-apigw-id
	SignalAge                                  // Age: the error came from the cache, so an origin wrote it
	SignalUpstream                             // Server-Timing with cdn-upstream-…: the origin was asked
	SignalPageCloudFront                       // the body is CloudFront's own error page
	SignalPageCapacity                         // that page speaks of capacity or of too much traffic at the edge
	SignalPageCompute                          // that page speaks of a Lambda or CloudFront function
	SignalPageS3                               // the body is S3's XML error
	SignalPageELB                              // the body is a load balancer's error page
	SignalPageAPIGateway                       // the body is API Gateway's JSON message
	SignalPageOther                            // the body is another server's known error page
	SignalMarker                               // the header that only the origin sets, as the scenario names it
	SignalLogCapacity                          // the access log's result type is CapacityExceeded
	SignalLogLimit                             // the access log's result type is LimitExceeded
	SignalLogCompute                           // the access log's result type is Lambda… or Function…
	SignalLogOrigin                            // the access log's detailed result type is Origin… or AbortedOrigin
	SignalLogFetched                           // the access log has origin-fbl: the origin's first byte came
	SignalServerSoftware                       // Server names software that origins are known to run
	SignalLengthCloudFront                     // the access log's answer is as long as CloudFront's error page
	SignalLengthELB                            // it is as long as a load balancer's
	signalsEnd
)

var signalNames = []string{
	"x-cache-capacity", "x-cache-limit", "x-cache-lambda", "x-cache-function",
	"server-cloudfront", "server-s3", "server-elb", "server-other", "server-absent",
	"s3-ids", "api-gateway-ids", "age", "upstream-timing",
	"page-cloudfront", "page-capacity", "page-compute", "page-s3", "page-elb", "page-api-gateway", "page-other",
	"origin-marker",
	"log-capacity", "log-limit", "log-compute", "log-origin", "log-fetched",
	"server-software",
	"length-cloudfront", "length-elb",
}

// Names returns the names of the signals in the set, in a fixed order.
func (s Signals) Names() []string {
	var names []string
	for i, n := range signalNames {
		if s&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// Has reports whether every signal of t is in s.
func (s Signals) Has(t Signals) bool { return s&t == t }

// An Answer is what of an HTTP answer bears on the cache result, the edge
// location, and on who wrote it. Header values are as received; an absent
// header is empty.
type Answer struct {
	Status       int
	Server       string
	XCache       string // X-Cache
	POP          string // X-Amz-Cf-Pop
	RequestID    string // X-Amz-Cf-Id
	Age          string
	ServerTiming string // Server-Timing, several joined with commas
	S3ID         string // x-amz-request-id or x-amz-id-2
	GatewayID    string // x-amzn-RequestId or x-amz-apigw-id
	Marked       bool   // the scenario's origin marker is there
	Body         []byte // the first bytes of the body: 4 KiB are enough; read only where Status is 500 or more
}

// Cache returns what the edge's cache did, by Server-Timing or else X-Cache.
func (a *Answer) Cache() Cache {
	switch {
	case strings.Contains(a.ServerTiming, "cdn-cache-refresh"):
		return CacheRefresh
	case strings.Contains(a.ServerTiming, "cdn-cache-hit"):
		return CacheHit
	case strings.Contains(a.ServerTiming, "cdn-cache-miss"):
		return CacheMiss
	}
	word, _, _ := strings.Cut(a.XCache, " ")
	switch {
	case strings.EqualFold(word, "hit"):
		return CacheHit
	case strings.EqualFold(word, "miss"):
		return CacheMiss
	case strings.EqualFold(word, "refreshhit"):
		return CacheRefresh
	case word == "" || strings.EqualFold(word, "redirect"):
		return CacheUnknown
	}
	return CacheError
}

// Signals returns what the answer shows of who wrote it. Answers of a status
// below 500 carry none but the origin's marker, which good answers must have for
// its absence from errors to mean anything.
func (a *Answer) Signals() Signals {
	if a.Status < 500 {
		if a.Marked {
			return SignalMarker
		}
		return 0
	}
	s := a.serverSignal() | a.xCacheSignal() | a.pageSignals()
	set := func(when bool, signal Signals) {
		if when {
			s |= signal
		}
	}
	set(a.S3ID != "", SignalS3IDs)
	set(a.GatewayID != "", SignalAPIGatewayIDs)
	set(a.Age != "", SignalAge)
	set(strings.Contains(a.ServerTiming, "cdn-upstream-"), SignalUpstream)
	set(a.Marked, SignalMarker)
	return s
}

func (a *Answer) serverSignal() Signals {
	switch server := strings.ToLower(a.Server); {
	case server == "":
		return SignalServerAbsent
	case server == "cloudfront":
		return SignalServerCloudFront
	case server == "amazons3":
		return SignalServerS3
	case strings.HasPrefix(server, "awselb/"):
		return SignalServerELB
	case originSoftware[softwareName(server)]:
		return SignalServerOther | SignalServerSoftware
	default:
		return SignalServerOther
	}
}

// originSoftware is what origins are known to call themselves in Server, in
// lower case and without a version. Another name may be that of a layer in front.
var originSoftware = map[string]bool{
	"nginx": true, "openresty": true, "tengine": true, "apache": true, "apache-coyote": true, "lighttpd": true, "litespeed": true, "caddy": true,
	"microsoft-iis": true, "microsoft-httpapi": true, "kestrel": true, "envoy": true, "istio-envoy": true, "haproxy": true, "traefik": true, "kong": true,
	"varnish": true, "jetty": true, "tomcat": true, "undertow": true, "wildfly": true, "netty": true, "gunicorn": true, "uvicorn": true, "hypercorn": true,
	"werkzeug": true, "waitress": true, "cherrypy": true, "tornadoserver": true, "cowboy": true, "puma": true, "thin": true, "webrick": true, "phusion": true,
	"express": true, "node": true, "fasthttp": true,
}

// softwareName returns the first word of a Server header, without a version.
func softwareName(server string) string {
	if i := strings.IndexAny(server, "/ ("); i >= 0 {
		return server[:i]
	}
	return server
}

func (a *Answer) xCacheSignal() Signals {
	word, _, _ := strings.Cut(a.XCache, " ")
	switch word = strings.ToLower(word); {
	case word == "capacityexceeded":
		return SignalXCacheCapacity
	case word == "limitexceeded":
		return SignalXCacheLimit
	case strings.HasPrefix(word, "lambda"):
		return SignalXCacheLambda
	case strings.HasPrefix(word, "function"):
		return SignalXCacheFunction
	}
	return 0
}

func (a *Answer) pageSignals() Signals {
	body := a.Body
	has := func(text string) bool { return bytes.Contains(body, []byte(text)) }
	switch {
	case len(body) == 0:
		return 0
	case has("Generated by cloudfront (CloudFront)"), has("associated with the CloudFront distribution"):
		s := SignalPageCloudFront
		if has("Lambda function") || has("CloudFront function") {
			s |= SignalPageCompute
		}
		if has("capacity") {
			s |= SignalPageCapacity
		}
		return s
	case has("<Code>SlowDown</Code>") || has("<Code>ServiceUnavailable</Code>"):
		return SignalPageS3
	case has("503 Service Temporarily Unavailable") && has("<hr><center>"):
		return SignalPageOther // nginx: the load balancer's page with a rule and a name under it
	case has("503 Service Temporarily Unavailable"):
		return SignalPageELB
	case has(`"message"`) && body[0] == '{':
		return SignalPageAPIGateway
	case has("maintenance downtime or capacity problems"), has("No server is available to handle this request."),
		has("Backend fetch failed"), has("Guru Meditation"):
		return SignalPageOther
	}
	return 0
}

// Outcome says how the request ended by its status and signals alone. Where
// they do not tell who wrote a server's error it is UnknownError; analysis
// then looks at how such errors are spread.
func (a *Answer) Outcome(s Signals) Outcome {
	switch {
	case a.Status < 400:
		return OK
	case a.Status < 500:
		return ClientError
	case s&(SignalXCacheCapacity|SignalLogCapacity) != 0:
		return EdgeCapacity
	case s&(SignalXCacheLimit|SignalLogLimit) != 0:
		return EdgeQuota
	case s&(SignalXCacheLambda|SignalXCacheFunction|SignalPageCompute|SignalLogCompute) != 0:
		return EdgeCompute
	case s&SignalAge != 0:
		return CachedOriginError
	}
	return s.originOutcome()
}

// originOutcome tells the kind of origin that wrote an error, if one did.
func (s Signals) originOutcome() Outcome {
	switch {
	case s&(SignalServerS3|SignalS3IDs|SignalPageS3) != 0:
		return OriginS3
	case s&SignalServerELB != 0:
		return OriginELB
	case s&SignalAPIGatewayIDs != 0:
		return OriginAPIGateway
	case s&(SignalServerOther|SignalPageOther) != 0:
		return OriginCustom
	case s&SignalPageELB != 0:
		return OriginELB
	case s&(SignalUpstream|SignalMarker|SignalLogOrigin|SignalLogFetched) != 0:
		return Origin
	}
	return UnknownError
}

// ValidPOP reports whether s has the shape of an X-Amz-Cf-Pop value, such as
// "FRA56-P1". Values of another shape are foreign and must not become cells.
func ValidPOP(s string) bool {
	if len(s) < 4 || len(s) > 16 {
		return false
	}
	i := 0
	for i < len(s) && 'A' <= s[i] && s[i] <= 'Z' {
		i++
	}
	if i != 3 {
		return false
	}
	head, tail, dashed := strings.Cut(s[3:], "-")
	if len(head) == 0 || len(head) > 3 || strings.Trim(head, "0123456789") != "" {
		return false
	}
	if !dashed {
		return true
	}
	digits := strings.TrimLeft(tail, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	return digits != "" && len(digits) < len(tail) && strings.Trim(digits, "0123456789") == ""
}
