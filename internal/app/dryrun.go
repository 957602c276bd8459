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
	Schema   string  `json:"schema"`
	Name     string  `json:"name"`
	Target   string  `json:"target"`
	Arrivals int64   `json:"arrivals"` // about as many with Poisson arrivals
	Seconds  float64 `json:"duration_s"`
	Peak     float64 `json:"rate_peak"` // requests/s
	Clients  int     `json:"clients"`
	Refused  string  `json:"refused"`       // why it would be refused; empty where that is not known
	Scenario string  `json:"scenario_yaml"` // with every default filled in

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
		Scenario: string(yaml), plan: plan,
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
	if d.Refused != "" {
		for _, l := range plain.Wrap("it would be REFUSED: "+plain.Line(d.Refused), 96) {
			lines = append(lines, "# "+l)
		}
	}
	return lines
}
