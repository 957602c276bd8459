package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"

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
