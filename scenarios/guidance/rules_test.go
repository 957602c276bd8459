package guidance

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/rules.txt anew")

// A caseOf is facts that one rule is judged on.
type caseOf struct {
	rule, name string
	facts      Facts
}

func pointer(x float64) *float64 { return &x }

func cases() []caseOf {
	clients := func(count, addresses int, busiest float64) Facts {
		return Facts{Peak: busiest * float64(addresses), Clients: ClientFacts{Count: count, Addresses: addresses, Busiest: busiest}}
	}
	dns := func(clients int, d DNSFacts) Facts { return Facts{Clients: ClientFacts{Count: clients}, DNS: d} }
	files := func(reads, misses, writes float64) Facts {
		return Facts{Peak: reads + writes, Quotas: QuotaFacts{Origins: true, Prefixes: []PrefixFact{{Prefix: "/files/", Origin: "s3", Reads: reads, Misses: misses, Writes: writes}}}}
	}
	touch := []Touch{{Behaviour: "/api/*", Requests: []string{"login", "cart"}}}
	return []caseOf{
		{"regions", "nothing is known of a plan", Facts{Regions: []string{""}}},
		{"regions", "the target is an address", Facts{Regions: []string{""}, DNS: DNSFacts{Literal: true}}},
		{"regions", "DNS gives one network", Facts{Regions: []string{""}, DNS: DNSFacts{Sets: 1}}},
		{"regions", "DNS gives three", Facts{Regions: []string{""}, DNS: DNSFacts{Sets: 3}}},
		{"regions", "a static list", Facts{Regions: []string{""}, DNS: DNSFacts{Sets: 1, Static: 21}}},
		{"regions", "one edge location answered", Facts{Source: "attack", Regions: []string{"eu-central-1"}, Places: []string{"FRA"}}},
		{"regions", "four answered two regions", Facts{Source: "attack", Regions: []string{"eu-central-1", "us-east-1"}, Places: []string{"FRA", "GRU", "IAD", "NRT"}}},
		{"regions", "no answer names one", Facts{Source: "attack", Regions: []string{""}}},
		{"regions", "vegeta's results", Facts{Source: "vegeta", Places: []string{"FRA", "IAD"}}},

		{"client-addresses", "nothing is known", Facts{}},
		{"client-addresses", "many, each with little", clients(200, 200, 40)},
		{"client-addresses", "one address for all", clients(200, 1, 40)},
		{"client-addresses", "a rate above the limit", clients(10, 10, 2000)},
		{"client-addresses", "at the limit", clients(10, 10, 100)},
		{"client-addresses", "above it by the chance of arrivals", Facts{Source: "attack", Chance: chance, Clients: ClientFacts{Count: 10, Addresses: 10, Busiest: 109}}},

		{"independent-dns", "nothing is known", Facts{}},
		{"independent-dns", "nobody has asked yet", dns(200, DNSFacts{Askers: 1})},
		{"independent-dns", "the target is an address", dns(200, DNSFacts{Literal: true})},
		{"independent-dns", "one answer for all", dns(200, DNSFacts{Asked: 20, Sampled: true, Lookups: 20, Askers: 1, Answers: 1, Commonest: 20, Sets: 1})},
		{"independent-dns", "one answer for most", dns(10, DNSFacts{Asked: 10, Lookups: 10, Askers: 4, Answers: 4, Commonest: 6, Sets: 4})},
		{"independent-dns", "answers that differ", dns(200, DNSFacts{Asked: 20, Sampled: true, Lookups: 20, Askers: 20, Answers: 14, Commonest: 3, Sets: 5})},
		{"independent-dns", "a client alone", dns(1, DNSFacts{Asked: 1, Lookups: 1, Askers: 1, Answers: 1, Commonest: 1, Sets: 1})},
		{"independent-dns", "some clients never asked", dns(40, DNSFacts{Asked: 30, Lookups: 90, Askers: 10, Answers: 10, Commonest: 3, Sets: 4})},
		{"independent-dns", "no answer", dns(40, DNSFacts{Asked: 40, Askers: 10})},
		{"independent-dns", "a static list", dns(40, DNSFacts{Asked: 40, Lookups: 40, Askers: 10, Answers: 1, Commonest: 40, Sets: 1, Static: 3})},

		{"spread", "nothing is known", Facts{}},
		{"spread", "one address", Facts{Spread: SpreadFacts{Addresses: 1, Jain: 1, Largest: 1, Busiest: 40}}},
		{"spread", "one address with too much", Facts{Spread: SpreadFacts{Addresses: 1, Jain: 1, Largest: 1, Busiest: 700}}},
		{"spread", "even", Facts{Spread: SpreadFacts{Addresses: 16, Jain: 1, Largest: 1.02, Off: pointer(0), Busiest: 480}}},
		{"spread", "answers of unequal sizes", Facts{Spread: SpreadFacts{Addresses: 13, Jain: 0.7, Largest: 3.25, Off: pointer(0.012), Busiest: 40, Address: "192.0.2.7"}}},
		{"spread", "clients that do not go round", Facts{Spread: SpreadFacts{Addresses: 16, Jain: 0.93, Largest: 1.4, Off: pointer(0.4)}}},
		{"spread", "too much for one address", Facts{Spread: SpreadFacts{Addresses: 4, Jain: 1, Largest: 1, Off: pointer(0.01), Busiest: 501, Address: "2001:db8::7"}}},
		{"spread", "over by chance alone", Facts{Chance: chance, Spread: SpreadFacts{Addresses: 4, Jain: 1, Largest: 1, Busiest: 549}}},

		{"ramp", "nothing is known", Facts{}},
		{"ramp", "little at once", Facts{Ramp: RampFacts{Start: 400, Peak: 400, Rate: 400}}},
		{"ramp", "much at once", Facts{Ramp: RampFacts{Start: 3000, Peak: 3000, Rate: 3000}}},
		{"ramp", "much soon", Facts{Ramp: RampFacts{Start: 20, Peak: 900, Rate: 900, At: 62}}},
		{"ramp", "a jump later", Facts{Ramp: RampFacts{Start: 50, Peak: 9000, Rate: 9000, At: 3600, Base: 3000}}},
		{"ramp", "guided", Facts{Ramp: RampFacts{Start: 50, Peak: 20000, Rate: 20000, At: 4500, Base: 13400}}},

		{"url-variety", "nothing is known", Facts{}},
		{"url-variety", "many URLs of a plan", Facts{URLs: URLFacts{Seen: 20000, Distinct: 6120, Top: 0.09, TopPath: "/articles/1", Prefixes: 4}}},
		{"url-variety", "one hot URL", Facts{URLs: URLFacts{Seen: 300, All: true, Distinct: 2, Top: 0.9, TopPath: "/", Prefixes: 1, Hits: pointer(0.993)}}},
		{"url-variety", "a run that kept too few requests", Facts{Source: "attack", URLs: URLFacts{Prefixes: 3, Hits: pointer(0.48)}}},
		{"url-variety", "a run that kept some", Facts{Source: "attack", URLs: URLFacts{Seen: 80, Distinct: 70, Top: 0.05, TopPath: "/articles/1", Prefixes: 3, Hits: pointer(0.48)}}},

		{"quotas", "nothing is known", Facts{}},
		{"quotas", "little, and no distribution file", Facts{Peak: 400}},
		{"quotas", "more than a distribution may", Facts{Peak: 300_000}},
		{"quotas", "more bytes than a distribution may", Facts{Peak: 100_000, BitsPeak: 180e9}},
		{"quotas", "S3 within", files(5000, 500, 0)},
		{"quotas", "S3 over, whatever caches do", files(6000, 5800, 0)},
		{"quotas", "S3 over, but for caches", files(60_000, 500, 0)},
		{"quotas", "S3 writes over", files(100, 100, 4000)},
		{"quotas", "API Gateway over", Facts{Peak: 11_000, Quotas: QuotaFacts{Origins: true, Prefixes: []PrefixFact{
			{Prefix: "/api/", Origin: "api-gateway", Reads: 6000, Misses: 6000}, {Prefix: "/cart/", Origin: "api-gateway", Writes: 5000},
		}}}},
		{"quotas", "Lambda@Edge on what caches may answer", Facts{Peak: 11_000, Quotas: QuotaFacts{Origins: true, Prefixes: []PrefixFact{{Prefix: "/", Origin: "custom", Lambda: true, Reads: 11_000}}}}},
		{"quotas", "answers say so", Facts{Source: "attack", Chance: chance, Peak: 2500, Quotas: QuotaFacts{Refused: 1200}}},

		{"no-viewer-lambda", "no distribution file", Facts{}},
		{"no-viewer-lambda", "none", Facts{Bans: BanFacts{Known: true, Entries: 3}}},
		{"no-viewer-lambda", "some entries", Facts{Bans: BanFacts{Known: true, Entries: 3, ViewerLambda: touch}}},
		{"no-viewer-lambda", "every entry", Facts{Bans: BanFacts{Known: true, Entries: 2, ViewerLambda: touch}}},
		{"no-viewer-lambda", "a run says nothing", Facts{Source: "attack"}},
		{"no-viewer-lambda", "a run's errors by Lambda@Edge", Facts{Source: "attack", Bans: BanFacts{LambdaAnswers: 12}}},
		{"no-origin-shield", "no distribution file", Facts{}},
		{"no-origin-shield", "none", Facts{Bans: BanFacts{Known: true, Entries: 3}}},
		{"no-origin-shield", "some entries", Facts{Bans: BanFacts{Known: true, Entries: 3, OriginShield: touch}}},
		{"no-origin-shield", "a run says nothing", Facts{Source: "attack"}},

		{"authorised", "nothing is known", Facts{}},
		{"authorised", "nothing authorises it", Facts{Unauthorised: true}},
		{"authorised", "loopback", Facts{Authorization: "loopback"}},
		{"authorised", "a reason", Facts{Authorization: "attest: CHG-4711, we own it"}},
	}
}

// What each rule says of facts is in testdata/rules.txt, to be read by eye.
func TestRulesSay(t *testing.T) {
	var b strings.Builder
	last := ""
	for _, c := range cases() {
		if c.rule != last {
			fmt.Fprintf(&b, "== %s\n", c.rule)
			last = c.rule
		}
		g := judgedBy(t, c.rule, &c.facts)
		fmt.Fprintf(&b, "%s: %s\n", c.name, g.status)
		if g.words != "" {
			fmt.Fprintf(&b, "    %s\n", g.words)
		}
		if g.fix != "" {
			fmt.Fprintf(&b, "    fix: %s\n", g.fix)
		}
		if (g.status == Broken) && g.fix == "" {
			t.Errorf("%s, %s: broken, and nothing fixes it", c.rule, c.name)
		}
	}
	golden := filepath.Join("testdata", "rules.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("rules say:\n%s\nand %s has:\n%s", b.String(), golden, want)
	}
}

func judgedBy(t *testing.T, name string, f *Facts) finding {
	t.Helper()
	for _, r := range rules {
		if r.name == name {
			return r.judge(f)
		}
	}
	t.Fatalf("no rule %s", name)
	return finding{}
}
