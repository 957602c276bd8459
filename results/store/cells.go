package store

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"frontload/results"
)

// cells streams the cells in order of seconds. It stops after an error, or
// when yield asks to.
func (r *Reader) cells(names requestNames, yield func(results.Cell, error) bool) {
	err := r.view(func(v view) error {
		keys, err := v.cellKeys(names)
		if err != nil {
			return err
		}
		return v.cellCounts(keys, func(c results.Cell) bool { return yield(c, nil) })
	})
	if err != nil && !errors.Is(err, errStopped) {
		yield(results.Cell{}, fmt.Errorf("read run file %s: %w", r.path, damaged(err)))
	}
}

// errStopped ends reading when the reader of the stream has enough.
var errStopped = errors.New("stopped")

// cellColumns are the columns of cell_counts in the order of [countsOf].
const cellColumns = "second, cell, count, written, fresh_connections, bytes_in, bytes_out, " +
	"response_ns_sum, service_ns_sum, ttfb_ns_sum, queueing_ns_sum"

// cellCounts has each row come as one text, which costs less than half of
// what its columns cost one by one.
func (v view) cellCounts(keys map[int64]results.CellKey, yield func(results.Cell) bool) error {
	row := strings.ReplaceAll(cellColumns, ", ", " || ' ' || ")
	return v.rows("cell_counts", "SELECT "+row+" FROM cell_counts ORDER BY second, cell",
		func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			c, id, err := countsOf(text)
			if err != nil {
				return err
			}
			key, ok := keys[id]
			if !ok {
				return fmt.Errorf("unknown cell %d in second %d", id, c.Second)
			}
			c.CellKey = key
			if !yield(c) {
				return errStopped
			}
			return nil
		})
}

// countsOf reads a row of cell_counts: whole numbers with a space between.
func countsOf(row string) (c results.Cell, id int64, err error) {
	var n [11]int64
	at := 0
	for i := range n {
		end := at
		for end < len(row) && row[end] != ' ' {
			end++
		}
		if n[i], err = whole(row[at:end]); err != nil {
			return c, 0, fmt.Errorf("row %q, want %d numbers: %w", row, len(n), err)
		}
		at = min(end+1, len(row))
	}
	if at < len(row) {
		return c, 0, fmt.Errorf("row %q, want %d numbers", row, len(n))
	}
	c.Second, id = int(n[0]), n[1]
	c.Counts = results.Counts{
		Count: n[2], Written: n[3], FreshConn: n[4], BytesIn: n[5], BytesOut: n[6], Response: time.Duration(n[7]),
		Service: time.Duration(n[8]), TTFB: time.Duration(n[9]), Queueing: time.Duration(n[10]),
	}
	return c, id, nil
}

// whole reads a whole number; those of up to 18 digits faster than [strconv].
func whole(s string) (n int64, err error) {
	if len(s) == 0 || len(s) > 18 {
		return strconv.ParseInt(s, 10, 64)
	}
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 {
			return strconv.ParseInt(s, 10, 64)
		}
		n = 10*n + int64(digit)
	}
	return n, nil
}

func (v view) cellKeys(names requestNames) (map[int64]results.CellKey, error) {
	keys := map[int64]results.CellKey{}
	return keys, v.rows("cell_keys", `SELECT id, region, edge_address, pop, request, cache, outcome, status, signals
		FROM cell_keys`, func(scan func(...any) error) error {
		var id int64
		var k results.CellKey
		var t keyTexts
		var request string
		err := scan(&id, &k.Region, &t.edge, &k.POP, &request, &t.cache, &t.outcome, &k.Status, &t.signals)
		if err != nil {
			return err
		}
		if k.Edge, k.Cache, k.Outcome, k.Signals, err = t.parse(); err != nil {
			return err
		}
		k.Request, err = names.parse(request)
		keys[id] = k
		return err
	})
}

// keyTexts are parts of a cell's key as they stand in the file.
type keyTexts struct{ edge, cache, outcome, signals string }

func (t keyTexts) parse() (edge netip.Addr, cache results.Cache, outcome results.Outcome, signals results.Signals, err error) {
	var errs [4]error
	edge, errs[0] = parseAddress(t.edge)
	cache, errs[1] = results.ParseCache(t.cache)
	outcome, errs[2] = named(t.outcome, results.ParseOutcome)
	signals, errs[3] = parseSignals(t.signals)
	return edge, cache, outcome, signals, errors.Join(errs[:]...)
}

// named parses a name that is empty for the zero value.
func named[T ~uint8](s string, parse func(string) (T, error)) (T, error) {
	if s == "" {
		return 0, nil
	}
	return parse(s)
}
