package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"frontload/results"
)

// A Reader reads one run file, which may still be written. It may be used by
// many goroutines at once.
type Reader struct {
	path string
	db   *sql.DB
	copy string // directory of a copy to remove; empty for none
}

// Open opens a run file for reading, that of a killed run or of one that goes
// on as well. Nothing that is recorded is changed by it. A missing file is an
// fs.ErrNotExist; what is no run file, or a newer one, is [ErrNotRun].
func Open(path string) (*Reader, error) {
	if err := readable(path); err != nil {
		return nil, err
	}
	r := &Reader{path: path}
	err := r.open(path)
	if err != nil && walBeside(r.path) {
		// A directory where SQLite may not make its index of the -wal file.
		err = errors.Join(r.Close(), r.openCopy())
	}
	if err != nil {
		_ = r.Close() // nothing was written
		return nil, fmt.Errorf("open %s: %w", path, damaged(err))
	}
	return r, nil
}

// readable reports, as an error, what speaks against path being a run file.
func readable(path string) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &missingError{path}
	case err != nil:
		return fmt.Errorf("open run file: %w", err)
	case st.IsDir():
		return notRun(path, "it is a directory")
	case !st.Mode().IsRegular():
		return notRun(path, "it is not a plain file")
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open run file: %w", err)
	}
	defer f.Close()
	h, err := readHeader(f)
	switch {
	case err != nil:
		return fmt.Errorf("open run file: %w", err)
	case !h.sqlite:
		return notRun(path, "it is not a SQLite file")
	case h.application != applicationID:
		return notRun(path, "it is a SQLite file of another program")
	case h.version > schemaVersion:
		return fmt.Errorf("open %s: %w: %w (format %d, this one reads up to %d); use that version to read it",
			path, ErrNotRun, ErrNewer, h.version, schemaVersion)
	case st.Size() < h.size && !walBeside(path):
		return notRun(path, fmt.Sprintf("it is damaged: %d of its %d bytes are there", st.Size(), h.size))
	case h.version == 0:
		return notRun(path, "its format has no version")
	}
	return nil
}

// A missingError says that there is no run file; it is an fs.ErrNotExist.
type missingError struct{ path string }

func (e *missingError) Error() string {
	return fmt.Sprintf("open %s: there is no such run file", e.path)
}
func (e *missingError) Is(target error) bool { return target == fs.ErrNotExist }

func walBeside(path string) bool {
	_, err := os.Stat(path + "-wal")
	return err == nil
}

// open opens path read-only. Without a -wal file beside it nobody writes it,
// and SQLite need not lock it or make files beside it.
func (r *Reader) open(path string) error {
	query := url.Values{"mode": {"ro"}, "_busy_timeout": {"2000"}}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		query.Set("immutable", "1")
	}
	dsn, err := address(path, query)
	if err != nil {
		return err
	}
	if r.db, err = sql.Open("sqlite", dsn); err != nil {
		return err
	}
	var tables int
	return r.db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables)
}

// openCopy opens a copy in a directory of its own.
func (r *Reader) openCopy() error {
	dir, err := os.MkdirTemp("", "frontload-run-")
	if err != nil {
		return err
	}
	r.copy = dir
	to := filepath.Join(dir, "run")
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(to+suffix, r.path+suffix); err != nil {
			return err
		}
	}
	return r.open(to)
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// Close ends reading.
func (r *Reader) Close() error {
	var err error
	if r.db != nil {
		err = r.db.Close()
	}
	if r.copy != "" {
		err = errors.Join(err, os.RemoveAll(r.copy))
	}
	return err
}

// Run reads everything but the cells, which the result reads from the file
// each time it is asked for them, until [Reader.Close]. Of very many exemplars
// or look-ups an even selection is returned: at most 20,000 and 500,000.
func (r *Reader) Run() (*results.Run, error) {
	var run *results.Run
	err := r.view(func(v view) (err error) {
		run, err = v.run()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read run file %s: %w", r.path, damaged(err))
	}
	names := newRequestNames(run.Info.Requests)
	run.Cells = func(yield func(results.Cell, error) bool) { r.cells(names, yield) }
	return run, nil
}
