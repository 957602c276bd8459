package accesslog

import (
	"context"

	"frontload/results"
)

// A Request is what a row says that a viewer asked for, as the log has it. Its
// texts are nil where the log does not say, and valid during the call only.
type Request struct {
	Millis int64  // since 1970, when the answer ended
	Status uint16 // zero where the viewer left first
	Method []byte
	Host   []byte // the distribution's own name
	Viewed []byte // the name that the viewer asked for
	Stem   []byte // the path
	Query  []byte
}

// A RequestsRead is what came of [Requests].
type RequestsRead struct {
	Files  int
	Rows   int64
	Unread results.Unread
	Doubts []string
}

// Requests reads the inputs that [Read] reads and calls each with the request
// of every row, in their order and one at a time: what it costs in memory does
// not grow with them. An error of each's ends it and comes back as it is; the
// others are those of Read.
func Requests(ctx context.Context, names []string, o Options, each func(*Request) error) (RequestsRead, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of who waits for standard input
	inputs, found, err := find(ctx, names, &o)
	if err != nil {
		return RequestsRead{}, err
	}
	o.Parsers, o.cells = 1, 1
	read, missed := RequestsRead{Files: len(inputs), Doubts: found.doubts()}, unread{}
	for _, in := range inputs {
		r := newReading(&o, &spill{dir: o.TempDir})
		for _, s := range r.shards {
			var q Request // one for all rows
			s.each = func(r *row) error {
				q = requestOf(r)
				return each(&q)
			}
		}
		if err := r.read(ctx, []*input{in}); err != nil {
			return read, err
		}
		for _, s := range r.shards {
			read.Rows += s.rows
			missed.merge(&s.unread)
		}
		for _, u := range r.unread {
			missed.merge(&u)
		}
	}
	read.Unread = missed.document(found.skipped)
	return read, nil
}

func requestOf(r *row) Request {
	told := func(f field) []byte {
		if isDash(r.columns[f]) {
			return nil
		}
		return r.columns[f]
	}
	return Request{
		Millis: r.millis, Status: r.status, Method: told(fieldMethod), Host: told(fieldHost), Viewed: told(fieldViewed),
		Stem: told(fieldStem), Query: told(fieldQuery),
	}
}

// Recognise says why something that begins so is no log that can be read; nil
// where it is one.
func Recognise(head []byte) error {
	_, err := recognise(head, nil)
	return err
}

// Names gives requests the names of their paths as [Read] does: few, the ones
// with most requests first, each with some share of them. What is numbered or
// one of very many counts as what is above it.
type Names struct {
	paths *paths
	rows  []int64 // by node
}

// NewNames returns Names without any path.
func NewNames() *Names { return &Names{paths: newPaths()} }

// Add counts n requests of a path, and returns what it goes by in Fold.
func (n *Names) Add(path []byte, requests int64) (node uint16) {
	node = n.paths.find(path)
	for len(n.rows) < len(n.paths.nodes) {
		n.rows = append(n.rows, 0)
	}
	n.rows[node] += requests
	return node
}

// Fold returns the names, and by what Add returned the index of its name.
func (n *Names) Fold() (names []string, of []uint16) {
	for len(n.rows) < len(n.paths.nodes) {
		n.rows = append(n.rows, 0)
	}
	folded := newNaming(n.paths, n.rows)
	return folded.names, folded.of
}
