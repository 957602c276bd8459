package results

import (
	"iter"
	"net/netip"
	"time"
)

// RunInfo says what a run was. It is written once, and completed at its end.
type RunInfo struct {
	Name    string    // the scenario's name
	Source  string    // attack, rehearsal, access-log or vegeta
	Version string    // of the program that wrote it
	Start   time.Time // of the run's clock: every offset counts from here
	End     time.Time // zero while the run goes on, or when it was killed
	Region  string    // where the load generator stood; empty when not said
	Target  string    // the target's URL
	Seed    uint64
	Plan    string // the resolved scenario as YAML, without secrets

	// Authorization is why the target might be loaded: "loopback", "attest: " and
	// the reason, or "proof: " and what held, where and when, such as "proof:
	// well-known at 4 addresses, 2026-11-20T21:17:06Z". Several are joined by
	// "; ".
	Authorization string

	// Planned are the facts of the plan that CloudFront's rules are judged on,
	// as JSON; empty where they were not kept.
	Planned string

	Requests    []string      // request names, by index
	Hits        []float64     // the hit ratio that each of Requests was to be held at, zero for none; may be shorter
	ClientLimit float64       // requests/s that one client may send; zero when unlimited
	EdgeLimit   float64       // requests/s that one edge address may get; zero when unlimited
	Warmup      time.Duration // from the start: it counts for no threshold, and for all else
	Interrupted bool          // the user, a full disk or a fault ended it early
	Simulated   bool          // in virtual time, without sockets
	Rehearsal   string        // what the lab itself knew of the run, as JSON; empty where there was no lab
}

// A CellKey is what samples are counted by, beside the second.
type CellKey struct {
	Region  string
	Edge    netip.Addr
	POP     string
	Request uint16
	Cache   Cache
	Outcome Outcome
	Status  uint16
	Signals Signals
}

// Counts are the sums of a cell. The times are sums over its samples; divide
// by Count for the mean.
type Counts struct {
	Count     int64 // samples that finished, whatever came of them
	Written   int64 // those of them whose request was written
	BytesIn   int64
	BytesOut  int64
	Response  time.Duration
	Service   time.Duration
	TTFB      time.Duration
	Queueing  time.Duration
	FreshConn int64 // samples that were the first on their connection
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Count += o.Count
	c.Written += o.Written
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	c.Response += o.Response
	c.Service += o.Service
	c.TTFB += o.TTFB
	c.Queueing += o.Queueing
	c.FreshConn += o.FreshConn
}

// A Cell counts the samples of one second that agree in everything that
// [CellKey] names. Second is the one in which they finished, from the start.
type Cell struct {
	Second int
	CellKey
	Counts
}

// A Send counts the requests written in one second to one edge address under
// one request name, answered or not.
type Send struct {
	Second  int
	Region  string
	Edge    netip.Addr
	Request uint16
	Count   int64
}

// A second is generator-limited beyond these, beside a hard trouble of the
// generator's: the send lag that 99 % of its requests must keep, and the share
// of its arrivals that may be missed.
const (
	MostLag    = 50 * time.Millisecond
	MostMissed = 0.01
)

// MostPerClient and MostPerEdge are what one client address may send and one
// edge address may get in a load test, requests/s. AWS names no figures: one
// host that sent 2,900/s to a distribution was refused with LimitExceeded, and
// one that sent 2,300/s was not. These stay well below.
const (
	MostPerClient = 100
	MostPerEdge   = 500
)

// LagLimited reports whether the second is generator-limited by its send lag.
func (s *Second) LagLimited() bool { return s.LagP99 > MostLag }

// MissedLimited reports whether it is by the arrivals that were missed.
func (s *Second) MissedLimited() bool { return float64(s.Missed) > MostMissed*float64(s.Scheduled) }

// A Second is the generator's own account of one second.
type Second struct {
	Second    int
	Asked     float64 // rate that the schedule wanted, requests/s, mean over the second
	Scheduled int64   // arrivals whose intended time lay in it
	Sent      int64   // requests whose first byte was written in it
	Missed    int64   // arrivals dropped because the generator was late
	Unsent    int64   // arrivals that the bound on arrivals in flight, or a limit, did not let out
	Held      int64   // those of the unsent that a limit of the scenario held back
	InFlight  int64   // arrivals queued or awaiting an answer at its end
	LagP99    time.Duration
	Trouble   string // the generator's hard trouble in it, "; " between several; empty for none
	Limited   string // why it is generator-limited, trouble among it; empty when it is not
	Stage     string // what the schedule was doing, such as "ramp to 500/s"
	Host      *Host  // nil where nobody looked
}

// A Tally counts one client's or one key prefix's samples over the run.
type Tally struct {
	Name      string // the client's source address or the prefix; empty for the rest beyond the busiest 1,000
	Client    uint32 // index of the client in the plan; zero for prefixes
	Requests  int64  // requests written
	Answers   int64
	Status503 int64
	BytesIn   int64
}

// A Lookup is one DNS query that a client sent, and what came of it: each
// retry, and each further query for one look-up, is one of its own.
type Lookup struct {
	At        time.Duration // when the answer came, or was given up
	Client    uint32
	Resolver  string
	Transport string // udp, tcp, tls or https; empty in older run files
	Subnet    string // EDNS client subnet sent; empty for none
	Scope     string // the part of the subnet's network that the answer is for; empty when the resolver did not say
	Name      string
	Type      string // A or AAAA
	Answer    []netip.Addr
	TTL       time.Duration
	Took      time.Duration
	Err       string // empty when an answer came, be it an empty one
}

// An Event is something that happened to a run: a ramp step, a fault, trouble
// of the generator's, an interruption.
type Event struct {
	At   time.Duration
	Kind string // step, trouble, warning, limit, dns, burst, guard, budget, authorisation, interrupted, fault
	Text string
}

// EventBudget is the kind of the event that tells that the scenario's budget is
// spent, which ended the run.
const EventBudget = "budget"

// A Trouble is something that the generator itself lacked at a time of the run,
// such as open files. The text holds no "; ".
type Trouble struct {
	At   time.Duration
	Text string
}

// A Control is the outcome of one control request, sent straight to the origin
// past CloudFront.
type Control struct {
	At     time.Duration // when it was sent
	Status uint16        // zero when no answer came
	Took   time.Duration // from the send to the last byte, or to when it failed
	Err    string        // empty when a whole answer came
}

// Joined is what access logs tell of a run of our own.
type Joined struct {
	Signals map[string]Signals // of exemplars that a row was found for, by request id
	Rows    int64              // of the logs
	Within  int64              // of them, those of the run's own time
	From    time.Time          // when the first row's answer ended; zero where there are no rows
	Latest  time.Time          // when the last one's did
	IDs     bool               // rows name their request ids
}

// A Header is one header field of an answer, its values as received.
type Header struct{ Name, Value string }

// An Exemplar is one request that was kept whole: every server's error up to
// 50 a second, and one in N others.
type Exemplar struct {
	At        time.Duration // when it finished
	Client    uint32
	Source    netip.Addr
	Edge      netip.Addr
	POP       string
	Request   string
	Method    string
	URL       string
	Status    uint16
	Cache     Cache
	Outcome   Outcome
	Signals   Signals
	RequestID string
	Reason    string
	Protocol  Protocol
	Response  time.Duration
	Service   time.Duration
	Headers   []Header
}

// A Detail tells more of a sample when it is asked to; most never are.
type Detail interface {
	// Exemplar returns method, URL, request id and headers; the caller fills
	// in the rest from the sample.
	Exemplar() Exemplar
}

// A Series names one kind of latency that is kept as histograms.
type Series string

// The series. Response and service are kept by class too.
const (
	SeriesResponse Series = "response"
	SeriesService  Series = "service"
	SeriesLag      Series = "lag"
	SeriesQueueing Series = "queueing"
	SeriesDNS      Series = "dns" // what each look-up took, whether or not an arrival waited for it
	SeriesConnect  Series = "connect"
	SeriesTLS      Series = "tls"
	SeriesTTFB     Series = "ttfb"
)

// Quantiles sum up one histogram. All are zero when Count is.
type Quantiles struct {
	P50, P90, P99, P999, Max time.Duration
	Count                    int64
}

// A LatencyKey names one histogram of a whole run.
type LatencyKey struct {
	Series Series
	By     string // "all", "class", "request", "pop" or "region"
	Value  string // such as "hit"; empty for "all"
}

// A LatencySecond sums up one class in one second of one series.
type LatencySecond struct {
	Second int
	Series Series // response or service
	Class  Class
	Quantiles
}

// A Run is what a run left behind, in the form that analysis and reports read.
// It holds nothing that grows with the number of requests; Cells is read as a
// stream, may be read again, and is in order of seconds.
type Run struct {
	Info      RunInfo
	Seconds   []Second // in order; seconds in which nothing happened may be absent
	Cells     iter.Seq2[Cell, error]
	Sends     []Send               // summed over the run: Second is zero
	EdgePeaks map[netip.Addr]int64 // most requests sent to each edge address in one second
	Clients   []Tally              // one for each client and source address
	Prefixes  []Tally
	Latency   map[LatencyKey]Quantiles
	Series    []LatencySecond // in order of seconds
	Exemplars []Exemplar      // in order of time
	Lookups   []Lookup
	Events    []Event
	Control   []Control // in order of time; none where the origin was not asked directly
	Joined    *Joined   // what access logs tell of the run; nil where none were joined
	// ClientsSeen is how many clients sent anything, also those that Clients
	// does not name.
	ClientsSeen int

	Clamped int64 // latencies over one hour, recorded as one hour

	Unread Unread   // what of its inputs could not be read
	Doubts []string // what weakens all of it, in words
}
