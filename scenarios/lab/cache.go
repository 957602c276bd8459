package lab

import "time"

// errorTTL is how long an edge keeps an origin's server error, by default.
// Source: the CloudFront Developer Guide on error caching.
const errorTTL = 10 * time.Second

// A cacheKey is what a cache keeps objects by: the path and the whole query.
type cacheKey struct{ path, query string }

// An object is what one cache holds under a key: a good answer or an origin's
// error, which is under way until ready.
type object struct {
	key     cacheKey
	failed  bool
	fetched uint64        // number of the ask that fetched it
	ready   time.Duration // when its answer is there; later asks until then wait for it
	stored  time.Duration // when it was written or last found fresh: its age counts from here
	expires time.Duration

	prev, next *object
}

// A cache is one POP's, with the least recently used object leaving first.
type cache struct {
	objects  map[cacheKey]*object
	capacity int
	ring     object // ring.next is the most recently used, ring.prev the least
}

func newCache(capacity int) *cache {
	c := &cache{objects: make(map[cacheKey]*object), capacity: max(1, capacity)}
	c.ring.next, c.ring.prev = &c.ring, &c.ring
	return c
}

// find returns the object under the key, now the most recently used, or nil.
func (c *cache) find(key cacheKey) *object {
	o := c.objects[key]
	if o != nil {
		o.unlink()
		c.front(o)
	}
	return o
}

// add puts an empty object under the key, which must not be there yet. The
// least recently used object makes room for it, and its memory is reused.
func (c *cache) add(key cacheKey) *object {
	var o *object
	if len(c.objects) >= c.capacity {
		o = c.ring.prev
		o.unlink()
		delete(c.objects, o.key)
		*o = object{}
	} else {
		o = new(object)
	}
	o.key = key
	c.objects[key] = o
	c.front(o)
	return o
}

func (c *cache) front(o *object) {
	o.prev, o.next = &c.ring, c.ring.next
	o.prev.next, o.next.prev = o, o
}

func (o *object) unlink() { o.prev.next, o.next.prev = o.next, o.prev }
