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

	"github.com/klauspost/compress/gzip"

	"frontload/results/report/plain"
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

// A finder finds inputs. A file that is named twice, or by a link too, is read
// once, so that its rows count once.
type finder struct {
	o       *Options
	seen    map[string]bool  // files and directories, by their names without links
	skipped map[string]int64 // files of directories that were passed over, by the reason
	again   int64            // files that were found more than once
}

// find returns the inputs that the names stand for, each recognised, and what
// was passed over. What is named itself and is no log is an error, as is a
// directory that holds none.
func find(ctx context.Context, names []string, o *Options) ([]*input, *finder, error) {
	f := &finder{o: o, seen: map[string]bool{}, skipped: map[string]int64{}}
	var list []*input
	var errs []error
	for _, name := range names {
		found, err := f.find(ctx, name)
		errs = append(errs, err)
		list = append(list, found...)
	}
	return list, f, errors.Join(errs...)
}

func (f *finder) find(ctx context.Context, name string) ([]*input, error) {
	if name == "-" {
		if !f.first(name) {
			return nil, nil
		}
		return findStdin(ctx, f.o)
	}
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NameError{fmt.Errorf("%s: there is no such file or directory", name)}
	case err != nil:
		return nil, &NameError{fmt.Errorf("%s: %w", name, errors.Unwrap(err))}
	case st.IsDir():
		return f.directory(name)
	}
	in := &input{name: name}
	if !st.Mode().IsRegular() { // a pipe, which can be opened once only
		in.stdin, err = open(name)
		if err != nil {
			return nil, err
		}
		return []*input{in}, in.recognise(in.stdin, f.o)
	}
	if !f.firstFile(name) {
		return nil, nil
	}
	return []*input{in}, in.look(f.o)
}

// first reports whether a file or directory was not found before.
func (f *finder) first(name string) bool {
	if name != "-" {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			name = real
		}
		if whole, err := filepath.Abs(name); err == nil {
			name = whole
		}
	}
	before := f.seen[name]
	f.seen[name] = true
	return !before
}

func (f *finder) firstFile(name string) bool {
	first := f.first(name)
	if !first {
		f.again++
	}
	return first
}

// doubts says which files were not read again.
func (f *finder) doubts() []string {
	switch f.again {
	case 0:
		return nil
	case 1:
		return []string{"1 file is named or linked to more than once, and was read once"}
	}
	return []string{plain.Count(f.again) + " files are named or linked to more than once, and each was read once"}
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

// directory finds the logs in a directory and all below it. One that holds
// nothing but what was found before is no error.
func (f *finder) directory(dir string) ([]*input, error) {
	w := &walk{finder: f}
	err := w.directory(dir)
	if err == nil && len(w.list) == 0 && !w.known {
		err = &NameError{fmt.Errorf("%s: it holds no file at all", dir)}
		if w.foreign != nil {
			err = &NameError{fmt.Errorf("%s: none of its files is a log that can be read: %w", dir, w.foreign)}
		}
	}
	return w.list, err
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
	if f, ok := errors.AsType[*ForeignError](err); ok && from.packed != nil {
		f.Looks += " inside gzip"
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
