package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/store"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// breaking is a lab that answers look-ups as a test wants it to.
type breaking struct {
	*lab.Model
	answer func(edges []lab.Edge, subnet netip.Prefix, turn int) []lab.Edge // nil for the model's own
	turn   int
	asked  int
}

func (b *breaking) Resolve(now time.Duration, subnet netip.Prefix, ipv6 bool) ([]netip.Addr, time.Duration) {
	if b.answer == nil || ipv6 {
		return b.Model.Resolve(now, subnet, ipv6)
	}
	b.turn++
	var addrs []netip.Addr
	for _, e := range b.answer(b.Edges(), subnet, b.turn) {
		addrs = append(addrs, e.Addr)
	}
	return addrs, time.Minute
}

func (b *breaking) Ask(now time.Duration, a lab.Ask) lab.Reply {
	b.asked++
	return b.Model.Ask(now, a)
}

// kept is a scenario that breaks no rule: the parts that a test changes.
var keptScenario = map[string]string{
	"distribution": "",
	"count":        "40",
	"protocol":     "h1",
	"addresses":    "127.62.0.0/24",
	"subnets":      "subnets: [203.0.113.0/24, 198.51.100.0/24, 192.0.2.0/24, 198.18.0.0/24]",
	"requests":     `[{name: page, path: "/articles/{id}", vars: {id: {uniform: {count: 500}}}}, {name: file, path: "/files/{id}", vars: {id: {uniform: {count: 500}}}}]`,
	"load":         "{rate: 120/s, for: 3s, seed: 3}",
}

// scenarioWith returns that scenario with some parts changed.
func scenarioWith(server *lab.Server, ca string, change map[string]string) string {
	part := func(key string) string {
		if text, ok := change[key]; ok {
			return text
		}
		return keptScenario[key]
	}
	return "version: 1\nname: rules\ntarget:\n  url: " + server.URL() + "\n  ca: " + strconv.Quote(ca) + "\n  " + part("distribution") +
		"\nclients:\n  count: " + part("count") + "\n  protocol: " + part("protocol") + "\n  timeout: 5s\n  addresses: [" + part("addresses") + "]\n  resolvers: [" + strconv.Quote(server.Resolver()) + "]\n  " + part("subnets") +
		"\nrequests: " + part("requests") + "\nload: " + part("load") + "\n"
}

// broken tells what is done to break a rule, and what the report is to say.
type brokenCase struct {
	name   string
	change map[string]string
	answer func(edges []lab.Edge, subnet netip.Prefix, turn int) []lab.Edge
	after  time.Duration // the run is interrupted then; zero for not
	broken []string      // rules
	none   []string      // that do not apply
	says   []string      // of the rules that are broken, or do not apply
}

func brokenCases() []brokenCase {
	rotate := func(edges []lab.Edge, n, by int) []lab.Edge {
		var some []lab.Edge
		for i := range n {
			some = append(some, edges[(by+i)%len(edges)])
		}
		return some
	}
	return []brokenCase{
		{name: "none"},
		{
			name: "regions", // answers differ, but all are of one edge location
			answer: func(edges []lab.Edge, _ netip.Prefix, turn int) []lab.Edge {
				return rotate(edges[:4], 2, turn)
			},
			broken: []string{"regions"},
			says:   []string{"sent from 1 place; answered by 1 edge location (FRA)", "DNS gives edge addresses of one network", "clients.subnets"},
		},
		{
			name: "client-addresses", change: map[string]string{"addresses": "127.62.0.1"},
			broken: []string{"client-addresses"},
			says:   []string{"40 clients at 1 address; the busiest address sends 120/s at peak, of the 100/s", "it takes 2 addresses"},
		},
		{
			name: "independent-dns", change: map[string]string{"subnets": ""}, // and one answer is one edge location
			broken: []string{"regions", "independent-dns"},
			says:   []string{"40 clients asked by 1 resolver and subnet: 40 answers, 1 distinct set of addresses, the commonest given to 40 clients", "clients.subnets"},
		},
		{
			name: "static list",
			answer: func(edges []lab.Edge, _ netip.Prefix, turn int) []lab.Edge {
				return rotate([]lab.Edge{edges[0], edges[4], edges[8]}, 3, turn)
			},
			none: []string{"independent-dns"},
			says: []string{"every client is given the same 3 addresses", "an anycast static list"},
		},
		{
			name: "spread", // a quarter of the clients is given one address, the others four each
			answer: func(edges []lab.Edge, subnet netip.Prefix, turn int) []lab.Edge {
				for i, near := range []string{"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"} {
					if subnet == netip.MustParsePrefix(near) {
						return rotate(edges[4*i:4*i+4], 4, turn)
					}
				}
				return edges[12:13]
			},
			broken: []string{"spread"},
			says:   []string{"13 edge addresses; evenness 0.70 of 1 (Jain's index), the largest share 3.25 times the fair one", "each client evenly over its own answer", "127.61.4.1", "resolvers or client subnets"},
		},
		{
			name: "ramp", change: map[string]string{"load": "{stages: [{for: 3s, at: 100/s}, {for: 3s, at: 900/s}], seed: 3}"},
			broken: []string{"ramp"},
			says:   []string{"from 100/s to 900/s within 3s, of the 500/s", "load.guided: {start: 50/s, peak: 900/s}"},
		},
		{
			name: "url-variety", change: map[string]string{"requests": "[{name: home, path: /index.html}]"},
			broken: []string{"url-variety"},
			says:   []string{"1 URL in 360 requests, the commonest (/index.html) 100% of them", "ask for more URLs"},
		},
		{
			name: "quotas", // a slow ramp whose peak is too much for S3, cut short
			change: map[string]string{
				"distribution": "distribution: DIR/s3.json",
				"count":        "100",
				"requests":     `[{name: page, path: "/articles/{id}", weight: 1, vars: {id: {uniform: {count: 500}}}}, {name: file, path: "/files/{id}", weight: 19, cache: bypass, vars: {id: {uniform: {count: 500}}}}]`,
				"load":         "{stages: [{for: 3h, at: 100/s}, {for: 3h, to: 6000/s}], seed: 3}",
			},
			after:  3 * time.Second,
			broken: []string{"quotas"},
			says:   []string{"S3 under /files/ gets 5,", "of 5,500 reads/s", "more key prefixes"},
		},
	}
}

// In the lab each rule in turn is broken on purpose, and the report says that
// very rule.
func TestEachRuleIsSeenBroken(t *testing.T) {
	for _, c := range brokenCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rules := attackBroken(t, c)
			words := ""
			for _, r := range rules {
				want := "kept"
				switch {
				case slices.Contains(c.broken, r.Rule):
					want = "broken"
				case slices.Contains(c.none, r.Rule):
					want = "not-applicable"
				case strings.HasPrefix(r.Rule, "no-") && c.change["distribution"] == "":
					want = "unknown"
				}
				if r.Status != want {
					t.Errorf("%s is %s, want %s: %+v", r.Rule, r.Status, want, r)
				}
				if (r.Status == "broken") != (r.PlannedStatus == "broken" || r.ObservedStatus == "broken") || r.Status == "broken" && r.Fix == "" {
					t.Errorf("%+v is not broken by either, or nothing fixes it", r)
				}
				t.Logf("%s %s\n    planned:  %s\n    observed: %s\n    fix:      %s", r.Rule, r.Status, r.Planned, r.Observed, r.Fix)
				if want == "broken" || want == "not-applicable" {
					words += strings.Join([]string{r.Planned, r.Observed, r.Fix}, "\n") + "\n"
				}
			}
			for _, say := range c.says {
				if !strings.Contains(words, say) {
					t.Errorf("nothing says %q:\n%s", say, words)
				}
			}
		})
	}
}

// attackBroken runs a case, and returns the rules as the run file tells them.
func attackBroken(t *testing.T, c brokenCase) []results.Rule {
	t.Helper()
	model := &breaking{Model: calmModel(t), answer: c.answer}
	s, _ := serveScenario(t, model, c.change)
	ctx := context.Background()
	if c.after > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, c.after)
		defer stop()
	}
	file := filepath.Join(t.TempDir(), "run.db")
	var out, talk bytes.Buffer
	err := Attack(ctx, s, "", file, "", Ownership{}, Output{Out: &out, Err: &talk, JSON: true, Quiet: true})
	if err != nil && !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrUntrusted) {
		t.Fatalf("%v\n%s", err, talk.String())
	}
	var doc struct{ Analysis results.Analysis }
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := Analyze(t.Context(), Analysis{Inputs: []string{file}}, Output{Out: &out, JSON: true}); err != nil {
		t.Fatal(err)
	}
	var again results.Analysis
	if err := json.Unmarshal(out.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	for i, r := range doc.Analysis.Guidance {
		if a := again.Guidance[i]; a.Status != r.Status || a.Planned != r.Planned || a.Observed != r.Observed {
			t.Errorf("attack says %+v, and analyze of its run file %+v", r, a)
		}
	}
	return doc.Analysis.Guidance
}

func calmModel(t *testing.T) *lab.Model {
	t.Helper()
	c, err := lab.FindCase("calm")
	if err != nil {
		t.Fatal(err)
	}
	return lab.New(c, 3, time.Minute)
}

// serveScenario puts a model on sockets, and reads the scenario that loads it.
// DIR stands for a directory with distribution files.
func serveScenario(t *testing.T, model lab.Behaviour, change map[string]string) (*scenarios.Scenario, *lab.Server) {
	t.Helper()
	server, err := lab.Serve(model, lab.Config{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := write("ca.pem", string(server.CA()))
	write("s3.json", distributionFile("bucket", "", false))
	write("lambda.json", distributionFile("app", "viewer-request", false))
	write("shield.json", distributionFile("app", "", true))
	text := strings.ReplaceAll(scenarioWith(server, ca, change), "DIR", dir)
	s, err := scenarios.Parse(filepath.Join(dir, "rules.yaml"), []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s, server
}

// distributionFile returns a distribution whose /files/* go to the origin named,
// with Lambda@Edge on an event, and Origin Shield on that origin, if so.
func distributionFile(origin, event string, shield bool) string {
	lambda := `{"Quantity": 0}`
	if event != "" {
		lambda = `{"Quantity": 1, "Items": [{"LambdaFunctionARN": "arn:aws:lambda:us-east-1:111122223333:function:auth:7", "EventType": "` + event + `"}]}`
	}
	shielded := func(id string) string {
		if shield && id == origin {
			return `{"Enabled": true, "OriginShieldRegion": "eu-central-1"}`
		}
		return `{"Enabled": false}`
	}
	behaviour := func(target, lambda string) string {
		return `"TargetOriginId": "` + target + `", "ViewerProtocolPolicy": "allow-all", "LambdaFunctionAssociations": ` + lambda +
			`, "CachePolicyId": "4cc15a8a-d715-48a4-82b8-cc0b614638fe"`
	}
	return `{"ETag": "E1", "DistributionConfig": {"CallerReference": "r", "Comment": "", "Enabled": true,
	"Origins": {"Quantity": 3, "Items": [
		{"Id": "bucket", "DomainName": "media.s3.eu-central-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}, "OriginShield": ` + shielded("bucket") + `},
		{"Id": "app", "DomainName": "app.example.com", "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}, "OriginShield": ` + shielded("app") + `},
		{"Id": "pages", "DomainName": "pages.example.com", "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}, "OriginShield": {"Enabled": false}}]},
	"DefaultCacheBehavior": {` + behaviour("pages", `{"Quantity": 0}`) + `},
	"CacheBehaviors": {"Quantity": 1, "Items": [{"PathPattern": "/files/*", ` + behaviour(origin, lambda) + `}]}}}`
}

// A ban refuses a run, be the target loopback: nothing is asked, not even of
// DNS, and the error names the request entries to drop.
func TestBansRefuse(t *testing.T) {
	for _, c := range []struct{ name, file, requests, says string }{
		{"viewer Lambda", "lambda.json", keptScenario["requests"], "no-viewer-lambda: behaviour /files/* runs Lambda@Edge on viewer events, and is reached by request entry file; AWS does not allow load tests of it: drop request entry file from requests"},
		{"Origin Shield", "shield.json", keptScenario["requests"], "no-origin-shield: behaviour /files/* has Origin Shield on its origin, and is reached by request entry file; AWS does not allow load tests of it: drop request entry file from requests"},
		{"of all requests", "lambda.json", `[{name: file, path: /files/1}]`, "every request entry reaches it: test a distribution without it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			model := &breaking{Model: calmModel(t)}
			s, server := serveScenario(t, model, map[string]string{"distribution": "distribution: DIR/" + c.file, "requests": c.requests})
			file := filepath.Join(t.TempDir(), "run.db")
			var out, talk bytes.Buffer
			err := Attack(t.Context(), s, "", file, "", Ownership{}, Output{Out: &out, Err: &talk, JSON: true})
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Attack: %v, want it refused and %q", err, c.says)
			}
			lookups := server.Lookups()
			if err := server.Close(); err != nil {
				t.Fatal(err)
			}
			if model.asked != 0 || lookups != 0 || out.Len() > 0 {
				t.Errorf("%d requests, %d look-ups, printed %q: want nothing of all that", model.asked, lookups, out.String())
			}
			if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a run file is there: %v", err)
			}
		})
	}
}

// atEdges counts at the lab what each edge address is asked for.
type atEdges struct {
	*lab.Model
	asked map[netip.Addr]int64
}

func (e *atEdges) Ask(now time.Duration, a lab.Ask) lab.Reply {
	e.asked[a.Edge]++
	return e.Model.Ask(now, a)
}

// Counted at the lab's edges, requests are within 3 % of even over every
// address of every edge location, over each protocol; and the DNS server counts
// the look-ups that the run file holds.
func TestSpreadIsEvenAtTheEdges(t *testing.T) {
	for _, protocol := range []string{"h1", "h2", "h3"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			for try := 1; !evenAtTheEdges(t, protocol, try == 2); try++ {
				t.Logf("try %d: this machine was too busy to send it all", try)
			}
		})
	}
}

// evenAtTheEdges sends 60 requests by each client and counts them at the edges.
// Where the generator missed some, as a busy machine's does, it is false; on the
// last try each address may lack as many more of those as chance takes from it.
func evenAtTheEdges(t *testing.T, protocol string, last bool) bool {
	t.Helper()
	edges := &atEdges{Model: calmModel(t), asked: map[netip.Addr]int64{}}
	s, server := serveScenario(t, edges, map[string]string{"protocol": protocol, "load": "{rate: 240/s, for: 10s, seed: 3}"})
	file := filepath.Join(t.TempDir(), "run.db")
	var out, talk bytes.Buffer
	if err := Attack(t.Context(), s, "", file, "", Ownership{}, Output{Out: &out, Err: &talk, JSON: true}); err != nil && !errors.Is(err, ErrUntrusted) {
		t.Fatalf("%v\n%s", err, talk.String())
	}
	lookups := server.LookupCounts()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Analysis results.Analysis }
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	checkLookups(t, file, lookups)
	if doc.Analysis.Trust.MissedArrivals > 10 && !last {
		return false
	}
	all := int64(0)
	for _, n := range edges.asked {
		all += n
	}
	if len(edges.asked) != 16 || all != doc.Analysis.Run.Requests {
		t.Fatalf("%d requests to %d addresses, want %d to 16", all, len(edges.asked), doc.Analysis.Run.Requests)
	}
	most := 0.03 + 4*math.Sqrt(float64(doc.Analysis.Trust.MissedArrivals)/16)*16/float64(all)
	for addr, n := range edges.asked {
		if off := float64(n)*16/float64(all) - 1; off < -most || off > most {
			t.Errorf("%v got %d of %d requests, %.1f%% off even", addr, n, all, 100*off)
		}
	}
	checkSpreadTold(t, &doc.Analysis, edges.asked, most)
	return true
}

// checkLookups compares a run file's look-ups with those that the DNS server
// counted.
func checkLookups(t *testing.T, file string, at lab.LookupCounts) {
	t.Helper()
	reader, err := store.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	run, err := reader.Run()
	if err != nil {
		t.Fatal(err)
	}
	recorded := lab.LookupCounts{}
	for _, l := range run.Lookups {
		switch l.Type {
		case "A":
			recorded.A++
		case "AAAA":
			recorded.AAAA++
		default:
			recorded.Other++
		}
	}
	if recorded != at || recorded.A < 40 {
		t.Errorf("the run file holds %+v look-ups, the DNS server counted %+v; want the same, one of each client at least", recorded, at)
	}
}

// checkSpreadTold compares what the guidance says of the spread with the lab's
// own count.
func checkSpreadTold(t *testing.T, a *results.Analysis, asked map[netip.Addr]int64, off float64) {
	t.Helper()
	var most, all int64
	for _, n := range asked {
		most, all = max(most, n), all+n
	}
	want := float64(most) * float64(len(asked)) / float64(all)
	for _, r := range a.Guidance {
		if m := r.Measured.Observed; r.Rule == "spread" && (r.Status != "kept" || m["edge_addresses"] != 16 || math.Abs(m["largest_over_fair"]-want) > 0.001 || m["off_due"] > off) {
			t.Errorf("%+v, want it kept, with %d addresses and the largest share %.4f times the fair one", r, len(asked), want)
		}
	}
}
