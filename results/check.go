package results

// CheckSchema names the format and version of [Check] as JSON.
const CheckSchema = "frontload.check/1"

// Check is the check document: what is known of a load test before any load is
// sent, and whether it keeps CloudFront's rules.
type Check struct {
	Schema        string        `json:"schema"`
	Name          string        `json:"name"`
	Target        string        `json:"target"`
	Guidance      []Rule        `json:"guidance"`
	DNS           Names         `json:"dns"`
	Plan          PlanSummary   `json:"plan"`
	Authorisation Authorisation `json:"authorisation"`
	Notes         []string      `json:"notes"`   // what a user should know of what the scenario names
	Head          *Head         `json:"head"`    // nil where it was not wanted
	Refused       string        `json:"refused"` // why an attack would be refused; empty where it would not
	Summary       string        `json:"summary"` // what to make of it, in a sentence or two
	Next          string        `json:"next"`    // the next command to type
}

// Names is what the clients that were asked were told about the target's name.
type Names struct {
	Name    string       `json:"name"` // that was looked up, or an address that needs no look-up
	Asked   int          `json:"clients_asked"`
	Of      int          `json:"of"`
	Lookups int          `json:"lookups"` // DNS queries that were sent
	Failed  int          `json:"failed"`  // clients that got no answer
	Answers []NameAnswer `json:"answers"`

	// Sets are the different answers, the most frequent first: all that matters
	// is which addresses there are, not their order.
	Sets      []AddressSet `json:"distinct_sets"`
	Addresses int          `json:"distinct_addresses"`

	// StaticList: everybody gets the same few addresses, as from CloudFront's
	// anycast static IP lists.
	StaticList bool `json:"static_list"`
}

// NameAnswer is what one client was told.
type NameAnswer struct {
	Client    int      `json:"client"` // counted from 0
	Resolver  string   `json:"resolver"`
	Subnet    string   `json:"subnet"` // EDNS client subnet; empty for none
	Addresses []string `json:"addresses"`
	TTL       float64  `json:"ttl_s"`
	Took      float64  `json:"took_ms"`
	Error     string   `json:"error"` // why no answer came; empty where one did
}

// AddressSet is a set of addresses, and how many of the clients that were asked
// were told it.
type AddressSet struct {
	Addresses []string `json:"addresses"`
	Clients   int      `json:"clients"`
}

// PlanSummary is what a plan is going to send. Rates are in requests/s.
type PlanSummary struct {
	Schedule string      `json:"schedule"` // in words
	Duration float64     `json:"duration_s"`
	Points   []PlanPoint `json:"points"` // between two of them the rate is a straight line
	Requests int64       `json:"requests"`

	// Bytes are what is going to be received, headers not counted; nil where
	// nothing tells. BytesFrom says what does.
	Bytes           *int64 `json:"bytes"`
	BytesPerRequest *int64 `json:"bytes_per_request"`
	BytesFrom       string `json:"bytes_from"`

	PeakRate float64 `json:"peak_rate"`

	// PerClient and PerEdge are the largest rates of one client and of one edge
	// address. PerEdge is nil where no address is known.
	PerClient   float64     `json:"per_client_peak"`
	PerEdge     *float64    `json:"per_edge_address_peak"`
	ClientLimit *float64    `json:"per_client_limit"` // nil for none
	EdgeLimit   *float64    `json:"per_edge_address_limit"`
	AtLeast     bool        `json:"addresses_at_least"` // not every kind of client was asked, so that there may be more addresses
	Shortfalls  []Shortfall `json:"shortfalls"`
	Cost        Cost        `json:"cost"`
}

// PlanPoint is a plan at one time.
type PlanPoint struct {
	At        float64  `json:"at_s"`
	Rate      float64  `json:"rate"`
	Clients   int      `json:"clients"`
	Addresses *int     `json:"addresses"` // distinct edge addresses; nil where none is known
	PerClient float64  `json:"per_client"`
	PerEdge   *float64 `json:"per_edge_address"`
}

// Shortfall is a limit that a plan cannot keep without holding arrivals back.
type Shortfall struct {
	Limit string  `json:"limit"` // its key in the scenario
	At    float64 `json:"at_s"`  // from when on
	Has   int     `json:"has"`   // clients, or edge addresses
	Needs int     `json:"needs"` // of them
	Say   string  `json:"say"`   // in a sentence, with the fix
	Fix   string  `json:"fix"`
}

// Cost is an estimate of what AWS asks for the run, in US dollars.
type Cost struct {
	USD         float64  `json:"usd"`
	Requests    float64  `json:"requests_usd"`
	Transfer    *float64 `json:"transfer_usd"` // nil where the bytes are not known: it is missing in the sum
	PerGB       float64  `json:"per_gb_usd"`
	Per10k      float64  `json:"per_10k_requests_usd"`
	Assumptions []string `json:"assumptions"`
}

// The states of an [Authorisation].
const (
	Authorised   = "authorised"
	Unauthorised = "refused"
	NotJudged    = "unknown" // no address is known, or a proof could not be looked for
)

// Authorisation says whether the target may be loaded, as far as the addresses
// tell that it has now. Every run judges that again.
type Authorisation struct {
	State string   `json:"state"`
	Why   string   `json:"why"`   // what authorises it, or why nothing does
	Notes []string `json:"notes"` // what weakens that
}

// Head is what came of the one HEAD request that was sent to the target.
type Head struct {
	URL        string  `json:"url"`
	Address    string  `json:"address"` // edge address that was asked; empty for none
	Status     int     `json:"status"`  // zero where no answer came
	Server     string  `json:"server"`
	XCache     string  `json:"x_cache"`
	POP        string  `json:"x_amz_cf_pop"`
	CloudFront bool    `json:"cloudfront"`     // some header is CloudFront's
	Length     *int64  `json:"content_length"` // nil where it does not say
	Took       float64 `json:"took_ms"`
	Error      string  `json:"error"` // why no answer came, or nothing was sent
}
