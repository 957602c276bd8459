// Package accesslog reads CloudFront's access logs, of every version, and sums
// them up as a run that analysis can judge, with no load test at all.
//
// [Read] recognises what it reads by its content: standard logs (v1 with any
// number of fields, v2 as w3c, plain, JSON or Parquet) and real-time logs, each
// packed by gzip or not. Rows may come in any order, from files that overlap in
// time. Rows that cannot be read are counted by reason and never end it.
//
// It works in three steps, each with a bound on its memory. Readers cut the
// inputs into blocks of whole lines (block.go). Parsers each take a block and
// count its rows into a shard of their own (parse.go, shard.go): by second and
// cell, by client, by path, as histograms. When a shard has too many cells it
// sets them aside, sorted, in a temporary file (spill.go). In the end the
// shards are summed up (finish.go), and the cells read from all of them
// together (merge.go), as often as they are asked for.
package accesslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"frontload/results"
)

// Options say how logs are read. The zero value reads everything but standard
// input and Parquet.
type Options struct {
	Name    string    // of the run; empty for that of its inputs
	Version string    // of the program
	Fields  []string  // of rows that do not name theirs, in order; nil to go by their looks
	Stdin   io.Reader // what an input "-" reads; nil for none

	// Parquet opens a Parquet file; nil refuses them. It is that of package
	// results/accesslog/parquet, which is apart for its weight.
	Parquet OpenTable

	// Want chooses rows by their request id for [Log.Found]; nil for none. It
	// is called by several goroutines at once, must not keep what it is given,
	// and should want no more rows than there is memory for.
	Want func(requestID []byte) bool

	Parsers int    // goroutines that read rows; zero for one for each CPU
	TempDir string // for rows that are set aside; empty for the system's own

	cells int // that a shard holds; zero for mostCells
}

// A Log is what was read. Close it when its Run is no longer needed.
type Log struct {
	Run   *results.Run // its cells can be read, also by several goroutines at once, until Close
	Rows  int64        // that were counted, and are in Run or too far from its days
	Files int          // that were read, standard input among them
	Found []results.Exemplar

	spill *spill
}

// Close removes what was set aside in a temporary file.
func (l *Log) Close() error { return l.spill.close() }

// Read reads files, directories with all that is in them, and standard input
// for "-", each once, however often it is named or linked to. An input that is no log that can be read is a [*ForeignError], and
// one that is not there a [*NameError]: nothing is counted then. Within
// directories such files are passed over and counted under the run's Unread.
func Read(ctx context.Context, names []string, o Options) (*Log, error) {
	if len(names) == 0 {
		return nil, &NameError{errors.New("no input is named")}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of who waits for standard input
	inputs, found, err := find(ctx, names, &o)
	if err != nil {
		return nil, err
	}
	s := &spill{dir: o.TempDir}
	r := newReading(&o, s)
	if err := r.read(ctx, inputs); err != nil {
		return nil, errors.Join(err, s.close())
	}
	t := sum(r.shards, s)
	for _, u := range r.unread {
		t.unread.merge(&u)
	}
	l := &Log{Files: len(inputs), spill: s, Found: t.found()}
	for _, shard := range r.shards {
		l.Rows += shard.rows
	}
	l.Run = t.run(results.RunInfo{Name: o.Name, Version: o.Version})
	if l.Run.Info.Name == "" {
		l.Run.Info.Name = nameOf(names, len(inputs))
	}
	l.Run.Unread = t.unread.document(found.skipped)
	l.Run.Doubts = append(l.Run.Doubts, t.doubts(found.skipped)...)
	l.Run.Doubts = append(l.Run.Doubts, found.doubts()...)
	l.Run.Doubts = append(l.Run.Doubts, distributionsDoubt(r.shards)...)
	return l, nil
}

// nameOf names a run by its inputs.
func nameOf(names []string, files int) string {
	switch {
	case len(names) == 1 && names[0] == "-":
		return "standard input"
	case len(names) == 1:
		return names[0]
	}
	return fmt.Sprintf("%s and %s", names[0], many(len(names)-1, "more input", "more inputs"))
}

// A reading is the work of one Read.
type reading struct {
	o      *Options
	spill  *spill
	shards []*shard // one for each parser, and one for each reader's Parquet files
	unread []unread // by reader

	parsers, readers int
}

func newReading(o *Options, s *spill) *reading {
	r := &reading{o: o, spill: s, parsers: o.Parsers}
	if r.parsers <= 0 {
		r.parsers = runtime.GOMAXPROCS(0)
	}
	r.readers = max(1, r.parsers/2)
	cells := o.cells
	if cells == 0 {
		cells = mostCells
	}
	for range r.parsers + r.readers {
		s := newShard(s, cells)
		s.want = o.Want
		r.shards = append(r.shards, s)
	}
	r.unread = make([]unread, r.readers)
	return r
}

// read reads the inputs, the first first, each by one of the readers.
func (r *reading) read(ctx context.Context, inputs []*input) error {
	work, ctx := errgroup.WithContext(ctx)
	blocks := make(chan *block, r.parsers)
	free := make(chan []byte, 2*r.parsers+2*r.readers)
	for range cap(free) {
		free <- make([]byte, maxLine)
	}
	queue := make(chan *input)
	work.Go(func() error {
		defer close(queue)
		for _, in := range inputs {
			select {
			case queue <- in:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	readers, readCtx := errgroup.WithContext(ctx)
	for i := range r.readers {
		readers.Go(func() error {
			c := &cutter{ctx: readCtx, out: blocks, free: free}
			defer func() { r.unread[i] = c.unread }()
			for in := range queue {
				if err := r.readOne(c, in, r.shards[r.parsers+i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	work.Go(func() error {
		defer close(blocks)
		return readers.Wait()
	})
	for i := range r.parsers {
		work.Go(func() error { return parse(ctx, r.shards[i], blocks, free) })
	}
	return work.Wait()
}

// readOne reads one input. A file that is gone by now, or cannot be read, is
// an error.
func (r *reading) readOne(c *cutter, in *input, own *shard) error {
	from := in.stdin
	if from == nil {
		var err error
		if from, err = open(in.name); err != nil {
			return err
		}
	}
	defer from.close()
	if in.format.kind == rowsOfParquet {
		return r.readTable(c.ctx, in, from, own)
	}
	return c.read(in, from)
}
