package scenarios

import (
	"cmp"
	"net/url"
	"reflect"
	"strings"

	"frontload/results"
)

// Flags are what the command line says where there is no scenario file. What
// is empty or zero is left at its default.
type Flags struct {
	URL         string // path and query are the one request
	Rate        string // such as "500/s"
	For         string // such as "30s"
	Clients     int    // zero means one
	Connections int    // most per client and edge address; with h2 and h3 as many as that
	NewViewers  string // share of requests on a fresh connection, such as "10%"
	Resumption  string // of TLS sessions: true or false
	Attest      string // why the target may be loaded
	Proof       string // dns or well-known
	Protocol    string // h1, h2 or h3
	Resolvers   []string
	Subnets     []string
	Addresses   []string
	CA          string // path from the working directory
	Host        string
	Timeout     string
	Seed        uint64 // zero means 1
	Method      string
	Headers     []string // "Name: value"
	Body        string
	Arrivals    string // uniform or poisson
	Lookups     string // DNS budget per resolver, such as "100/s"

	Env Env // what the ${env:NAME} in headers stand for; nil knows none

	LimitClient string // load.limits.per-client
	LimitEdge   string // load.limits.per-edge-address
}

// FromFlags makes a scenario of one request from the command line. Every
// fault comes back in [Faults] and names its flag.
func FromFlags(f Flags) (*Scenario, error) {
	s := newScenario(".")
	s.inputs.Env = f.Env
	s.origin = &origin{flags: map[string]string{}}
	found := &faults{origin: s.origin}
	r := flagReader{found, &s.model}
	s.model.setDefaults()
	s.model.Version = 1
	s.model.Clients.Count = flagClients
	s.model.Requests = make([]requestSection, 1)
	s.model.Requests[0].setDefaults()
	s.origin.flags["requests"] = "--url"
	r.target(f)
	r.clients(f)
	r.load(f)
	found.settle(nil)
	return s.finish(found, "flags")
}

// flagReader fills the model from flags.
type flagReader struct {
	*faults
	model *document
}

// set notes that the key at path comes from a flag, and sets it.
func set[T any](r flagReader, path, flag string, to *T, value T) {
	if reflect.ValueOf(value).IsZero() {
		return
	}
	r.origin.flags[path] = flag
	*to = value
}

// parsed is like set for what must be read first.
func parsed[T any](r flagReader, path, flag string, to *T, text string, parse func(string) (T, error)) {
	if text == "" {
		return
	}
	r.origin.flags[path] = flag
	value, err := parse(text)
	if err != nil {
		r.add(path, "%v", err)
		return
	}
	*to = value
}

func (r flagReader) target(f Flags) {
	m := r.model
	request := &m.Requests[0]
	request.Path = "/"
	set(r, "target.host", "--host", &m.Target.Host, f.Host)
	set(r, "target.ca", "--ca", &m.Target.CA, f.CA)
	set(r, "requests[0].method", "--method", &request.Method, f.Method)
	set(r, "requests[0].body", "--body", &request.Body, f.Body)
	if f.Attest != "" || f.Proof != "" {
		a := &authorizationSection{}
		m.Target.Authorization = a
		set(r, "target.authorization.attest", "--attest", &a.Attest, f.Attest)
		set(r, "target.authorization.proof", "--proof", &a.Proof, f.Proof)
		r.origin.flags["target.authorization"] = cmp.Or(r.origin.flags["target.authorization.attest"], "--proof")
	}
	r.headers(request, f.Headers)
	r.origin.flags["target.url"] = "--url"
	if f.URL == "" {
		r.add("target.url", "it is missing: say what to load, such as --url https://d111111abcdef8.cloudfront.net/")
		return
	}
	r.url(f.URL, request)
}

// url splits a URL into the target and the request's path. Braces in it are
// themselves, since flags define no variables.
func (r flagReader) url(text string, request *requestSection) {
	if err := checkScheme(text); err != nil {
		r.add("target.url", "%v", err)
		return
	}
	u, err := url.Parse(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(text))
	if err != nil {
		r.add("target.url", "%q is not a URL: %v", text, urlFault(err))
		return
	}
	request.Path = cmp.Or(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		request.Path += "?" + u.RawQuery
	}
	r.model.Name = u.Host
	r.origin.flags["name"] = "--url"
	r.model.Target.URL = (&url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Opaque: u.Opaque, Fragment: u.Fragment}).String()
}

func (r flagReader) headers(request *requestSection, headers []string) {
	r.origin.flags["requests[0].headers"] = "--header"
	for _, h := range headers {
		name, value, found := strings.Cut(h, ":")
		if !found {
			r.add("requests[0].headers", "%q is not a header: write it like \"Accept: text/html\"", h)
			continue
		}
		request.Headers = append(request.Headers, results.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
}

func (r flagReader) clients(f Flags) {
	m := &r.model.Clients
	set(r, "clients.count", "--clients", &m.Count, f.Clients)
	set(r, "clients.connections", "--connections", &m.Connections, f.Connections)
	parsed(r, "clients.new-viewers", "--new-viewers", &m.NewViewers, f.NewViewers, parsePercent)
	parsed(r, "clients.resumption", "--resumption", &m.Resumption, f.Resumption, parseSwitch)
	set(r, "clients.protocol", "--protocol", &m.Protocol, f.Protocol)
	set(r, "clients.resolvers", "--resolver", &m.Resolvers, f.Resolvers)
	set(r, "clients.subnets", "--subnet", &m.Subnets, f.Subnets)
	set(r, "clients.addresses", "--address", &m.Addresses, f.Addresses)
	parsed(r, "clients.timeout", "--timeout", &m.Timeout, f.Timeout, parseDuration)
	parsed(r, "clients.lookups", "--lookups", &m.Lookups, f.Lookups, parseRate)
}

func (r flagReader) load(f Flags) {
	m := &r.model.Load
	set(r, "load.seed", "--seed", &m.Seed, f.Seed)
	set(r, "load.arrivals", "--arrivals", &m.Arrivals, f.Arrivals)
	parsed(r, "load.limits.per-client", "--limit-client", &m.Limits.PerClient, f.LimitClient, parseRate)
	parsed(r, "load.limits.per-edge-address", "--limit-edge-address", &m.Limits.PerEdgeAddress, f.LimitEdge, parseRate)
	required := []struct {
		path, flag, text, example string
	}{{"load.rate", "--rate", f.Rate, "500/s"}, {"load.for", "--for", f.For, "30s"}}
	for _, q := range required {
		r.origin.flags[q.path] = q.flag
		if q.text == "" {
			r.add(q.path, "it is missing: write it like %s %s", q.flag, q.example)
		}
	}
	parsed(r, "load.rate", "--rate", &m.Rate, f.Rate, parseRate)
	parsed(r, "load.for", "--for", &m.For, f.For, parseDuration)
}
