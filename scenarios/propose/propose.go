// Package propose makes a scenario to start from: of what a page refers to, or
// of what was found elsewhere. It fetches nothing.
package propose

import (
	"net/url"
	"strings"
)

// A Request is an entry of the scenario that is proposed.
type Request struct {
	Name   string
	Weight float64
	Path   string   // with its query; {file} stands for one of Files
	Files  []string // the last segments of several URLs; empty for one URL
	Of     int      // how many URLs it stands for, those among them that are not in Files
}

// A URL is what a page refers to, or a sitemap names.
type URL struct {
	Kind Kind
	Path string // percent-encoded, with its query; it begins with a slash
}

// A Kind is what a URL is for.
type Kind string

// The kinds.
const (
	Link   Kind = "page"
	Image  Kind = "image"
	Script Kind = "script"
	Style  Kind = "style"
	File   Kind = "file" // fonts, videos and all else that a page shows
)

// SameSite reports whether two URLs are of one host name, and of one port or
// the ports that their schemes have by default.
func SameSite(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && (a.Port() == b.Port() && a.Scheme == b.Scheme || port(a) == "" && port(b) == "")
}

// port returns the port of a URL, empty for that of its scheme.
func port(u *url.URL) string {
	if p := u.Port(); !(u.Scheme == "http" && p == "80" || u.Scheme == "https" && p == "443") {
		return p
	}
	return ""
}

// maxPath is the longest path that is proposed, in bytes: the longest URL that
// CloudFront takes. Source: the CloudFront Developer Guide, quotas.
const maxPath = 8192

// pathOf returns the path and the query of a URL as they are sent, or nothing
// for what cannot be.
func pathOf(u *url.URL) string {
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if path = escaped(path); len(path) > maxPath {
		return ""
	}
	return path
}

// escaped encodes what cannot stand in a path or its query: braces too, which
// would be variables, and a % that begins no escape.
func escaped(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		stray := c == '%' && (i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2]))
		if c <= ' ' || c >= 0x7f || stray || strings.IndexByte("\"<>\\^`{|}#", c) >= 0 {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// Start returns the request for the page itself. Its path is empty where the URL
// is longer than CloudFront takes.
func Start(u *url.URL) Request {
	return Request{Name: "start", Weight: 1, Path: pathOf(u), Of: 1}
}
