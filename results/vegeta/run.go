package vegeta

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"frontload/results"
	"frontload/results/accesslog"
)

// Source is the source of a run that vegeta's results tell of.
const Source = "vegeta"

// A Stream is one file of results, or standard input.
type Stream struct {
	Name   string
	Format Format
	io.Reader
}

// Options say how results are made a run.
type Options struct {
	Name    string // of the run; empty for that of the attack, else of the streams
	Version string // of the program
	TempDir string // for what is set aside; empty for the system's own
}

// noIntended says what vegeta's latency is.
const noIntended = "vegeta's latencies count from the send: what requests waited for before they were sent is in none of them"

// Run reads streams, which may overlap in time and be out of order, and sums
// them up as a run, in memory that does not grow with them. A result counts in
// the second in which it ended. Close the log when its run is no longer needed.
func Run(ctx context.Context, streams []Stream, o Options) (*accesslog.Log, error) {
	c := counting{counter: accesslog.NewCounter(accesslog.Options{TempDir: o.TempDir}), attacks: map[string]bool{}}
	var unread Unread
	for _, s := range streams {
		u, err := Read(s, s.Format, func(r *Result) error { return c.add(ctx, r) })
		if err != nil {
			_ = c.counter.Close() // the first error says more
			return nil, fmt.Errorf("read %s: %w", s.Name, err)
		}
		unread.merge(&u, s.Name)
	}
	l := c.counter.Log(results.RunInfo{Source: Source, Name: c.name(o.Name, streams), Version: o.Version})
	l.Files = len(streams)
	unread.into(&l.Run.Unread)
	l.Run.Doubts = append(l.Run.Doubts, unread.doubts()...)
	l.Run.Doubts = append(l.Run.Doubts, noIntended)
	return l, nil
}

// A counting turns results into entries.
type counting struct {
	counter *accesslog.Counter
	attacks map[string]bool // names
	n       int64
}

const mostAttacks = 16 // names that are told apart

func (c *counting) add(ctx context.Context, r *Result) error {
	if c.n++; c.n%1024 == 0 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
	if r.Attack != "" && len(c.attacks) < mostAttacks {
		c.attacks[r.Attack] = true
	}
	return c.counter.Add(r.entry())
}

// name names the run by its attacks or, where they have no name, by its streams.
func (c *counting) name(given string, streams []Stream) string {
	switch names := slices.Sorted(maps.Keys(c.attacks)); {
	case given != "":
		return given
	case len(names) > 0:
		return strings.Join(names, ", ")
	case len(streams) == 1:
		return streams[0].Name
	}
	if len(streams) == 2 {
		return streams[0].Name + " and 1 more input"
	}
	return fmt.Sprintf("%s and %d more inputs", streams[0].Name, len(streams)-1)
}

// entry returns what the result says, judged by what is known of answers.
func (r *Result) entry() *accesslog.Entry {
	a := r.answer()
	e := &accesslog.Entry{
		Ended: r.Timestamp.Add(r.Latency), Took: r.Latency, Status: r.Code, POP: a.POP, Method: r.Method, URL: r.URL,
		Sent: int64(r.BytesOut), Received: int64(r.BytesIn), RequestID: a.RequestID, Headers: r.headers,
	}
	if r.Code == 0 {
		e.Outcome, e.Reason = results.Transport, reason(r.Error)
		return e
	}
	e.Signals = a.Signals()
	if len(r.Headers) == 0 { // they were not kept: that there is no Server says nothing
		e.Signals &^= results.SignalServerAbsent
	}
	e.Cache, e.Outcome = a.Cache(), a.Outcome(e.Signals)
	return e
}

// answerBody is how many bytes of a body are looked at.
const answerBody = 4096

func (r *Result) answer() results.Answer {
	get := func(names ...string) string {
		for _, n := range names {
			if v := r.Headers[http.CanonicalHeaderKey(n)]; len(v) > 0 {
				return strings.Join(v, ", ")
			}
		}
		return ""
	}
	return results.Answer{
		Status: int(r.Code), Server: get("Server"), XCache: get("X-Cache"), POP: get("X-Amz-Cf-Pop"), RequestID: get("X-Amz-Cf-Id"),
		Age: get("Age"), ServerTiming: get("Server-Timing"), S3ID: get("X-Amz-Request-Id", "X-Amz-Id-2"),
		GatewayID: get("X-Amzn-Requestid", "X-Amz-Apigw-Id"), Body: r.Body[:min(len(r.Body), answerBody)],
	}
}

const (
	mostHeaders = 64
	mostValue   = 1024 // bytes of a header's value
)

// headers returns the answer's header fields in order of their names, those
// that are secrets masked.
func (r *Result) headers() []results.Header {
	var list []results.Header
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		for _, v := range r.Headers[name] {
			if results.Secret(strings.ToLower(name)) {
				v = "(not stored)"
			}
			if len(list) < mostHeaders {
				list = append(list, results.Header{Name: strings.Clone(name), Value: strings.ToValidUTF8(v[:min(len(v), mostValue)], "\uFFFD")})
			}
		}
	}
	return list
}

// reason says in a few words why no whole answer came. Vegeta has Go's own
// texts, which hold the URL and both addresses.
func reason(text string) string {
	for _, known := range []struct{ in, say string }{
		{"connection refused", "connect refused"},
		{"no such host", "name not found"},
		{"connection reset", "connection reset"},
		{"broken pipe", "connection reset"},
		{"Client.Timeout", "timeout"},
		{"deadline exceeded", "timeout"},
		{"i/o timeout", "timeout"},
		{"x509:", "certificate not accepted"},
		{"tls:", "TLS failed"},
		{"too many open files", "too many open files"},
		{"cannot assign requested address", "no local port left"},
		{"no route to host", "no route"},
		{"network is unreachable", "no route"},
		{"server closed", "connection closed"},
		{"unexpected EOF", "answer cut short"},
		{"EOF", "connection closed"},
	} {
		if strings.Contains(text, known.in) {
			return known.say
		}
	}
	return "another error"
}

// merge adds what could not be read of a stream.
func (u *Unread) merge(o *Unread, name string) {
	for why, n := range o.Counts {
		u.add(why, name+", "+o.First[why])
		u.Counts[why] += n - 1
	}
}

// into adds the counts to those of a document.
func (u *Unread) into(d *results.Unread) {
	for why, n := range u.Counts {
		d.Lines += n
		d.Reasons[why] += n
		d.First[why] = u.First[why]
	}
}

// doubts says in words what could not be read.
func (u *Unread) doubts() []string {
	var list []string
	for _, why := range slices.Sorted(maps.Keys(u.Counts)) {
		list = append(list, fmt.Sprintf("%d of vegeta's results could not be read: %s (first at %s)", u.Counts[why], why, u.First[why]))
	}
	return list
}
