package accesslog

import (
	"net/url"
	"strings"
	"time"

	"frontload/results"
)

// An Entry is one request of other records than CloudFront's logs, such as the
// results of another load generator. Client and edge address are not known.
type Entry struct {
	Ended    time.Time     // when its last byte came; between 1970 and 2105
	Took     time.Duration // from the send to then
	Status   uint16        // zero where no whole answer came
	Cache    results.Cache
	Outcome  results.Outcome
	Signals  results.Signals
	POP      string // empty where the answer does not name it
	Method   string
	URL      string // with or without scheme and host
	Sent     int64  // bytes
	Received int64  // bytes

	RequestID string
	Reason    string                  // why no whole answer came
	Headers   func() []results.Header // those of the answer; called for entries that are kept whole; nil for none
}

// A Counter sums up entries as [Read] does the rows of logs, by the same bounds
// on memory. It is for one goroutine at a time.
type Counter struct {
	shard   *shard
	spill   *spill
	columns columns
}

// NewCounter returns a Counter, which must be closed by way of its Log. Of the
// options it heeds TempDir.
func NewCounter(o Options) *Counter {
	cells := o.cells
	if cells == 0 {
		cells = mostCells
	}
	s := &spill{dir: o.TempDir}
	return &Counter{shard: newShard(s, cells), spill: s}
}

// Add counts an entry, of which nothing is kept. It fails only when there is no
// room for what must be set aside.
func (c *Counter) Add(e *Entry) error {
	c.columns = columns{}
	c.put(fieldPOP, e.POP)
	c.put(fieldMethod, e.Method)
	c.put(fieldRequestID, e.RequestID)
	c.putURL(e.URL)
	return c.shard.count(&row{
		millis: e.Ended.UnixMilli(), status: e.Status, cache: e.Cache, outcome: e.Outcome, signals: e.Signals,
		sent: e.Received, received: e.Sent, taken: e.Took, timed: true, entry: e, columns: &c.columns,
	})
}

func (c *Counter) put(f field, value string) {
	if value != "" {
		c.columns[f] = []byte(value)
	}
}

func (c *Counter) putURL(text string) {
	u, err := url.Parse(text)
	if err != nil { // counted under its path all the same
		path, _, _ := strings.Cut(text, "?")
		c.put(fieldStem, path)
		return
	}
	stem := u.EscapedPath()
	if stem == "" && u.Host != "" {
		stem = "/"
	}
	c.put(fieldScheme, u.Scheme)
	c.put(fieldHost, u.Host)
	c.put(fieldStem, stem)
	c.put(fieldQuery, u.RawQuery)
}

// Close gives up what was counted, where no Log is wanted.
func (c *Counter) Close() error { return c.spill.close() }

// Log returns what was counted as a run that info describes: source, name and
// version are the caller's. Nothing may be added afterwards.
func (c *Counter) Log(info results.RunInfo) *Log {
	t := sum([]*shard{c.shard}, c.spill)
	l := &Log{Rows: c.shard.rows, spill: c.spill, Found: t.found(), Run: t.run(info)}
	l.Run.Unread = t.unread.document(nil)
	l.Run.Doubts = append(l.Run.Doubts, t.doubts(nil)...)
	return l
}
