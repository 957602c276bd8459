package accesslog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// An input is one stream of rows.
type input struct {
	name   string
	inside bool // it was found in a directory
	format format
	stdin  *opened // standard input, which can be opened once only
}

// An opened input is being read.
type opened struct {
	*bufio.Reader           // unpacked
	file          io.Closer // nil for standard input
	seek          *os.File  // nil where it cannot be read at any place
	packed        *gzip.Reader
}

func (o *opened) close() {
	if o.file != nil {
		_ = o.file.Close() // it was only read
	}
}

// peekSize is how much of a file is looked at to recognise it.
const peekSize = 64 << 10

// open opens a file and unpacks it where its content is gzip's.
func open(name string) (*opened, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, errors.Unwrap(err))
	}
	o, err := unpack(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	o.file = f
	if o.packed == nil {
		o.seek = f
	}
	return o, nil
}

// unpack reads what r holds, be it packed by gzip in one member or in several.
func unpack(r io.Reader) (*opened, error) {
	raw := bufio.NewReaderSize(r, peekSize)
	if magic, _ := raw.Peek(2); string(magic) != "\x1f\x8b" {
		return &opened{Reader: raw}, nil
	}
	z, err := gzip.NewReader(raw)
	if err != nil {
		return nil, &ForeignError{Looks: "a gzip file that is damaged in its first bytes"}
	}
	return &opened{Reader: bufio.NewReaderSize(z, peekSize), packed: z}, nil
}

// head returns the beginning of an input.
func (o *opened) head() []byte {
	head, _ := o.Peek(peekSize) // what there is, where that is less or damaged
	return head
}

// find returns the inputs that the names stand for, each recognised, and why
// files in directories were passed over. What is named itself and is no log is
// an error, as is a directory that holds none.
func find(ctx context.Context, names []string, o *Options) (list []*input, skipped map[string]int64, err error) {
	skipped = map[string]int64{}
	var errs []error
	for _, name := range names {
		found, err := findOne(ctx, name, o, skipped)
		errs = append(errs, err)
		list = append(list, found...)
	}
	return list, skipped, errors.Join(errs...)
}

func findOne(ctx context.Context, name string, o *Options, skipped map[string]int64) ([]*input, error) {
	if name == "-" {
		return findStdin(ctx, o)
	}
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NameError{fmt.Errorf("%s: there is no such file or directory", name)}
	case err != nil:
		return nil, &NameError{fmt.Errorf("%s: %w", name, errors.Unwrap(err))}
	case st.IsDir():
		return findIn(name, o, skipped)
	}
	in := &input{name: name}
	if !st.Mode().IsRegular() { // a pipe, which can be opened once only
		in.stdin, err = open(name)
		if err != nil {
			return nil, err
		}
		return []*input{in}, in.recognise(in.stdin, o)
	}
	return []*input{in}, in.look(o)
}

func findStdin(ctx context.Context, o *Options) ([]*input, error) {
	if o.Stdin == nil {
		return nil, &NameError{errors.New("standard input: there is none")}
	}
	in := &input{name: "standard input"}
	var err error
	if in.stdin, err = unpack(interrupted(ctx, o.Stdin)); err != nil {
		return nil, named(in.name, err)
	}
	err = in.recognise(in.stdin, o)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return []*input{in}, err
}

// findIn finds the logs in a directory and all below it. Hidden files and
// directories are passed over.
func findIn(dir string, o *Options, skipped map[string]int64) (list []*input, err error) {
	var first error
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(d.Name(), ".") && path != dir:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
			return nil // a broken link, a pipe, a socket
		}
		in := &input{name: path, inside: true}
		if err := in.look(o); err != nil {
			if first == nil {
				first = err
			}
			skipped[skipReason(err)]++
			return nil
		}
		list = append(list, in)
		return nil
	})
	if err == nil && len(list) == 0 {
		err = &NameError{fmt.Errorf("%s: it holds no file at all", dir)}
		if first != nil {
			err = &NameError{fmt.Errorf("%s: none of its files is a log that can be read: %w", dir, first)}
		}
	}
	return list, err
}

// skipReason says why a file of a directory was passed over.
func skipReason(err error) string {
	if f, ok := errors.AsType[*ForeignError](err); ok {
		return "file passed over: " + f.Looks
	}
	return "file passed over: it cannot be read"
}

// look opens the file and recognises it.
func (in *input) look(o *Options) error {
	opened, err := open(in.name)
	if err != nil {
		return named(in.name, err)
	}
	defer opened.close()
	return in.recognise(opened, o)
}

func (in *input) recognise(from *opened, o *Options) (err error) {
	in.format, err = recognise(from.head(), o.Fields)
	if err == nil && in.format.kind == rowsOfParquet {
		err = judgeTable(from.seek, o)
	}
	return named(in.name, err)
}

// judgeTable refuses a Parquet file by its columns, where these can be read
// already. One that is damaged is counted when it is read.
func judgeTable(f *os.File, o *Options) error {
	if o.Parquet == nil {
		return &ForeignError{Looks: "a Parquet file", Do: "it cannot be read here"}
	}
	if f == nil {
		return nil
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	t, err := o.Parquet(f, st.Size())
	if err != nil {
		return nil
	}
	return judgeNames(t.Columns())
}

// named gives a [ForeignError] the name of its input.
func named(name string, err error) error {
	if f, ok := errors.AsType[*ForeignError](err); ok {
		f.Name = name
	}
	return err
}

// A NameError says that an input is not there or holds nothing.
type NameError struct{ err error }

func (e *NameError) Error() string { return e.err.Error() }
func (e *NameError) Unwrap() error { return e.err }
