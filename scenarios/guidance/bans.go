package guidance

import (
	"fmt"
	"strings"

	"frontload/results/report/plain"
	"frontload/scenarios"
)

const noDistribution = "no distribution file says: give target.distribution, the output of `aws cloudfront get-distribution-config`"

// noViewerLambda: no load goes to behaviours with Lambda@Edge on viewer
// requests or viewer responses.
func noViewerLambda(f *Facts) finding {
	const what = "runs Lambda@Edge on viewer events"
	if f.Source == "" {
		return banned(f, f.Bans.ViewerLambda, what)
	}
	if f.Bans.LambdaAnswers > 0 { // on which event does not show
		return finding{
			status: Unknown, measured: map[string]float64{"lambda_answers": float64(f.Bans.LambdaAnswers)},
			words: fmt.Sprintf("%s by Lambda@Edge, on viewer or origin events: answers do not tell which", many(int(f.Bans.LambdaAnswers), "error is written", "errors are written")),
			fix:   noDistribution,
		}
	}
	return finding{status: Unknown}
}

// noOriginShield: no load goes to origins with Origin Shield.
func noOriginShield(f *Facts) finding {
	if f.Source == "" {
		return banned(f, f.Bans.OriginShield, "has Origin Shield on its origin")
	}
	return finding{status: Unknown} // answers do not show it
}

// banned judges a ban by the behaviours that it is about.
func banned(f *Facts, touched []Touch, what string) finding {
	if !f.Bans.Known {
		return finding{status: Unknown, fix: noDistribution}
	}
	g := finding{status: kept(len(touched) == 0), measured: map[string]float64{"entries_touched": float64(len(entries(touched)))}}
	if len(touched) == 0 {
		g.words = "no behaviour that a request reaches " + what
		return g
	}
	var said []string
	for _, t := range touched {
		said = append(said, fmt.Sprintf("behaviour %s %s, and is reached by %s", plain.Line(t.Behaviour), what, names(t.Requests)))
	}
	g.words = list(said, 3)
	g.fix = dropping(f, entries(touched))
	return g
}

// dropping says which request entries to leave out.
func dropping(f *Facts, drop []string) string {
	if len(drop) >= f.Bans.Entries {
		return "AWS does not allow load tests of it, and every request entry reaches it: test a distribution without it"
	}
	return "AWS does not allow load tests of it: drop " + names(drop) + " from requests"
}

// entries returns the names of the request entries that are touched, each once.
func entries(touched []Touch) []string {
	var all []string
	seen := map[string]bool{}
	for _, t := range touched {
		for _, name := range t.Requests {
			if !seen[name] {
				seen[name] = true
				all = append(all, name)
			}
		}
	}
	return all
}

// names returns names of request entries with their noun.
func names(list []string) string {
	noun := "request entry "
	if len(list) > 1 {
		noun = "request entries "
	}
	clean := make([]string, len(list))
	for i, name := range list {
		clean[i] = plain.Cut(plain.Line(name), 40)
	}
	return noun + strings.Join(clean[:min(len(clean), 10)], ", ") + more(len(clean)-10)
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// A BanError says that the load must not be sent whoever owns the target.
type BanError struct {
	Rules []string // those that are broken
	Text  string   // which behaviours, and what to do
}

func (e *BanError) Error() string { return e.Text }

// Banned returns a [BanError] where the plan is going to load what AWS does not
// allow to be loaded, as its distribution file tells; nil otherwise. Requests are
// drawn from plan.URLs, which nobody else may use meanwhile.
func Banned(plan *scenarios.Plan) error {
	facts := &Facts{Bans: plannedBans(plan)}
	e := &BanError{}
	var said []string
	for _, r := range rules {
		if r.name != "no-viewer-lambda" && r.name != "no-origin-shield" {
			continue
		}
		if g := r.judge(facts); g.status == Broken {
			e.Rules = append(e.Rules, r.name)
			said = append(said, r.name+": "+g.words+"; "+g.fix)
		}
	}
	if len(said) == 0 {
		return nil
	}
	e.Text = strings.Join(said, "; ")
	return e
}
