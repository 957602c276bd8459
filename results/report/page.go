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
	NoRules   string // why no rule applies; empty where some do
	RuleCount string
	Guard     []guardRow
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
type rule struct {
	Name, Status, Mark, Planned, Observed, Fix string
	PlannedStatus, ObservedStatus              string // by which a cell is drawn; empty for unknown ones
	Source, Link                               string // who says so, and where; both may be empty
}

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
		Guard: in.guardRows(), Lab: plain.Line(in.Lab), Floor: a.Trust.LatencyIsAFloor,
		Figures: in.figures(), Statuses: in.statusRows(), Requests: in.requestRows(), Latency: in.latencyRows(),
		Plan: plain.Text(in.Run.Info.Plan), Unread: in.unread(),
	}
	if !a.Trust.OK {
		p.Disbelief = in.disbelief()
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
	add(in.warmup())
	add(in.early())
	add(in.source())
	if r.Authorization != "" {
		add("authorised by " + r.Authorization)
	}
	if r.Version != "" {
		add("frontload " + r.Version)
	}
	return facts
}

// rules tells each rule; or why, where none applies.
func (p *page) rules(guidance []results.Rule) {
	kept, broken := 0, 0
	for _, r := range guidance {
		row := newRule(r)
		switch row.Status {
		case "kept":
			kept++
		case "broken":
			broken++
		}
		p.Rules = append(p.Rules, row)
	}
	p.RuleCount = fmt.Sprintf("%d kept, %d broken, %d neither", kept, broken, len(guidance)-kept-broken)
	if why := noRules(guidance); why != "" {
		p.Rules, p.NoRules, p.RuleCount = nil, plain.Capital(plain.Line(why))+".", ""
	}
}

// ruleMarks are the states of a rule, but for those that are unknown.
var ruleMarks = map[string]string{"kept": "✓", "broken": "✕", "not-applicable": "–"}

func newRule(r results.Rule) rule {
	state := func(s string) string {
		if ruleMarks[s] == "" {
			return ""
		}
		return s
	}
	row := rule{
		Name: plain.Line(r.Rule), Status: cmp.Or(state(r.Status), "unknown"), Mark: cmp.Or(ruleMarks[r.Status], "?"),
		Planned: plain.Line(r.Planned), Observed: plain.Line(r.Observed), Source: plain.Line(r.Source),
		PlannedStatus: state(r.PlannedStatus), ObservedStatus: state(r.ObservedStatus), Fix: plain.Line(r.Fix),
	}
	if strings.HasPrefix(r.SourceURL, "https://docs.aws.amazon.com/") || strings.HasPrefix(r.SourceURL, "https://aws.amazon.com/") {
		row.Link = r.SourceURL // a page has no other links
	}
	return row
}

// noRules returns why no rule applies, where that is so for one and the same
// reason; empty otherwise.
func noRules(guidance []results.Rule) string {
	if len(guidance) == 0 {
		return ""
	}
	for _, r := range guidance {
		if r.Status != "not-applicable" || r.Observed != guidance[0].Observed {
			return ""
		}
	}
	return guidance[0].Observed
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
