package distribution

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Caching is how long a behaviour's objects live in the caches, and by what
// they are told apart.
type Caching struct {
	Policy string // id of the cache policy; empty for settings of the behaviour's own
	Name   string // of a managed policy; empty for any other

	// Known reports whether the rest is known. It is not for a policy of the
	// owner's own, which the distribution names only by its id.
	Known bool

	MinTTL, DefaultTTL, MaxTTL time.Duration

	Query, Cookies, Headers Keyed // what of a request is in the cache key
}

// Disabled reports whether nothing is cached; false where it is not known.
func (c Caching) Disabled() bool { return c.Known && c.MaxTTL == 0 }

// Keyed is what of the query, the cookies or the headers is in the cache key.
// The zero value is nothing.
type Keyed struct {
	All   bool     // all of it
	Names []string // or these
}

// Has reports whether the parameter, cookie or header of this name is in the
// cache key. Names of headers are the same in any case.
func (k Keyed) Has(name string) bool {
	for _, n := range k.Names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return k.All
}

// Any reports whether anything is in the cache key.
func (k Keyed) Any() bool { return k.All || len(k.Names) > 0 }

// Key returns what the caches tell URLs apart by: the path, and of the query what
// is known to be in the cache key. Two URLs with the same one may still be kept
// apart, by headers and cookies or by a policy that is not known.
func (c Caching) Key(url string) string {
	path, query, _ := strings.Cut(url, "?")
	if c.Query.All {
		return url
	}
	var kept []string
	for _, parameter := range strings.Split(query, "&") {
		if name, _, _ := strings.Cut(parameter, "="); slices.Contains(c.Query.Names, name) {
			kept = append(kept, parameter)
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// forever is the longest that CloudFront keeps an object: a year.
const forever = 31_536_000 * time.Second

// managedPolicy returns what is known of a cache policy. Source: the CloudFront
// Developer Guide, managed cache policies.
func managedPolicy(id string) Caching {
	c := Caching{Known: true, MaxTTL: forever}
	all := Keyed{All: true}
	override := Keyed{Names: []string{"Host", "Origin", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"}}
	switch id {
	case "658327ea-f89d-4fab-a63d-7e88639e58f6":
		c.Name, c.MinTTL, c.DefaultTTL = "CachingOptimized", time.Second, 24*time.Hour
	case "b2884449-e4de-46a7-ac36-70bc7f1ddd6d":
		c.Name, c.MinTTL, c.DefaultTTL = "CachingOptimizedForUncompressedObjects", time.Second, 24*time.Hour
	case "4135ea2d-6df8-44a3-9df3-4b5a84be39ad":
		c.Name, c.MaxTTL = "CachingDisabled", 0
	case "83da9c7e-98b4-4e11-a168-04f0df8e2c65":
		c.Name, c.Cookies, c.Headers = "UseOriginCacheControlHeaders", all, override
	case "4cc15a8a-d715-48a4-82b8-cc0b614638fe":
		c.Name, c.Query, c.Cookies, c.Headers = "UseOriginCacheControlHeaders-QueryStrings", all, all, override
	case "08627262-05a9-4f76-9ded-b50ca2e3a84f":
		c.Name, c.DefaultTTL, c.Headers = "Elemental-MediaPackage", 24*time.Hour, Keyed{Names: []string{"Origin"}}
		c.Query = Keyed{Names: []string{"aws.manifestfilter", "end", "m", "start"}}
	case "2e54312d-136d-493c-8eb9-b001f22f67d2":
		c.Name, c.MinTTL, c.DefaultTTL, c.MaxTTL = "Amplify", 2*time.Second, 2*time.Second, 10*time.Minute
		c.Query, c.Cookies, c.Headers = all, all, Keyed{Names: []string{"Authorization", "CloudFront-Viewer-Country", "Host"}}
	default:
		c = amplifyPolicy(id)
	}
	c.Policy = id
	return c
}

// amplifyPolicy returns what is known of the cache policies that Amplify
// Hosting gives to its own distributions.
func amplifyPolicy(id string) Caching {
	c := Caching{Known: true, MaxTTL: forever}
	all := Keyed{All: true}
	switch id {
	case "4d1d2f1d-3a71-49ad-9e08-7ea5d843a556":
		c.Name, c.Query, c.Cookies = "Amplify-Default", all, all
		c.Headers = Keyed{Names: []string{"Accept", "Authorization", "CloudFront-Viewer-Country", "Host"}}
	case "a6bad946-36c3-4c33-aa98-362c74a7fb13":
		c.Name, c.Query = "Amplify-DefaultNoCookies", all
		c.Headers = Keyed{Names: []string{"Accept", "Authorization", "CloudFront-Viewer-Country", "Host"}}
	case "1c6db51a-a33f-469a-8245-dae26771f530":
		c.Name, c.Query, c.Headers = "Amplify-ImageOptimization", all, Keyed{Names: []string{"Accept", "Authorization", "Host"}}
	case "7e5fad67-ee98-4ad0-b05a-394999eefc1a":
		c.Name, c.Headers = "Amplify-StaticContent", Keyed{Names: []string{"Authorization", "Host"}}
	default:
		return Caching{}
	}
	return c
}

// String names the caching in a few words, such as "CachingOptimized" or
// "cache policy 2e54312d-…, which is the owner's own".
func (c Caching) String() string {
	switch {
	case c.Known:
		return cmp.Or(c.Name, "settings of the behaviour's own")
	case c.Policy != "":
		return "cache policy " + c.Policy + ", which the file does not hold"
	}
	return "unknown caching"
}
