package app

import (
	"fmt"

	"frontload/results"
	"frontload/results/analysis"
	"frontload/scenarios"
	"frontload/scenarios/guidance"
)

// analyze returns the analysis document of a run, its guidance judged.
func analyze(run *results.Run) (*results.Analysis, error) {
	a, err := analysis.Analyze(run)
	if err != nil {
		return nil, err
	}
	planned, err := guidance.ParseFacts(run.Info.Planned)
	if err != nil {
		return nil, fmt.Errorf("read what was planned: %w", err)
	}
	observed, err := guidance.Observed(run)
	if err != nil {
		return nil, err
	}
	a.Guidance = guidance.Judge(planned, observed)
	return a, nil
}

// planned returns what makes the facts of a plan, from what its first clients
// were answered and why the target may be loaded.
func planned(plan *scenarios.Plan) func([]results.Lookup, string) string {
	return func(first []results.Lookup, authorization string) string {
		var sample *guidance.Sample
		if len(first) > 0 {
			sample = guidance.NewSample(first, plan.Clients.Count)
		}
		facts := guidance.Planned(plan, guidance.NewForecast(plan, sample), sample, authorization)
		return facts.Text()
	}
}

// banned refuses a plan that is going to load what AWS does not allow to be
// loaded, be the target loopback or not.
func banned(plan *scenarios.Plan) error {
	if err := guidance.Banned(plan); err != nil {
		return &kindError{fmt.Errorf("nothing was sent: %w", err), ErrRefused}
	}
	return nil
}
