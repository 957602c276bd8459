package urls

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"frontload/results/accesslog"
)

// logs takes the requests of CloudFront's access logs: those in a file or
// directory or, with "-", those of an input that is open already.
func (r *recorder) logs(ctx context.Context, name string, in *input) error {
	o := accesslog.Options{Fields: r.Fields, Parquet: r.Parquet}
	if in != nil {
		o.Stdin = in
	}
	read, err := accesslog.Requests(ctx, []string{name}, o, func(q *accesslog.Request) error {
		r.logged(q)
		return nil
	})
	if err != nil {
		return err
	}
	r.files += read.Files
	for why, n := range read.Unread.Reasons {
		r.leave("of rows that cannot be read: "+why, read.Unread.First[why], n)
	}
	return nil
}

// logged takes what a row asked for, whatever the answer was: viewers asked.
func (r *recorder) logged(q *accesslog.Request) {
	if len(r.hosts) > 0 && (q.Viewed != nil || q.Host != nil) && r.foreign(string(q.Viewed)) && r.foreign(string(q.Host)) {
		host := q.Viewed
		if host == nil {
			host = q.Host
		}
		r.leave(OtherHost, string(host), 1)
		return
	}
	method := "GET"
	if q.Method != nil {
		method = methodOf(q.Method)
	}
	if !r.replays(method) {
		return
	}
	if len(q.Stem) == 0 || q.Stem[0] != '/' {
		r.leave(noPath, string(q.Stem), 1)
		return
	}
	path, err := cleanPath(loggedPath(q), true)
	if err != nil {
		r.leave(noURL, path, 1)
		return
	}
	r.put(path, shape{method: method})
}

// methodOf returns a method as text, without memory of its own where it is a
// usual one.
func methodOf(b []byte) string {
	for _, m := range methods {
		if string(b) == m {
			return m
		}
	}
	return string(b)
}

// loggedPath undoes what CloudFront does to URLs in its logs: it encodes again
// what was encoded already, so that %20 stands there as %2520, and ~ and ' as
// %7E and %27.
func loggedPath(q *accesslog.Request) string {
	if bytes.IndexByte(q.Stem, '%') < 0 && bytes.IndexByte(q.Query, '%') < 0 {
		if len(q.Query) == 0 {
			return string(q.Stem)
		}
		return fmt.Sprintf("%s?%s", q.Stem, q.Query)
	}
	path := decodedOnce.Replace(string(q.Stem))
	if len(q.Query) > 0 {
		path += "?" + decodedOnce.Replace(string(q.Query))
	}
	return path
}

var decodedOnce = strings.NewReplacer("%25", "%", "%7E", "~", "%7e", "~", "%27", "'")
