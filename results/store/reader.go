package store

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"

	codes "modernc.org/sqlite/lib"

	"frontload/results"
)

// damaged marks errors that come of a file's contents as [ErrNotRun].
func damaged(err error) error {
	var strange *strangeRow
	switch code(err) {
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB, codes.SQLITE_ERROR, codes.SQLITE_MISMATCH:
	default:
		if !errors.As(err, &strange) {
			return err
		}
	}
	return fmt.Errorf("%w: it is damaged: %w", ErrNotRun, err)
}

// A strangeRow is a row whose contents no writer writes.
type strangeRow struct {
	table string
	err   error
}

func (s *strangeRow) Error() string { return "table " + s.table + ": " + s.err.Error() }
func (s *strangeRow) Unwrap() error { return s.err }

// A view is the file as it was at one moment, though it may still be written.
type view struct {
	tx      *sql.Tx
	version int // of the file's format
}

// view calls do with the file as it is now.
func (r *Reader) view(do func(view) error) error {
	tx, err := r.db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	v := view{tx: tx}
	if err := tx.QueryRow("PRAGMA user_version").Scan(&v.version); err != nil {
		return err
	}
	return do(v)
}

// rows calls each for every row that the query yields, with what scans it.
func (v view) rows(table, query string, each func(scan func(...any) error) error) error {
	rows, err := v.tx.Query(query)
	if err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return &strangeRow{table, err}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	return nil
}

// The most exemplars and look-ups that are read; of more, every second,
// third … is left out.
const (
	mostExemplars = 20_000
	mostLookups   = 500_000
)

// every returns which share of a table's rows, one in n, keeps within most.
func (v view) every(table string, most int) (int, error) {
	var last sql.NullInt64 // ids count from 1 without gaps
	if err := v.tx.QueryRow("SELECT max(id) FROM " + table).Scan(&last); err != nil {
		return 0, fmt.Errorf("table %s: %w", table, err)
	}
	return max(1, int(math.Ceil(float64(last.Int64)/float64(most)))), nil
}

func (v view) run() (*results.Run, error) {
	meta := map[string]string{}
	err := v.rows("meta", "SELECT key, value FROM meta", func(scan func(...any) error) error {
		var k, v string
		err := scan(&k, &v)
		meta[k] = v
		return err
	})
	if err != nil {
		return nil, err
	}
	run := &results.Run{}
	if run.Info, err = infoOf(meta); err != nil {
		return nil, &strangeRow{"meta", err}
	}
	if s := meta[metaClamped]; s != "" {
		if run.Clamped, err = strconv.ParseInt(s, 10, 64); err != nil {
			return nil, &strangeRow{"meta", err}
		}
	}
	if s := meta[metaClients]; s != "" {
		if run.ClientsSeen, err = strconv.Atoi(s); err != nil {
			return nil, &strangeRow{"meta", err}
		}
	}
	for _, read := range []func(*results.Run) error{
		v.seconds, v.hosts, v.sends, v.edgePeaks, v.tallies, v.latency, v.exemplars, v.lookups, v.events, v.control,
	} {
		if err := read(run); err != nil {
			return nil, err
		}
	}
	return run, nil
}
