package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"frontload/results"
)

// The guidance is the second panel: each rule as planned and as observed, with
// its state, what to do, and a link to who says so.
func TestGuidanceIsTheSecondPanel(t *testing.T) {
	in := sample(usual)
	root, err := html.Parse(bytes.NewReader(render(t, "rules", in)))
	if err != nil {
		t.Fatal(err)
	}
	var panels []*html.Node
	for n := range root.Descendants() {
		if n.Data == "section" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool {
			return a.Key == "class" && slices.Contains(strings.Fields(a.Val), "card")
		}) {
			panels = append(panels, n)
		}
	}
	said := textOf(panels[1])
	for _, r := range in.Analysis.Guidance {
		for _, want := range []string{r.Rule, r.Status, r.Planned, r.Observed, r.Fix} {
			if !strings.Contains(said, want) {
				t.Errorf("the second panel does not say %q of %s:\n%s", want, r.Rule, said)
			}
		}
	}
	links := 0
	for n := range panels[1].Descendants() {
		if n.Data == "a" {
			links++
		}
	}
	if links != len(in.Analysis.Guidance) {
		t.Errorf("%d links to sources, want one for each of %d rules", links, len(in.Analysis.Guidance))
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return b.String()
}

// A rule that the plan alone breaks is told by its plan.
func TestBrokenByThePlan(t *testing.T) {
	r := results.Rule{Rule: "ramp", Status: "broken", Planned: "begins at 900/s", Observed: "at most 90/s", Fix: "use load.guided", PlannedStatus: "broken", ObservedStatus: "kept"}
	if got, want := brokenBy(r), "planned: begins at 900/s; fix: use load.guided"; got != want {
		t.Errorf("brokenBy = %q, want %q", got, want)
	}
	r.ObservedStatus = "broken"
	if got, want := brokenBy(r), "at most 90/s; fix: use load.guided"; got != want {
		t.Errorf("brokenBy = %q, want %q", got, want)
	}
}

// Where no rule applies, why is said once: an access log's page names no rule.
func TestNoRuleApplies(t *testing.T) {
	in := sample(usual)
	for i, r := range in.Analysis.Guidance {
		in.Analysis.Guidance[i] = results.Rule{Rule: r.Rule, Status: "not-applicable", Observed: "there was no load test to judge"}
	}
	root, err := html.Parse(bytes.NewReader(render(t, "no rules", in)))
	if err != nil {
		t.Fatal(err)
	}
	said := textOf(root)
	if strings.Count(said, "There was no load test to judge.") != 1 || strings.Contains(said, "independent-dns") {
		t.Errorf("the page says %d times why no rule applies, or names one", strings.Count(said, "There was no load test to judge."))
	}
	var b strings.Builder
	if err := Text(&b, in, 100); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "guidance") {
		t.Errorf("the text speaks of the guidance:\n%s", b.String())
	}
}
