package scenarios

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"frontload/results"
	"frontload/scenarios/urls"
)

func TestFromFlags(t *testing.T) {
	s, err := FromFlags(Flags{
		URL: "https://www.example.com:8443/a%2Fb/{x}?q=1&r={y}", Rate: "50/s", For: "30s", Attest: "ours",
		CA: "testdata/ca.pem", Host: "other.example", Headers: []string{"Accept: text/html", "X-Empty:"}, Timeout: "5s",
		Addresses: []string{"127.0.0.1", "::1"}, Arrivals: "poisson", Connections: 64, LimitClient: "60/s",
		NewViewers: "10%", Resumption: "false",
	})
	if err != nil {
		t.Fatal(err)
	}
	p := plan(t, s)
	c := p.Clients
	if c.Count != 1 || c.Connections != 64 || c.Timeout != 5*time.Second || len(c.Addresses) != 2 || c.Protocol != results.H2 || c.Resolver(0) != "system" {
		t.Errorf("clients %+v", c)
	}
	if c.NewViewers != (NewViewers{0.1, 1}) || c.Resumption {
		t.Errorf("new viewers %+v, resumption %t", c.NewViewers, c.Resumption)
	}
	if p.Target.Hostname != "www.example.com" || p.Target.Host != "other.example" || p.Target.Port != 8443 || len(p.Target.CA) == 0 {
		t.Errorf("target %+v", p.Target)
	}
	if p.Target.Authorization.Attest != "ours" || p.Seed != 1 || p.Limits.PerClient != 60 || p.Schedule.Duration() != 30*time.Second || p.Name != "www.example.com:8443" {
		t.Errorf("plan %+v", p)
	}
	var r urls.Request
	p.URLs.Next(7, &r)
	if want := "/a%2Fb/%7Bx%7D?q=1&r=%7By%7D"; string(r.Target) != want {
		t.Errorf("target %q, want %q", string(r.Target), want)
	}
	if len(r.Header) != 2 || r.Header[0] != (results.Header{Name: "Accept", Value: "text/html"}) {
		t.Errorf("headers %v", r.Header)
	}
	written, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("test.yaml", written)
	if err != nil {
		t.Fatalf("%v in\n%s", err, written)
	}
	samePlan(t, "flags", p, plan(t, again))
}

func TestFromFlagsNamesTheFlag(t *testing.T) {
	good := Flags{URL: "http://127.0.0.1/", Rate: "5/s", For: "1s"}
	for _, c := range []struct {
		change func(*Flags)
		want   string
	}{
		{func(f *Flags) { f.URL = "" }, `^--url: it is missing: say what to load`},
		{func(f *Flags) { f.URL = "127.0.0.1:80" }, `^--url: `},
		{func(f *Flags) { f.URL = "ftp://a/" }, `^--url: "ftp://a" does not begin with https`},
		{func(f *Flags) { f.URL = "http://u:p@a/" }, `^--url: a target's URL holds no user`},
		{func(f *Flags) { f.URL = "http://a:99999/" }, `^--url: "99999" is not a port`},
		{func(f *Flags) { f.Rate = "500" }, `^--rate: 500 has no unit, write 500/s$`},
		{func(f *Flags) { f.Rate = "" }, `^--rate: it is missing: write it like --rate 500/s$`},
		{func(f *Flags) { f.Rate = "0/s" }, `^--rate: 0/s sends nothing`},
		{func(f *Flags) { f.For = "30" }, `^--for: 30 has no unit, write 30s$`},
		{func(f *Flags) { f.For = "" }, `^--for: it is missing`},
		{func(f *Flags) { f.Clients = -1 }, `^--clients: -1 is not a number of clients`},
		{func(f *Flags) { f.Protocol = "h4" }, `^--protocol: "h4" is not a protocol: use h1, h2 or h3$`},
		{func(f *Flags) { f.URL, f.Protocol = "http://127.0.0.1/", "h3" }, `^--protocol: h3 needs TLS: use an https URL, or h1$`},
		{func(f *Flags) { f.NewViewers = "10" }, `^--new-viewers: 10 has no unit, write 10%$`},
		{func(f *Flags) { f.NewViewers = "110%" }, `^--new-viewers: 110% of the requests is more than all`},
		{func(f *Flags) { f.Resumption = "no" }, `^--resumption: want true or false, got "no"$`},
		{func(f *Flags) { f.Resolvers = []string{"x"} }, `^--resolver: "x" is not a resolver`},
		{func(f *Flags) { f.Subnets = []string{"x"} }, `^--subnet: "x" is neither`},
		{func(f *Flags) { f.Addresses = []string{"224.0.0.0/8"} }, `^--address: 224.0.0.0/8 has no usable address`},
		{func(f *Flags) { f.Method = "BREW" }, `^--method: "BREW" is not a method`},
		{func(f *Flags) { f.Headers = []string{"nocolon"} }, `^--header: "nocolon" is not a header`},
		{func(f *Flags) { f.Headers = []string{"Host: a"} }, `^--header: .*the header Host cannot be set`},
		{func(f *Flags) { f.Body = "x" }, `^--body: a GET request has no body`},
		{func(f *Flags) { f.CA = "absent.pem" }, `^--ca: cannot read the file`},
		{func(f *Flags) { f.Host = "a b" }, `^--host: "a b" is not a host name$`},
		{func(f *Flags) { f.Attest = " " }, `^--attest: the reason is empty`},
		{func(f *Flags) { f.Arrivals = "fast" }, `^--arrivals: "fast" is not known`},
		{func(f *Flags) { f.LimitClient = "1/s" }, `^--rate: 1 client at no more than 1/s each`},
		{func(f *Flags) { f.LimitClient, f.Clients = "1/s", 2 }, `^--clients: 2 clients at no more than 1/s each send 2/s at most.* to 5`},
	} {
		flags := good
		c.change(&flags)
		_, err := FromFlags(flags)
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 || !regexp.MustCompile(c.want).MatchString(err.Error()) {
			t.Errorf("FromFlags(%+v) says\n%v\nwant one fault like\n%s", flags, err, c.want)
		}
	}
}
