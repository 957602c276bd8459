package accesslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Table is a file whose rows have columns by name, such as a Parquet file.
type Table interface {
	// Columns returns the names of the columns, in their order.
	Columns() []string
	// Rows calls do with the values of each row, nil for one that is absent,
	// as texts and in the columns' order, until it fails. They are valid until
	// do returns. An error of do's comes back as it is.
	Rows(do func(values [][]byte) error) error
}

// OpenTable opens a table of so many bytes.
type OpenTable func(r io.ReaderAt, size int64) (Table, error)

// readTable reads a table into a shard.
func (r *reading) readTable(ctx context.Context, in *input, from *opened, s *shard) error {
	f := from.seek
	if f == nil {
		var err error
		if f, err = r.toFile(from); err != nil {
			return fmt.Errorf("read %s: %w", in.name, err)
		}
		defer func() {
			_ = f.Close() // it was only read
			_ = os.Remove(f.Name())
		}()
	}
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", in.name, err)
	}
	s.at = location{in.name, 0}
	t, err := r.o.Parquet(f, st.Size())
	if err != nil {
		s.unread.add(corrupt, 1, s.at)
		return nil
	}
	if err := judgeNames(t.Columns()); err != nil {
		return named(in.name, err)
	}
	return s.table(ctx, t)
}

// A stopped error ends a table's rows before their end.
type stoppedError struct{ error }

func (s *shard) table(ctx context.Context, t Table) error {
	l, err := newLayout(t.Columns())
	if err != nil {
		return err
	}
	err = t.Rows(func(values [][]byte) error {
		s.at.line++
		s.columns = columns{}
		for i, v := range values {
			if f := l.of[i]; f != fieldNone {
				s.columns[f] = v
			}
		}
		err := s.add()
		if s.at.line%1024 == 0 {
			err = errors.Join(err, context.Cause(ctx))
		}
		if err != nil {
			return stoppedError{err}
		}
		return nil
	})
	if stopped, ok := errors.AsType[stoppedError](err); ok {
		return stopped.error
	}
	if err != nil {
		s.unread.add(corrupt, 1, s.at)
	}
	return nil
}

// toFile copies what can only be read once to a temporary file.
func (r *reading) toFile(from io.Reader) (*os.File, error) {
	f, err := os.CreateTemp(r.o.TempDir, "frontload-table-")
	if err != nil {
		return nil, err
	}
	if _, err = io.Copy(f, from); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, nil
}
