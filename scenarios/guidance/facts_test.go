package guidance

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"frontload/pacing"
	"frontload/results"
	"frontload/scenarios"
)

func plan(t testing.TB, text string) *scenarios.Plan {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte("version: 1\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const plain200 = `
name: launch
target: {url: "https://d111111abcdef8.cloudfront.test"}
clients: {count: 200, addresses: ["198.51.100.0/28"], subnets: [203.0.113.0/24, 192.0.2.0/24], resolvers: ["192.0.2.53:53", "192.0.2.54:53"]}
requests: [{name: page, path: "/articles/{id}", vars: {id: {uniform: {count: 100}}}}, {name: order, method: POST, path: /orders/new, body: "x=1"}]
load: {rate: 1000/s, for: 10s, seed: 1}
`

// What is planned is told without a look-up, as far as it can be.
func TestPlannedWithoutAnswers(t *testing.T) {
	p := plan(t, plain200)
	f := Planned(p, NewForecast(p, nil), nil, "attest: it is ours")
	if f.Clients.Count != 200 || f.Clients.Addresses != 14 || math.Abs(f.Clients.Busiest-75) > 1e-9 { // 15 clients at each, 5/s each
		t.Errorf("clients: %+v, want 200 at 14 addresses of 75/s at most", f.Clients)
	}
	if want := (DNSFacts{Askers: 2}); f.DNS != want {
		t.Errorf("DNS: %+v, want %+v: resolvers and subnets go round together", f.DNS, want)
	}
	if f.Spread.Addresses != 0 || f.URLs.Distinct != 101 || !f.URLs.All || f.URLs.Seen != 10_000 || f.URLs.Prefixes != 2 {
		t.Errorf("spread %+v, URLs %+v", f.Spread, f.URLs)
	}
	if math.Abs(f.URLs.Top-0.5) > 0.02 || f.URLs.TopPath != "/orders/new" {
		t.Errorf("the commonest URL is %q with %v, want /orders/new with half", f.URLs.TopPath, f.URLs.Top)
	}
	again, err := ParseFacts(f.Text())
	if err != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("read back: %+v, %v, want %+v", again, err, f)
	}
}

func answers(perClient ...string) *Sample {
	s := &Sample{Clients: 200}
	for i, list := range perClient {
		a := Answer{Client: i, Resolver: "192.0.2.53:53", Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, byte(i), 0}), 24)}
		for _, addr := range strings.Fields(list) {
			a.Addresses = append(a.Addresses, netip.MustParseAddr(addr))
		}
		s.Answers = append(s.Answers, a)
	}
	return s
}

func TestAnswersTell(t *testing.T) {
	const three = "192.0.2.1 192.0.2.2 192.0.2.3"
	many := func(n int, format string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(format, i+1))
		}
		return strings.Join(list, " ")
	}
	for _, c := range []struct {
		name   string
		sample *Sample
		want   DNSFacts
	}{
		{
			"two edge locations", answers("192.0.2.1 192.0.2.2", "198.51.100.1", "192.0.2.2 192.0.2.1"),
			DNSFacts{Asked: 3, Lookups: 3, Askers: 3, Answers: 2, Commonest: 2, Sets: 2},
		},
		{
			"sets that overlap", answers("192.0.2.1 192.0.2.2", "192.0.2.2 192.0.2.3"),
			DNSFacts{Asked: 2, Lookups: 2, Askers: 2, Answers: 2, Commonest: 1, Sets: 1},
		},
		{
			"sets of one network", answers("192.0.2.1", "192.0.2.200"),
			DNSFacts{Asked: 2, Lookups: 2, Askers: 2, Answers: 2, Commonest: 1, Sets: 1},
		},
		{
			"sets that a third one joins", answers("192.0.2.1", "198.51.100.1", "192.0.2.9 198.51.100.9"),
			DNSFacts{Asked: 3, Lookups: 3, Askers: 3, Answers: 3, Commonest: 1, Sets: 1},
		},
		{
			"a static list of three", answers(three, three, three),
			DNSFacts{Asked: 3, Lookups: 3, Askers: 3, Answers: 1, Commonest: 3, Sets: 1, Static: 3},
		},
		{
			"a static list of 21", answers(many(21, "192.0.2.%d"), many(21, "192.0.2.%d")),
			DNSFacts{Asked: 2, Lookups: 2, Askers: 2, Answers: 1, Commonest: 2, Sets: 1, Static: 21},
		},
		{
			"four for everybody", answers(many(4, "192.0.2.%d"), many(4, "192.0.2.%d")),
			DNSFacts{Asked: 2, Lookups: 2, Askers: 2, Answers: 1, Commonest: 2, Sets: 1},
		},
		{
			"three, but one asker", answers(three),
			DNSFacts{Asked: 1, Lookups: 1, Askers: 1, Answers: 1, Commonest: 1, Sets: 1},
		},
		{"nothing", answers("", ""), DNSFacts{Asked: 2, Lookups: 2, Askers: 2}},
	} {
		if got := c.sample.facts(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// The first clients of a guided load are few: what they are answered says
// nothing of those that join later.
func TestFewAnswersTellNothingOfTheRest(t *testing.T) {
	p := plan(t, plain200)
	s := answers("192.0.2.1 192.0.2.2")
	if f := Planned(p, NewForecast(p, s), s, "loopback"); f.DNS.Asked != 0 || f.Spread.Addresses != 0 {
		t.Errorf("one answer, and two pairs of resolver and subnet: %+v, %+v, want nothing told", f.DNS, f.Spread)
	}
	s = answers("192.0.2.1 192.0.2.2", "198.51.100.1 198.51.100.2")
	f := Planned(p, NewForecast(p, s), s, "loopback")
	if f.DNS.Sets != 2 || !f.DNS.Sampled || f.Spread.Addresses != 4 || math.Abs(f.Spread.Busiest-250) > 1e-9 {
		t.Errorf("an answer for each: %+v, %+v, want 2 sets, and 250/s for each of 4 addresses", f.DNS, f.Spread)
	}
}

func TestRampOf(t *testing.T) {
	seg := func(from, to pacing.Rate, d time.Duration) pacing.Segment {
		return pacing.Segment{From: from, To: to, For: d}
	}
	guided, err := pacing.Guided{Start: 50, Peak: 20_000, Growth: 0.5, Every: 5 * time.Minute, Hold: 15 * time.Minute}.Segments()
	if err != nil {
		t.Fatal(err)
	}
	hasty, err := pacing.Guided{Start: 50, Peak: 20_000, Growth: 0.5, Every: time.Minute}.Segments()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		segments []pacing.Segment
		status   string
	}{
		{"500/s at once", []pacing.Segment{seg(500, 500, time.Minute)}, Kept},
		{"501/s at once", []pacing.Segment{seg(501, 501, time.Minute)}, Broken},
		{"guided", guided, Kept},
		{"guided, every minute", hasty, Broken},
		{"a jump after an hour", []pacing.Segment{seg(400, 400, time.Hour), seg(1000, 1000, time.Hour)}, Broken},
		{"half more after an hour", []pacing.Segment{seg(400, 400, time.Hour), seg(600, 600, time.Hour)}, Kept},
		{"half more, twice, a minute apart", []pacing.Segment{seg(400, 400, time.Hour), seg(600, 600, time.Minute), seg(900, 900, time.Hour)}, Broken},
		{"half more, twice, five minutes apart", []pacing.Segment{seg(400, 400, time.Hour), seg(600, 600, 5*time.Minute), seg(900, 900, time.Hour)}, Kept},
		{"back after a pause", []pacing.Segment{seg(500, 500, 10*time.Minute), seg(500, 700, 10*time.Minute), seg(0, 0, time.Minute), seg(700, 700, time.Minute)}, Kept},
		{"a straight line over three hours", []pacing.Segment{seg(0, 6000, 3*time.Hour)}, Kept},
		{"a straight line over ten minutes", []pacing.Segment{seg(0, 6000, 10*time.Minute)}, Broken},
	} {
		s, err := pacing.New(c.segments, pacing.Uniform, 1)
		if err != nil {
			t.Fatal(err)
		}
		f := &Facts{Ramp: rampOf(s)}
		if g := ramp(f); g.status != c.status {
			t.Errorf("%s: %s, want %s: %s", c.name, g.status, c.status, g.words)
		}
		if f.Ramp.Peak != float64(s.Peak()) {
			t.Errorf("%s: peak %v, want %v", c.name, f.Ramp.Peak, s.Peak())
		}
	}
}

// What an address is due follows from each client's answers and requests.
func TestDue(t *testing.T) {
	a, b, c := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::3")
	run := &results.Run{
		Clients: []results.Tally{{Name: "x", Requests: 600}, {Name: "y", Client: 1, Requests: 400}},
		Lookups: []results.Lookup{
			{Client: 0, Type: "A", Answer: []netip.Addr{a, b}},
			{Client: 0, Type: "AAAA", Answer: []netip.Addr{c}},
			{Client: 1, Type: "A", Answer: []netip.Addr{a}},
			{Client: 1, Type: "A", At: 5 * time.Second, Answer: []netip.Addr{b}},
			{Client: 1, Type: "A", At: 6 * time.Second, Err: "timeout"},
		},
	}
	due := dueOf(run, partsOf(run, slices.Repeat([]float64{100}, 10)))
	for addr, want := range map[netip.Addr]float64{a: 400, b: 400, c: 200} {
		if math.Abs(due[addr]-want) > 1e-6 {
			t.Errorf("%v is due %v, want %v", addr, due[addr], want)
		}
	}
	if got := off(map[netip.Addr]float64{a: 440, b: 360, c: 200}, due); got == nil || math.Abs(*got-0.1) > 1e-9 {
		t.Errorf("off = %v, want 0.1", got)
	}
	if got := off(map[netip.Addr]float64{a: 4}, map[netip.Addr]float64{a: 4}); got != nil {
		t.Errorf("of four requests, off = %v, want nothing told", *got)
	}
}

// The worse of planned and observed is what a rule is, and what one of the two
// does not tell the other does.
func TestWorseWins(t *testing.T) {
	calm, hasty := Facts{Ramp: RampFacts{Peak: 100, Rate: 100}}, Facts{Ramp: RampFacts{Peak: 9000, Rate: 9000}}
	for _, c := range []struct {
		name              string
		planned, observed *Facts
		want              string
	}{
		{"both kept", &calm, &calm, Kept},
		{"planned broken", &hasty, &calm, Broken},
		{"observed broken", &calm, &hasty, Broken},
		{"planned alone", &hasty, nil, Broken},
		{"observed alone", nil, &calm, Kept},
		{"observed tells nothing", &calm, &Facts{Source: "attack"}, Kept},
		{"neither", nil, &Facts{Source: "attack"}, Unknown},
	} {
		list := Judge(c.planned, c.observed)
		i := slices.IndexFunc(list, func(r results.Rule) bool { return r.Rule == "ramp" })
		if list[i].Status != c.want {
			t.Errorf("%s: %+v, want %s", c.name, list[i], c.want)
		}
	}
}

func TestAccessLogsAreNoTest(t *testing.T) {
	f, err := Observed(&results.Run{Info: results.RunInfo{Source: "access-log"}})
	if err != nil {
		t.Fatal(err)
	}
	list := Judge(nil, f)
	if len(list) != 10 {
		t.Fatalf("%d rules, want 10", len(list))
	}
	for _, r := range list {
		if r.Status != NotApplicable || r.Observed == "" {
			t.Errorf("%+v, want it not to apply, and why", r)
		}
	}
}

// What a run cannot show is filled in from its plan: here, that a key prefix is
// S3's, and that what goes there is written.
func TestObservedIsFilledFromThePlan(t *testing.T) {
	planned := &Facts{Peak: 9000, Quotas: QuotaFacts{Origins: true, Prefixes: []PrefixFact{{Prefix: "/up/", Origin: "s3", Writes: 3000}}}}
	observed := &Facts{Source: "attack", Peak: 9000, Chance: chance, Quotas: QuotaFacts{Prefixes: []PrefixFact{{Prefix: "/up/", Reads: 4000}}}}
	r := Judge(planned, observed)[6]
	if r.Rule != "quotas" || r.PlannedStatus != Kept || r.ObservedStatus != Broken || !strings.Contains(r.Observed, "S3 under /up/ gets 4,000 of 3,500 writes/s") {
		t.Errorf("%+v, want S3's writes told and broken", r)
	}
}

// Facts come out of run files, which may be anybody's.
func FuzzFacts(f *testing.F) {
	f.Add((&Facts{}).Text(), (&Facts{Source: "attack", Peak: 4}).Text())
	for _, c := range cases() {
		f.Add(c.facts.Text(), c.facts.Text())
	}
	f.Fuzz(func(t *testing.T, planned, observed string) {
		p, err := ParseFacts(planned)
		if err != nil {
			return
		}
		o, err := ParseFacts(observed)
		if err != nil {
			return
		}
		rules := Judge(p, o)
		if _, err := json.Marshal(rules); err != nil {
			t.Error(err)
		}
		for _, r := range rules {
			if !slices.Contains(severity, r.Status) {
				t.Errorf("%+v", r)
			}
		}
	})
}

// A hit ratio that is to be held is not taken for one hot URL: before there are
// answers few URLs are repeated, and that says nothing about a run.
func TestHeldHitRatioIsNoHotURL(t *testing.T) {
	s, err := scenarios.Parse("hits.yaml", []byte(`
version: 1
target: {url: http://127.0.0.1}
requests: [{path: "/a/{id}", vars: {id: {zipf: {count: 2000}}}, cache: {hits: 90%}}]
load: {rate: 100/s, for: 20s}
`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Judge(Planned(plan, NewForecast(plan, nil), nil, "loopback"), nil) {
		if r.Rule == "url-variety" && r.Status != "kept" {
			t.Errorf("url-variety is %s: %s", r.Status, r.Planned)
		}
	}
}
