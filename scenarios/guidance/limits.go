package guidance

import (
	"time"

	"frontload/results"
)

// What rules are judged by. Rates are requests/s.
const (
	// mostGrowth is how much a load may grow within window: Elastic Load
	// Balancing asks for no more than +50 % every five minutes. Up to atOnce, as
	// much as one edge address may get, it may begin without a ramp.
	mostGrowth = 0.5
	window     = 5 * time.Minute
	atOnce     = results.MostPerEdge

	// leastJain is the least of Jain's index for requests to be spread evenly
	// over edge addresses, and mostOff the most that an address may be off its due.
	leastJain = 0.8
	mostOff   = 0.1

	mostCommon = 0.5 // share of clients that may be given one and the same answer
	mostTop    = 0.5 // share of requests that one URL may have

	chance = 0.1 // see [Facts.Chance]
)

// Quotas, requests/s but for bitsQuota. Source: the CloudFront Developer Guide,
// the Amazon S3 User Guide and the API Gateway Developer Guide.
const (
	requestsQuota = 250_000
	bitsQuota     = 150e9 // bit/s of one distribution
	readsQuota    = 5_500 // of one S3 prefix
	writesQuota   = 3_500
	gatewayQuota  = 10_000 // of an account and Region
	lambdaQuota   = 10_000 // Lambda@Edge, of a Region
)
