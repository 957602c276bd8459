package store

import (
	"errors"
	"fmt"
	"net/netip"

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

func (v view) cellCounts(keys map[int64]results.CellKey, yield func(results.Cell) bool) error {
	return v.rows("cell_counts", `SELECT second, cell, count, written, fresh_connections, bytes_in, bytes_out,
		response_ns_sum, service_ns_sum, ttfb_ns_sum, queueing_ns_sum FROM cell_counts ORDER BY second, cell`,
		func(scan func(...any) error) error {
			var c results.Cell
			var id int64
			err := scan(&c.Second, &id, &c.Count, &c.Written, &c.FreshConn, &c.BytesIn, &c.BytesOut,
				&c.Response, &c.Service, &c.TTFB, &c.Queueing)
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
