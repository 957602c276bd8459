// Package parquet reads CloudFront's access logs as Parquet files, for package
// accesslog. It stands apart so that whoever reads other logs does not compile
// the library that knows that format.
package parquet

import (
	"errors"
	"fmt"
	"io"

	pq "github.com/parquet-go/parquet-go"

	"frontload/results/accesslog"
)

// A Table is a Parquet file, read row group after row group.
type Table struct {
	file    *pq.File
	names   []string
	format  []formatter // by column
	scratch []byte
}

// Open opens a Parquet file of so many bytes. It is an [accesslog.OpenTable].
// What is damaged is an error, never a panic.
func Open(r io.ReaderAt, size int64) (_ accesslog.Table, err error) {
	defer caught(&err)
	if err := checkFooter(r, size); err != nil {
		return nil, fmt.Errorf("open a Parquet file: %w", err)
	}
	f, err := pq.OpenFile(r, size, pq.SkipPageIndex(true), pq.SkipBloomFilters(true), pq.ReadBufferSize(256<<10))
	if err != nil {
		return nil, fmt.Errorf("open a Parquet file: %w", err)
	}
	if err := checkPages(r, size, f, mostPages); err != nil {
		return nil, fmt.Errorf("open a Parquet file: %w", err)
	}
	t := &Table{file: f}
	for _, path := range f.Schema().Columns() {
		leaf, ok := f.Schema().Lookup(path...)
		if !ok {
			return nil, fmt.Errorf("open a Parquet file: column %v has no type", path)
		}
		t.names = append(t.names, path[len(path)-1])
		t.format = append(t.format, formatterOf(leaf.Node.Type()))
	}
	return t, nil
}

// Columns returns the names of the columns, in their order.
func (t *Table) Columns() []string { return t.names }

// Rows calls do with the values of each row as texts. Of a column with several
// values in a row it is the first.
func (t *Table) Rows(do func(values [][]byte) error) (err error) {
	defer caught(&err)
	values := make([][]byte, len(t.names))
	for _, group := range t.file.RowGroups() {
		if err := t.group(group, values, do); err != nil {
			return err
		}
	}
	return nil
}

// atOnce is how many rows are decoded at a time.
const atOnce = 256

func (t *Table) group(group pq.RowGroup, values [][]byte, do func([][]byte) error) (err error) {
	rows := group.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buffer := make([]pq.Row, atOnce)
	for {
		n, err := rows.ReadRows(buffer)
		for _, row := range buffer[:n] {
			t.texts(row, values)
			if err := do(values); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read a Parquet file: %w", err)
		case n == 0:
			return fmt.Errorf("read a Parquet file: %w", io.ErrNoProgress)
		}
	}
}

// texts writes the values of a row as texts.
func (t *Table) texts(row pq.Row, values [][]byte) {
	clear(values)
	t.scratch = t.scratch[:0]
	for _, v := range row {
		i := v.Column()
		if i < 0 || i >= len(values) || values[i] != nil || v.IsNull() {
			continue
		}
		if k := v.Kind(); k == pq.ByteArray || k == pq.FixedLenByteArray {
			values[i] = v.ByteArray()
			continue
		}
		from := len(t.scratch)
		t.scratch = t.format[i](t.scratch, v)
		values[i] = t.scratch[from:len(t.scratch):len(t.scratch)]
	}
}

// caught turns a panic of the library, which damaged files can cause, into an
// error.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("read a Parquet file: it is damaged: %v", p)
	}
}
