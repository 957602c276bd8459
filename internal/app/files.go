package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"frontload/results/report"
)

// An outFile is a file that a command writes when it is done. Its zero value
// is none.
type outFile struct {
	flag   string // that named it
	path   string
	begins string // how every file of its kind begins; empty where another guard knows the kind
}

// files are what a command reads and what it writes.
type files struct {
	in  []string
	out []outFile
}

func htmlFile(path string) outFile { return outFile{"--html", path, report.HTMLOpening()} }
func logFile(path string) outFile  { return outFile{"--access-log", path, "#Version: 1.0\n"} }
func runFile(path string) outFile  { return outFile{"--out", path, ""} }

// check reports, as an error of usage, what speaks against writing the files:
// one would replace what the command reads, another of them, or a file that is
// not of its kind, or it cannot be written at all. It is asked before anything
// is sent, and leaves everything as it was.
func (f files) check() error {
	var errs []error
	var missing string // a directory that was told already: one name may be made of another
	for i, out := range f.out {
		dir := filepath.Dir(out.path)
		if out.path == "" || dir == missing {
			continue
		}
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			missing = dir
			errs = append(errs, fmt.Errorf("%s %s: the directory %s does not exist; make it first", out.flag, out.path, dir))
			continue
		}
		if err := f.distinct(i); err != nil {
			errs = append(errs, err)
		} else if err := out.check(); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", out.flag, out.path, err))
		}
	}
	return Usage(errors.Join(errs...))
}

// distinct reports, as an error, that output i is an input or an earlier output.
func (f files) distinct(i int) error {
	out := f.out[i]
	for _, in := range f.in {
		if same(in, out.path) {
			return fmt.Errorf("%s %s would replace the file that is read; choose another name", out.flag, out.path)
		}
	}
	for _, other := range f.out[:i] {
		if same(other.path, out.path) {
			return fmt.Errorf("%s and %s both name %s; choose two names", other.flag, out.flag, out.path)
		}
	}
	return nil
}

// same reports whether two names are of one file, be it there or not.
func same(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	one, err1 := os.Stat(a)
	two, err2 := os.Stat(b)
	if err1 == nil && err2 == nil {
		return os.SameFile(one, two)
	}
	full1, err1 := filepath.Abs(a)
	full2, err2 := filepath.Abs(b)
	return err1 == nil && err2 == nil && full1 == full2
}

// check reports, as an error, what speaks against writing the file.
func (o outFile) check() error {
	if o.begins == "" {
		return nil
	}
	st, err := os.Stat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return o.try()
	case err != nil:
		return reason(err)
	case st.IsDir():
		return errors.New("it is a directory; name a file")
	case st.Mode().IsRegular() && st.Size() > 0 && !o.ours():
		return errors.New("the file there is of another kind and is not replaced; choose another name or remove it")
	}
	f, err := os.OpenFile(o.path, os.O_WRONLY, 0)
	if err != nil {
		return reason(err)
	}
	return f.Close()
}

// try makes the file and takes it away again.
func (o outFile) try() error {
	f, err := os.OpenFile(o.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return reason(err)
	}
	return errors.Join(f.Close(), os.Remove(o.path))
}

// ours reports whether the file that is there begins as its kind does.
func (o outFile) ours() bool {
	f, err := os.Open(o.path)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, len(o.begins))
	_, err = io.ReadFull(f, b)
	return err == nil && bytes.Equal(b, []byte(o.begins))
}

// create makes the file, or empties that of an earlier run, once more after a
// check: hours may have passed since the first.
func (o outFile) create() (*os.File, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("%s %s: %w", o.flag, o.path, err)
	}
	return os.Create(o.path)
}

// reason returns what went wrong with a file without its name, which stands
// before it.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
