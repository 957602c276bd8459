package urls

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontload/results"
)

// What one recorded request may have at most, in bytes.
const (
	maxRecordedHeader = 32 << 10
	maxRecordedBody   = 1 << 20
)

// A recorder takes requests as they are read, and leaves out what is not to be
// sent.
type recorder struct {
	*Source
	tally *tally
	hosts map[string]bool // names without ports, in lower case; empty for all
	left  map[string]*Left
	files int
}

func newRecorder(s *Source) *recorder {
	r := &recorder{Source: s, tally: newTally(), hosts: map[string]bool{}, left: map[string]*Left{}}
	for _, h := range s.Hosts {
		r.hosts[hostOnly(h)] = true
	}
	return r
}

// hostOnly returns a host without its port and the dot at its end, in lower case.
func hostOnly(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		host = host[:i]
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// leave counts n requests that are left out.
func (r *recorder) leave(why, first string, n int64) {
	l := r.left[why]
	if l == nil {
		l = &Left{Why: why, First: strings.Clone(first[:min(len(first), 200)])}
		r.left[why] = l
	}
	l.Count += n
}

// Why recorded requests are left out, where a scenario can change that.
const (
	OtherHost   = "of another host"
	OtherMethod = "of a method that is not asked for again"
)

const (
	noMethod  = "of a method that CloudFront does not take"
	noPath    = "without a path"
	longURL   = "with a URL that is too long"
	largeBody = "with a body or headers that are too large"
)

// foreign reports whether a host is not among those that are taken.
func (r *recorder) foreign(host string) bool { return len(r.hosts) > 0 && !r.hosts[hostOnly(host)] }

// take counts a request. URL is absolute, or a path with its query. What is
// wrong with it is an error; what is not to be sent is left out and counted.
func (r *recorder) take(url string, s shape) error {
	path := url
	if url == "" || url[0] != '/' {
		host, rest, err := splitURL(url)
		if err != nil {
			return err
		}
		if r.foreign(host) {
			r.leave(OtherHost, host, 1)
			return nil
		}
		path = rest
	}
	path, err := cleanPath(path, false)
	if err != nil {
		return err
	}
	r.put(path, s)
	return nil
}

// put counts a request by its path and query as they are sent.
func (r *recorder) put(path string, s shape) {
	size := 0
	for _, h := range s.header {
		size += len(h.Name) + len(h.Value)
	}
	switch {
	case len(path) > maxTarget:
		r.leave(longURL, path, 1)
	case !slices.Contains(methods, s.method):
		r.leave(noMethod, s.method, 1)
	case size > maxRecordedHeader || len(s.body) > maxRecordedBody:
		r.leave(largeBody, path, 1)
	default:
		r.tally.add(path, s)
	}
}

// replays reports whether requests of a method that was recorded, and not
// written by the user, are to be sent again; it counts those that are not.
func (r *recorder) replays(method string) bool {
	if r.AllMethods || method == "GET" || method == "HEAD" {
		return true
	}
	r.leave(OtherMethod, method, 1)
	return false
}

// splitURL cuts an absolute URL into its host and its path with the query.
func splitURL(url string) (host, path string, err error) {
	scheme, rest, found := strings.Cut(url, "://")
	if !found || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return "", "", fmt.Errorf("%.80q is no URL to ask for: want https://, http:// or a path that begins with a slash", url)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, path = rest[:end], rest[end:]
	if host == "" || strings.ContainsAny(host, "@ ") {
		return "", "", fmt.Errorf("%.80q has no host name that can be asked", url)
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	return host, path, nil
}

// sendable are the bytes that a path with its query may hold as they are.
var sendable = func() (set [256]bool) {
	for i := range len(queryChars) {
		set[queryChars[i]] = true
	}
	return set
}()

// cleanPath makes a path with its query fit to be sent, without a fragment. A %
// that starts no escape is an error, or else becomes %25.
func cleanPath(path string, lenient bool) (string, error) {
	clean := true
	for i := 0; i < len(path) && clean; i++ {
		clean = sendable[path[i]]
	}
	if clean {
		return path, nil
	}
	path, _, _ = strings.Cut(path, "#")
	if lenient {
		path = escapeBarePercents(path)
	}
	stem, query, found := strings.Cut(path, "?")
	sent, err := encodeLiteral(stem, pathChars)
	if err == nil && found {
		query, err = encodeLiteral(query, queryChars)
		sent += "?" + query
	}
	return sent, err
}

// escapeBarePercents writes %25 for each % that starts no escape.
func escapeBarePercents(s string) string {
	var b strings.Builder
	for s != "" {
		text, rest, found := strings.Cut(s, "%")
		b.WriteString(text)
		if found {
			b.WriteByte('%')
			if len(rest) < 2 || !charset(hexDigits).only(rest[:2]) {
				b.WriteString("25")
			}
		}
		s = rest
	}
	return b.String()
}

// sendableHeader returns the headers that are sent with a recorded request:
// without what the protocol writes itself, and what is no header.
func sendableHeader(all []results.Header) (kept []results.Header) {
	for _, h := range all {
		h.Value = strings.TrimSpace(h.Value)
		if ownHeaders[strings.ToLower(h.Name)] == "" && h.Name != "" && tokenChars.only(h.Name) && headerText(h.Value) == nil {
			kept = append(kept, h)
		}
	}
	return kept
}

// recording returns what was taken.
func (r *recorder) recording() *Recording {
	rec := newRecording(r.tally, r.Name)
	rec.Files = r.files
	for _, why := range slices.Sorted(maps.Keys(r.left)) {
		rec.Left = append(rec.Left, *r.left[why])
	}
	return rec
}
