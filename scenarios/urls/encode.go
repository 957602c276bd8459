package urls

import (
	"fmt"
	"strings"
)

// place is where in a request a template or a value stands.
type place uint8

const (
	inPath place = iota
	inQuery
	inHeader
	inBody
)

const (
	letters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits     = "0123456789"
	hexDigits  = digits + "ABCDEFabcdef"
	upperHex   = "0123456789ABCDEF"
	unreserved = charset(letters + digits + "-._~")               // RFC 3986, section 2.3
	pathChars  = charset(unreserved + "!$&'()*+,;=" + ":@" + "/") // section 3.3: pchar and the slash
	queryChars = charset(pathChars + "?")                         // section 3.4
	tokenChars = charset(letters + digits + "!#$%&'*+-.^_`|~")    // RFC 9110, section 5.6.2
)

// charset is a set of bytes, listed.
type charset string

func (c charset) has(b byte) bool { return strings.IndexByte(string(c), b) >= 0 }

// only reports whether s holds nothing that is outside the set.
func (c charset) only(s string) bool {
	for i := range len(s) {
		if !c.has(s[i]) {
			return false
		}
	}
	return true
}

// appendEscaped adds s to b with every byte outside keep percent-encoded.
func appendEscaped(b []byte, s string, keep charset) []byte {
	for i := range len(s) {
		if c := s[i]; keep.has(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

// encodeLiteral encodes text that the user wrote as part of a URL: what may
// stand there stays as it is, escapes such as %2F among it, and everything
// else is percent-encoded. A % that starts no escape is an error.
func encodeLiteral(s string, keep charset) (string, error) {
	var b []byte
	for s != "" {
		text, rest, found := strings.Cut(s, "%")
		b = appendEscaped(b, text, keep)
		if !found {
			break
		}
		if len(rest) < 2 || !charset(hexDigits).only(rest[:2]) {
			return "", fmt.Errorf("%q is no escape, write %%25 for a percent sign", "%"+rest[:min(2, len(rest))])
		}
		b = append(append(b, '%'), rest[:2]...)
		s = rest[2:]
	}
	return string(b), nil
}
