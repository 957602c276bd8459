package urls

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"frontload/results"
)

// vegeta reads vegeta's http format: "METHOD URL", then a line for each header,
// then @FILE for a body, up to a blank line or the next request. Files are
// relative to the one that names them.
//
//	POST https://www.example.com/orders
//	Content-Type: application/json
//	@order.json
func (r *recorder) vegeta(in *input) error {
	lines := lineReader{in: in, most: maxListLine}
	var url string
	var s shape
	at := 0 // the line of the request under way; zero for none
	done := func() error {
		if at == 0 {
			return nil
		}
		first := at
		at = 0
		if err := r.takeWritten(url, s); err != nil {
			return fmt.Errorf("%s:%d: %w", in.name, first, err)
		}
		return nil
	}
	for lines.next() {
		text, err := lines.text, error(nil)
		switch {
		case text == "":
			err = done()
		case text[0] == '#':
		case at > 0 && text[0] == '@':
			s.body, err = bodyFile(filepath.Join(in.dir, text[1:]), text[1:])
		case at > 0 && isHeaderLine(text):
			name, value, _ := strings.Cut(text, ":")
			s.header = append(s.header, results.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		default:
			if err = done(); err != nil {
				return err
			}
			s = shape{}
			if s.method, url, err = requestLine(text); err == nil {
				at = lines.number
			}
		}
		if err != nil {
			return placed(&lines, err)
		}
	}
	if err := lines.end(); err != nil {
		return err
	}
	return done()
}

// placed puts the line before an error that does not say it.
func placed(l *lineReader, err error) error {
	if strings.HasPrefix(err.Error(), l.in.name+":") {
		return err
	}
	return l.fault(err)
}

// takeWritten takes a request with headers that the user wrote: a Host that is
// not taken leaves it out.
func (r *recorder) takeWritten(url string, s shape) error {
	for _, h := range s.header {
		if strings.EqualFold(h.Name, "host") && r.foreign(h.Value) {
			r.leave(OtherHost, h.Value, 1)
			return nil
		}
		if err := headerText(h.Value); err != nil {
			return fmt.Errorf("the header %.40s: %w", h.Name, err)
		}
	}
	if len(s.body) > 0 && !slices.Contains(bodyMethods, s.method) {
		return fmt.Errorf("a %s request has no body: write POST, or leave the body out", s.method)
	}
	s.header = sendableHeader(s.header)
	return r.take(url, s)
}

// isHeaderLine tells "Accept: text/html" from "https://www.example.com/" and
// from "GET /a:b".
func isHeaderLine(text string) bool {
	name, value, found := strings.Cut(text, ":")
	name = strings.TrimSpace(name)
	return found && name != "" && tokenChars.only(name) && !strings.HasPrefix(value, "//")
}

// looksVegeta reports whether a text has a line that only vegeta's http format has.
func looksVegeta(text []byte) bool {
	asked := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			asked = false
		case line[0] == '#':
		case asked && (line[0] == '@' || isHeaderLine(line)):
			return true
		default:
			method, _, found := strings.Cut(line, " ")
			asked = found && isMethod(method)
		}
	}
	return false
}

func bodyFile(path, written string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the body's file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the body's file %s is no regular file", written)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxRecordedBody+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the body's file: %w", err)
	}
	if len(body) > maxRecordedBody {
		return nil, fmt.Errorf("the body's file %s is longer than %d bytes", written, maxRecordedBody)
	}
	return body, nil
}

// A vegetaTarget is one target in vegeta's JSON format; the body is in base64.
type vegetaTarget struct {
	Method string              `json:"method"`
	URL    string              `json:"url"`
	Body   []byte              `json:"body"`
	Header map[string][]string `json:"header"`
}

// vegetaJSON reads vegeta's JSON format: a target a line.
func (r *recorder) vegetaJSON(in *input) error {
	lines := lineReader{in: in, most: maxJSONLine}
	for lines.next() {
		if lines.text == "" {
			continue
		}
		var t vegetaTarget
		if err := json.Unmarshal([]byte(lines.text), &t); err != nil {
			return lines.fault(fmt.Errorf("want a target of vegeta's as JSON: %w", jsonFault(err)))
		}
		if !isMethod(t.Method) {
			return lines.fault(fmt.Errorf("the method %.40q is none that CloudFront takes: use one of %s", t.Method, strings.Join(methods, ", ")))
		}
		s := shape{method: t.Method, body: t.Body}
		for _, name := range slices.Sorted(maps.Keys(t.Header)) {
			for _, v := range t.Header[name] {
				s.header = append(s.header, results.Header{Name: name, Value: v})
			}
		}
		if err := r.takeWritten(t.URL, s); err != nil {
			return lines.fault(err)
		}
	}
	return lines.end()
}

// jsonFault leaves out the Go type that an error of the JSON reader names.
func jsonFault(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is a %s, which it cannot be", e.Field, e.Value)
	}
	return err
}
