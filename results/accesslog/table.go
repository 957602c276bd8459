package accesslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
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
	s.at = location{in.name, 0}
	f := from.seek
	if f == nil {
		copied, err := r.toFile(ctx, from)
		if damaged, ok := errors.AsType[*damagedError](err); ok {
			s.unread.add(damaged.why(), 1, s.at)
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", in.name, err)
		}
		defer copied.close()
		f = copied.File
	}
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", in.name, err)
	}
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

// A temporary file has no name where the system allows that, so that nothing
// is left behind however the process ends.
type temporary struct {
	*os.File
	named bool
}

// newTemporary makes a temporary file in a directory, empty for the system's own.
func newTemporary(dir, pattern string) (*temporary, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	return &temporary{f, runtime.GOOS == "windows" || os.Remove(f.Name()) != nil}, nil
}

// close closes and removes the file.
func (t *temporary) close() error {
	err := t.Close()
	if t.named {
		err = errors.Join(err, os.Remove(t.Name()))
	}
	return err
}

// A damagedError says that what is read is damaged.
type damagedError struct{ error }

func (e *damagedError) why() reason {
	if errors.Is(e.error, io.ErrUnexpectedEOF) {
		return cutShort
	}
	return corrupt
}

// toFile copies what can only be read once to a temporary file. What fails to
// be read is a damagedError, unless the context is done.
func (r *reading) toFile(ctx context.Context, from io.Reader) (*temporary, error) {
	f, err := newTemporary(r.o.TempDir, "frontload-table-")
	if err != nil {
		return nil, err
	}
	if err := copyTo(ctx, f, from); err != nil {
		_ = f.close() // the first error says more
		return nil, err
	}
	return f, nil
}

func copyTo(ctx context.Context, to io.Writer, from io.Reader) error {
	b := make([]byte, maxLine)
	for {
		n, err := fill(from, b)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err := to.Write(b[:n]); err != nil {
			return fmt.Errorf("%w; point TMPDIR to where there is room", err)
		}
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return &damagedError{err}
		}
	}
}
