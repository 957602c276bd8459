package app

import (
	"cmp"
	"fmt"
	"strings"

	"frontload/attack/run"
	"frontload/results/report"
	"frontload/results/report/plain"
	"frontload/scenarios"
)

// dryRunSchema names the document that a dry run prints as JSON.
const dryRunSchema = "frontload.dry-run/1"

// A dryRun is what is known of a run before anything is sent.
type dryRun struct {
	Schema   string   `json:"schema"`
	Name     string   `json:"name"`
	Target   string   `json:"target"`
	Arrivals int64    `json:"arrivals"` // about as many with Poisson arrivals
	Seconds  float64  `json:"duration_s"`
	Peak     float64  `json:"rate_peak"` // requests/s
	Clients  int      `json:"clients"`
	Warmup   float64  `json:"warmup_s"`
	Requests int64    `json:"budget_requests"` // zero: no limit, as with the next
	Bytes    int64    `json:"budget_bytes"`
	Signed   []string `json:"signed"`        // URLs that are signed; a * at the end stands for all that begin alike
	Refused  string   `json:"refused"`       // why it would be refused; empty where that is not known
	Scenario string   `json:"scenario_yaml"` // with every default filled in

	plan *scenarios.Plan
}

// DryRun shows the scenario with every default filled in, what it comes to,
// and whether it would be refused as far as that is known without a look-up.
// Nothing is sent.
func DryRun(s *scenarios.Scenario, out Output) error {
	plan, err := s.Plan()
	if err != nil {
		return Usage(err)
	}
	yaml, err := s.YAML()
	if err != nil {
		return err
	}
	d := dryRun{
		Schema: dryRunSchema, Name: plan.Name, Target: plan.Target.URL.String(), Arrivals: int64(plan.Schedule.Mean()),
		Seconds: plan.Schedule.Duration().Seconds(), Peak: float64(plan.Schedule.Peak()), Clients: plan.Clients.Count,
		Warmup: plan.Warmup.Seconds(), Requests: plan.Budget.Requests, Bytes: plan.Budget.Bytes, Signed: []string{},
		Scenario: string(yaml), plan: plan,
	}
	for _, s := range plan.Signers {
		if s != nil {
			d.Signed = append(d.Signed, s.Resource())
		}
	}
	if refused := cmp.Or(banned(plan), run.Foreseen(plan)); refused != nil {
		d.Refused = refused.Error()
	}
	if out.JSON {
		return report.JSON(out.Out, d)
	}
	_, err = fmt.Fprintf(out.Out, "%s\n%s", strings.Join(d.comments(), "\n"), yaml)
	return err
}

// comments are the lines above the scenario.
func (d *dryRun) comments() []string {
	clients := plain.Count(int64(d.Clients)) + " clients"
	if d.Clients == 1 {
		clients = "1 client"
	}
	lines := []string{
		fmt.Sprintf("# %s: %s arrivals in %s, at most %s/s, from %s; nothing was sent", plain.Line(d.Name), plain.Count(d.Arrivals),
			plain.Clock(d.plan.Schedule.Duration()), plain.Number(d.Peak), clients),
	}
	if schedule := d.plan.Schedule.String(); len(schedule) <= 90 {
		lines = append(lines, "# "+schedule)
	}
	if n := d.plan.AddressesNeeded(); n > 1 {
		lines = append(lines, fmt.Sprintf("# at the peak it takes %s edge addresses, for none to get more than %s",
			plain.Count(int64(n)), d.plan.Limits.PerEdgeAddress))
	}
	for _, note := range d.plan.Notes {
		for _, l := range plain.Wrap(plain.Line(note), 96) {
			lines = append(lines, "# "+l)
		}
	}
	if d.plan.Warmup > 0 {
		lines = append(lines, "# warm-up: the first "+plain.Clock(d.plan.Warmup)+", which no threshold counts")
	}
	if budget := d.plan.Budget.String(); budget != "" {
		lines = append(lines, "# budget: "+budget+", and the run ends")
	}
	for _, url := range d.Signed[:min(len(d.Signed), 8)] {
		lines = append(lines, "# signed: "+plain.Line(url))
	}
	if d.Refused != "" {
		for _, l := range plain.Wrap("it would be REFUSED: "+plain.Line(d.Refused), 96) {
			lines = append(lines, "# "+l)
		}
	}
	return lines
}
