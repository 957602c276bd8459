package lab

import "time"

// The origins of every case: an application that makes pages and answers
// searches, and a bucket that keeps images and files.
const (
	originApp = iota
	originBucket
	originLive // only where a case has one
)

// tellingCases returns the cases whose answers tell who wrote them.
func tellingCases() []Case {
	return []Case{
		newCase("calm", "nothing goes wrong", 400),
		newCase("edge-capacity", "one edge location loses most of its capacity", 400, edgeFault(0.28, 0.42, 0.18, 0.26)),
		newCase("edge-quota", "the load goes over the distribution's quota", 250,
			faultPlan{kind: faultQuota, from: span{0.30, 0.42}, lasts: span{0.18, 0.26}, leaves: span{310, 370}, load: 500}),
		computeCase(),
		newCase("origin-s3", "S3 slows down reads under two key prefixes", 400, bucketFault(0.32, 0.42, 0.18, 0.26)),
		newCase("origin-elb", "a load balancer has lost most of its targets", 400,
			faultPlan{kind: faultOrigin, from: span{0.30, 0.40}, lasts: span{0.20, 0.26}, leaves: span{4, 6}, origin: originApp, names: []string{"home", "article", "search"}},
		).withApp(originConfig{kind: kindELB, service: 80 * time.Millisecond, sigma: 0.4, servers: 64, queue: 44, patient: 2 * time.Second}),
		newCase("origin-custom", "a rush of visitors meets a web server with few workers left", 300,
			faultPlan{kind: faultOrigin, from: span{0.30, 0.40}, lasts: span{0.20, 0.26}, leaves: span{4, 6}, load: 450, origin: originApp, names: []string{"home", "article", "search"}}),
		cachedCase(),
		newCase("mixed", "one edge location loses capacity, and later S3 slows down", 400,
			edgeFault(0.14, 0.17, 0.16, 0.19), bucketFault(0.54, 0.58, 0.20, 0.24)),
	}
}

// newCase returns a case with the usual requests, behaviours and origins.
func newCase(name, title string, rate float64, faults ...faultPlan) Case {
	return Case{
		Name: name, Title: title, rate: rate, faults: faults,
		requests: []requestConfig{
			{name: "home", weight: 15, path: "/?lang={lang}", vars: "{lang: {list: [en, de, fr, ja]}}"},
			{name: "article", weight: 40, path: "/articles/{id}", vars: "{id: {zipf: {count: 2000, exponent: 1.2}}}"},
			{name: "image", weight: 18, path: "/img/{id}.jpg", vars: "{id: {zipf: {count: 3000, exponent: 1.05}}}"},
			{name: "download", weight: 12, path: "/files/{id}", vars: "{id: {uniform: {count: 50000}}}"},
			{name: "search", weight: 15, path: "/search?q={word}", vars: "{word: {list: [boots, tent, lamp, rope, stove, map]}}", bypass: true},
		},
		behaviours: []behaviour{
			{prefix: "/img/", origin: originBucket, ttl: 10 * time.Minute, content: "image/jpeg"},
			{prefix: "/files/", origin: originBucket, ttl: 10 * time.Minute, content: "application/octet-stream"},
			{prefix: "/articles/", origin: originApp, ttl: 2 * time.Minute, content: "text/html; charset=utf-8"},
			{prefix: "", origin: originApp, ttl: 5 * time.Second, content: "text/html; charset=utf-8"},
		},
		origins: []originConfig{
			originApp:    {kind: kindCustom, service: 80 * time.Millisecond, sigma: 0.4, servers: 64, queue: 44, patient: 2 * time.Second},
			originBucket: {kind: kindS3, service: 25 * time.Millisecond, sigma: 0.3, prefix: 400, patient: time.Second},
		},
	}
}

// withApp returns the case with another application origin.
func (c Case) withApp(app originConfig) Case {
	c.origins[originApp] = app
	return c
}

// edgeFault takes capacity away from one POP, down to about half of what its
// addresses are asked for: 25 requests/s each.
func edgeFault(from, until, shortest, longest float64) faultPlan {
	return faultPlan{kind: faultEdge, from: span{from, until}, lasts: span{shortest, longest}, leaves: span{9, 14}}
}

// bucketFault lowers what S3 allows for each key prefix to about half of the
// 48 downloads/s and 30 to 40 new images/s that it is asked for.
func bucketFault(from, until, shortest, longest float64) faultPlan {
	return faultPlan{
		kind: faultOrigin, from: span{from, until}, lasts: span{shortest, longest}, leaves: span{16, 24},
		origin: originBucket, names: []string{"download", "image"},
	}
}

// computeCase has a function on every request for an article. Which kind of
// function, and so how it fails, is drawn by the seed.
func computeCase() Case {
	c := newCase("edge-compute", "the function on article requests cannot keep up", 400,
		faultPlan{kind: faultCompute, from: span{0.30, 0.42}, lasts: span{0.18, 0.26}, names: []string{"article"}})
	c.behaviours[2].compute = true
	c.compute = []computeConfig{
		{lambda: true, took: 8 * time.Millisecond, concurrency: 50, leaves: span{1, 3}},
		{took: 300 * time.Microsecond, work: 0.1, leaves: span{0.85, 1.1}},
	}
	return c
}

// cachedCase has a live page with a short life in the caches, which asks its
// origin so often that a blip of the origin's hits many of its keys; the
// caches then replay the errors for ten seconds.
func cachedCase() Case {
	c := newCase("origin-cached", "a blip of the live page's origin, replayed by the caches", 400,
		faultPlan{
			kind: faultOrigin, from: span{0.26, 0.36}, lasts: span{0.075, 0.09}, most: 3 * time.Second, leaves: span{1, 2},
			origin: originLive, names: []string{"live"},
		})
	c.requests = append(c.requests, requestConfig{name: "live", weight: 35, path: "/live/{match}", vars: "{match: {zipf: {count: 30, exponent: 1.02}}}"})
	c.behaviours = append([]behaviour{{prefix: "/live/", origin: originLive, ttl: 2 * time.Second, content: "application/json", strict: true}}, c.behaviours...)
	c.origins = append(c.origins, originConfig{kind: kindCustom, service: 60 * time.Millisecond, sigma: 0.3, servers: 32, queue: 6, patient: time.Second})
	return c
}
