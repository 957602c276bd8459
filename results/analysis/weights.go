package analysis

import "frontload/results"

// A Weight is one row of the table by which evidence is weighed: how many
// units of natural log odds a signal is worth to a verdict, or to all verdicts
// of a family, when it is seen in full on a large burst. One unit makes a cause
// 2.7 times as likely, four units 55 times. A negative one speaks against it.
type Weight struct {
	Signal   string
	Favours  string
	Reasoned float64 // what it was thought to be worth before anything was measured
	Odds     float64 // what it is worth: fitted near that
	Why      string
}

// Weights returns the table. It is a copy.
func Weights() []Weight { return append([]Weight(nil), table...) }

// Prior returns the log odds of a verdict before any evidence.
func Prior(verdict string) float64 { return prior[verdict] }

// prior: AWS says that a 503 usually comes from the origin, that edge capacity
// is rare in production but common under load tests, and quotas and functions
// rarer. In parts of 19: 10 origin, 4 capacity, 3 compute, 2 quota.
var prior = map[string]float64{
	results.VerdictOriginSaturation: 0,
	results.VerdictEdgeCapacity:     -0.9,
	results.VerdictEdgeCompute:      -1.2,
	results.VerdictEdgeQuota:        -1.6,
}

const (
	origin   = results.FamilyOrigin
	edge     = results.FamilyEdge
	capacity = results.VerdictEdgeCapacity
	quota    = results.VerdictEdgeQuota
	compute  = results.VerdictEdgeCompute
)

// table holds the weights. The second figure of each row is fitted by `go run
// ./cmd/calibrate --fit` on one half of a simulated corpus, near the first, and
// never with another sign. To fit anew, run that and copy its second figures.
var table = []Weight{
	// What names the cause outright.
	{"x-cache-capacity", capacity, 8, 8, "documented as the edge's own word, though no public capture has it in X-Cache"},
	{"x-cache-limit", quota, 8, 8, "captured; only the quota writes it"},
	{"x-cache-lambda", compute, 8, 8, "captured; only a function that failed, or answered itself, writes it"},
	{"x-cache-function", compute, 8, 8, "captured; only a function that failed, or answered itself, writes it"},
	{"log-capacity", capacity, 8, 8.1, "a documented result type"},
	{"log-limit", quota, 8, 8, "a documented result type"},
	{"log-compute", compute, 8, 8, "a documented result type"},
	{"page-compute", compute, 6, 6, "CloudFront's page names the function; a page can be replaced"},
	{"page-capacity", capacity, 3, 3, "CloudFront's page speaks of capacity; its wording is not documented"},
	// CloudFront's own hand, which names none.
	{"server-cloudfront", edge, 2.5, 2.5, "policies and functions can write Server over"},
	{"page-cloudfront", edge, 2, 2, "failed connections to origins end in such a page too"},
	{"length-cloudfront", edge, 1, 1, "as long as CloudFront's page; other pages are as long by chance"},
	{"marker-absent", edge, 1.5, 1.2, "good answers have the owner's header, these 503s do not; a load balancer before the application would not have it either"},
	// An origin's hand.
	{"origin-marker", origin, 7, 7, "the owner says that only the origin sets it"},
	{"upstream-timing", origin, 6, 6, "documented: cdn-upstream metrics mean that the origin was asked"},
	{"age", origin, 7, 7, "documented: CloudFront does not cache errors that it generates itself"},
	{"answered-as-miss", origin, 4, 4, "the cache was asked and went to the origin"},
	{"log-origin", origin, 6, 6, "documented detailed result types"},
	{"log-fetched", origin, 6, 6, "documented: the origin's first byte came"},
	{"log-error", origin, 1, 0.9, "CloudFront's own errors have result types of their own, relayed ones are Error"},
	{"server-s3", origin, 4.5, 4.5, "S3 signs its answers; so does an error page that lies in a bucket"},
	{"s3-ids", origin, 4.5, 4.5, "S3's request ids"},
	{"page-s3", origin, 5, 5, "S3's XML error"},
	{"server-elb", origin, 5, 5, "the load balancer signs its answers"},
	{"page-elb", origin, 4, 4, "a load balancer's error page"},
	{"length-elb", origin, 1.5, 1.5, "162 bytes, a load balancer's page and hardly another's"},
	{"api-gateway-ids", origin, 5, 5, "API Gateway's request ids"},
	{"page-api-gateway", origin, 2.5, 2.5, "a JSON message is easily somebody else's"},
	{"server-software", origin, 4, 4, "software of origins signs the answer; a policy may write it over"},
	{"server-other", origin, 2, 1.7, "software that is not CloudFront; a layer in front of it signs alike"},
	{"page-other", origin, 3.5, 3.5, "another server's known error page"},
	// Where the 503s are.
	{"concentrated", capacity, 4.5, 5.1, "few places fail while the same requests work elsewhere: an origin does not know which edge asks"},
	{"even-over-places", capacity, -3, -3.2, "addresses that run out of capacity do so one by one"},
	{"even-within-pop", capacity, -0.5, -0.5, "addresses of one POP share the load, and often its fate"},
	{"uneven-over-places", capacity, 1.5, 1.3, "shares differ from place to place, though none is spared"},
	{"busier-places-fail-more", capacity, 1.5, 1.5, "capacity is each address's own"},
	{"onset-together", capacity, -0.5, -0.5, "every POP began within two seconds"},
	{"some-requests", capacity, -3.5, -3.9, "an edge address does not know request names"},
	{"some-requests", quota, -3.5, -4, "nor does a quota; origins and functions, by cache behaviour, do"},
	{"some-requests-there", capacity, -5, -5, "nor does one place's address"},
	{"some-requests-there", compute, 2, 2.1, "Lambda@Edge runs, and is limited, region by region"},
	{"all-requests", compute, -2.2, -2.9, "a function belongs to a cache behaviour, and seldom to all"},
	{"uneven-over-requests", quota, -1.5, -1.5, "a quota does not know request names"},
	{"uneven-over-requests", capacity, -1, -1, "nor does an edge address"},
	{"few-clients", quota, 4, 4.4, "one busy source trips a limit of its own; places and origins do not know clients"},
	{"few-clients", capacity, -2, -2, "a place that lacks capacity fails all clients that it serves"},
	{"some-prefixes", origin, 1.5, 1.5, "S3 limits each key prefix by itself"},
	// What fails: hits, misses, or both.
	{"misses-lacking", origin, 3, 2.5, "only misses reach an origin: they are lacking among the good answers"},
	{"hits-and-misses-alike", edge, 3, 2.9, "the edge fails hits and misses alike: the mix of good answers stays"},
	{"follows-misses", origin, 2.5, 2.6, "request names fail as often as they miss"},
	{"whatever-misses", edge, 2.5, 2.5, "request names fail alike, however often they miss"},
	{"hits-fail", edge, 1.5, 1.5, "more 503s than there would have been misses"},
	{"hits-fail-slowly", compute, 3, 3.3, "a cache replays errors fast, an edge refuses fast: a function that runs into its time limit is what is left"},
	// How fast.
	{"fast-503s", edge, 2.5, 3.3, "as fast as hits: nobody was asked"},
	{"faster-than-misses", edge, 0.7, 0.9, "much faster than misses, where no hit is there to compare with"},
	{"slow-503s", origin, 2.5, 2.4, "as slow as misses: they come from where misses come from"},
	{"slow-503s", compute, 1.5, 1.5, "a function may time out"},
	{"slow-at-first", origin, 3.5, 3.9, "slow, then fast, as errors that the cache replays; an edge has no reason to wait for the origin"},
	{"some-slow-503s", origin, 2, 2, "some are slower than any hit: those that were not replayed"},
	// What else changed.
	{"misses-slow", origin, 2, 1.9, "an origin that fails usually queues"},
	{"misses-slow-before", origin, 2, 1.9, "misses slowed down before the first 503"},
	{"misses-steady", edge, 0.5, 0.4, "that misses did not slow down says little: S3 fails fast"},
	{"hits-slow", edge, 1, 1, "only the edge answers hits"},
	{"gateway-errors", origin, 2, 2.1, "connections to the origin fail as well"},
	{"follows-rate", quota, 0.8, 0.9, "the share of 503s grows with the whole rate"},
	{"capped-in-total", quota, 2, 2.2, "as many good answers each second, however many were asked for"},
	{"capped-in-total", compute, -0.5, -0.4, "a function that fails at random lets no fixed number through"},
	{"capped-by-address", capacity, 2, 1.9, "each address lets the same number through each second"},
	{"control-fails", origin, 4, 4, "asked directly, past CloudFront, the origin fails too"},
	{"control-slow", origin, 2, 2, "asked directly, it is slow at the same time"},
	{"control-fine", edge, 1.5, 1.5, "asked directly, it is well; a health check may know nothing of the part that fails"},
	{"contradiction", origin, 0.8, 0.8, "the answers name the edge, the spread an origin: headers can be rewritten"},
	{"contradiction", edge, 0.8, 0.8, "the answers name an origin, the spread the edge"},
}

// byKey finds the rows of a signal.
var bySignal = rowsBySignal(table)

func rowsBySignal(rows []Weight) map[string][]Weight {
	of := map[string][]Weight{}
	for _, w := range rows {
		of[w.Signal] = append(of[w.Signal], w)
	}
	return of
}

// A sign is a signal of the answers, and how the observation is told.
type sign struct {
	signal results.Signals
	words  string
}

var signs = []sign{
	{results.SignalXCacheCapacity, "X-Cache: CapacityExceeded"},
	{results.SignalXCacheLimit, "X-Cache: LimitExceeded"},
	{results.SignalXCacheLambda, "X-Cache: Lambda…"},
	{results.SignalXCacheFunction, "X-Cache: Function…"},
	{results.SignalLogCapacity, "the log's result type CapacityExceeded"},
	{results.SignalLogLimit, "the log's result type LimitExceeded"},
	{results.SignalLogCompute, "the log's result type Lambda… or Function…"},
	{results.SignalPageCompute, "CloudFront's page names a function"},
	{results.SignalPageCapacity, "CloudFront's page speaks of capacity"},
	{results.SignalServerCloudFront, "Server: CloudFront"},
	{results.SignalPageCloudFront, "CloudFront's own error page"},
	{results.SignalLengthCloudFront, "the length of CloudFront's error page"},
	{results.SignalMarker, "the header that only the origin sets"},
	{results.SignalUpstream, "Server-Timing shows that the origin was asked"},
	{results.SignalAge, "Age: the cache replayed an origin's error"},
	{results.SignalLogOrigin, "the log's detailed result type Origin…"},
	{results.SignalLogFetched, "the log's origin-fbl: the origin answered"},
	{results.SignalServerS3, "Server: AmazonS3"},
	{results.SignalS3IDs, "S3's request ids"},
	{results.SignalPageS3, "S3's XML error"},
	{results.SignalServerELB, "Server: awselb"},
	{results.SignalPageELB, "a load balancer's error page"},
	{results.SignalLengthELB, "the length of a load balancer's error page"},
	{results.SignalAPIGatewayIDs, "API Gateway's request ids"},
	{results.SignalPageAPIGateway, "API Gateway's JSON message"},
	{results.SignalServerSoftware, "Server names software of origins"},
	{results.SignalServerOther, "Server names something else than CloudFront"},
	{results.SignalPageOther, "another server's error page"},
}

// name returns the sign's signal as the table has it.
func (s sign) name() string { return s.signal.Names()[0] }

// diminish is what each further sign for the same cause in the same answers is
// worth, by the one before it: signs of one writer come together, so they are
// no independent witnesses; yet two that agree are harder to forge than one.
const diminish = 0.5

// halfTrust is the number of 503s at which evidence has half its weight.
const halfTrust = 4.0

// halfShare is the share of the 503s at which a sign has half its weight: an
// answer that tells nothing does not contradict one that does.
const halfShare = 0.1

// certain is the least probability at which a verdict is pronounced. Below it
// one in four would be wrong, and advice to the wrong team costs more than
// the advice to look closer.
const certain = 0.75
