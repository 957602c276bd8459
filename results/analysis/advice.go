package analysis

import "frontload/results"

// The sources of the advice.
const (
	source503       = "Amazon CloudFront Developer Guide: HTTP 503 status code (Service Unavailable)"
	sourceLoadTest  = "Amazon CloudFront Developer Guide: Load testing CloudFront"
	sourceQuotas    = "Amazon CloudFront Developer Guide: Quotas"
	sourceEdgeLogs  = "Amazon CloudFront Developer Guide: Edge function logs"
	sourceMetrics   = "Amazon CloudFront Developer Guide: Monitor CloudFront metrics with Amazon CloudWatch"
	sourceS3        = "Amazon S3 User Guide: Best practices design patterns: optimizing Amazon S3 performance"
	sourceELB       = "Elastic Load Balancing User Guide: Troubleshoot your Application Load Balancers, HTTP 503"
	sourceWarm      = "AWS article 1636185810492479 (Elastic Load Balancing: no more than +50 % every five minutes)"
	sourceGateway   = "Amazon API Gateway Developer Guide: Throttle requests to your REST APIs"
	sourceErrors    = "Amazon CloudFront Developer Guide: How CloudFront caches HTTP 4xx and 5xx status codes from your origin"
	sourceHits      = "Amazon CloudFront Developer Guide: Increase the proportion of requests that are served directly from the CloudFront caches (cache hit ratio)"
	sourceTiming    = "Amazon CloudFront Developer Guide: Server-Timing header in response headers policies"
	sourceFields    = "Amazon CloudFront Developer Guide: Standard logging reference, log file fields"
	sourceRateRule  = "AWS WAF Developer Guide: Rate-based rule statement"
	sourceOwnMethod = "Frontload: how bursts are judged"
)

// What to do where the edge ran out of capacity: by a tester, and by anyone.
var (
	spreadRemedy = results.Remedy{
		Brief:  "spread the load over more clients, resolvers and regions",
		Do:     "Send from several geographic regions, let every client make its own DNS request, and spread each client's requests over all addresses of its answer.",
		Source: sourceLoadTest,
	}
	growRemedy = results.Remedy{
		Do:     "Grow the number of clients with the rate, so that no edge address gets more than its share.",
		Source: sourceLoadTest,
	}
	supportRemedy = results.Remedy{
		Brief:  "give AWS Support the request ids",
		Do:     "If it happens in production, contact AWS Support",
		Source: source503,
	}
)

// What to do about a quota.
var (
	quotaRemedy   = results.Remedy{Brief: "request a higher quota", Do: "Request a higher quota for the distribution before the load is due.", Source: sourceQuotas}
	sourcesRemedy = results.Remedy{
		Brief:  "spread the load over more client addresses",
		Do:     "In a load test, spread the load over more client addresses: one busy source trips a limit long before the distribution's.",
		Source: sourceLoadTest,
	}
	crawlerRemedy = results.Remedy{
		Do:     "Look whether few client addresses sent most of it, such as a crawler, and limit them with a rate-based rule.",
		Source: sourceRateRule,
	}
)

// A functionTrouble is what went wrong with a function at the edge, as far as
// answers or logs name it.
type functionTrouble string

const (
	functionUnnamed   functionTrouble = ""
	lambdaFailed      functionTrouble = "LambdaExecutionError"
	lambdaInvalid     functionTrouble = "LambdaValidationError"
	lambdaThrottled   functionTrouble = "LambdaLimitExceeded"
	functionFailed    functionTrouble = "FunctionExecutionError"
	functionThrottled functionTrouble = "FunctionThrottledError"
	lambdaAnswered    functionTrouble = "LambdaGeneratedResponse"
	functionAnswered  functionTrouble = "FunctionGeneratedResponse"
)

// functionRemedies are what to do about each.
var functionRemedies = map[functionTrouble][]results.Remedy{
	functionUnnamed: {
		{Brief: "look at the function's errors, duration and concurrency", Do: "Look in the function's CloudWatch logs, in the Region nearest to the POP, for errors, throttles and time-outs.", Source: source503},
		{Do: "Shorten the function or request more concurrent executions for Lambda@Edge.", Source: sourceQuotas},
	},
	lambdaFailed: {
		{Brief: "look for the Lambda@Edge function's exceptions and time-outs", Do: "Look in the Lambda@Edge function's CloudWatch logs, in the Region nearest to the POP, for exceptions, time-outs and missing permissions.", Source: source503},
		{Do: "Compare its duration and memory with the limits: 5 s for viewer triggers, 30 s for origin triggers.", Source: sourceQuotas},
	},
	lambdaInvalid: {
		{Brief: "correct what the Lambda@Edge function returns", Do: "Look in the Lambda@Edge function's CloudWatch logs, in the Region nearest to the POP, for the answers that CloudFront found invalid.", Source: sourceEdgeLogs},
	},
	lambdaThrottled: {
		{Brief: "shorten the Lambda@Edge function or request more concurrent executions", Do: "Request more concurrent executions for Lambda@Edge in the Regions nearest to these POPs: the quota counts Region by Region.", Source: sourceQuotas},
		{Do: "Shorten the function: the executions under way are its rate times its duration.", Source: sourceQuotas},
	},
	functionFailed: {
		{Brief: "look for the CloudFront Function's errors", Do: "Look in the CloudFront Function's log, in CloudWatch in US East (N. Virginia), for the error, and test the function with the request that failed.", Source: sourceEdgeLogs},
	},
	lambdaAnswered: {
		{Brief: "look why the Lambda@Edge function answers 503", Do: "The Lambda@Edge function wrote these answers itself: look in its code for when it answers 503, and whether it does so for an origin that fails.", Source: sourceFields},
	},
	functionAnswered: {
		{Brief: "look why the CloudFront Function answers 503", Do: "The CloudFront Function wrote these answers itself: look in its code for when it answers 503.", Source: sourceFields},
	},
	functionThrottled: {
		{Brief: "have the CloudFront Function do less", Do: "Look at the CloudFront Function's compute utilization and throttles in CloudWatch, and have it do less for each request.", Source: sourceMetrics},
	},
}

// viewerTriggers is for load tests of functions.
var viewerTriggers = results.Remedy{
	Do:     "Do not load-test cache behaviours with Lambda@Edge viewer request or viewer response triggers.",
	Source: sourceLoadTest,
}

// unsureRemedies are for an undetermined burst of a run, and of an access log.
var (
	unsureRemedies = []results.Remedy{
		{Brief: "have the target send Server-Timing, or compare the origin's own log", Do: "Send Server-Timing from a response headers policy: cdn-upstream metrics on a 503 prove that the origin was asked.", Source: sourceTiming},
		{Do: "Look for the same seconds in the origin's own log, and repeat the run at a lower rate with more clients: the thin evidence here does not tell edge from origin.", Source: sourceOwnMethod},
	}
	unsureLogRemedies = []results.Remedy{
		{Brief: "compare the origin's own log", Do: "Look for the same seconds in the origin's own log: a 503 that is not there was not the origin's.", Source: source503},
		{Do: "Choose the fields x-edge-detailed-result-type and origin-fbl for the distribution's logs: they tell whether the origin answered.", Source: sourceFields},
	}
)

// withoutIDsRemedy is for viewers' logs that hold no request ids.
var withoutIDsRemedy = results.Remedy{
	Brief:  "tell AWS Support where and when, and log x-edge-request-id too",
	Do:     "Contact AWS Support with the edge location and these times: an edge location without capacity is for CloudFront to mend. They ask for request ids: choose the field x-edge-request-id for the distribution's logs.",
	Source: sourceFields,
}

// unsureTargetRemedies are for an undetermined burst of a target of which
// nothing shows that it is CloudFront.
var unsureTargetRemedies = []results.Remedy{
	{Brief: "compare the target's own log", Do: "Look for the same seconds in the target's own log, and repeat the run at a lower rate: the thin evidence here does not tell who wrote these 503s.", Source: sourceOwnMethod},
}

// wayRemedy comes first where an origin failed for one place and answered others.
var wayRemedy = results.Remedy{
	Brief:  "look at the network from there to the origin, or at an origin of its own that its requests go to",
	Do:     "Look at the network between that edge location, or its regional edge cache, and the origin, and whether requests from there go to an origin of their own (routing by latency or geography): the origin answered other places meanwhile.",
	Source: sourceOwnMethod,
}

// outRemedy comes first where an origin gave not one good answer in a burst.
var outRemedy = results.Remedy{
	Brief:  "check that it was up, then its capacity",
	Do:     "Check that it was up and reachable at that time: while the burst lasted not one good answer came from it, so that it was overwhelmed or down. Then look at its capacity.",
	Source: sourceOwnMethod,
}

// namedOriginRemedy replaces the advice on an unknown origin where the burst is
// one of some requests only, which may have an origin of their own.
var namedOriginRemedy = results.Remedy{
	Brief:  "look at its logs and give it more capacity",
	Do:     "Find out which origin serves the requests named here, and look at its logs, memory, CPU and connection limits at that time.",
	Source: source503,
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
		{Brief: "look at its logs and give it more capacity", Do: "Look at the origin's logs, memory, CPU and connection limits at that time.", Source: source503},
	},
}

// warmAdvice replaces advice on how to raise a test's load, where viewers and
// no test sent it.
var warmAdvice = map[string]results.Remedy{
	originS3:  {Do: "Expect the errors to fade while S3 scales; let clients retry with growing pauses meanwhile.", Source: sourceS3},
	originELB: {Do: "Before a rush that is known beforehand, have the load balancer warmed up.", Source: sourceWarm},
}

var hitsRemedy = results.Remedy{
	Do: "Raise the hit ratio: longer TTLs and fewer parameters in the cache key spare the origin.", Source: sourceHits,
}

// aliveRemedy comes first where a target gave not one good answer.
var aliveRemedy = results.Remedy{
	Brief:  "look first whether it is down, in maintenance or refuses you",
	Do:     "Look whether it is down, in maintenance or refuses these requests: it never gave one good answer, so that nothing shows that load did it.",
	Source: sourceOwnMethod,
}
