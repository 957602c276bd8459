package analysis

import (
	"slices"

	"frontload/results"
)

// The sources of the advice.
const (
	source503       = "Amazon CloudFront Developer Guide: HTTP 503 status code (Service Unavailable)"
	sourceLoadTest  = "Amazon CloudFront Developer Guide: Load testing CloudFront"
	sourceQuotas    = "Amazon CloudFront Developer Guide: Quotas"
	sourceS3        = "Amazon S3 User Guide: Best practices design patterns: optimizing Amazon S3 performance"
	sourceELB       = "Elastic Load Balancing User Guide: Troubleshoot your Application Load Balancers, HTTP 503"
	sourceWarm      = "AWS article 1636185810492479 (Elastic Load Balancing: no more than +50 % every five minutes)"
	sourceGateway   = "Amazon API Gateway Developer Guide: Throttle requests to your REST APIs"
	sourceErrors    = "Amazon CloudFront Developer Guide: How CloudFront caches HTTP 4xx and 5xx status codes from your origin"
	sourceHits      = "Amazon CloudFront Developer Guide: Increase the proportion of requests that are served directly from the CloudFront caches (cache hit ratio)"
	sourceTiming    = "Amazon CloudFront Developer Guide: Server-Timing header in response headers policies"
	sourceOwnMethod = "Frontload: how bursts are judged"
)

var edgeRemedies = map[string][]results.Remedy{
	results.VerdictEdgeCapacity: {
		{Brief: "spread the load over more clients, resolvers and regions", Do: "Send from several geographic regions, let every client make its own DNS request, and spread each client's requests over all addresses of its answer.", Source: sourceLoadTest},
		{Do: "Grow the number of clients with the rate, so that no edge address gets more than its share.", Source: sourceLoadTest},
		{Do: "If it happens in production, contact AWS Support with the request ids below.", Source: source503},
	},
	results.VerdictEdgeQuota: {
		{Brief: "request a higher quota", Do: "Request a higher quota for the distribution before the load is due.", Source: sourceQuotas},
		{Brief: "spread the load over more client addresses", Do: "In a load test, spread the load over more client addresses: one busy source trips a limit long before the distribution's.", Source: sourceLoadTest},
	},
	results.VerdictEdgeCompute: {
		{Brief: "look at the function's errors, duration and concurrency", Do: "Look in the function's CloudWatch logs, in the Region nearest to the POP, for errors, throttles and time-outs.", Source: source503},
		{Do: "Shorten the function or request more concurrent executions for Lambda@Edge.", Source: sourceQuotas},
		{Do: "Do not load-test cache behaviours with Lambda@Edge viewer request or viewer response triggers.", Source: sourceLoadTest},
	},
	results.VerdictUndetermined: {
		{Brief: "have the target send Server-Timing, or compare the origin's own log", Do: "Send Server-Timing from a response headers policy: cdn-upstream metrics on a 503 prove that the origin was asked.", Source: sourceTiming},
		{Do: "Look for the same seconds in the origin's own log, and repeat the run at a lower rate with more clients: the thin evidence here does not tell edge from origin.", Source: sourceOwnMethod},
	},
}

var originRemedies = map[string][]results.Remedy{
	originS3: {
		{Brief: "use more key prefixes and raise the rate more slowly", Do: "Spread the objects over more key prefixes: each carries 5,500 reads and 3,500 writes a second.", Source: source503},
		{Do: "Raise the rate slowly: S3 answers 503 Slow Down while it scales, and the errors then fade.", Source: sourceS3},
	},
	originELB: {
		{Brief: "check that its targets are healthy and enough of them run", Do: "Check that the target groups have registered, healthy targets and capacity enough.", Source: sourceELB},
		{Do: "Raise the load by no more than half every five minutes, or have the load balancer warmed up.", Source: sourceWarm},
	},
	originGateway: {
		{Brief: "raise the API's throttling limits or its backend's capacity", Do: "Check the API's throttling limits, its account quota and what stands behind it.", Source: sourceGateway},
	},
	originCustom: {
		{Brief: "give it more capacity", Do: "Look at the application's logs, memory, CPU and disk, and choose a larger instance type or more instances.", Source: source503},
	},
	originUnknown: {
		{Brief: "look at its logs and give it more capacity", Do: "Find out which origin serves the requests named here, and look at its logs, memory, CPU and connection limits at that time.", Source: source503},
	},
}

// mostCached is the share of replayed 503s from which the cache's part in a
// burst is worth a remedy.
const mostCached = 0.2

var hitsRemedy = results.Remedy{
	Do: "Raise the hit ratio: longer TTLs and fewer parameters in the cache key spare the origin.", Source: sourceHits,
}

// echoRemedy is for bursts that replayed errors made longer.
var echoRemedy = results.Remedy{
	Do:     "Lower the error caching minimum TTL for 503 (10 s by default): replayed errors kept this burst going after the origin had recovered, so look at its logs of the burst's first seconds.",
	Source: sourceErrors,
}

// aliveRemedy comes first where a target gave not one good answer.
var aliveRemedy = results.Remedy{
	Brief:  "look first whether it is down, in maintenance or refuses you",
	Do:     "Look whether it is down, in maintenance or refuses these requests: it never gave one good answer, so that nothing shows that load did it.",
	Source: sourceOwnMethod,
}

// replayed reports whether many of a burst's 503s are replayed errors: then
// the origin failed in its first seconds only.
func replayed(b *results.Burst) bool {
	return b.CachedErrorShare > mostCached ||
		slices.ContainsFunc(b.Evidence, func(e results.Evidence) bool { return e.Signal == slowAtFirst })
}

// remedies returns what to do about a burst, the first thing first. A hit ratio
// is spoken of only where there is a CloudFront to have one.
func remedies(b *results.Burst, source string, cloudFront bool) []results.Remedy {
	var list []results.Remedy
	if b.NeverGood && b.Family != results.FamilyEdge {
		list = append(list, aliveRemedy)
	}
	if b.Family != results.FamilyOrigin {
		list = append(list, edgeRemediesOf(source, b.Verdict)...)
		if b.Verdict == results.VerdictEdgeQuota && b.CausedByTest {
			list[0], list[1] = list[1], list[0]
		}
		return list
	}
	list = append(list, originRemedies[*b.OriginKind]...)
	if replayed(b) {
		list = append(list, echoRemedy)
	}
	if cloudFront {
		list = append(list, hitsRemedy)
	}
	return list
}
