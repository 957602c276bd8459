package store

import (
	"errors"
	"fmt"
	"net/netip"

	"frontload/results"
)

func (v view) seconds(run *results.Run) error {
	return v.rows("seconds", `SELECT second, asked_per_second, scheduled, sent, missed, unsent, held, in_flight,
		lag_p99_ns, generator_trouble, generator_limited, stage FROM seconds ORDER BY second`, func(scan func(...any) error) error {
		var s results.Second
		err := scan(&s.Second, &s.Asked, &s.Scheduled, &s.Sent, &s.Missed, &s.Unsent, &s.Held, &s.InFlight,
			&s.LagP99, &s.Trouble, &s.Limited, &s.Stage)
		run.Seconds = append(run.Seconds, s)
		return err
	})
}

func (v view) sends(run *results.Run) error {
	names := newRequestNames(run.Info.Requests)
	return v.rows("sends", `SELECT region, edge_address, request, sum(count) FROM sends
		GROUP BY region, edge_address, request ORDER BY region, edge_address, request`, func(scan func(...any) error) error {
		var s results.Send
		var edge, request string
		err := scan(&s.Region, &edge, &request, &s.Count)
		if err != nil {
			return err
		}
		var errEdge, errRequest error
		s.Edge, errEdge = parseAddress(edge)
		s.Request, errRequest = names.parse(request)
		run.Sends = append(run.Sends, s)
		return errors.Join(errEdge, errRequest)
	})
}

func (v view) edgePeaks(run *results.Run) error {
	run.EdgePeaks = map[netip.Addr]int64{}
	return v.rows("sends", `SELECT edge_address, max(n) FROM
		(SELECT edge_address, sum(count) AS n FROM sends GROUP BY second, edge_address) GROUP BY edge_address`, func(scan func(...any) error) error {
		var text string
		var n int64
		if err := scan(&text, &n); err != nil {
			return err
		}
		edge, err := parseAddress(text)
		run.EdgePeaks[edge] = n
		return err
	})
}

func (v view) tallies(run *results.Run) error {
	read := func(table, client, name string, to *[]results.Tally) error {
		return v.rows(table, `SELECT max(`+client+`, 0), `+name+`, requests, answers, answers_503, bytes_in FROM `+table+`
			ORDER BY `+name+` = '', requests DESC, `+name+`, 1`, func(scan func(...any) error) error {
			var t results.Tally
			err := scan(&t.Client, &t.Name, &t.Requests, &t.Answers, &t.Status503, &t.BytesIn)
			*to = append(*to, t)
			return err
		})
	}
	return errors.Join(read("clients", "client", "address", &run.Clients), read("prefixes", "0", "prefix", &run.Prefixes))
}

func (v view) latency(run *results.Run) error {
	run.Latency = map[results.LatencyKey]results.Quantiles{}
	const columns = "count, p50_ns, p90_ns, p99_ns, p999_ns, max_ns FROM histograms"
	err := v.rows("histograms", "SELECT series, grouped_by, value, "+columns+" WHERE span_seconds = 0",
		func(scan func(...any) error) error {
			var k results.LatencyKey
			var q results.Quantiles
			err := scan(&k.Series, &k.By, &k.Value, &q.Count, &q.P50, &q.P90, &q.P99, &q.P999, &q.Max)
			run.Latency[k] = q
			return err
		})
	if err != nil {
		return err
	}
	// Which kinds are kept each second is as [record] has it: by class only.
	return v.rows("histograms", "SELECT start_second, series, value, "+columns+
		" WHERE span_seconds = 1 AND grouped_by = 'class' ORDER BY start_second", func(scan func(...any) error) error {
		var s results.LatencySecond
		var class string
		err := scan(&s.Second, &s.Series, &class, &s.Count, &s.P50, &s.P90, &s.P99, &s.P999, &s.Max)
		if err != nil {
			return err
		}
		s.Class, err = results.ParseClass(class)
		run.Series = append(run.Series, s)
		return err
	})
}

func (v view) exemplars(run *results.Run) error {
	n, err := v.every("exemplars", mostExemplars)
	if err != nil {
		return err
	}
	return v.rows("exemplars", fmt.Sprintf(`SELECT at_ns, client, client_address, edge_address, pop, request, method, url,
		status, cache, outcome, signals, request_id, reason, protocol, response_ns, service_ns, headers_json
		FROM exemplars WHERE id %% %d = 0 ORDER BY at_ns, id`, n), func(scan func(...any) error) error {
		var e results.Exemplar
		var t keyTexts
		var source, protocol, headers string
		err := scan(&e.At, &e.Client, &source, &t.edge, &e.POP, &e.Request, &e.Method, &e.URL,
			&e.Status, &t.cache, &t.outcome, &t.signals, &e.RequestID, &e.Reason, &protocol, &e.Response, &e.Service, &headers)
		if err != nil {
			return err
		}
		var errs [3]error
		e.Edge, e.Cache, e.Outcome, e.Signals, err = t.parse()
		e.Source, errs[0] = parseAddress(source)
		e.Protocol, errs[1] = named(protocol, results.ParseProtocol)
		e.Headers, errs[2] = parseHeaders(headers)
		run.Exemplars = append(run.Exemplars, e)
		return errors.Join(err, errors.Join(errs[:]...))
	})
}

func (v view) lookups(run *results.Run) error {
	n, err := v.every("lookups", mostLookups)
	if err != nil {
		return err
	}
	query := "transport, scope"
	if v.version < queryVersion {
		query = "'', ''"
	}
	return v.rows("lookups", fmt.Sprintf(`SELECT at_ns, client, resolver, %s, subnet, name, type, answer, ttl_ns, took_ns, error
		FROM lookups WHERE id %% %d = 0 ORDER BY at_ns, id`, query, n), func(scan func(...any) error) error {
		var l results.Lookup
		var answer string
		err := scan(&l.At, &l.Client, &l.Resolver, &l.Transport, &l.Scope, &l.Subnet, &l.Name, &l.Type, &answer, &l.TTL, &l.Took, &l.Err)
		if err != nil {
			return err
		}
		l.Answer, err = parseAddresses(answer)
		run.Lookups = append(run.Lookups, l)
		return err
	})
}

func (v view) events(run *results.Run) error {
	return v.rows("events", "SELECT at_ns, kind, text FROM events ORDER BY at_ns, id", func(scan func(...any) error) error {
		var e results.Event
		err := scan(&e.At, &e.Kind, &e.Text)
		run.Events = append(run.Events, e)
		return err
	})
}
