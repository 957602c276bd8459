package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

// page is what the template shows. Every string in it is foreign text made
// harmless to the eye; the template escapes it.
type page struct {
	CSS       template.CSS
	Title     string
	Facts     []string // target, when, authorization …
	Tone      string   // of the banner: good, bad or doubt
	Findings  []finding
	Pills     []pill
	Doubts    []string
	Disbelief string // why the run is not to be believed; empty when it is
	Lab       string
	Floor     bool
	Rules     []rule
	NotJudged string // names of the rules that nothing is said of
	RuleCount string
	Figures   []figure
	Statuses  []statusRow
	Requests  []requestRow
	Panels    []panel
	Latency   []latencyRow
	Bursts    []burst
	Plan      string
	Unread    []string
}

// finding is one thing to act on, and pill one word about the run.
type (
	finding struct{ Say, Do string }
	pill    struct {
		Class, Text string
		Color       template.CSS // of its dot; empty for none
	}
)

// rule is one line of the guidance panel.
type rule struct{ Name, Status, Mark, Said, Fix string }

// figure is one key figure.
type figure struct{ Name, Value, Note string }

// panel is a card with drawings.
type panel struct {
	Title, Note string
	Drawings    []drawing
}

// drawing is one chart in two widths, of which the style sheet shows one.
type drawing struct {
	Title, Label string
	Legend       []legend
	Wide, Narrow template.HTML
}

type legend struct {
	Name   string
	Color  template.CSS
	Dashed bool
}

// latencyRow is one row of the table of quantiles.
type latencyRow struct {
	Class, P50, P90, P99, P999, Max, Service, Count string
}

func newPage(in Input) (*page, error) {
	a := in.Analysis
	p := &page{
		CSS: template.CSS(pageCSS), Title: cmp.Or(plain.Line(a.Run.Name), "Unnamed run"), Facts: in.facts(),
		Findings: in.findings(), Pills: in.pills(), Doubts: in.doubts(), Tone: in.tone(),
		Lab: plain.Line(in.Lab), Floor: a.Trust.LatencyIsAFloor,
		Figures: in.figures(), Statuses: in.statusRows(), Requests: in.requestRows(), Latency: in.latencyRows(),
		Plan: plain.Text(in.Run.Info.Plan), Unread: in.unread(),
	}
	if !a.Trust.OK {
		p.Disbelief = plain.Capital(in.disbelief())
	}
	p.rules(a.Guidance)
	for _, b := range a.Bursts {
		p.Bursts = append(p.Bursts, newBurst(in, b))
	}
	var err error
	p.Panels, err = panels(in)
	return p, err
}

func (in Input) facts() []string {
	r := in.Analysis.Run
	var facts []string
	add := func(s string) {
		if s != "" {
			facts = append(facts, plain.Line(s))
		}
	}
	add(r.Target)
	if s := in.start(); !s.IsZero() {
		add(s.UTC().Format("2 January 2006, 15:04:05 MST"))
	}
	if l := in.length(); l > 0 {
		add(plain.Clock(l))
	}
	add(in.source())
	if r.Authorization != "" {
		add("authorised by " + r.Authorization)
	}
	if r.Version != "" {
		add("frontload " + r.Version)
	}
	return facts
}

// rules tells each rule, but of those of which nothing is known the names alone.
func (p *page) rules(guidance []results.Rule) {
	var silent []string
	marks := map[string]string{"kept": "✓", "broken": "✕", "not-applicable": "–"}
	kept, broken := 0, 0
	for _, r := range guidance {
		status := r.Status
		switch status {
		case "kept":
			kept++
		case "broken":
			broken++
		case "not-applicable":
		default:
			status = "unknown"
		}
		row := rule{
			Name: plain.Line(r.Rule), Status: status, Mark: cmp.Or(marks[status], "?"),
			Said: plain.Line(cmp.Or(r.Observed, r.Planned)),
		}
		if status == "unknown" && row.Said == "" {
			silent = append(silent, row.Name)
			continue
		}
		if status == "broken" || status == "unknown" {
			row.Fix = plain.Line(r.Fix)
		}
		p.Rules = append(p.Rules, row)
	}
	p.NotJudged = list(silent, len(silent))
	p.RuleCount = fmt.Sprintf("%d kept, %d broken, %d neither", kept, broken, len(guidance)-kept-broken)
}

func (in Input) figures() []figure {
	r, n := in.Analysis.Run, in.tally()
	all := n.ok + n.errors + r.Responses503
	share := func(part int64) string {
		if all == 0 {
			return ""
		}
		return plain.Share(float64(part)/float64(all)) + " of all"
	}
	errors := share(n.errors)
	if n.transport > 0 {
		errors = plain.Count(n.transport) + " without an answer"
	}
	figures := []figure{
		{"Requests", plain.Count(r.Requests), "peak " + plain.Number(r.RatePeak) + "/s"},
		{"Good answers", plain.Count(n.ok), share(n.ok)},
		{"503s", plain.Count(r.Responses503), share(r.Responses503)},
		{"Other errors", plain.Count(n.errors), errors},
	}
	if r.RateAsked > 0 {
		figures = append(figures, figure{
			"Rate asked, reached", plain.Number(r.RateAsked) + ", " + plain.Number(r.RateReached) + "/s",
			"on the average, " + plain.Share(r.RateReached/r.RateAsked) + " reached",
		})
	}
	if r.HitRatio != nil {
		figures = append(figures, figure{"Hit ratio", plain.Share(*r.HitRatio), "of the good answers that tell"})
	}
	if q, ok := in.latency(results.SeriesResponse, "all"); ok {
		figures = append(figures, figure{"Response p99", in.atLeast() + plain.Span(q.P99), "p50 " + plain.Span(q.P50)})
	}
	if lag, ok := in.lagP99(); ok {
		figures = append(figures, figure{"Send lag p99", plain.Span(lag), "the generator's own"})
	}
	trust := in.Analysis.Trust
	return append(figures,
		figure{"Missed, unsent", plain.Count(trust.MissedArrivals) + ", " + plain.Count(trust.UnsentArrivals), "arrivals"},
		figure{"Clients", plain.Count(int64(r.Clients)), plain.Count(int64(r.Lookups)) + " look-ups"},
		figure{"Edge addresses", plain.Count(int64(r.EdgeAddresses)), in.spread()},
		figure{"POPs", plain.Count(int64(len(r.POPs))), in.popNote()},
		figure{"Received", plain.Bytes(r.Bytes), ""},
		figure{"Length", plain.Clock(in.length()), cmp.Or(strings.ToLower(in.ended()), "to its end")})
}

// atLeast stands before a percentile that is a lower bound.
func (in Input) atLeast() string {
	if in.Analysis.Trust.LatencyIsAFloor {
		return "≥ "
	}
	return ""
}

func (in Input) popNote() string {
	if in.noCloudFront() {
		return "no CloudFront headers seen"
	}
	return list(in.Analysis.Run.POPs, 4)
}

func (in Input) latencyRows() []latencyRow {
	var rows []latencyRow
	for _, class := range classes {
		q, ok := in.latency(results.SeriesResponse, class)
		if !ok {
			continue
		}
		row := latencyRow{
			Class: class, P50: plain.Span(q.P50), P90: plain.Span(q.P90), P99: plain.Span(q.P99),
			P999: plain.Span(q.P999), Max: plain.Span(q.Max), Service: "–", Count: plain.Count(q.Count),
		}
		if s, ok := in.latency(results.SeriesService, class); ok {
			row.Service = plain.Span(s.P99)
		}
		rows = append(rows, row)
	}
	return rows
}

// unread says what of the input could not be read.
func (in Input) unread() []string {
	u := in.Analysis.Unread
	if u.Lines == 0 {
		return nil
	}
	var lines []string
	for reason, n := range u.Reasons {
		lines = append(lines, plain.Count(n)+" × "+plain.Line(reason))
	}
	slices.Sort(lines)
	return lines[:min(len(lines), 20)]
}
