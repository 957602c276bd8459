package scenarios

import (
	"time"

	"frontload/pacing"
	"frontload/results"
)

// The model of the scenario file. The reader, the writer and the JSON Schema
// all follow from these types: the yaml tag is the key, omitempty leaves out
// what is zero when written, and "later" marks a key of the contract that
// this version refuses. The comments become the schema's descriptions.

// document is a whole scenario file.
type document struct {
	// Version of the file's format: 1.
	Version int `yaml:"version" jsonschema:"required,enum=1"`
	// Name of the scenario, shown in reports. Left out: the file's name.
	Name string `yaml:"name"`
	// What is tested.
	Target targetSection `yaml:"target" jsonschema:"required"`
	// The simulated viewer hosts.
	Clients clientsSection `yaml:"clients"`
	// What is asked, each entry by its weight.
	Requests []requestSection `yaml:"requests" jsonschema:"required,minItems=1"`
	// How much is asked, and when: rate and for, or stages, or guided.
	Load loadSection `yaml:"load" jsonschema:"required"`

	// Conditions that stop or hold the run. Not in this version.
	Guard later `yaml:"guard,omitempty" later:"guard is"`
	// Conditions that the run must meet. Not in this version.
	Thresholds later `yaml:"thresholds,omitempty" later:"thresholds are"`
	// The origin behind the target.
	Origin *originSection `yaml:"origin,omitempty"`
	// How long the target warms up, from the start: that time counts for no threshold, and for everything else.
	Warmup time.Duration `yaml:"warmup,omitempty"`
	// What ends the run once it is spent, though its load goes on.
	Budget *budgetSection `yaml:"budget,omitempty"`
}

type targetSection struct {
	// Scheme, host name and, if need be, port of the target, such as https://d111111abcdef8.cloudfront.net.
	URL string `yaml:"url" jsonschema:"required"`
	// Host header and TLS name, when they differ from the URL's.
	Host string `yaml:"host,omitempty"`
	// PEM file of a root certificate to trust as well, relative to the scenario.
	CA string `yaml:"ca,omitempty"`
	// JSON file with the output of "aws cloudfront get-distribution-config", relative to the scenario: what CloudFront's guidance forbids is read from it.
	Distribution string `yaml:"distribution,omitempty"`
	// What shows that the target may be loaded. Loopback addresses need none.
	Authorization *authorizationSection `yaml:"authorization,omitempty"`
	// Addresses and CIDRs that may be loaded though they are outside CloudFront's own, which attack --ip-ranges knows.
	Outside []string `yaml:"outside,omitempty"`
	// A header that only the origin sets, as evidence of who wrote a 503.
	Marker *markerSection `yaml:"marker,omitempty"`
}

type markerSection struct {
	// Its name. Answers that have it are the origin's.
	Header string `yaml:"header" jsonschema:"required"`
}

type authorizationSection struct {
	// Your word that you may, and why; it is kept in the run file. Beside a proof it is a remark: it does not stand in for one that fails.
	Attest string `yaml:"attest,omitempty"`
	// Where the host's owner publishes the token, which is looked for before each run. dns: in a TXT record at _frontload.HOST. well-known: on a line of https://HOST/.well-known/frontload.txt.
	Proof string `yaml:"proof,omitempty" jsonschema:"enum=dns,enum=well-known"`
	// The token that is published, as "frontload init" makes it. It is no secret. Left out: that of the environment variable FRONTLOAD_TOKEN.
	Token string `yaml:"token,omitempty"`
}

type originSection struct {
	// URL that is asked once a second, straight at the origin and past CloudFront, as evidence of how the origin is. Redirects are not followed, and an answer is awaited for 5 s.
	Control string `yaml:"control,omitempty"`
	// What shows that the host of control may be asked; target.authorization does not speak for it. Loopback addresses need none.
	Authorization *authorizationSection `yaml:"authorization,omitempty"`
	// How many instances the origin has, for the capacity plan. Not in this version.
	Instances later `yaml:"instances,omitempty" later:"origin.instances is"`
}

type clientsSection struct {
	// How many clients there are at peak.
	Count int `yaml:"count" jsonschema:"minimum=1"`
	// Pool of source addresses: addresses and CIDRs. Left out: what the system picks.
	Addresses []string `yaml:"addresses,omitempty"`
	// DNS resolvers, dealt round robin: "system", an address with or without a port, tls://192.0.2.53:853#dns.example (DNS over TLS; the name is what the certificate must show), or https://dns.example/dns-query (DNS over HTTPS).
	Resolvers []string `yaml:"resolvers"`
	// EDNS client subnets, dealt round robin. A wider one than /24 (IPv6: /56) is cut into those.
	Subnets []string `yaml:"subnets,omitempty"`
	// Version of HTTP: h1, h2 or h3. Left out: h1 for http, h2 for https.
	Protocol string `yaml:"protocol" jsonschema:"enum=h1,enum=h2,enum=h3"`
	// With h1 the most connections per client and edge address, with h2 and h3 how many of them there are. Left out: 6 with h1, 1 with the others.
	Connections int `yaml:"connections" jsonschema:"minimum=1"`
	// Share of requests that start on a fresh connection of their own, closed after the answer. These come on top of connections.
	NewViewers percent `yaml:"new-viewers,omitempty"`
	// Whether a client's later connections resume its TLS session, as browsers do. With false each one is a full handshake.
	Resumption bool `yaml:"resumption"`
	// DNS queries per resolver at most; no more than 1000/s to one that is not at a loopback address.
	Lookups pacing.Rate `yaml:"lookups"`
	// How long an answer is awaited, from the send.
	Timeout time.Duration `yaml:"timeout"`
}

type requestSection struct {
	// Name in reports. Left out: the path.
	Name string `yaml:"name"`
	// Share of the requests, in proportion to the sum of all weights.
	Weight float64 `yaml:"weight" jsonschema:"minimum=0"`
	// Method, in capitals.
	Method string `yaml:"method" jsonschema:"enum=GET,enum=HEAD,enum=OPTIONS,enum=PUT,enum=PATCH,enum=POST,enum=DELETE"`
	// Path, query included if there is one. {name} stands for a variable.
	Path string `yaml:"path,omitempty"`
	// Recorded requests, in the place of path, sent as often as each was recorded: files, patterns such as ./logs/*.gz, directories of access logs, or "-" for standard input. They are lists of URLs, vegeta's targets, CloudFront's access logs, HAR files or sitemaps, packed by gzip or not.
	From paths `yaml:"from,omitempty"`
	// What from is written in. Left out, or auto: by the content.
	Format string `yaml:"format,omitempty" jsonschema:"enum=auto,enum=list,enum=vegeta,enum=access-log,enum=har,enum=sitemap"`
	// Fields of the access logs of from, in their order and with commas between, where the rows do not name them.
	Fields string `yaml:"fields,omitempty"`
	// Whose recorded requests are taken: a host, or any. Left out: the target's.
	Host string `yaml:"host,omitempty"`
	// Which of the requests in access logs and HAR files are taken: get (GET and HEAD) or recorded (all). Left out: get.
	Methods string `yaml:"methods,omitempty" jsonschema:"enum=get,enum=recorded"`
	// With recorded, the load follows the rates at which the access logs of from were written, second by second, scaled to load.rate on the average over load.for. Left out: the load's own schedule.
	Gaps string `yaml:"gaps,omitempty" jsonschema:"enum=recorded"`
	// Query parameters as plain text, added to those of the path.
	Query pairs `yaml:"query,omitempty"`
	// Request headers; cookies are the header Cookie. ${env:NAME} stands for the value of an environment variable: it is sent, and neither shown nor stored.
	Headers pairs `yaml:"headers,omitempty"`
	// Request body. {name} stands for a variable.
	Body string `yaml:"body,omitempty"`
	// File with the request body, in the place of body; {name} stands for a variable in it too.
	BodyFile string `yaml:"body-file,omitempty"`
	// Variables that stand as {name} in path, query, headers and body.
	Vars map[string]varSection `yaml:"vars,omitempty"`
	// "bypass" adds a unique query parameter, so that each request is a miss. hits is a hit ratio to be held.
	Cache cachePolicy `yaml:"cache,omitempty"`
	// The statuses that count as ok: one or a list of 200, or 2xx for all of a kind. Any other below 400 counts as unexpected, an error. A 503 counts as a 503 always. Left out: every status below 400 is ok.
	Expect statuses `yaml:"expect,omitempty"`
	// Send CloudFront signed URLs. One signature is for all of the request's URLs, so that signing costs no time: by a canned policy where the URL never varies, else by a custom policy for what the URLs begin with, with the wildcard *. Hash: SHA-1.
	Sign *signSection `yaml:"sign,omitempty"`
}

type signSection struct {
	// Id of the public key in CloudFront, such as K2JCJMDEHXQW5F.
	KeyPairID string `yaml:"key-pair-id" jsonschema:"required"`
	// PEM file of the private key, relative to the scenario: RSA of 2048 bits, or ECDSA on P-256.
	KeyFile string `yaml:"key-file" jsonschema:"required"`
	// How long a signed URL is valid. URLs are signed anew once half of it has passed.
	Expires time.Duration `yaml:"expires"`
}

type budgetSection struct {
	// The most requests that are sent.
	Requests int64 `yaml:"requests,omitempty" jsonschema:"minimum=1"`
	// How much is received, such as 50GiB, before nothing more is sent. Answers under way then are still read, and come on top.
	Bytes size `yaml:"bytes,omitempty"`
}

// varSection is where a variable's values come from; one key of it is set.
type varSection struct {
	// Ids from 1 to count, id k with a chance in proportion to k^-exponent.
	Zipf *zipfSection `yaml:"zipf,omitempty"`
	// Ids from 1 to count, each with the same chance.
	Uniform *uniformSection `yaml:"uniform,omitempty"`
	// Counts up, one for each request.
	Sequence *sequenceSection `yaml:"sequence,omitempty"`
	// One of these, each with the same chance.
	List values `yaml:"list,omitempty"`
	// One of the lines of this file, each with the same chance or, where every line is VALUE, a tab and WEIGHT, in proportion to its weight; blank lines are skipped.
	File string `yaml:"file,omitempty"`
}

// cachePolicy is a word, or else what caches shall do.
type cachePolicy struct {
	word string
	hitsSection
}

type hitsSection struct {
	// Share of the answers that shall be hits, met by repeating a few of the URLs more often, or by making some requests a miss.
	Hits percent `yaml:"hits" jsonschema:"required"`
}

// paths are one path, or several in a list.
type paths []string

// values are texts; numbers among them are read as they are written.
type values []string

type zipfSection struct {
	// How many ids there are.
	Count int64 `yaml:"count" jsonschema:"required,minimum=1"`
	// 0 is all alike; about 1 is usual for the web.
	Exponent float64 `yaml:"exponent" jsonschema:"minimum=0"`
}

type uniformSection struct {
	// How many ids there are.
	Count int64 `yaml:"count" jsonschema:"required,minimum=1"`
}

type sequenceSection struct {
	// The first number.
	Start int64 `yaml:"start"`
}

type loadSection struct {
	// A constant rate; goes with for.
	Rate pacing.Rate `yaml:"rate,omitempty"`
	// How long the constant rate lasts.
	For time.Duration `yaml:"for,omitempty"`
	// One after the other, from a rate of zero.
	Stages []stageSection `yaml:"stages,omitempty"`
	// A ramp as gentle as CloudFront's origins ask for.
	Guided *guidedSection `yaml:"guided,omitempty"`
	// uniform or poisson.
	Arrivals string `yaml:"arrivals" jsonschema:"enum=uniform,enum=poisson"`
	// Seed of everything that is drawn by chance.
	Seed uint64 `yaml:"seed"`
	// Limits that hold back what would go over them.
	Limits limitsSection `yaml:"limits,omitempty"`
}

type stageSection struct {
	// How long the stage lasts.
	For time.Duration `yaml:"for" jsonschema:"required"`
	// Go from the rate before to this one, evenly.
	To *pacing.Rate `yaml:"to,omitempty"`
	// Hold this rate.
	At *pacing.Rate `yaml:"at,omitempty"`
}

type guidedSection struct {
	// The first rate.
	Start pacing.Rate `yaml:"start" jsonschema:"required"`
	// The last rate.
	Peak pacing.Rate `yaml:"peak" jsonschema:"required"`
	// Growth at each step.
	Growth percent `yaml:"growth"`
	// Time from step to step.
	Every time.Duration `yaml:"every"`
	// How long the peak is held. Left out: as long as a step.
	Hold time.Duration `yaml:"hold"`
}

type limitsSection struct {
	// Requests per second that one client may send.
	PerClient pacing.Rate `yaml:"per-client,omitempty"`
	// Requests per second that one edge address may get.
	PerEdgeAddress pacing.Rate `yaml:"per-edge-address,omitempty"`
}

const (
	fileClients   = 10 // clients where a file does not say
	flagClients   = 1  // clients where no flag does
	maxInFlight   = 10_000
	guidedClient  = pacing.Rate(results.MostPerClient) // limits of guided loads
	guidedAddress = pacing.Rate(results.MostPerEdge)
)

func (c *clientsSection) setDefaults() {
	*c = clientsSection{
		Count: fileClients, Resolvers: []string{systemResolver}, Connections: 6, Resumption: true,
		Lookups: 100, Timeout: 100 * time.Second,
	}
}

func (r *requestSection) setDefaults() { *r = requestSection{Weight: 1, Method: "GET"} }

func (s *signSection) setDefaults() { *s = signSection{Expires: time.Hour} }

func (z *zipfSection) setDefaults() { *z = zipfSection{Exponent: 1} }

func (s *sequenceSection) setDefaults() { *s = sequenceSection{Start: 1} }

func (l *loadSection) setDefaults() { *l = loadSection{Arrivals: "uniform", Seed: 1} }

func (g *guidedSection) setDefaults() {
	*g = guidedSection{Growth: 0.5, Every: 5 * time.Minute}
}

// setDefaults sets those of the sections too, which a file may leave out.
func (d *document) setDefaults() {
	d.Clients.setDefaults()
	d.Load.setDefaults()
}
