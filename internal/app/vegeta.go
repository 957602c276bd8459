package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"frontload/results/vegeta"
)

// streams are inputs that hold vegeta's results.
type streams struct {
	list  []vegeta.Stream
	files []*os.File
}

func (s *streams) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// findVegeta looks which of the inputs hold vegeta's results. What was read of
// standard input to see that is put back; so it is with a single pipe, whose
// name becomes that of standard input. A file that is named twice, or by a link
// too, is read once.
func findVegeta(what *Analysis, names []string) (*streams, error) {
	s := &streams{}
	again := 0 // inputs that were named before
	seen := map[string]bool{}
	for i, name := range names {
		var from io.Reader
		var file *os.File
		switch {
		case name == "-" && what.Stdin != nil:
			from = what.Stdin
		case readable(name, len(names) == 1):
			var err error
			if file, err = os.Open(name); err != nil {
				continue // whoever reads logs says what is wrong
			}
			from = file
		default:
			continue
		}
		format, r := vegeta.Detect(from)
		switch {
		case name == "-":
			what.Stdin = r
			name = "standard input"
		case !readable(name, false): // a pipe, which is read once only
			what.Stdin, names[i] = r, "-"
		case format == vegeta.None: // there may be more files than can be open at once
			_ = file.Close() // it was only read
			continue
		case seen[wholeName(name)]:
			_ = file.Close()
			again++
			continue
		default:
			seen[wholeName(name)] = true
		}
		if file != nil {
			s.files = append(s.files, file)
		}
		if format != vegeta.None {
			s.list = append(s.list, vegeta.Stream{Name: name, Format: format, Reader: r})
		}
	}
	if n := len(s.list); n > 0 && n+again < len(names) {
		return s, Usage(fmt.Errorf("%s holds vegeta's results and other inputs do not (%s): analyze them apart", s.list[0].Name, strings.Join(names, ", ")))
	}
	return s, nil
}

// wholeName returns a file's name without links, as far as it can be told.
func wholeName(name string) string {
	if plain, err := filepath.EvalSymlinks(name); err == nil {
		name = plain
	}
	if whole, err := filepath.Abs(name); err == nil {
		name = whole
	}
	return name
}

// readable reports whether a name is that of a plain file or, where that is
// wanted too, of a pipe.
func readable(name string, pipes bool) bool {
	st, err := os.Stat(name)
	return err == nil && (st.Mode().IsRegular() || pipes && !st.IsDir())
}

// analyzeVegeta analyses vegeta's results.
func analyzeVegeta(ctx context.Context, s *streams, what Analysis, out Output) (err error) {
	if what.Fields != "" {
		return Usage(errors.New("--fields names the fields of logs, and these are vegeta's results"))
	}
	log, err := vegeta.Run(ctx, s.list, vegeta.Options{Version: Version()})
	if ctx.Err() != nil {
		return &kindError{errors.New("read vegeta's results: interrupted"), ErrInterrupted}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return out.analyze(log.Run, log.Run.Info.Name)
}
