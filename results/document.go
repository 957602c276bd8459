package results

import (
	"fmt"
	"time"
)

// AnalysisSchema names the format and version of [Analysis] as JSON.
const AnalysisSchema = "frontload.analysis/1"

// Analysis is the analysis document: what happened in a run, whether to
// believe it, and what caused each burst of 503s.
type Analysis struct {
	Schema   string                          `json:"schema"`
	Run      RunSummary                      `json:"run"`
	Trust    Trust                           `json:"trust"`
	Guidance []Rule                          `json:"guidance"`
	Latency  map[string]map[string]Latencies `json:"latency"` // by series, then by class, "all" among them
	Bursts   []Burst                         `json:"bursts"`
	Control  *ControlSummary                 `json:"control,omitempty"` // nil where the origin was not asked directly
	Join     *Join                           `json:"join,omitempty"`    // nil where no access logs were joined
	Unread   Unread                          `json:"unread"`
	Headline string                          `json:"headline"` // the findings in a few sentences
	Findings []Finding                       `json:"findings"` // what to act on, the first thing first
}

// A Finding is one thing that a run showed, and what to do about it: nothing
// where it is empty.
type Finding struct {
	Say   string `json:"say"`
	Do    string `json:"do"`
	Burst int    `json:"burst"` // id of the burst that it tells of; zero for none
}

// String returns the finding as one clause.
func (f Finding) String() string {
	if f.Do == "" {
		return f.Say
	}
	return f.Say + ": " + f.Do
}

// RunSummary counts what a run did.
type RunSummary struct {
	Name          string           `json:"name"`
	Source        string           `json:"source"`
	Target        string           `json:"target"`
	Authorization string           `json:"authorization"`
	Start         time.Time        `json:"start"`
	End           time.Time        `json:"end"`
	Interrupted   bool             `json:"interrupted"`
	EndedBy       string           `json:"ended_by"`      // why its load ended early though nothing went wrong; empty where it did not
	Warmup        float64          `json:"warmup_s"`      // from the start, left out of thresholds; zero for none
	Unfinished    bool             `json:"unfinished"`    // no end was written: the run was killed, or goes on still
	Simulated     bool             `json:"simulated"`     // in virtual time, without sockets
	Version       string           `json:"version"`       // of the program that wrote the run
	Requests      int64            `json:"requests"`      // whose first byte was written
	Responses     int64            `json:"responses"`     // that were answered
	Responses503  int64            `json:"responses_503"` // whoever wrote it, in or outside bursts
	Outcomes      map[string]int64 `json:"outcomes"`      // samples by outcome
	Statuses      map[string]int64 `json:"statuses"`      // samples by HTTP status; "none" where no answer came

	// FailedStatuses counts, by HTTP status, the answers that are not ok by
	// their status: of 400 and more, or not what the scenario expects.
	FailedStatuses map[string]int64 `json:"failed_statuses"`

	RatePeak float64 `json:"rate_peak"` // most requests sent in one second

	// Rates are means in requests/s over the seconds that had arrivals; both
	// are zero where no generator of ours sent them.
	Scheduled   int64   `json:"scheduled_arrivals"`
	RateAsked   float64 `json:"rate_asked_mean"`
	RateReached float64 `json:"rate_sent_mean"`

	// CacheResults counts the good answers by what the cache did. HitRatio is
	// the share of hits among those that say; nil where none does.
	CacheResults   map[string]int64 `json:"cache_results"`
	HitRatio       *float64         `json:"hit_ratio"`
	CloudFrontSeen bool             `json:"cloudfront_seen"` // some answer had a header of CloudFront's

	ByRequest []RequestCount `json:"by_request"`

	// TransportReasons counts why no whole answer came, over the requests that
	// were kept whole: up to 50 a second.
	TransportReasons map[string]int64 `json:"transport_reasons"`

	Bytes         int64          `json:"bytes"`   // received
	Clients       int            `json:"clients"` // that sent anything
	EdgeAddresses int            `json:"edge_addresses"`
	POPs          []string       `json:"pops"`
	Edges         []AddressCount `json:"edges"`            // per edge address
	Sources       []AddressCount `json:"client_addresses"` // per client, the busiest 1,000
	Lookups       int            `json:"lookups"`
}

// TransportReason says in words why no whole answer came: the reason, where
// all kept requests have the same; else the commonest and how many have it;
// nothing when none is known.
func (r *RunSummary) TransportReason() string {
	most, kept := "", int64(0)
	for reason, n := range r.TransportReasons {
		kept += n
		if best := r.TransportReasons[most]; n > best || n == best && reason < most {
			most = reason
		}
	}
	if len(r.TransportReasons) < 2 {
		return most
	}
	return fmt.Sprintf("most often %s, %d of %d kept", most, r.TransportReasons[most], kept)
}

// ControlSummary counts the control requests, sent straight to the origin.
type ControlSummary struct {
	Requests int64            `json:"requests"`
	OK       int64            `json:"ok"`       // those of status 200 to 399
	Statuses map[string]int64 `json:"statuses"` // "none" where no whole answer came
	Errors   map[string]int64 `json:"errors"`   // why none came
	P50      float64          `json:"p50_us"`   // of what they took, failed ones too
	Max      float64          `json:"max_us"`
}

// Join says how a run and access logs were joined, by request id.
type Join struct {
	Exemplars int64            `json:"exemplars"` // kept whole by the run, with a request id
	Joined    int64            `json:"joined"`    // those of them that a row was found for
	Kept503   int64            `json:"exemplars_503"`
	Joined503 int64            `json:"joined_503"`
	Signals   map[string]int64 `json:"signals"`         // what the rows of joined 503s show
	LogRows   int64            `json:"log_rows"`        // that were read
	Within    int64            `json:"log_rows_in_run"` // those of them that are of the run's own time

	// OtherRows are the rows of the run's time that are not the run's: other
	// viewers'. It is an estimate, by the share of exemplars that were joined.
	OtherRows int64      `json:"other_rows"`
	FirstRow  *time.Time `json:"first_row"` // nil where the logs have no rows
	LatestRow *time.Time `json:"latest_row"`

	// LatestAfterEnd is how long after the run's end the latest row is; below
	// zero, the logs end before the run does: later rows are still to come.
	LatestAfterEnd *float64 `json:"latest_row_after_end_s"`
	Why            string   `json:"why,omitempty"` // not all were joined, as far as can be told
}

// RequestCount counts the samples of one request name.
type RequestCount struct {
	Name         string    `json:"name"`
	Samples      int64     `json:"samples"`
	OK           int64     `json:"ok"`
	Unexpected   int64     `json:"unexpected"` // would be ok, were it what the scenario expects
	Responses503 int64     `json:"responses_503"`
	HitRatio     *float64  `json:"hit_ratio"`
	HitsWanted   *float64  `json:"hit_ratio_wanted"` // nil where it was left to chance
	Response     Latencies `json:"response"`
}

// AddressCount counts the requests of one edge or client address.
type AddressCount struct {
	Address      string `json:"address"`
	POP          string `json:"pop,omitempty"` // of an edge address, the one it named most
	Requests     int64  `json:"requests"`
	Responses503 int64  `json:"responses_503"`
}

// Trust says whether a run is to be believed.
type Trust struct {
	OK              bool     `json:"ok"`
	SendLagP99      *float64 `json:"send_lag_p99_us"` // nil when nothing was sent by us
	MissedArrivals  int64    `json:"missed_arrivals"`
	UnsentArrivals  int64    `json:"unsent_arrivals"`
	LimitedSeconds  int      `json:"generator_limited_seconds"`
	Reasons         []string `json:"reasons"`
	ClampedLatency  int64    `json:"clamped_latencies"`
	LatencyIsAFloor bool     `json:"latency_is_lower_bound"` // arrivals went unsent, so the percentiles are lower bounds

	// Generator is the worst second of each kind; nil where nobody looked.
	Generator *Generator `json:"generator,omitempty"`
}

// Generator sums up what the load generator saw of its machine and of itself:
// of each figure the highest of any second. What could not be had is left out.
type Generator struct {
	CPUs        int              `json:"cpus"` // that it may use
	ProcessCPU  *float64         `json:"process_cpus_used,omitempty"`
	MachineCPUs int              `json:"machine_cpus,omitempty"`
	MachineCPU  *float64         `json:"machine_cpus_used,omitempty"`
	Steal       *float64         `json:"steal_share,omitempty"`
	GCLongest   *float64         `json:"gc_pause_us,omitempty"`
	RunQueueP99 *float64         `json:"run_queue_p99_us,omitempty"`
	Stall       *float64         `json:"stall_us,omitempty"` // stood still; zero when it never did
	Resident    *int64           `json:"resident_bytes,omitempty"`
	OpenFiles   *int64           `json:"open_files,omitempty"`
	TCPSockets  *int64           `json:"tcp_sockets,omitempty"`
	Allowances  map[string]int64 `json:"allowances_exceeded,omitempty"` // summed over the run
}

// Rule is one line of CloudFront's guidance, judged.
type Rule struct {
	Rule     string `json:"rule"`
	Status   string `json:"status"` // kept, broken, unknown or not-applicable
	Planned  string `json:"planned"`
	Observed string `json:"observed"`
	Fix      string `json:"fix"`

	// What the status is by either alone; it is the worse of the two.
	PlannedStatus  string `json:"planned_status"`
	ObservedStatus string `json:"observed_status"`

	Source    string   `json:"source,omitempty"`     // who says so
	SourceURL string   `json:"source_url,omitempty"` // where
	Measured  Measured `json:"measured"`             // what the words are made of
}

// Measured are the figures that a rule is judged by, as planned and as
// observed; their names end in their units where they have one.
type Measured struct {
	Planned  map[string]float64 `json:"planned,omitempty"`
	Observed map[string]float64 `json:"observed,omitempty"`
}

// Latencies are quantiles in microseconds, as the document has them.
type Latencies struct {
	P50   float64 `json:"p50_us"`
	P90   float64 `json:"p90_us"`
	P99   float64 `json:"p99_us"`
	P999  float64 `json:"p999_us"`
	Max   float64 `json:"max_us"`
	Count int64   `json:"count"`
}

// The verdicts and families.
const (
	VerdictEdgeCapacity     = "edge-capacity"
	VerdictEdgeQuota        = "edge-quota"
	VerdictEdgeCompute      = "edge-compute"
	VerdictOriginSaturation = "origin-saturation"
	VerdictUndetermined     = "undetermined"

	FamilyEdge         = "edge"
	FamilyOrigin       = "origin"
	FamilyUndetermined = "undetermined"
)

// Burst is a span in which 503s stand out within a scope, and its verdict.
type Burst struct {
	ID           int       `json:"id"`
	Start        time.Time `json:"start"`
	End          time.Time `json:"end"` // exclusive
	Requests     int64     `json:"requests"`
	Responses503 int64     `json:"responses_503"`
	PeakShare    float64   `json:"peak_share"`  // largest share of 503s in one second
	Judged503    int64     `json:"judged_503s"` // those from seconds that count as evidence
	Scope        Scope     `json:"scope"`

	Verdict       string             `json:"verdict"`
	Family        string             `json:"family"`
	OriginKind    *string            `json:"origin_kind"` // nil unless the family is origin
	Confidence    float64            `json:"confidence"`  // of the verdict
	Probabilities map[string]float64 `json:"probabilities"`

	CachedErrorShare float64       `json:"cached_error_share"`
	CausedByTest     bool          `json:"caused_by_test"`
	NeverGood        bool          `json:"never_good"`     // not one good answer in its scope, all run long
	OriginOut        bool          `json:"origin_out"`     // while it lasted, not one good answer in its scope came from an origin
	ElsewhereGood    bool          `json:"elsewhere_good"` // an origin's, at one place; origins answered well at others meanwhile
	Evidence         []Evidence    `json:"evidence"`
	Remedies         []Remedy      `json:"remedies"`
	Exemplars        []ExemplarRef `json:"exemplars"`
}

// Scope says where a burst was.
type Scope struct {
	Kind   string   `json:"kind"` // all, region, pop, edge-address, client, request or key-prefix
	Values []string `json:"values"`
}

// Evidence is one named observation and how strongly it speaks for a verdict.
type Evidence struct {
	Signal   string  `json:"signal"`
	Favours  string  `json:"favours"`  // a verdict, or a family where it cannot tell more
	LogOdds  float64 `json:"log_odds"` // natural logarithm
	Observed string  `json:"observed"` // in words
}

// Remedy is one thing to do, and who says so.
type Remedy struct {
	Do     string `json:"do"`
	Brief  string `json:"brief"` // the same in a few words
	Source string `json:"source"`
}

// ExemplarRef points at one kept request of a burst, for AWS Support.
type ExemplarRef struct {
	RequestID   string    `json:"request_id"`
	POP         string    `json:"pop"`
	EdgeAddress string    `json:"edge_address"`
	Time        time.Time `json:"time"`
}

// Unread counts what of the input could not be read, and why.
type Unread struct {
	Lines   int64             `json:"lines"`
	Reasons map[string]int64  `json:"reasons"`
	Partly  map[string]int64  `json:"partly,omitempty"` // lines that are counted all the same, and what of them is not
	First   map[string]string `json:"first,omitempty"`  // by reason, the first place, such as FILE:LINE
}
