package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"runtime/debug"
	"strings"

	"frontload/results"
	"frontload/results/accesslog"
	"frontload/results/accesslog/parquet"
	"frontload/results/live"
	"frontload/results/report"
	"frontload/results/store"
)

// An Analysis says what is to be analysed.
type Analysis struct {
	Inputs []string // a run file; or access logs, directories of them, and "-" for Stdin
	Fields string   // names of the fields of rows that do not name theirs, in order; empty for none
	Stdin  io.Reader
}

// Analyze shows the analysis of its inputs: with JSON the analysis document
// alone, otherwise the text report.
func Analyze(ctx context.Context, what Analysis, out Output) error {
	in, err := sortInputs(what.Inputs)
	if err != nil {
		return err
	}
	found, err := findVegeta(&what, in.logs)
	defer func() { _ = found.close() }() // they were only read
	switch {
	case err != nil:
		return err
	case len(found.list) > 0 && len(in.runs) > 0:
		return Usage(fmt.Errorf("%s is a run file, which goes with access logs; %s holds vegeta's results: analyze them apart", in.runs[0], found.list[0].Name))
	case len(found.list) > 0:
		return analyzeVegeta(ctx, found, what, out)
	case len(in.runs) == 0:
		return analyzeLogs(ctx, in.logs, what, out)
	case len(in.runs) == 1 && len(in.logs) == 0:
		return analyzeRun(in.runs[0], out)
	case len(in.runs) > 1:
		return Usage(fmt.Errorf("%s and %s are both run files; analyze takes one", in.runs[0], in.runs[1]))
	}
	return analyzeJoined(ctx, in.runs[0], in.logs, what, out)
}

func analyzeRun(input string, out Output) error {
	reader, err := open(input)
	if err != nil {
		return err
	}
	defer reader.Close()
	recorded, err := reader.Run()
	if err != nil {
		return fmt.Errorf("read %s: %w", input, err)
	}
	return out.analyze(recorded, input)
}

// analyzeLogs analyses access logs. An input that is none is wrong usage.
func analyzeLogs(ctx context.Context, names []string, what Analysis, out Output) (err error) {
	defer limitMemory()()
	log, err := readLogs(ctx, names, what, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return out.analyze(log.Run, log.Run.Info.Name)
}

// logMemory is how much memory analysing logs takes before garbage is collected
// more often. Much larger logs need more all the same.
const logMemory = 140 << 20

// limitMemory keeps to that, unless the user has set a limit, until what it
// returns is called.
func limitMemory() (restore func()) {
	before := debug.SetMemoryLimit(-1)
	if before == math.MaxInt64 {
		debug.SetMemoryLimit(logMemory)
	}
	return func() { debug.SetMemoryLimit(before) }
}

// readLogs reads access logs, and chooses rows by their request ids; nil for none.
func readLogs(ctx context.Context, names []string, what Analysis, want func(id []byte) bool) (*accesslog.Log, error) {
	o := accesslog.Options{Version: Version(), Stdin: what.Stdin, Want: want, Parquet: parquet.Open}
	if what.Fields != "" {
		var err error
		if o.Fields, err = accesslog.ParseFields(what.Fields); err != nil {
			return nil, Usage(fmt.Errorf("--fields: %w", err))
		}
	}
	log, err := accesslog.Read(ctx, names, o)
	if err == nil {
		if err = log.Unreadable(); err == nil {
			return log, nil
		}
		return nil, errors.Join(Usage(err), log.Close())
	}
	if ctx.Err() != nil {
		return nil, &kindError{fmt.Errorf("read access logs: interrupted"), ErrInterrupted}
	}
	return nil, logsError(err)
}

// logsError makes an error of reading access logs one of wrong usage where
// what was named is not there, or is no log.
func logsError(err error) error {
	_, strange := errors.AsType[*accesslog.ForeignError](err)
	_, absent := errors.AsType[*accesslog.NameError](err)
	if strange || absent || errors.Is(err, fs.ErrNotExist) {
		return Usage(err)
	}
	return err
}

// analyze shows the analysis of a run, with JSON the document alone.
func (o *Output) analyze(run *results.Run, name string) error {
	if !o.JSON {
		_, err := o.show(run, name, nil)
		return err
	}
	a, err := analyze(run)
	if err != nil {
		return fmt.Errorf("analyze %s: %w", name, err)
	}
	return report.JSON(o.Out, a)
}

// Report shows a run file in the forms that out asks for: JSON as attack
// prints it, an HTML file, or else the text.
func Report(file string, out Output) error {
	if err := (files{in: []string{file}, out: []outFile{htmlFile(out.HTML)}}).check(); err != nil {
		return err
	}
	reader, err := open(file)
	if err != nil {
		return err
	}
	defer reader.Close()
	var recorded *results.Run
	if recorded, err = reader.Run(); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	rehearsed := storedRehearsal(recorded)
	if _, err = out.show(recorded, file, rehearsed); err == nil && rehearsed != nil {
		out.message(live.NewView(out.Err, false, nil), "%s", rehearsed.sentence())
	}
	return err
}

// open opens a run file. What is not one is wrong usage.
func open(file string) (*store.Reader, error) {
	r, err := store.Open(file)
	if err == nil {
		return r, nil
	}
	if errors.Is(err, store.ErrNotRun) && looksLikeLog(file) {
		return nil, Usage(fmt.Errorf("%w; `frontload analyze` reads access logs", err))
	}
	return nil, Usage(err)
}

// looksLikeLog reports whether the name is one that CloudFront's logs and
// vegeta's results have.
func looksLikeLog(file string) bool {
	for _, end := range []string{".gz", ".log", ".json", ".csv", ".gob", ".bin", ".parquet", ".txt"} {
		if strings.HasSuffix(strings.ToLower(file), end) {
			return true
		}
	}
	return false
}
