package analysis

import "frontload/results"

// The table of weights: how many units of natural log odds each observation
// is worth when it is seen on every 503 of a large burst. One unit makes a
// cause 2.7 times as likely, four units 55 times. A few 503s, or a sign on
// some of them only, are worth less (see [weigh]). The sources are the
// CloudFront Developer Guide's page on HTTP 503 and captured answers; where
// they give no figure, the figure is a judgement checked on simulated runs.

// prior holds the log odds of each verdict before any evidence. AWS says that
// a 503 usually comes from the origin, that edge capacity is rare in
// production but common under load tests, and quotas and functions rarer.
var prior = map[string]float64{
	results.VerdictOriginSaturation: 0,
	results.VerdictEdgeCapacity:     -1.2,
	results.VerdictEdgeQuota:        -2.0,
	results.VerdictEdgeCompute:      -1.6,
}

// A sign is a signal of the answers and what it is worth.
type sign struct {
	signal  results.Signals
	favours string
	weight  float64
	words   string // how the observation is told
}

var signs = []sign{
	// X-Cache names the cause outright: certain.
	{results.SignalXCacheCapacity, results.VerdictEdgeCapacity, 8, "X-Cache: CapacityExceeded"},
	{results.SignalXCacheLimit, results.VerdictEdgeQuota, 8, "X-Cache: LimitExceeded"},
	{results.SignalXCacheLambda, results.VerdictEdgeCompute, 8, "X-Cache: Lambda…"},
	{results.SignalXCacheFunction, results.VerdictEdgeCompute, 8, "X-Cache: Function…"},
	// So does the access log.
	{results.SignalLogCapacity, results.VerdictEdgeCapacity, 8, "the log's result type CapacityExceeded"},
	{results.SignalLogLimit, results.VerdictEdgeQuota, 8, "the log's result type LimitExceeded"},
	{results.SignalLogCompute, results.VerdictEdgeCompute, 8, "the log's result type Lambda… or Function…"},
	// CloudFront's page names the cause: nearly certain, though a page can be replaced.
	{results.SignalPageCompute, results.VerdictEdgeCompute, 6, "CloudFront's page names a function"},
	{results.SignalPageCapacity, results.VerdictEdgeCapacity, 3, "CloudFront's page speaks of capacity"},
	// CloudFront's own hand: probable only, since policies and functions can
	// rewrite Server, and failed connections to origins end in such a page too.
	{results.SignalServerCloudFront, results.FamilyEdge, 2.5, "Server: CloudFront"},
	{results.SignalPageCloudFront, results.FamilyEdge, 2, "CloudFront's own error page"},
	// An origin's hand. Server-Timing with an upstream part proves that the
	// origin was asked; errors of CloudFront's own are never cached, so Age
	// proves that an origin wrote it.
	{results.SignalMarker, results.FamilyOrigin, 7, "the header that only the origin sets"},
	{results.SignalUpstream, results.FamilyOrigin, 6, "Server-Timing shows that the origin was asked"},
	{results.SignalAge, results.FamilyOrigin, 5, "Age: the cache replayed an origin's error"},
	{results.SignalLogOrigin, results.FamilyOrigin, 6, "the log's detailed result type Origin…"},
	{results.SignalLogFetched, results.FamilyOrigin, 6, "the log's origin-fbl: the origin answered"},
	{results.SignalServerS3, results.FamilyOrigin, 5, "Server: AmazonS3"},
	{results.SignalS3IDs, results.FamilyOrigin, 4.5, "S3's request ids"},
	{results.SignalPageS3, results.FamilyOrigin, 4.5, "S3's XML error"},
	{results.SignalServerELB, results.FamilyOrigin, 5, "Server: awselb"},
	{results.SignalPageELB, results.FamilyOrigin, 3.5, "a load balancer's error page"},
	{results.SignalAPIGatewayIDs, results.FamilyOrigin, 5, "API Gateway's request ids"},
	{results.SignalPageAPIGateway, results.FamilyOrigin, 2.5, "API Gateway's JSON message"},
	{results.SignalServerOther, results.FamilyOrigin, 4, "Server names an origin's software"},
	{results.SignalPageOther, results.FamilyOrigin, 3.5, "another server's error page"},
}

// diminish is what each further sign for the same cause in the same answers is
// worth, by the one before it: signs of one writer come together, so they are
// no independent witnesses.
const diminish = 0.35

// The weights of the spread and the speed. The first three decide where no
// header tells anything.
const (
	// 503s in few places while the same request names work elsewhere in the
	// same seconds: an origin does not know which edge asks.
	weightConcentrated = 4.5
	// The same share of 503s in every POP or edge address: addresses that run
	// out of capacity do so one by one.
	weightEverywhere = -3.0
	// The same within one POP: its addresses share the load, and often its fate.
	weightOnePOP = -0.5
	// 503s under some request names only while others work on the same
	// addresses. Neither an address nor a quota knows request names; origins
	// and functions, by cache behaviour, do.
	weightSomeNames = -3.5
	// All request names fail alike, whatever they are: a function belongs to
	// a behaviour.
	weightAllNames = -2.2
	// Their shares differ: a quota does not know request names.
	weightUnevenNames = -1.5
	// Good answers are hits and misses as ever: the failures hit both alike.
	// Or misses are what is lacking: only they reach an origin. Most either way.
	weightMix = 3.0
	// More 503s than there would have been misses: hits failed too. Replayed
	// errors of a hot object can do that, so it is worth little alone.
	weightHitsFail = 1.5
	// 503s as fast as hits come from the edge, or from its cache of errors;
	// as slow as misses, from where misses come from.
	weightFast = 2.5
	weightSlow = 2.5
	// Slow at first, then fast: errors of an origin that the cache replays.
	// An edge that fails on its own has no reason to wait for the origin.
	weightSlowFirst = 3.5
	// Misses became slow: an origin that fails is usually an origin that
	// queues. That they did not says little: S3 fails fast.
	weightMissesSlow   = 2.0
	weightMissesSteady = 0.5
	// 502s and 504s beside the 503s: connections to the origin fail as well.
	weightGateway = 2.0
	// Hits became slow in the scope: only the edge answers them.
	weightHitsSlow = 1.0
	// Every POP began within two seconds.
	weightOnset = -0.5
	// Shares differ much from place to place, though none is spared.
	weightUnevenPlaces = 1.5
	// The share of 503s grew with the rate of the whole run.
	weightRate = 0.8
)

// halfTrust is the number of 503s at which evidence has half its weight.
const halfTrust = 4.0

// certain is the least probability at which a verdict is pronounced. Below it
// one in five would be wrong, and advice to the wrong team costs more than
// the advice to look closer.
const certain = 0.8
