package lab

import (
	"time"

	"frontload/results"
)

// faultStyles are what goes wrong.
var faultStyles = []generator{
	{Generator{Name: "pop-capped", Title: "the addresses of one edge location let through a part of what they are asked", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, relative: true, leaves: span{0.2, 0.8}})
	}},
	{Generator{Name: "addresses-refuse", Title: "one or two addresses refuse at random", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, random: true, addresses: d.whole(1, 2), leaves: span{0.15, 0.95}})
	}},
	{Generator{Name: "pops-refuse", Title: "one or two edge locations refuse at random", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, random: true, pops: d.whole(1, max(1, min(2, d.pops-1))), leaves: span{0.1, 0.9}})
	}},
	{Generator{Name: "addresses-capped", Title: "one or two addresses let through a part of what they are asked", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, relative: true, addresses: d.whole(1, 2), leaves: span{0.1, 0.7}})
	}},

	{Generator{Name: "quota-capped", Title: "the distribution lets through a part of what it is asked", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		d.fault(faultPlan{kind: faultQuota, relative: true, leaves: span{0.3, 0.85}})
	}},
	{Generator{Name: "quota-surge", Title: "more visitors come, and the distribution goes over its quota", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		rate := d.rate * d.between(1.5, 3)
		if d.stages = ""; d.Unseen > 0 {
			rate = d.rate
		}
		d.fault(faultPlan{kind: faultQuota, leaves: span{rate * 0.4, rate * 0.8}, load: rate})
	}},
	{Generator{Name: "client-limit", Title: "one client sends more than one may", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		d.heavy = d.between(0.25, 0.6)
		leaves := d.heavy * d.rate * d.between(0.2, 0.7)
		d.fault(faultPlan{kind: faultQuota, client: true, leaves: span{leaves, leaves}})
	}},

	{Generator{Name: "lambda-throttled", Title: "Lambda@Edge has too few instances for one behaviour", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(true, 1)
		d.fault(faultPlan{kind: faultCompute, relative: true, leaves: span{0.2, 0.8}})
	}},
	{Generator{Name: "function-fails", Title: "a CloudFront Function fails on some requests of one behaviour", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(false, 1)
		d.fault(faultPlan{kind: faultCompute, random: true, leaves: span{0.1, 0.9}})
	}},
	{Generator{Name: "lambda-fails", Title: "Lambda@Edge fails, at once or after some time, for some behaviours", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(true, d.whole(1, max(1, len(d.behaviours)-1)))
		stall := time.Duration(0)
		if d.maybe(0.25) {
			stall = d.times(time.Second, 5*time.Second)
		}
		d.fault(faultPlan{kind: faultCompute, random: true, stall: stall, leaves: span{0.1, 1}})
	}},
	{Generator{Name: "function-throttled", Title: "a CloudFront Function is throttled for some behaviours", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(false, d.whole(1, max(1, len(d.behaviours)-1)))
		d.fault(faultPlan{kind: faultCompute, relative: true, leaves: span{0.2, 0.8}})
	}},

	{Generator{Name: "queue", Title: "an application's queue is full", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, relative: true, leaves: span{0.2, 0.8}, slower: d.between(1, 3)})
	}},
	{Generator{Name: "bucket", Title: "S3 slows a key prefix down", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.fault(faultPlan{kind: faultOrigin, origin: d.bucket(), relative: true, leaves: span{0.2, 0.8}})
	}},
	{Generator{Name: "blip", Title: "a short failure, which caches replay", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.strictly()
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.5, 1}, most: d.times(time.Second, 4*time.Second), stall: d.stall(0.3)})
	}},
	{Generator{Name: "refuses", Title: "every origin refuses at random, fast or slowly", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.everywhere()
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.2, 0.95}, stall: d.stall(0.6), slower: d.between(1, 2)})
	}},
	{Generator{Name: "down", Title: "an application answers nothing but 503, and gateways give up", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom)
		gateway := 0.0
		if d.maybe(0.5) {
			gateway = d.between(0.1, 0.5)
		}
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.97, 1}, stall: d.stall(0.4), gateway: gateway})
	}},
	{Generator{Name: "failover", Title: "a dead primary, and a secondary that cannot carry its load", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom)
		second := len(d.origins)
		d.origins = append(d.origins, originConfig{kind: originKind(d.whole(int(kindS3), int(kindCustom))), service: 60 * time.Millisecond, sigma: 0.3, servers: 400, queue: d.whole(5, 40), patient: time.Second})
		for i := range d.behaviours {
			if d.behaviours[i].origin == originApp {
				d.behaviours[i].second = second
			}
		}
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.98, 1}})
		d.faults = append(d.faults, faultPlan{kind: faultOrigin, origin: second, random: true, leaves: span{0.2, 0.7}, from: d.faults[0].from, lasts: d.faults[0].lasts, slower: d.between(1, 2)})
	}},

	{Generator{Name: "edge-and-bucket", Title: "an edge location and S3 fail, one within the other"}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, relative: true, leaves: span{0.2, 0.6}})
		d.beside(faultPlan{kind: faultOrigin, origin: d.bucket(), relative: true, leaves: span{0.2, 0.7}})
	}},
	{Generator{Name: "addresses-and-queue", Title: "an edge address and an application fail, one within the other"}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.fault(faultPlan{kind: faultEdge, random: true, addresses: 1, leaves: span{0.3, 0.9}})
		d.beside(faultPlan{kind: faultOrigin, origin: originApp, relative: true, leaves: span{0.2, 0.7}, slower: 1.5})
	}},
	{Generator{Name: "nothing", Title: "nothing goes wrong, but a firewall blocks, and an origin throttles"}, func(d *drawing) {
		d.fault(faultPlan{kind: faultOrigin, random: true, origin: originApp, leaves: span{0.05, 0.2}})
		d.blocked, d.throttled = d.between(0.02, 0.2), 1
	}},

	{Generator{Name: "pop-flickers", Title: "an edge location refuses a few of its requests for a long time", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, random: true, leaves: span{0.04, 0.2}})
	}},
	{Generator{Name: "address-dead", Title: "one address refuses nearly all", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, random: true, addresses: 1, leaves: span{0.9, 1}})
	}},
	{Generator{Name: "quota-throttles", Title: "the distribution refuses some of what it is asked, at random", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		d.fault(faultPlan{kind: faultQuota, random: true, leaves: span{0.05, 0.5}})
	}},
	{Generator{Name: "client-throttled", Title: "two clients send more than one may", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		d.heavy, d.heavies = d.between(0.3, 0.6), 2
		leaves := d.heavy / 2 * d.rate * d.between(0.2, 0.7)
		d.fault(faultPlan{kind: faultQuota, client: true, leaves: span{leaves, leaves}})
	}},
	{Generator{Name: "lambda-in-a-region", Title: "Lambda@Edge fails for one behaviour, near one edge location only", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(true, 1)
		d.fault(faultPlan{kind: faultCompute, random: true, region: true, leaves: span{0.3, 0.9}})
	}},
	{Generator{Name: "functions-fail", Title: "a CloudFront Function fails on all behaviours but one", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(false, max(1, len(d.behaviours)-1))
		d.fault(faultPlan{kind: faultCompute, random: true, leaves: span{0.05, 0.6}})
	}},
	{Generator{Name: "slow-then-refuses", Title: "an application slows down, and some seconds later refuses", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.2, 0.8}, slower: d.between(1.5, 4), lead: d.times(3*time.Second, 10*time.Second), stall: d.stall(0.5)})
	}},
	{Generator{Name: "gateway-limit", Title: "an API lets through a part of what it is asked", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindAPIGateway)
		d.origins[originApp].servers, d.origins[originApp].prefix, d.origins[originApp].patient = 0, 2000, 0
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, relative: true, leaves: span{0.2, 0.8}})
	}},
	{Generator{Name: "bucket-refuses", Title: "S3 refuses some requests at random", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.fault(faultPlan{kind: faultOrigin, origin: d.bucket(), random: true, leaves: span{0.1, 0.7}})
	}},
	{Generator{Name: "quota-then-queue", Title: "a quota is exceeded, and beside it an application's queue is full"}, func(d *drawing) {
		d.application(kindELB, kindCustom)
		d.fault(faultPlan{kind: faultQuota, random: true, leaves: span{0.1, 0.4}})
		d.faults = append(d.faults, faultPlan{kind: faultOrigin, origin: originApp, relative: true, leaves: span{0.2, 0.6}, slower: 1.5, from: span{0.75, 0.8}, lasts: span{0.1, 0.15}})
	}},

	{Generator{Name: "half-the-pops", Title: "half of the edge locations let through a part of what they are asked", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, relative: true, pops: max(1, d.pops/2), leaves: span{0.2, 0.8}})
	}},
	{Generator{Name: "two-addresses-each", Title: "two addresses of every edge location refuse at random", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, random: true, pops: d.pops, addresses: 2, leaves: span{0.1, 0.8}})
	}},
	{Generator{Name: "quota-crossed", Title: "some more visitors come, and much of what is asked for is over the quota", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		rate := d.rate * d.between(1.1, 1.4)
		if d.Unseen > 0 || d.stages != "" {
			rate = d.rate
		}
		d.fault(faultPlan{kind: faultQuota, leaves: span{rate * 0.3, rate * 0.7}, load: rate})
	}},
	{Generator{Name: "lambda-times-out", Title: "Lambda@Edge runs into its time limit for one behaviour", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(true, 1)
		d.fault(faultPlan{kind: faultCompute, random: true, stall: d.times(time.Second, 5*time.Second), leaves: span{0.2, 0.9}})
	}},
	{Generator{Name: "function-capped", Title: "a CloudFront Function of two behaviours is throttled", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(false, min(2, max(1, len(d.behaviours)-1)))
		d.fault(faultPlan{kind: faultCompute, relative: true, leaves: span{0.3, 0.7}})
	}},
	{Generator{Name: "maintenance", Title: "an application refuses nearly all at once", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.8, 1}})
	}},
	{Generator{Name: "backlog", Title: "an application slows down under its queue, and some connections are given up", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom)
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, relative: true, leaves: span{0.3, 0.8}, slower: d.between(2, 5), gateway: d.between(0, 0.3)})
	}},
	{Generator{Name: "hot-object", Title: "some seconds without the application, and short-lived objects", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.strictly()
		for i := range d.behaviours {
			d.behaviours[i].ttl = min(d.behaviours[i].ttl, d.times(2*time.Second, 6*time.Second))
		}
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.9, 1}, most: d.times(2*time.Second, 5*time.Second), stall: d.stall(0.5)})
	}},
	{Generator{Name: "edge-and-app", Title: "an edge location fails, and later an application"}, func(d *drawing) {
		d.application(kindELB, kindCustom, kindAPIGateway)
		d.fault(faultPlan{kind: faultEdge, random: true, leaves: span{0.2, 0.7}})
		d.faults = append(d.faults, faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.2, 0.8}, slower: 1.3, from: span{0.8, 0.85}, lasts: span{0.08, 0.12}})
	}},

	{Generator{Name: "pop-slumps", Title: "an edge location lets through a little less than it is asked", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, relative: true, leaves: span{0.5, 0.9}})
	}},
	{Generator{Name: "three-addresses", Title: "three addresses of an edge location refuse at random", Verdict: results.VerdictEdgeCapacity}, func(d *drawing) {
		d.fault(faultPlan{kind: faultEdge, random: true, addresses: 3, leaves: span{0.1, 0.6}})
	}},
	{Generator{Name: "quota-refuses", Title: "the distribution refuses much of what it is asked, at random", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		d.fault(faultPlan{kind: faultQuota, random: true, leaves: span{0.15, 0.8}})
	}},
	{Generator{Name: "heavy-viewer", Title: "one client sends a fifth of everything, and more than it may", Verdict: results.VerdictEdgeQuota}, func(d *drawing) {
		d.heavy = d.between(0.15, 0.3)
		leaves := d.heavy * d.rate * d.between(0.1, 0.6)
		d.fault(faultPlan{kind: faultQuota, client: true, leaves: span{leaves, leaves}})
	}},
	{Generator{Name: "lambda-crowded", Title: "Lambda@Edge has an instance or two left", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(true, d.whole(1, max(1, len(d.behaviours)-1)))
		d.compute[0].took, d.compute[0].leaves = d.times(20*time.Millisecond, 60*time.Millisecond), span{1, 3}
		d.fault(faultPlan{kind: faultCompute})
	}},
	{Generator{Name: "function-heavier", Title: "a CloudFront Function has too much to do", Verdict: results.VerdictEdgeCompute}, func(d *drawing) {
		d.function(false, 1)
		d.compute[0].leaves = span{0.7, 1.3}
		d.fault(faultPlan{kind: faultCompute})
	}},
	{Generator{Name: "workers-lost", Title: "a load balancer has lost most of its targets", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB)
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, relative: true, leaves: span{0.1, 0.4}})
	}},
	{Generator{Name: "bucket-scales", Title: "S3 slows a key prefix down a little", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.fault(faultPlan{kind: faultOrigin, origin: d.bucket(), relative: true, leaves: span{0.5, 0.9}})
	}},
	{Generator{Name: "api-outage", Title: "an API fails after a while of trying", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindAPIGateway)
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.5, 1}, stall: d.times(100*time.Millisecond, time.Second)})
	}},
	{Generator{Name: "application-refuses", Title: "an application refuses some requests at random", Verdict: results.VerdictOriginSaturation}, func(d *drawing) {
		d.application(kindELB, kindCustom)
		d.fault(faultPlan{kind: faultOrigin, origin: originApp, random: true, leaves: span{0.2, 0.7}})
	}},
	{Generator{Name: "function-and-bucket", Title: "a function fails, and later S3 slows down"}, func(d *drawing) {
		d.function(false, 1)
		d.fault(faultPlan{kind: faultCompute, random: true, leaves: span{0.2, 0.7}})
		d.faults = append(d.faults, faultPlan{kind: faultOrigin, origin: d.bucket(), random: true, leaves: span{0.2, 0.8}, from: span{0.8, 0.85}, lasts: span{0.08, 0.12}})
	}},
}

// fault adds a fault somewhere in the run, of any length that leaves both ends
// free; in an incident it covers what is recorded.
func (d *drawing) fault(p faultPlan) {
	p.from, p.lasts = span{0.25, 0.55}, span{0.1, 0.35}
	if d.Unseen > 0 {
		at := 0.9 * d.Unseen.Seconds() / d.For.Seconds()
		p.from, p.lasts = span{at, at}, span{1, 1}
	}
	if d.maybe(0.15) && p.kind != faultOrigin {
		d.blocked = d.between(0.01, 0.1)
	}
	d.faults = append(d.faults, p)
}

// beside adds a second fault at much the same time as the first.
func (d *drawing) beside(p faultPlan) {
	p.from, p.lasts = d.faults[0].from, d.faults[0].lasts
	d.faults = append(d.faults, p)
}

// function puts a function on the first behaviours.
func (d *drawing) function(lambda bool, behaviours int) {
	c := computeConfig{lambda: lambda, took: 300 * time.Microsecond, work: 0.1, leaves: span{0.1, 0.1}}
	if lambda {
		c.took, c.concurrency = d.times(2*time.Millisecond, 15*time.Millisecond), 500
	}
	d.compute = []computeConfig{c}
	for i := range behaviours {
		d.behaviours[i].compute = true
	}
}

// application has the application be one of these kinds.
func (d *drawing) application(kinds ...originKind) {
	d.origins[originApp].kind = kinds[d.rng.IntN(len(kinds))]
}

// bucket returns an origin of kind S3 that something is asked of.
func (d *drawing) bucket() int {
	for i := range d.behaviours {
		if d.behaviours[i].origin == originBucket {
			return originBucket
		}
	}
	d.origins[originApp] = d.origins[originBucket]
	return originApp
}

// strictly has no behaviour serve expired objects when the origin fails.
func (d *drawing) strictly() {
	for i := range d.behaviours {
		d.behaviours[i].strict = true
	}
}

// everywhere has one application behind every behaviour.
func (d *drawing) everywhere() {
	for i := range d.behaviours {
		d.behaviours[i].origin = originApp
	}
}

// stall draws how long a refusal takes: nothing, or some time with probability p.
func (d *drawing) stall(p float64) time.Duration {
	if !d.maybe(p) {
		return 0
	}
	return time.Duration(d.logarithmic(float64(50*time.Millisecond), float64(3*time.Second)))
}
