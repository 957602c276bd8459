package store

import (
	"context"
	"database/sql"
	"fmt"

	"frontload/results"
	"frontload/results/hist"
	"frontload/results/record"
)

// statements are those that run for each row.
type statements struct {
	second, setSecond, host, cellKey, cell, cells, send, client, prefix *sql.Stmt
	histogram, setHistogram, exemplar, lookup, event, control           *sql.Stmt
}

func (w *Writer) prepare() error {
	for _, one := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&w.stmts.second, `SELECT asked_per_second, scheduled, sent, missed, unsent, held, in_flight, lag_p99_ns, stage, generator_trouble
			FROM seconds WHERE second = ?`},
		{&w.stmts.setSecond, `INSERT OR REPLACE INTO seconds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.stmts.host, `INSERT OR REPLACE INTO host VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		// A key that is there already is updated to itself: otherwise its id would not be returned.
		{&w.stmts.cellKey, `INSERT INTO cell_keys VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET status = status RETURNING id`},
		{&w.stmts.cell, insertCells(1)},
		{&w.stmts.cells, insertCells(cellsAtOnce)},
		{&w.stmts.send, `INSERT INTO sends VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`},
		{&w.stmts.client, `INSERT INTO clients VALUES (?, ?, ?, ?, ?, ?)`},
		{&w.stmts.prefix, `INSERT INTO prefixes VALUES (?, ?, ?, ?, ?)`},
		{&w.stmts.histogram, `SELECT hdr_v2 FROM histograms
			WHERE span_seconds = ? AND start_second = ? AND series = ? AND grouped_by = ? AND value = ?`},
		{&w.stmts.setHistogram, `INSERT OR REPLACE INTO histograms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.stmts.exemplar, `INSERT INTO exemplars VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.stmts.lookup, `INSERT INTO lookups VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.stmts.event, `INSERT INTO events VALUES (NULL, ?, ?, ?)`},
		{&w.stmts.control, `INSERT INTO control VALUES (NULL, ?, ?, ?, ?)`},
	} {
		s, err := w.conn.PrepareContext(context.Background(), one.text)
		if err != nil {
			return err
		}
		*one.to = s
	}
	return nil
}

func (s *statements) close() {
	for _, one := range []*sql.Stmt{
		s.second, s.setSecond, s.host, s.cellKey, s.cell, s.cells, s.send, s.client, s.prefix,
		s.histogram, s.setHistogram, s.exemplar, s.lookup, s.event, s.control,
	} {
		_ = one.Close() // nothing is written by it
	}
}

func (w *Writer) seconds(iv *record.Interval) error {
	for _, later := range iv.Seconds {
		s := results.Second{Second: later.Second}
		err := w.stmts.second.QueryRow(s.Second).Scan(&s.Asked, &s.Scheduled, &s.Sent, &s.Missed, &s.Unsent,
			&s.Held, &s.InFlight, &s.LagP99, &s.Stage, &s.Trouble)
		if err != nil && err != sql.ErrNoRows {
			return err
		}
		record.AddSecond(&s, later)
		_, err = w.stmts.setSecond.Exec(s.Second, s.Asked, s.Scheduled, s.Sent, s.Missed, s.Unsent,
			s.Held, s.InFlight, int64(s.LagP99), s.Limited, s.Trouble, s.Stage)
		if err != nil {
			return err
		}
		if err := w.host(s.Second, later.Host); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) sends(iv *record.Interval) error {
	for _, s := range iv.Sends {
		_, err := w.stmts.send.Exec(s.Second, s.Region, addressText(s.Edge), w.names.text(s.Request), s.Count)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) tallies(iv *record.Interval) error {
	err := w.replace("clients", iv.Clients, func(t results.Tally) error {
		client := int64(t.Client)
		if t.Name == "" {
			client = -1
		}
		_, err := w.stmts.client.Exec(client, t.Name, t.Requests, t.Answers, t.Status503, t.BytesIn)
		return err
	})
	if err != nil {
		return err
	}
	return w.replace("prefixes", iv.Prefixes, func(t results.Tally) error {
		_, err := w.stmts.prefix.Exec(t.Name, t.Requests, t.Answers, t.Status503, t.BytesIn)
		return err
	})
}

// replace puts rows in the place of a whole table, unless there are none.
func (w *Writer) replace(table string, rows []results.Tally, insert func(results.Tally) error) error {
	if rows == nil {
		return nil
	}
	if err := w.exec("DELETE FROM " + table); err != nil {
		return err
	}
	for _, t := range rows {
		if err := insert(t); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) histograms(iv *record.Interval) error {
	for _, h := range iv.Histograms {
		full, err := w.withEarlier(h)
		if err != nil {
			return err
		}
		stored, err := w.encoder.Encode(full)
		if err != nil {
			return err
		}
		q := full.Quantiles()
		_, err = w.stmts.setHistogram.Exec(h.Span, h.Start, string(h.Key.Series), h.Key.By, h.Key.Value, q.Count,
			int64(q.P50), int64(q.P90), int64(q.P99), int64(q.P999), int64(q.Max), stored)
		if err != nil {
			return err
		}
	}
	return nil
}

// withEarlier returns h and what the file has of the same span already.
func (w *Writer) withEarlier(h record.Histogram) (*hist.Histogram, error) {
	if h.Span == record.SpanRun {
		return h.Hist, nil
	}
	var stored []byte
	err := w.stmts.histogram.QueryRow(h.Span, h.Start, string(h.Key.Series), h.Key.By, h.Key.Value).Scan(&stored)
	if err == sql.ErrNoRows {
		return h.Hist, nil
	}
	if err != nil {
		return nil, err
	}
	full, err := hist.Decode(stored)
	if err != nil {
		return nil, fmt.Errorf("add to second %d: %w", h.Start, err)
	}
	full.Merge(h.Hist)
	return full, nil
}

func (w *Writer) exemplars(iv *record.Interval) error {
	for _, e := range iv.Exemplars {
		_, err := w.stmts.exemplar.Exec(int64(e.At), e.Client, addressText(e.Source), addressText(e.Edge), e.POP,
			e.Request, e.Method, e.URL, e.Status, e.Cache.String(), e.Outcome.String(), signalsText(e.Signals),
			e.RequestID, e.Reason, e.Protocol.String(), int64(e.Response), int64(e.Service), headersText(e.Headers))
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) lookups(iv *record.Interval) error {
	for _, l := range iv.Lookups {
		_, err := w.stmts.lookup.Exec(int64(l.At), l.Client, l.Resolver, l.Transport, l.Subnet, l.Scope, l.Name, l.Type,
			addressesText(l.Answer), int64(l.TTL), int64(l.Took), l.Err)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) events(iv *record.Interval) error {
	for _, e := range iv.Events {
		if _, err := w.stmts.event.Exec(int64(e.At), e.Kind, e.Text); err != nil {
			return err
		}
	}
	return nil
}
