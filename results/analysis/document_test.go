package analysis

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"frontload/results"
)

// validate checks a document against the contract.
func validate(t *testing.T, a *results.Analysis) {
	t.Helper()
	schema, err := os.ReadFile("testdata/analysis.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	contract, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("analysis.json", contract); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("analysis.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bytes.ReplaceAll(text, []byte(`"send_lag_p99_us":null`), nil), []byte(`s":null`)) {
		t.Errorf("a list is null in %s", text)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(document); err != nil {
		t.Errorf("%v\nin %s", err, text)
	}
}

// fullRun returns a run that has something of everything.
func fullRun() *results.Run {
	w := rig(5, 300)
	w.faults = []worldFault{
		{verdict: results.VerdictEdgeCapacity, pop: "POP2-P1", from: 10, to: 16, share: 0.6, slower: 1, telling: true},
		{verdict: results.VerdictOriginSaturation, kind: originS3, request: "image", from: 25, to: 32, share: 0.4, slower: 2, telling: true},
	}
	run := w.run()
	run.Latency = map[results.LatencyKey]results.Quantiles{
		{Series: results.SeriesResponse, By: "all"}:                 {P50: time.Millisecond, P99: 84 * time.Millisecond, Count: 15000},
		{Series: results.SeriesResponse, By: "class", Value: "hit"}: {P50: 1500 * time.Microsecond, Max: 3 * time.Millisecond, Count: 9000},
		{Series: results.SeriesLag, By: "all"}:                      {P99: 120 * time.Microsecond, Count: 15000},
	}
	for i, e := range w.edges {
		run.Sends = append(run.Sends, results.Send{Edge: e.addr, Count: 1000 + int64(i)})
	}
	run.Clients = []results.Tally{{Name: "127.9.0.1", Requests: 400}, {Name: "127.9.0.2", Client: 1, Requests: 600}, {Requests: 20}}
	run.Lookups = []results.Lookup{{Client: 0}, {Client: 1}, {Client: 1}, {Client: 7, Err: "refused"}}
	capacity := results.Exemplar{
		At: 12500 * time.Millisecond, Edge: w.edges[2].addr, POP: "POP2-P1", Request: "home", Status: 503,
		Outcome: results.EdgeCapacity, Signals: results.SignalXCacheCapacity, RequestID: "abc==",
	}
	elsewhere, good := capacity, capacity
	elsewhere.POP, good.Status = "POP1-P1", 200
	run.Exemplars = []results.Exemplar{elsewhere, good}
	for range 7 {
		run.Exemplars = append(run.Exemplars, capacity)
	}
	return run
}

func TestDocumentKeepsItsContract(t *testing.T) {
	calm := rig(1, 50)
	runs := map[string]*results.Run{
		"two bursts": fullRun(),
		"calm":       calm.run(),
		"empty":      {Info: results.RunInfo{Source: "attack", Start: time.Unix(0, 0).UTC()}},
	}
	for name, run := range runs {
		t.Run(name, func(t *testing.T) { validate(t, analyze(t, run)) })
	}
}

func TestSummary(t *testing.T) {
	a := analyze(t, fullRun())
	if a.Run.Requests != 12066 {
		t.Errorf("requests = %d, want the sum of sends, 12066", a.Run.Requests)
	}
	sum := int64(0)
	for _, e := range a.Run.Edges {
		sum += e.Responses503
	}
	if a.Run.Responses503 == 0 || sum != a.Run.Responses503 {
		t.Errorf("responses_503 = %d, those of the edge addresses sum to %d", a.Run.Responses503, sum)
	}
	if got := strings.Join(a.Run.POPs, " "); got != "POP0-P1 POP1-P1 POP2-P1" {
		t.Errorf("pops = %q", got)
	}
	if a.Run.EdgeAddresses != 12 || a.Run.Edges[1].Address != "127.1.0.3" || a.Run.Edges[1].POP != "POP0-P1" {
		t.Errorf("%d edge addresses, the second %+v", a.Run.EdgeAddresses, a.Run.Edges[1])
	}
	if a.Run.Clients != 2 || len(a.Run.Sources) != 2 || a.Run.Sources[0].Address != "127.9.0.2" {
		t.Errorf("clients = %d, client_addresses = %+v", a.Run.Clients, a.Run.Sources)
	}
	if hit := a.Latency["response"]["hit"]; hit.P50 != 1500 || hit.Count != 9000 {
		t.Errorf("response time of hits = %+v, want a median of 1500 µs", hit)
	}
	if len(a.Latency["service"]) != 5 {
		t.Errorf("service has %d classes, want hit, miss, refresh, error and all", len(a.Latency["service"]))
	}
	if a.Trust.SendLagP99 == nil || *a.Trust.SendLagP99 != 120 {
		t.Errorf("send lag p99 = %v, want 120 µs", a.Trust.SendLagP99)
	}
}

func TestKilledRunEndsWithItsLastSecond(t *testing.T) {
	run := rig(1, 50).run()
	run.Info.End = time.Time{}
	if a := analyze(t, run); a.Run.End.Before(run.Info.Start.Add(50*time.Second)) || a.Run.End.After(run.Info.Start.Add(52*time.Second)) {
		t.Errorf("a run of 50 s ends at %v", a.Run.End.Sub(run.Info.Start))
	}
}

// Where the generator told of no second, the last cell's second ends the run.
func TestEndOfARunWithoutSeconds(t *testing.T) {
	for want, run := range map[time.Duration]*results.Run{
		0:                {},
		10 * time.Second: {Cells: stream([]results.Cell{{Second: 0}, {Second: 9}})},
	} {
		if a := analyze(t, run); a.Run.End.Sub(a.Run.Start) != want {
			t.Errorf("the run ends at %v, want %v", a.Run.End.Sub(a.Run.Start), want)
		}
	}
}

func TestBurstsPointAtTheirOwnRequests(t *testing.T) {
	a := analyze(t, fullRun())
	if len(a.Bursts) != 2 {
		t.Fatalf("want two bursts, got %s", describe(a))
	}
	if n := len(a.Bursts[0].Exemplars); n != mostExemplars {
		t.Errorf("%d exemplars, want %d", n, mostExemplars)
	}
	for _, e := range a.Bursts[0].Exemplars {
		if e.POP != "POP2-P1" || e.RequestID != "abc==" {
			t.Errorf("exemplar %+v is not of the burst", e)
		}
	}
	if len(a.Bursts[1].Exemplars) != 0 {
		t.Errorf("the second burst has exemplars of the first: %+v", a.Bursts[1].Exemplars)
	}
	for _, b := range a.Bursts {
		if len(b.Remedies) == 0 || b.Remedies[0].Source == "" {
			t.Errorf("no remedy with a source for %s", b.Verdict)
		}
	}
}

// A 503 that names no POP is of the one that its edge address names.
func TestExemplarsWithoutAPOPAreOfTheirEdgeAddress(t *testing.T) {
	run := fullRun()
	for i := range run.Exemplars {
		run.Exemplars[i].POP = ""
	}
	if a := analyze(t, run); len(a.Bursts) != 2 || len(a.Bursts[0].Exemplars) != mostExemplars {
		t.Errorf("want %d exemplars of the first burst, got %s", mostExemplars, describe(a))
	}
}

func TestHeadline(t *testing.T) {
	a := analyze(t, fullRun())
	want := "2 bursts of 503s: the edge at POP2-P1 ran out of capacity at 10–16 s (99% sure): " +
		"spread the load over more clients, resolvers and regions; " +
		"the S3 origin was overwhelmed for image at 25–32 s (99% sure): use more key prefixes and raise the rate more slowly."
	if a.Headline != want {
		t.Errorf("headline = %q\nwant       %q", a.Headline, want)
	}
	calm := fullRun()
	calm.Cells = nil
	if got, want := analyze(t, calm).Headline, "No burst of 503s in 12,066 requests; p99 response time 84.0 ms."; got != want {
		t.Errorf("headline = %q, want %q", got, want)
	}
	for i := range calm.Seconds[:20] {
		calm.Seconds[i].Limited = "send lag p99 over 50 ms"
	}
	if got := analyze(t, calm).Headline; !strings.HasPrefix(got, "Not to be believed") {
		t.Errorf("headline = %q, want the doubt first", got)
	}
}

// One reason stands alone only where it is the only one.
func TestHeadlineOfARunWithoutAnswers(t *testing.T) {
	a := results.Analysis{Trust: results.Trust{OK: true}}
	a.Run.Outcomes = map[string]int64{"transport": 1000, "ok": 10}
	for want, reasons := range map[string]map[string]int64{
		"(transport error)":                         nil,
		"(time-out)":                                {"time-out": 100},
		"(most often time-out, 51 of 100 kept)":     {"time-out": 51, "connect refused": 49},
		"(most often connect refused, 2 of 6 kept)": {"time-out": 2, "connect refused": 2, "TLS": 1, "protocol": 1},
	} {
		a.Run.TransportReasons = reasons
		a.Findings = findings(&a)
		if got := headline(&a); !strings.HasPrefix(got, "1,000 of 1,010 arrivals got no whole answer "+want+":") {
			t.Errorf("headline = %q, want the reason %s", got, want)
		}
	}
}

func TestUnreadableCells(t *testing.T) {
	damaged := errors.New("disk I/O error")
	run := &results.Run{Cells: func(yield func(results.Cell, error) bool) { yield(results.Cell{}, damaged) }}
	if _, err := Analyze(run); !errors.Is(err, damaged) {
		t.Errorf("Analyze() = %v, want %v", err, damaged)
	}
	for _, seconds := range [][]int{{3, 2}, {-1}, {maxSecond + 1}} {
		var list []results.Cell
		for _, s := range seconds {
			list = append(list, results.Cell{Second: s})
		}
		if _, err := Analyze(&results.Run{Cells: stream(list)}); err == nil {
			t.Errorf("cells of seconds %v are accepted", seconds)
		}
	}
}

func TestForeignCellsDoNoHarm(t *testing.T) {
	list := []results.Cell{
		{Second: 0, CellKey: results.CellKey{Request: 900, Outcome: 77, Status: 503}, Counts: results.Counts{Count: 50}},
		{Second: 1, CellKey: results.CellKey{Edge: netip.MustParseAddr("2001:db8::1"), Outcome: results.Transport}, Counts: results.Counts{Count: 1}},
	}
	a := analyze(t, &results.Run{Info: results.RunInfo{Source: "access-log"}, Cells: stream(list)})
	if a.Run.Responses503 != 50 {
		t.Errorf("responses_503 = %d, want 50", a.Run.Responses503)
	}
	validate(t, a)
}
