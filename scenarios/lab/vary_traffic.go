package lab

import (
	"fmt"
	"math"
	"time"
)

// trafficShapes are the distributions and loads that cases are drawn from.
var trafficShapes = []generator{
	{Generator{Name: "site", Title: "a site of pages, images, files and searches under a steady load"}, func(d *drawing) {
		d.usual(60, 500)
	}},
	{Generator{Name: "shop", Title: "a few behaviours with a low hit ratio, arrivals evenly spaced"}, func(d *drawing) {
		d.distribution(80, 400, d.whole(2, 4), 0.1, 0.6)
		d.uniform = true
	}},
	{Generator{Name: "one-name", Title: "a single request name"}, func(d *drawing) {
		d.distribution(60, 400, 1, 0.2, 0.95)
	}},
	{Generator{Name: "trickle", Title: "a few requests a second"}, func(d *drawing) {
		d.distribution(8, 30, d.whole(2, 5), 0.3, 0.9)
		d.For = d.times(80*time.Second, 150*time.Second)
	}},
	{Generator{Name: "ramp", Title: "a load that grows fivefold"}, func(d *drawing) {
		d.distribution(100, 300, d.whole(2, 5), 0.3, 0.95)
		d.stages = fmt.Sprintf("[{for: %s, at: %.0f/s}, {for: %s, to: %.0f/s}]", d.For/10, d.rate/3, d.For-d.For/10, d.rate*1.7)
	}},
	{Generator{Name: "one-pop", Title: "viewers of one edge location"}, func(d *drawing) {
		d.distribution(60, 300, d.whole(2, 5), 0.3, 0.95)
		d.pops, d.weights = 1, nil
	}},
	{Generator{Name: "all-hits", Title: "hardly anything misses"}, func(d *drawing) {
		d.distribution(80, 500, d.whole(2, 4), 0.985, 0.995)
	}},
	{Generator{Name: "all-misses", Title: "nothing is cached"}, func(d *drawing) {
		d.distribution(60, 300, d.whole(2, 5), 0, 0)
	}},
	{Generator{Name: "wide", Title: "many edge locations of unequal size, many request names"}, func(d *drawing) {
		d.distribution(200, 500, d.whole(5, 8), 0.2, 0.97)
		d.pops, d.weights = d.whole(5, 8), nil
		for range d.pops {
			d.weights = append(d.weights, d.whole(1, 5))
		}
	}},
	{Generator{Name: "incident", Title: "bad when the record begins, bad when it ends"}, func(d *drawing) {
		d.distribution(60, 400, d.whole(2, 5), 0.3, 0.95)
		d.Unseen = d.For/3 + 3*time.Second
	}},
	{Generator{Name: "short", Title: "a record of some seconds"}, func(d *drawing) {
		d.distribution(100, 400, d.whole(2, 5), 0.3, 0.95)
		d.For = d.times(12*time.Second, 20*time.Second)
	}},
	{Generator{Name: "noisy", Title: "a site whose origins and edges fail now and then"}, func(d *drawing) {
		d.usual(80, 400)
		d.edgeNoise = d.between(0, 0.0008)
		for i := range d.origins {
			d.origins[i].flaky = d.between(0, 0.002)
		}
	}},
	{Generator{Name: "waves", Title: "a load that doubles and halves"}, func(d *drawing) {
		d.distribution(80, 300, d.whole(2, 5), 0.3, 0.95)
		part := d.For / 6
		d.stages = "["
		for i := range 6 {
			d.stages += fmt.Sprintf("{for: %s, at: %.0f/s},", part, d.rate*float64(1+i%2)*0.7)
		}
		d.stages += "]"
	}},
	{Generator{Name: "long-tail", Title: "many keys that are seldom asked for twice"}, func(d *drawing) {
		d.distribution(100, 400, d.whole(3, 5), 0.3, 0.6)
		for i := range d.requests {
			d.requests[i].vars = fmt.Sprintf("{id: {zipf: {count: %d, exponent: %.2f}}}", d.whole(300, 6000), d.between(1.02, 1.4))
			d.behaviours[i].ttl = 5 * time.Minute
		}
	}},
	{Generator{Name: "few-viewers", Title: "a handful of clients at two or three edge locations"}, func(d *drawing) {
		d.distribution(60, 250, d.whole(2, 6), 0.2, 0.95)
		d.pops = d.whole(2, 3)
		d.clients = d.whole(2, 4) * d.pops
	}},
	{Generator{Name: "busy", Title: "a thousand requests a second for half a minute"}, func(d *drawing) {
		d.distribution(800, 1200, d.whole(3, 6), 0.3, 0.97)
		d.For = d.times(25*time.Second, 35*time.Second).Round(time.Second)
	}},
	{Generator{Name: "two-names", Title: "one request name that is cached, and one that never is"}, func(d *drawing) {
		d.distribution(60, 400, 2, 0.7, 0.97)
		d.requests[1].path, d.requests[1].vars, d.requests[1].bypass = "/part1/?q={id}", "{id: {list: [a, b, c]}}", true
	}},
	{Generator{Name: "api", Title: "a few names that are cached shortly, arrivals evenly spaced"}, func(d *drawing) {
		d.distribution(100, 500, d.whole(2, 3), 0.1, 0.5)
		d.uniform, d.pops = true, d.whole(2, 4)
	}},
	{Generator{Name: "media", Title: "three names of which nearly all is cached"}, func(d *drawing) {
		d.distribution(150, 500, 3, 0.9, 0.98)
		d.For = d.times(80*time.Second, 120*time.Second).Round(time.Second)
	}},
	{Generator{Name: "launch", Title: "a load that grows by steps"}, func(d *drawing) {
		d.distribution(100, 250, d.whole(3, 6), 0.3, 0.95)
		part := d.For / 4
		d.stages = fmt.Sprintf("[{for: %s, at: %.0f/s}, {for: %s, at: %.0f/s}, {for: %s, at: %.0f/s}, {for: %s, at: %.0f/s}]",
			part, d.rate*0.5, part, d.rate*0.9, part, d.rate*1.4, part, d.rate*2)
	}},
	{Generator{Name: "regional", Title: "most viewers at one of two or three edge locations"}, func(d *drawing) {
		d.distribution(80, 400, d.whole(2, 6), 0.2, 0.95)
		d.pops = d.whole(2, 3)
		d.weights = []int{d.whole(3, 6), 1, 1}
	}},
	{Generator{Name: "catalogue", Title: "popular and rare keys, and a search that is never cached"}, func(d *drawing) {
		d.distribution(100, 400, d.whole(3, 5), 0.3, 0.7)
		for i := range d.requests {
			d.requests[i].vars = fmt.Sprintf("{id: {zipf: {count: %d, exponent: %.2f}}}", d.whole(100, 2000), d.between(1.1, 1.5))
			d.behaviours[i].ttl = time.Duration(d.whole(20, 300)) * time.Second
		}
		last := len(d.requests) - 1
		d.requests[last].path, d.requests[last].vars, d.requests[last].bypass = fmt.Sprintf("/part%d/?q={id}", last), "{id: {list: [a, b, c]}}", true
	}},
	{Generator{Name: "news", Title: "a rush that comes and goes"}, func(d *drawing) {
		d.distribution(100, 350, d.whole(4, 6), 0.4, 0.95)
		d.stages = fmt.Sprintf("[{for: %s, at: %.0f/s}, {for: %s, to: %.0f/s}, {for: %s, to: %.0f/s}]", d.For/4, d.rate*0.6, d.For/4, d.rate*1.6, d.For/2, d.rate*0.6)
	}},
	{Generator{Name: "office", Title: "some dozen requests a second from a few clients, for minutes"}, func(d *drawing) {
		d.distribution(25, 80, d.whole(2, 5), 0.3, 0.9)
		d.For, d.pops, d.clients = d.times(100*time.Second, 200*time.Second).Round(time.Second), d.whole(2, 3), d.whole(10, 25)
	}},
	{Generator{Name: "store", Title: "pages that are cached, and two names that never are"}, func(d *drawing) {
		d.distribution(80, 400, 5, 0.5, 0.95)
		for i := 3; i < 5; i++ {
			d.requests[i].path, d.requests[i].vars, d.requests[i].bypass = fmt.Sprintf("/part%d/?q={id}", i), "{id: {list: [a, b, c, d]}}", true
		}
	}},
	{Generator{Name: "evening", Title: "a load that rises slowly, at edge locations of unequal size"}, func(d *drawing) {
		d.distribution(150, 400, d.whole(3, 6), 0.3, 0.97)
		d.pops, d.weights = d.whole(4, 7), nil
		for range d.pops {
			d.weights = append(d.weights, d.whole(1, 4))
		}
		d.stages = fmt.Sprintf("[{for: %s, at: %.0f/s}, {for: %s, to: %.0f/s}]", d.For/10, d.rate*0.8, d.For-d.For/10, d.rate*1.3)
	}},
}

// usual is the distribution of the cases that users rehearse, at another rate.
func (d *drawing) usual(least, most float64) {
	d.Case = newCase("", "", math.Round(d.logarithmic(least, most)))
	d.frame()
}

// distribution draws one with so many request names and hit ratios between
// two bounds. Every second name's origin is the bucket.
func (d *drawing) distribution(least, most float64, names int, hitsFrom, hitsTo float64) {
	d.Case = newCase("", "", math.Round(d.logarithmic(least, most)))
	d.requests, d.behaviours = nil, nil
	for i := range names {
		hits := d.between(hitsFrom, hitsTo)
		name := fmt.Sprintf("part%d", i)
		prefix := "/" + name + "/"
		r := requestConfig{name: name, weight: d.whole(2, 9), path: prefix + "{id}"}
		b := behaviour{prefix: prefix, origin: i % 2, ttl: 10 * time.Minute, content: "text/html", strict: d.maybe(0.5)}
		if hits == 0 {
			r.path, r.vars, r.bypass = prefix+"?q={id}", "{id: {list: [a, b, c]}}", true
		} else {
			r.vars, b.ttl = d.cached(hits)
		}
		d.requests, d.behaviours = append(d.requests, r), append(d.behaviours, b)
	}
	d.frame()
}

// cached draws keys of which about the given share are hits: few keys that
// live as long as it takes for that share of them, once all have been asked for.
func (d *drawing) cached(hits float64) (vars string, ttl time.Duration) {
	keys := d.whole(5, 40)
	// A key is asked for at rate r in each POP; of n asks in its life 1 is a miss.
	perKey := d.rate / float64(usualPOPs*keys*3)
	life := hits / (1 - hits) / max(perKey, 0.01)
	ttl = time.Duration(min(600, max(0.2, life)) * float64(time.Second)).Round(100 * time.Millisecond)
	return fmt.Sprintf("{id: {uniform: {count: %d}}}", keys), ttl
}

// frame draws what all shapes have in common.
func (d *drawing) frame() {
	d.For, d.Asked = d.times(45*time.Second, 100*time.Second).Round(time.Second), d.maybe(0.2)
	d.pops, d.clients, d.capacity = d.whole(2, 4), d.whole(8, 60), 1000
	for i := range d.origins {
		o := &d.origins[i]
		o.service = d.times(15*time.Millisecond, 150*time.Millisecond)
		o.patient, o.queue, o.servers = d.times(time.Second/2, 3*time.Second), d.whole(5, 60), 0
		if o.prefix = 0; i != originBucket {
			o.servers = 400
		} else {
			o.prefix = 2000
		}
	}
}

// logarithmic draws a number whose logarithm is evenly spread.
func (d *drawing) logarithmic(from, to float64) float64 {
	return math.Exp(d.between(math.Log(from), math.Log(to)))
}
