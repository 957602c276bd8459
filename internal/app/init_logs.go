package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"frontload/results/accesslog"
	"frontload/results/accesslog/parquet"
	"frontload/results/report/plain"
	"frontload/scenarios/propose"
	"frontload/scenarios/urls"
)

const (
	maxHosts   = 1000 // host names of logs that are told apart
	shownNames = 12   // request names that are shown
)

// fromLogs makes a scenario of access logs: it sends what they hold, as often
// as they hold it.
func (i Init) fromLogs(ctx context.Context) (*propose.Scenario, error) {
	if slices.Contains(i.Logs, "-") {
		return nil, Usage(errors.New("--from-logs -: a scenario draws from logs each time that it runs, so they must be files"))
	}
	u, err := i.logsTarget(ctx)
	if err != nil {
		return nil, err
	}
	recorded, err := urls.Record(ctx, &urls.Source{
		Paths: i.Logs, Format: "access-log", Hosts: []string{u.Hostname()}, Inputs: urls.Inputs{Parquet: parquet.Open},
	})
	if err != nil {
		return nil, logsError(err)
	}
	if recorded.Requests == 0 {
		return nil, fmt.Errorf("the logs hold no GET or HEAD request of %s", u.Hostname())
	}
	s := i.scenario(u, isLoopback(u.Hostname()), "access logs")
	s.From = i.Logs
	s.Notes = recordedNotes(recorded)
	return s, nil
}

// logsTarget returns the URL that was named, or else that of the host which
// viewers of the logs asked for most.
func (i Init) logsTarget(ctx context.Context) (*url.URL, error) {
	if i.From != "" {
		u, err := parseURL(i.From)
		return u, Usage(err)
	}
	counts := map[string]int64{}
	_, err := accesslog.Requests(ctx, i.Logs, accesslog.Options{Parquet: parquet.Open}, func(r *accesslog.Request) error {
		host := r.Viewed
		if len(host) == 0 {
			host = r.Host
		}
		if n, known := counts[string(host)]; known || len(counts) < maxHosts {
			counts[string(host)] = n + 1
		}
		return nil
	})
	if err != nil {
		return nil, logsError(err)
	}
	most := ""
	for host, n := range counts {
		if host != "" && (most == "" || n > counts[most] || n == counts[most] && host < most) {
			most = host
		}
	}
	if most == "" {
		return nil, Usage(errors.New("the logs do not say which host viewers asked for: name the target too, as in frontload init https://www.example.com --from-logs FILE"))
	}
	u, err := parseURL("https://" + most)
	return u, Usage(err)
}

// recordedNotes says what logs hold, the requests with the largest shares first.
func recordedNotes(r *urls.Recording) []string {
	notes := []string{fmt.Sprintf("As often as recorded: %s requests for %s URLs.", plain.Count(r.Requests), plain.Count(int64(r.URLs)))}
	for k, g := range r.Groups {
		if k == shownNames {
			notes = append(notes, fmt.Sprintf("        and %d more", len(r.Groups)-k))
			break
		}
		notes = append(notes, fmt.Sprintf("%5.1f%%  %s, %s URLs", 100*g.Share, g.Name, plain.Count(int64(g.Targets.Len()))))
	}
	for _, l := range r.Left {
		notes = append(notes, leftOut(int(l.Count), "requests "+l.Why)...)
	}
	return notes
}
