package lab

import (
	"time"

	"frontload/results"
)

// lookUp answers an ask from the POP's cache, or through it from the origin.
func (m *Model) lookUp(p *pop, b *behaviour, a *Ask, d *answer) {
	key := cacheKey{a.Path, a.Query}
	o := p.cache.find(key)
	switch {
	case o == nil:
		m.fill(p, b, p.cache.add(key), a, d)
	case d.asked < o.ready:
		m.collapse(o, d)
	case d.asked < o.expires:
		d.replay(o)
	case o.failed || b.strict:
		m.fill(p, b, o, a, d)
	default:
		m.refresh(p, b, o, a, d)
	}
}

// fill fetches an object anew. An origin's error is kept too, for ten seconds.
func (m *Model) fill(p *pop, b *behaviour, o *object, a *Ask, d *answer) {
	ok := m.fetch(p, a, d, false)
	o.failed, o.fetched = !ok, d.number
	o.ready, o.stored, o.expires = d.first, d.first, d.first+b.ttl
	d.set(answerMiss, CauseNone, results.CacheMiss)
	if !ok {
		m.refused(d)
		if o.expires = d.first; d.kind == answerOriginError {
			o.expires += errorTTL
		}
	}
}

// refresh asks the origin whether an expired object is still good. Where the
// origin fails, the stale object is served, and the origin is left alone for
// as long as an error would be kept.
func (m *Model) refresh(p *pop, b *behaviour, o *object, a *Ask, d *answer) {
	ok := m.fetch(p, a, d, true)
	o.ready, d.fetched = d.first, o.fetched
	d.set(answerRefresh, CauseNone, results.CacheRefresh)
	if ok {
		o.stored, o.expires = d.first, d.first+b.ttl
		return
	}
	o.expires = d.first + errorTTL
	d.kind = answerStale
	d.age = d.first - o.stored
}

// collapse waits for an object that is under way already: the origin is not
// asked a second time. CloudFront logs such asks as hits.
func (m *Model) collapse(o *object, d *answer) {
	m.tally.collapsed++
	d.first = max(d.first, o.ready+200*time.Microsecond)
	d.replay(o)
}

// replay answers with what the cache holds.
func (d *answer) replay(o *object) {
	d.fetched = o.fetched
	d.set(answerHit, CauseNone, results.CacheHit)
	if o.failed {
		d.set(answerCachedError, CauseCachedOrigin, results.CacheHit)
	}
	d.age = max(0, d.first-o.stored)
}
