package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// inputs are what analyze reads, sorted by what they are.
type inputs struct {
	runs []string // run files
	logs []string // everything else: access logs, directories of them, standard input
}

// sortInputs says of each input what it is, by its content. A run file cannot
// be told from another SQLite file here: reading it will.
func sortInputs(names []string) (inputs, error) {
	var in inputs
	var errs []error
	for _, name := range names {
		run, err := isSQLite(name)
		switch {
		case err != nil:
			errs = append(errs, err)
		case run:
			in.runs = append(in.runs, name)
		default:
			in.logs = append(in.logs, name)
		}
	}
	return in, Usage(errors.Join(errs...))
}

// isSQLite reports whether a file is one of SQLite's. What is no plain file
// is none; nothing is read of it.
func isSQLite(name string) (bool, error) {
	if name == "-" {
		return false, nil
	}
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("open %s: there is no such file or directory", name)
	case err != nil:
		return false, err
	case !st.Mode().IsRegular():
		return false, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	magic := []byte("SQLite format 3\x00")
	head := make([]byte, len(magic))
	n, _ := io.ReadFull(f, head)
	return bytes.Equal(head[:n], magic), nil
}
