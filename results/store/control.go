package store

import (
	"frontload/results"
	"frontload/results/record"
)

func (w *Writer) control(iv *record.Interval) error {
	for _, c := range iv.Control {
		if _, err := w.stmts.control.Exec(int64(c.At), c.Status, int64(c.Took), c.Err); err != nil {
			return err
		}
	}
	return nil
}

// control reads the answers to control requests; older files have none.
func (v view) control(run *results.Run) error {
	if v.version < controlVersion {
		return nil
	}
	return v.rows("control", "SELECT at_ns, status, took_ns, error FROM control ORDER BY at_ns, id", func(scan func(...any) error) error {
		var c results.Control
		err := scan(&c.At, &c.Status, &c.Took, &c.Err)
		run.Control = append(run.Control, c)
		return err
	})
}
