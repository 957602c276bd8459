package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"frontload/results"
	"frontload/results/hist"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Create begins a run file at path. An older run file there is replaced. One
// that is still being written is left alone, with an error that wraps
// [ErrInUse], and so is any other file, with one that wraps [ErrNotRun].
func Create(path string, info results.RunInfo) (*Writer, error) {
	f, err := makeRoom(path)
	if err != nil {
		return nil, err
	}
	w, err := create(path, info)
	if err != nil {
		_ = os.Remove(path) // it is the empty file made above, or little more
		return nil, errors.Join(fmt.Errorf("create run file %s: %w", path, fault(err)), f.Close())
	}
	w.lock = f
	return w, nil
}

// CanCreate reports, as an error, what speaks against [Create]. It changes
// nothing.
func CanCreate(path string) error {
	dir := filepath.Dir(path)
	switch st, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("create run file %s: the directory %s does not exist; make it first: %w", path, dir, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("create run file %s: %w", path, err)
	case !st.IsDir():
		return fmt.Errorf("create run file %s: %s is not a directory", path, dir)
	}
	if err := replaceable(path); err != nil {
		return fmt.Errorf("create run file %s: %w", path, err)
	}
	return nil
}

// makeRoom removes an older run file and leaves an empty file at path, open and
// locked. Of several runs that begin with one path, one gets it.
func makeRoom(path string) (*os.File, error) {
	if err := CanCreate(path); err != nil {
		return nil, err
	}
	inUse := fmt.Errorf("create run file %s: %w", path, ErrInUse)
	if older, err := os.Open(path); err == nil {
		defer older.Close()
		if lock(older) || !isAt(older, path) {
			return nil, inUse
		}
		if err := remove(path, "-wal", "-shm", "-journal", ""); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, inUse
	case err != nil:
		return nil, fmt.Errorf("create run file %s: %w", path, err)
	case lock(f) || !isAt(f, path): // another run took its place before it was locked
		return nil, errors.Join(inUse, f.Close())
	}
	// What is left of a run whose file is gone. Before the lock it might have
	// been of one that had just begun.
	if err := remove(path, "-wal", "-shm", "-journal"); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// remove removes those of the files of a run that are there. Who calls it holds
// the lock of the file at path.
func remove(path string, suffixes ...string) error {
	for _, suffix := range suffixes {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("replace run file %s: %w", path, err)
		}
	}
	return nil
}

// isAt reports whether an open file is the one at path still.
func isAt(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// replaceable reports, as an error, what speaks against replacing the file.
func replaceable(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("there is something else than a file; choose another name: %w", ErrNotRun)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if lock(f) {
		return ErrInUse
	}
	if st, err = f.Stat(); err != nil || st.Size() == 0 { // of this file; another run may have replaced the one above
		return err
	}
	h, err := readHeader(f)
	if err != nil {
		return err
	}
	if !h.sqlite || h.application != applicationID {
		return fmt.Errorf("the file there is not replaced; choose another name or remove it: %w", ErrNotRun)
	}
	return nil
}

// A header is what the first bytes of a SQLite file tell. Source: SQLite's
// description of its file format, section 1.3.
type header struct {
	sqlite      bool
	version     uint32 // user_version, at 60
	application uint32 // application_id, at 68
	size        int64  // of the whole file in bytes; zero when it does not say
}

func readHeader(f io.Reader) (header, error) {
	b := make([]byte, 100)
	if _, err := io.ReadFull(f, b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return header{}, nil
	} else if err != nil {
		return header{}, err
	}
	u32 := binary.BigEndian.Uint32
	pageSize := int64(binary.BigEndian.Uint16(b[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	h := header{
		sqlite:      bytes.HasPrefix(b, []byte("SQLite format 3\x00")),
		version:     u32(b[60:]),
		application: u32(b[68:]),
	}
	if u32(b[24:]) == u32(b[92:]) { // only then the number of pages, at 28, is valid
		h.size = pageSize * int64(u32(b[28:]))
	}
	return h, nil
}

// address returns what the driver opens: a URI, so that no character of the
// path is taken for anything else.
func address(path string, query url.Values) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: query.Encode()}
	return u.String(), nil
}

// create makes the tables before it turns to WAL, so that the file itself
// tells from the start whose it is.
func create(path string, info results.RunInfo) (*Writer, error) {
	dsn, err := address(path, url.Values{"_busy_timeout": {"2000"}, "_synchronous": {"OFF"}})
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &Writer{path: path, db: db, conn: conn, names: newRequestNames(info.Requests), encoder: hist.NewEncoder()}
	if err := w.begin(info); err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	return w, nil
}

func (w *Writer) begin(info results.RunInfo) error {
	identity := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, schemaVersion)
	err := w.transact(func() error {
		if err := w.exec(identity + schema); err != nil {
			return err
		}
		return w.meta(metaOf(info))
	})
	if err != nil {
		return err
	}
	// From here on there is something to lose when the machine stops.
	if err := w.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -96"); err != nil {
		return err
	}
	// A first write opens the files beside this one: later, under load, there
	// may be no descriptor left for them.
	if err := w.transact(func() error { return w.meta(metaOf(info)) }); err != nil {
		return err
	}
	return w.prepare()
}
