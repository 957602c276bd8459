package urls

import (
	"iter"
	"strings"

	"frontload/results"
	"frontload/results/accesslog"
)

// A Recording is what was read of recorded requests: each different one with
// how often it was asked for. It is not changed once read, and may be used by
// many goroutines at once.
type Recording struct {
	Files    int
	Requests int64 // that were taken
	URLs     int   // different ones among them, as far as they are held
	Sampled  bool  // there were more than are held: the URLs are those of a sample of the requests
	Left     []Left

	// Seconds are how many requests each second had, from the first to the
	// last that had any; nil unless [Source.Gaps] asked for them.
	Seconds []int64

	Groups []Group // by request name, the one with most requests first
}

// Left is how many requests were left out, and why.
type Left struct {
	Why   string
	Count int64
	First string // the first of them: a place such as FILE:LINE, or what was found there
}

// A Group is the recorded requests of one name.
type Group struct {
	Name    string
	Share   float64 // of the recording's requests; all shares are 1 together
	Targets *Targets
}

// Targets are recorded requests with their popularity.
type Targets struct {
	rows   []row
	shapes []shape // of the whole recording
	alias  aliasTable
}

// A Target is one recorded request.
type Target struct {
	Method string
	Path   string // and query, as it is sent
	Header []results.Header
	Body   []byte
}

// Len returns how many different requests there are.
func (t *Targets) Len() int { return len(t.rows) }

// All calls do with each request and how often it was recorded, until do
// returns false. Of a sampled recording it is how often it is in the sample.
func (t *Targets) All(do func(t Target, count uint64) bool) {
	for _, r := range t.rows {
		s := t.shapes[r.shape]
		if !do(Target{s.method, r.path, s.header, s.body}, r.count) {
			return
		}
	}
}

// Recorded calls yield with the entry and the path, with its query, of each
// different recorded request that the generator may make.
func (g *Generator) Recorded() iter.Seq2[uint16, string] {
	return func(yield func(uint16, string) bool) {
		below := 0.0
		for i, e := range g.entries {
			sent := g.sums[i] > below
			if below = g.sums[i]; !sent || e.targets == nil {
				continue
			}
			for _, r := range e.targets.rows {
				if !yield(uint16(i), r.path) {
					return
				}
			}
		}
	}
}

// newRecording makes a recording of what was counted; name is that of all
// requests, empty to name them by their paths.
func newRecording(t *tally, name string) *Recording {
	r := &Recording{Requests: t.seen, URLs: len(t.rows), Sampled: t.halved > 0}
	rows := t.sorted()
	if name != "" || len(rows) == 0 {
		if len(rows) > 0 {
			r.Groups = []Group{{name, 1, newTargets(rows, t.shapes)}}
		}
		return r
	}
	names := accesslog.NewNames()
	nodes := make([]uint16, len(rows))
	for i, row := range rows {
		path, _, _ := strings.Cut(row.path, "?")
		nodes[i] = names.Add([]byte(path), int64(row.count))
	}
	folded, of := names.Fold()
	groups, sum := make([][]row, len(folded)), 0.0
	for i, row := range rows {
		at := of[nodes[i]]
		groups[at] = append(groups[at], row)
		sum += float64(row.count)
	}
	for i, rows := range groups {
		g := Group{Name: folded[i], Targets: newTargets(rows, t.shapes)}
		for _, row := range rows {
			g.Share += float64(row.count) / sum
		}
		r.Groups = append(r.Groups, g)
	}
	return r
}

func newTargets(rows []row, shapes []shape) *Targets {
	return &Targets{rows, shapes, newAliasTable(len(rows), func(i int) float64 { return float64(rows[i].count) })}
}
