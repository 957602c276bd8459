package lab

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The cache holds what a plain list says: never more than its capacity, the
// least recently used object leaving first.
func TestCacheIsLeastRecentlyUsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 8).Draw(t, "capacity")
		c := newCache(capacity)
		var want []string // most recently used first
		for _, k := range rapid.SliceOf(rapid.IntRange(0, 12)).Draw(t, "keys") {
			path := fmt.Sprint(k)
			had := slices.Contains(want, path)
			o := c.find(cacheKey{path: path})
			if (o != nil) != had {
				t.Fatalf("find(%s) = %v, want it there: %t", path, o, had)
			}
			if had {
				want = slices.DeleteFunc(want, func(s string) bool { return s == path })
			} else {
				c.add(cacheKey{path: path}).fetched = 1
				want = want[:min(len(want), capacity-1)]
			}
			want = append([]string{path}, want...)
			var got []string
			for o := c.ring.next; o != &c.ring; o = o.next {
				got = append(got, o.key.path)
			}
			if !slices.Equal(got, want) || len(c.objects) != len(want) {
				t.Fatalf("after %s the cache holds %v (%d by key), want %v", path, got, len(c.objects), want)
			}
		}
	})
}

func TestModelCachesAreBounded(t *testing.T) {
	m := New(mustCase(t, "calm"), 1, 1)
	for i := range 3 * cacheObjects {
		ask := asking(fmt.Sprintf("/articles/%d", i))
		m.Ask(0, ask)
		ask.Edge = edgeAddr(0, i%perPOP)
	}
	if n := len(m.pops[0].cache.objects); n > cacheObjects {
		t.Errorf("a cache holds %d objects, want %d at most", n, cacheObjects)
	}
}
