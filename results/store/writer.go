package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	sqlite "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"frontload/results"
	"frontload/results/hist"
	"frontload/results/record"
)

// A Writer writes one run file. It is for one goroutine at a time.
type Writer struct {
	path  string
	lock  *os.File // held until the end, so that no other run takes the file's place
	db    *sql.DB
	conn  *sql.Conn
	stmts statements
	names requestNames

	cells   map[results.CellKey]int64 // rows of cell_keys that are known
	args    []any                     // of one statement
	encoder *hist.Encoder
	sums    sums
}

// sums are counted over the run and shown in the table meta.
type sums struct {
	clamped, negative, folded int64
	clients                   int
	left                      record.LeftOut
}

func (s *sums) add(iv *record.Interval) {
	s.clamped += iv.Clamped
	s.negative += iv.Negative
	s.folded += iv.Folded
	s.clients = iv.ClientsSeen
	s.left.Exemplars += iv.LeftOut.Exemplars
	s.left.Lookups += iv.LeftOut.Lookups
	s.left.Events += iv.LeftOut.Events
	s.left.Control += iv.LeftOut.Control
}

func (s *sums) rows() map[string]string {
	return map[string]string{
		metaClamped:          fmt.Sprint(s.clamped),
		metaClients:          fmt.Sprint(s.clients),
		"negative_latencies": fmt.Sprint(s.negative),
		"folded_counts":      fmt.Sprint(s.folded),
		"exemplars_left_out": fmt.Sprint(s.left.Exemplars),
		"lookups_left_out":   fmt.Sprint(s.left.Lookups),
		"events_left_out":    fmt.Sprint(s.left.Events),
		"control_left_out":   fmt.Sprint(s.left.Control),
	}
}

const (
	metaClamped = "clamped_latencies"
	metaClients = "clients_seen"
)

// Append adds an interval, in one transaction: after an error nothing of it is
// in the file, and what was there before still is. With no room left the error
// wraps [ErrFull].
func (w *Writer) Append(iv *record.Interval) error {
	after := w.sums
	after.add(iv)
	err := w.transact(func() error { return w.interval(iv, after) })
	if err != nil {
		w.cells = nil // some of those rows are gone again
		return fmt.Errorf("write run file %s: %w", w.path, fault(err))
	}
	w.sums = after
	return nil
}

func (w *Writer) interval(iv *record.Interval, after sums) error {
	for _, write := range []func(*record.Interval) error{
		w.seconds, w.cellRows, w.sends, w.tallies, w.histograms, w.exemplars, w.lookups, w.events, w.control,
	} {
		if err := write(iv); err != nil {
			return err
		}
	}
	return w.meta(after.rows())
}

// Close completes the description of the run and leaves one file. The Writer
// is of no use afterwards, whether or not there was an error; what was
// appended before is kept in either case.
func (w *Writer) Close(info results.RunInfo) error {
	err := w.transact(func() error { return w.meta(metaOf(info)) })
	w.stmts.close()
	// With a reader at work this has to wait for it to go: SQLite then tidies up.
	if back := w.exec("PRAGMA journal_mode = DELETE"); back != nil && !busy(back) {
		err = errors.Join(err, back)
	}
	err = errors.Join(err, w.conn.Close(), w.db.Close(), w.lock.Close())
	if err != nil {
		return fmt.Errorf("close run file %s: %w", w.path, fault(err))
	}
	return nil
}

func (w *Writer) transact(do func() error) error {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		_ = w.exec("ROLLBACK") // SQLite may have done so itself, which is the only way to fail
	}
	return err
}

func (w *Writer) exec(text string) error {
	_, err := w.conn.ExecContext(context.Background(), text)
	return err
}

// meta sets rows of the table meta.
func (w *Writer) meta(rows map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		_, err := w.conn.ExecContext(context.Background(),
			"INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", k, rows[k])
		if err != nil {
			return err
		}
	}
	return nil
}

func busy(err error) bool { return code(err) == codes.SQLITE_BUSY }

// code returns SQLite's primary result code, or 0 when err has none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// fault turns what SQLite says of a full disk into what to do about it.
func fault(err error) error {
	if code(err) != codes.SQLITE_FULL {
		return err
	}
	return fmt.Errorf("%w: what was written before is kept; free space there, or write elsewhere with --out (%w)", ErrFull, err)
}
