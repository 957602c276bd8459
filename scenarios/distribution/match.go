package distribution

import (
	"bytes"
	"strings"
)

// Match returns the behaviour that a request's path meets: the first in order
// whose pattern fits, or else the default. A query is no part of the path, and
// is cut off. The path is compared as CloudFront does: without dot segments,
// doubled slashes and needless escapes (RFC 3986, section 6.2.2), and as to
// capitals. Source: the CloudFront Developer Guide, path pattern.
func (d *Distribution) Match(path string) *Behaviour {
	path = normal(path)
	last := len(d.Behaviours) - 1
	for i := range d.Behaviours[:last] {
		if fits(d.Behaviours[i].Pattern, path) {
			return &d.Behaviours[i]
		}
	}
	return &d.Behaviours[last]
}

// fits reports whether a path fits a pattern: * stands for any characters,
// slashes among them, or none, and ? for exactly one. A slash at the start may
// be left out of either.
func fits(pattern, path string) bool {
	pattern, path = strings.TrimPrefix(pattern, "/"), strings.TrimPrefix(path, "/")
	star, again := -1, 0 // the last star, and where in the path to go on after it
	p, i := 0, 0
	for i < len(path) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, again = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == path[i]):
			p++
			i++
		case star >= 0: // let the star take one character more
			again++
			p, i = star+1, again
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// normal returns a path in its normal form, without a query.
func normal(path string) string {
	path, _, _ = strings.Cut(path, "?")
	plain := !strings.Contains(path, "//") && !strings.Contains(path, "/.") && !strings.Contains(path, "%")
	if plain {
		return path
	}
	var kept []string
	segments := strings.Split(strings.TrimPrefix(unescape(path), "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s == "" && !last:
		case s == "." || s == "..":
			if s == ".." && len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// unescape takes the escapes of characters away that need none: letters,
// digits and -._~. The others stay.
func unescape(path string) string {
	var b bytes.Buffer
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			high, low := hex(path[i+1]), hex(path[i+2])
			if c := byte(high<<4 | low); high >= 0 && low >= 0 && unreserved(c) {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func hex(c byte) int {
	if c > '9' {
		c |= 0x20 // to a small letter
	}
	return strings.IndexByte("0123456789abcdef", c)
}

func unreserved(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("-._~", c) >= 0
}
