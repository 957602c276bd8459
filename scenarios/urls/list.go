package urls

import (
	"fmt"
	"strings"
)

// list reads one URL or path a line, with a method before it where it is not
// GET. Blank lines and those that begin with # are passed over.
//
//	# the launch
//	https://www.example.com/
//	/articles/1?lang=en
//	HEAD /logo.svg
func (r *recorder) list(in *input) error {
	lines := lineReader{in: in, most: maxListLine}
	for lines.next() {
		if lines.text == "" || lines.text[0] == '#' {
			continue
		}
		method, url, err := requestLine(lines.text)
		if err == nil {
			err = r.take(url, shape{method: method})
		}
		if err != nil {
			return lines.fault(err)
		}
	}
	return lines.end()
}

// requestLine cuts "METHOD URL" or "URL".
func requestLine(line string) (method, url string, err error) {
	switch parts := strings.Fields(line); {
	case len(parts) == 1:
		return "GET", parts[0], nil
	case len(parts) == 2 && tokenChars.only(parts[0]):
		method, url = parts[0], parts[1]
	default:
		return "", "", fmt.Errorf("want a URL, or METHOD URL, got %.80q: write %%20 for a space", line)
	}
	if !isMethod(method) {
		return "", "", fmt.Errorf("%.40q is not a method that CloudFront takes: use one of %s", method, strings.Join(methods, ", "))
	}
	return method, url, nil
}

func isMethod(s string) bool {
	for _, m := range methods {
		if s == m {
			return true
		}
	}
	return false
}
