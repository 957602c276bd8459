package urls

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"frontload/results/accesslog"
)

// A Source says where recorded requests are, and which of them are taken.
type Source struct {
	Paths  []string // files, patterns such as *.gz, directories of access logs, and "-" for standard input
	Base   string   // the directory that relative paths start from; empty for the working directory
	Format string   // one of [Formats]; empty means auto
	Fields []string // of the rows of access logs that do not name theirs

	// Hosts are those whose requests are taken, ports not regarded; empty for
	// all. What names no host is taken.
	Hosts []string

	// AllMethods takes requests of every method from logs and HAR files, not
	// those of GET and HEAD only. Lists and vegeta's targets are always whole.
	AllMethods bool

	Gaps bool   // also tell how many requests each second had, which access logs alone know
	Name string // of all requests; empty to name them by their paths

	Inputs
}

// Inputs are what reading needs beside files.
type Inputs struct {
	Stdin   io.Reader           // what "-" reads, once; nil for none
	Parquet accesslog.OpenTable // reads Parquet files; nil refuses them
}

// Formats are what recorded requests may be written in, auto first, which goes
// by the content.
var Formats = []string{"auto", "list", "vegeta", "access-log", "har", "sitemap"}

// maxPaths bounds how many files a source may have.
const maxPaths = 100_000

// Record reads all that a source names. Its errors name what is wrong as
// FILE:LINE where there is one. A source of which nothing is left is no error.
func Record(ctx context.Context, s *Source) (*Recording, error) {
	names, err := s.find()
	if err != nil {
		return nil, err
	}
	r := newRecorder(s)
	for _, name := range names {
		if err := r.read(ctx, name); err != nil {
			return nil, err
		}
	}
	rec := r.recording()
	if s.Gaps {
		rec.Seconds, err = r.seconds.all()
	}
	return rec, err
}

// find returns the names of files, in order.
func (s *Source) find() ([]string, error) {
	var names []string
	for _, path := range s.Paths {
		if path == "-" {
			names = append(names, path)
			continue
		}
		full := s.full(path)
		if _, err := os.Stat(full); err == nil || !strings.ContainsAny(path, "*?[") {
			names = append(names, full)
			continue
		}
		found, err := filepath.Glob(full)
		if err != nil {
			return nil, fmt.Errorf("%q is no pattern for files: %w", path, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no file is like %s", full)
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxPaths {
		return nil, fmt.Errorf("these are %d files, and %d is the most", len(names), maxPaths)
	}
	return names, nil
}

func (s *Source) full(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Base, path)
}

// An input is a file or standard input under way, unpacked.
type input struct {
	name   string // as errors have it
	dir    string // that what it names is relative to
	stream bool   // it can be opened once only
	*bufio.Reader
	close func() error
}

// peekSize is how much of an input is looked at to recognise it.
const peekSize = 64 << 10

// open opens what a name stands for, and unpacks it where it is gzip's.
func (r *recorder) open(name string) (*input, error) {
	in := &input{name: name, dir: filepath.Dir(name), close: func() error { return nil }}
	var from io.Reader
	if name == "-" {
		if r.Stdin == nil {
			return nil, errors.New("standard input: there is none to read here")
		}
		in.name, in.dir, in.stream, from = "standard input", r.Base, true, r.Stdin
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the file: %w", err)
		}
		info, err := f.Stat()
		in.stream = err == nil && !info.Mode().IsRegular()
		in.close, from = f.Close, f
	}
	in.Reader = bufio.NewReaderSize(from, peekSize)
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in.Reader)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s is a gzip file that is damaged in its first bytes", in.name), in.close())
		}
		in.Reader = bufio.NewReaderSize(z, peekSize)
	}
	return in, nil
}

// read reads one file, directory or standard input.
func (r *recorder) read(ctx context.Context, name string) error {
	if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
		if r.Format != "" && r.Format != "auto" && r.Format != "access-log" {
			return fmt.Errorf("%s is a directory: name its files, as in %s", name, filepath.Join(name, "*"))
		}
		return r.logs(ctx, name, nil)
	}
	in, err := r.open(name)
	if err != nil {
		return err
	}
	return errors.Join(r.readInput(ctx, name, in), in.close())
}

func (r *recorder) readInput(ctx context.Context, name string, in *input) error {
	head, _ := in.Peek(peekSize) // what there is
	format := r.Format
	if format == "" || format == "auto" {
		var err error
		if format, err = recognise(head); err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
	}
	if format == "access-log" {
		if in.stream {
			return r.logs(ctx, "-", in)
		}
		return r.logs(ctx, name, nil)
	}
	r.files++
	switch format {
	case "har":
		return r.har(in)
	case "sitemap":
		return r.sitemap(in, 0)
	case "vegeta":
		if text := bytes.TrimSpace(head); len(text) > 0 && text[0] == '{' {
			return r.vegetaJSON(in)
		}
		return r.vegeta(in)
	case "list":
		return r.list(in)
	}
	return fmt.Errorf("the format %q is not known: use one of %s", format, strings.Join(Formats, ", "))
}

// recognise returns the format of what begins so.
func recognise(head []byte) (string, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	foreign := accesslog.Recognise(head)
	switch {
	case foreign == nil:
		return "access-log", nil
	case len(text) == 0:
		return "", errors.New("the file is empty")
	case bytes.IndexByte(head, 0) >= 0 || looksLog(text):
		return "", foreign
	case text[0] == '<':
		if !bytes.Contains(text, []byte("urlset")) && !bytes.Contains(text, []byte("sitemapindex")) {
			return "", errors.New("it looks like XML or HTML and is no sitemap: expected a urlset or a sitemapindex")
		}
		return "sitemap", nil
	case text[0] == '{':
		return recogniseObject(text, foreign)
	case text[0] == '[':
		return "", errors.New("it looks like a JSON list: expected a HAR file, or vegeta's targets as JSON, one a line")
	case looksVegeta(text):
		return "vegeta", nil
	}
	return "list", nil
}

// looksLog reports whether a text that is no log of CloudFront's is one all the
// same, by its first lines.
func looksLog(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.ToLower(line)
	return bytes.HasPrefix(line, []byte("#version:")) || bytes.HasPrefix(line, []byte("#fields:")) || bytes.Count(line, []byte("\t")) > 2 && line[0] != '#'
}

// recogniseObject tells a HAR file from vegeta's targets, by the first key and
// those of the first line.
func recogniseObject(text []byte, foreign error) (string, error) {
	inner := bytes.TrimSpace(text[1:])
	if bytes.HasPrefix(inner, []byte(`"log"`)) {
		return "har", nil
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.Contains(line, []byte(`"url"`)) && bytes.Contains(line, []byte(`"method"`)) {
		return "vegeta", nil
	}
	return "", foreign
}
