package store

import (
	"strings"

	"frontload/results"
	"frontload/results/record"
)

// cellsAtOnce is how many cells one statement adds: each statement costs about
// as much as two rows.
const cellsAtOnce = 32

// insertCells returns the statement that adds n cells.
func insertCells(n int) string {
	rows := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", n)
	return `INSERT INTO cell_counts VALUES ` + rows[2:] + `
		ON CONFLICT DO UPDATE SET count = count + excluded.count, written = written + excluded.written,
		fresh_connections = fresh_connections + excluded.fresh_connections,
		bytes_in = bytes_in + excluded.bytes_in, bytes_out = bytes_out + excluded.bytes_out,
		response_ns_sum = response_ns_sum + excluded.response_ns_sum,
		service_ns_sum = service_ns_sum + excluded.service_ns_sum,
		ttfb_ns_sum = ttfb_ns_sum + excluded.ttfb_ns_sum,
		queueing_ns_sum = queueing_ns_sum + excluded.queueing_ns_sum`
}

func (w *Writer) cellRows(iv *record.Interval) error {
	cells := iv.Cells
	for len(cells) > 0 {
		n, insert := 1, w.stmts.cell
		if len(cells) >= cellsAtOnce {
			n, insert = cellsAtOnce, w.stmts.cells
		}
		w.args = w.args[:0]
		for _, c := range cells[:n] {
			id, err := w.cellID(c.CellKey)
			if err != nil {
				return err
			}
			w.args = append(w.args, c.Second, id, c.Count, c.Written, c.FreshConn, c.BytesIn, c.BytesOut,
				int64(c.Response), int64(c.Service), int64(c.TTFB), int64(c.Queueing))
		}
		if _, err := insert.Exec(w.args...); err != nil {
			return err
		}
		cells = cells[n:]
	}
	return nil
}

// mostCellIDs bounds the rows of cell_keys that are remembered.
const mostCellIDs = 65_536

func (w *Writer) cellID(k results.CellKey) (int64, error) {
	if id, ok := w.cells[k]; ok {
		return id, nil
	}
	var id int64
	err := w.stmts.cellKey.QueryRow(k.Region, addressText(k.Edge), k.POP, w.names.text(k.Request),
		k.Cache.String(), k.Outcome.String(), k.Status, signalsText(k.Signals)).Scan(&id)
	if err != nil {
		return 0, err
	}
	if w.cells == nil || len(w.cells) >= mostCellIDs {
		w.cells = map[results.CellKey]int64{}
	}
	w.cells[k] = id
	return id, nil
}
