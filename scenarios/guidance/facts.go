package guidance

import "encoding/json"

// Facts are what rules are judged on, of a plan or of a run. Nothing in them is
// a judgement. What is zero, nil or empty is not known, unless its comment says
// otherwise. Rates are requests/s.
type Facts struct {
	Source  string   `json:"source,omitempty"`  // of a run: attack, rehearsal, access-log or vegeta; empty for a plan
	Regions []string `json:"regions,omitempty"` // where load generators stand; empty for one that does not say

	// Places are the edge locations that answered, as cities: FRA of FRA56-P1.
	Places []string `json:"places,omitempty"`

	Requests float64 `json:"requests,omitempty"` // in all
	Peak     float64 `json:"peak,omitempty"`     // the highest rate
	BitsPeak float64 `json:"bits_peak,omitempty"`

	// Chance is by how large a part a measured rate may be above the planned
	// one by the chance of arrivals alone; zero for a plan.
	Chance float64 `json:"chance,omitempty"`

	Clients ClientFacts `json:"clients"`
	DNS     DNSFacts    `json:"dns"`
	Spread  SpreadFacts `json:"spread"`
	Ramp    RampFacts   `json:"ramp"`
	URLs    URLFacts    `json:"urls"`
	Quotas  QuotaFacts  `json:"quotas"`
	Bans    BanFacts    `json:"bans"`

	Authorization string `json:"authorization,omitempty"` // why the target may be loaded
	Unauthorised  bool   `json:"unauthorised,omitempty"`  // nothing authorises it
}

// ClientFacts are about the clients and the addresses that they send from.
type ClientFacts struct {
	Count     int     `json:"count,omitempty"`
	Addresses int     `json:"addresses,omitempty"` // distinct ones
	Busiest   float64 `json:"busiest,omitempty"`   // the rate of the address that sends most, at peak
}

// DNSFacts are about how the target's name was looked up.
type DNSFacts struct {
	Literal bool `json:"literal,omitempty"` // the target is an address: there is nothing to look up
	Asked   int  `json:"asked,omitempty"`   // clients that looked the name up
	Sampled bool `json:"sampled,omitempty"` // they are a sample of the clients, not all that should have
	Lookups int  `json:"lookups,omitempty"` // answers that they got
	Askers  int  `json:"askers,omitempty"`  // pairs of resolver and client subnet that they asked by
	Answers int  `json:"answers,omitempty"` // distinct sets of addresses that they were given

	// Commonest is how many clients were given the commonest set, and Sets how
	// many groups the sets fall into that have no network in common: as many
	// edge locations, or nearly so.
	Commonest int `json:"commonest,omitempty"`
	Sets      int `json:"sets,omitempty"`

	Static int `json:"static,omitempty"` // addresses of an anycast static list; zero where it is none
}

// SpreadFacts are about how requests are spread over edge addresses.
type SpreadFacts struct {
	Addresses int     `json:"addresses,omitempty"`
	Jain      float64 `json:"jain,omitempty"`    // Jain's index over all addresses: 1 where all get the same
	Largest   float64 `json:"largest,omitempty"` // the largest share over the fair one

	// Off is by how large a part of its due an address got more or less, at
	// worst. Its due is what it gets when each client goes round its whole
	// answer evenly. Nil where that cannot be told.
	Off *float64 `json:"off,omitempty"`

	Busiest float64 `json:"busiest,omitempty"` // the rate of the busiest address in its busiest second
	Address string  `json:"address,omitempty"` // which one that is
}

// RampFacts are about how the rate grows. They are those of the worst moment:
// when the rate is highest over what it may be.
type RampFacts struct {
	Start float64 `json:"start,omitempty"` // the first rate; zero is known where Peak is
	Peak  float64 `json:"peak,omitempty"`
	At    float64 `json:"at_s,omitempty"` // seconds from the start of the load
	Rate  float64 `json:"rate,omitempty"` // at that time
	Base  float64 `json:"base,omitempty"` // the highest rate until five minutes before; zero where the load was younger
}

// URLFacts are about what is asked for.
type URLFacts struct {
	Seen     int      `json:"seen,omitempty"`     // requests whose URL was looked at
	All      bool     `json:"all,omitempty"`      // these are all that there are
	Distinct int      `json:"distinct,omitempty"` // distinct URLs among them
	Top      float64  `json:"top,omitempty"`      // share of the commonest URL
	TopPath  string   `json:"top_path,omitempty"` // its path
	Prefixes int      `json:"prefixes,omitempty"` // distinct key prefixes
	Hits     *float64 `json:"hits,omitempty"`     // share of cache hits: measured, or the most that can be
}

// QuotaFacts are about what quotas count.
type QuotaFacts struct {
	Origins  bool         `json:"origins,omitempty"`  // the distribution file said which prefixes go where
	Prefixes []PrefixFact `json:"prefixes,omitempty"` // the busiest ones
	Refused  int64        `json:"refused,omitempty"`  // answers that say that a quota of CloudFront's was exceeded
}

// A PrefixFact tells how much is asked for under one key prefix, at peak.
type PrefixFact struct {
	Prefix string  `json:"prefix"`
	Origin string  `json:"origin,omitempty"` // its kind: s3, elb, api-gateway or custom
	Lambda bool    `json:"lambda,omitempty"` // Lambda@Edge runs on its requests
	Reads  float64 `json:"reads,omitempty"`  // by viewers
	Misses float64 `json:"misses,omitempty"` // reads that reach the origin at least; zero where that is not known
	Writes float64 `json:"writes,omitempty"`
}

// BanFacts are about what must not be loaded.
type BanFacts struct {
	Known         bool    `json:"known,omitempty"`          // a distribution file was read
	ViewerLambda  []Touch `json:"viewer_lambda,omitempty"`  // behaviours with Lambda@Edge on viewer events
	OriginShield  []Touch `json:"origin_shield,omitempty"`  // behaviours whose origin has Origin Shield
	Entries       int     `json:"entries,omitempty"`        // request entries in all
	LambdaAnswers int64   `json:"lambda_answers,omitempty"` // answers that Lambda@Edge wrote, on whatever event
}

// A Touch is a behaviour that a ban is about, and the request entries that
// reach it.
type Touch struct {
	Behaviour string   `json:"behaviour"` // its path pattern
	Requests  []string `json:"requests"`  // names of entries
}

// Text returns the facts as JSON, as a run file keeps them. Facts hold neither
// infinities nor NaN, and so there is always one.
func (f *Facts) Text() string {
	b, _ := json.Marshal(f)
	return string(b)
}

// ParseFacts is the inverse of [Facts.Text]. Of an empty text, as older run
// files have it, it returns nil.
func ParseFacts(text string) (*Facts, error) {
	if text == "" {
		return nil, nil
	}
	f := &Facts{}
	if err := json.Unmarshal([]byte(text), f); err != nil {
		return nil, err
	}
	return f, nil
}
