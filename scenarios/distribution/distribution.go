// Package distribution reads the configuration of a CloudFront distribution,
// as `aws cloudfront get-distribution-config` prints it, and answers what of it
// bears on a load test: which behaviour a request meets, which functions and
// origins stand behind it, and what becomes of an error.
//
// It imports nothing of Frontload's own. What is read is not changed any more:
// all methods may be called by many goroutines at once.
package distribution

import (
	"slices"
	"strings"
	"time"
)

// A Distribution is one distribution's configuration.
type Distribution struct {
	// ID and DomainName are those of `get-distribution`, such as
	// E2QWRUHAPOMQZL and d111111abcdef8.cloudfront.net; empty where the file
	// does not say.
	ID, DomainName string

	Aliases           []string // alternate host names; one may begin with "*."
	Enabled           bool
	Staging           bool
	HTTPVersion       string // http1.1, http2, http3 or http2and3; empty where the file does not say
	IPv6              bool
	PriceClass        string // such as PriceClass_100; empty where the file does not say
	WebACL            string // of AWS WAF; empty for none
	AnycastList       string // id of the anycast static IP list; empty for none
	DefaultRootObject string // without a slash; empty for none

	Behaviours []Behaviour // in order of precedence; the default one is the last
	Origins    []Origin
	Groups     []Group
	Errors     []ErrorPage // by status; those that are not listed have the default
}

// A Behaviour is what the distribution does with the paths of one pattern.
type Behaviour struct {
	Pattern string // as written; "*" for the default behaviour
	Default bool
	Target  string // id of an origin or of a group

	Lambdas   []Association // Lambda@Edge
	Functions []Association // CloudFront Functions
	Caching   Caching

	OriginRequestPolicy string // id; empty for none
}

// An Association is a function that runs on an event.
type Association struct {
	Event Event
	ARN   string
}

// An Event is when a function runs.
type Event string

// The events. CloudFront Functions know the viewer's only.
const (
	ViewerRequest  Event = "viewer-request"
	ViewerResponse Event = "viewer-response"
	OriginRequest  Event = "origin-request"
	OriginResponse Event = "origin-response"
)

// An Origin is where the edge fetches from.
type Origin struct {
	ID      string
	Domain  string
	Path    string // put before every path; empty for none
	Kind    Kind
	Website bool // an S3 website endpoint: of kind s3, and configured as a custom origin

	Shield       bool   // Origin Shield is enabled
	ShieldRegion string // such as eu-central-1; empty without Origin Shield
}

// A Group is a primary origin, and those that are asked when it fails.
type Group struct {
	ID      string
	Members []string // ids of origins, the primary first
	Codes   []int    // statuses at which the next member is asked
}

// An ErrorPage says what becomes of an error of one status.
type ErrorPage struct {
	Code     int
	Page     string        // path of the custom page; empty for none
	Response int           // status that viewers get instead; zero for the same
	TTL      time.Duration // how long the error is cached at least
}

// DefaultErrorTTL is how long CloudFront caches an error at least where the
// configuration does not say. Source: the CloudFront Developer Guide on how
// HTTP 4xx and 5xx status codes are cached.
const DefaultErrorTTL = 10 * time.Second

// Error returns what becomes of an error of the given status.
func (d *Distribution) Error(code int) ErrorPage {
	for _, e := range d.Errors {
		if e.Code == code {
			return e
		}
	}
	return ErrorPage{Code: code, TTL: DefaultErrorTTL}
}

// Marked reports whether origins' errors of this status come with a page of the
// owner's own, as errors that the edge writes for want of capacity never do,
// and still have this status.
func (e ErrorPage) Marked() bool {
	return e.Page != "" && (e.Response == 0 || e.Response == e.Code)
}

// Masked reports whether viewers get another status in the place of an
// origin's error, so that such errors cannot be counted by their status.
func (e ErrorPage) Masked() bool { return e.Response != 0 && e.Response != e.Code }

// ViewerLambdas returns the events of the viewer's on which Lambda@Edge runs,
// in order, each once; none for most behaviours. CloudFront's guide bans load
// tests there.
func (b *Behaviour) ViewerLambdas() []Event {
	var events []Event
	for _, a := range b.Lambdas {
		if a.Event == ViewerRequest || a.Event == ViewerResponse {
			events = append(events, a.Event)
		}
	}
	slices.Sort(events)
	return slices.Compact(events)
}

// OriginsOf returns the origins that the behaviour may ask: one, or the members
// of its group, the primary first.
func (d *Distribution) OriginsOf(b *Behaviour) []*Origin {
	ids := []string{b.Target}
	for _, g := range d.Groups {
		if g.ID == b.Target {
			ids = g.Members
		}
	}
	var found []*Origin
	for _, id := range ids {
		if o := d.origin(id); o != nil {
			found = append(found, o)
		}
	}
	return found
}

func (d *Distribution) origin(id string) *Origin {
	for i := range d.Origins {
		if d.Origins[i].ID == id {
			return &d.Origins[i]
		}
	}
	return nil
}

// ShieldedOf returns the origins with Origin Shield that the behaviour may ask.
// CloudFront's guide bans load tests there.
func (d *Distribution) ShieldedOf(b *Behaviour) []*Origin {
	return slices.DeleteFunc(d.OriginsOf(b), func(o *Origin) bool { return !o.Shield })
}

// Serves reports whether the distribution answers for a host name, without its
// port. Known is false where the file does not tell: the output of
// get-distribution-config does not hold the name under cloudfront.net.
func (d *Distribution) Serves(host string) (serves, known bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if d.DomainName != "" && host == strings.ToLower(d.DomainName) {
		return true, true
	}
	for _, alias := range d.Aliases {
		alias = strings.ToLower(alias)
		_, parent, dotted := strings.Cut(host, ".")
		if alias == host || dotted && alias == "*."+parent {
			return true, true
		}
	}
	return false, d.DomainName != "" || !strings.HasSuffix(host, ".cloudfront.net")
}
