package urls

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"frontload/results"
)

// An Error is one fault of one entry.
type Error struct {
	Entry int    // index of the entry; -1 when it concerns all of them
	Field string // where in it, such as "path", "headers.Accept" or "vars.id.zipf.count"
	Err   error
}

func (e *Error) Error() string {
	if e.Entry < 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("request %d: %s: %v", e.Entry, e.Field, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// MaxEntries is the most entries of a generator.
const MaxEntries = math.MaxUint16

var (
	methods     = []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
	bodyMethods = []string{"OPTIONS", "PUT", "PATCH", "POST", "DELETE"}

	// ownHeaders are written by the protocol, or by another key of the scenario.
	ownHeaders = map[string]string{
		"host":              "set target.host instead",
		"content-length":    "it follows from the body",
		"transfer-encoding": "it follows from the body",
		"connection":        "connections belong to the protocol",
		"keep-alive":        "connections belong to the protocol",
		"proxy-connection":  "connections belong to the protocol",
		"upgrade":           "connections belong to the protocol",
		"te":                "connections belong to the protocol",
		"trailer":           "requests are sent without trailers",
		"expect":            "requests are sent without waiting for a go-ahead",
	}
)

// faults gathers what is wrong with the entries.
type faults struct {
	entry int // that is being read
	all   []error
}

func (f *faults) add(field, format string, args ...any) {
	f.addError(field, fmt.Errorf(format, args...))
}

// addError adds err, or each of the errors that it joins, unless it is nil.
func (f *faults) addError(field string, err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			f.addError(field, err)
		}
		return
	}
	f.all = append(f.all, &Error{f.entry, field, err})
}

func (f *faults) join() error { return errors.Join(f.all...) }

func (f *faults) checkWeights(entries []Entry) {
	sum := 0.0
	for i, e := range entries {
		f.entry = i
		if !(e.Weight >= 0 && e.Weight <= math.MaxFloat32) {
			f.add("weight", "%v is not a weight: it must be zero or more, and finite", e.Weight)
		}
		sum += max(e.Weight, 0)
	}
	f.entry = -1
	switch {
	case len(entries) == 0:
		f.add("", "there is no request to send: add one")
	case len(entries) > MaxEntries:
		f.add("", "there are %d requests, and %d is the most", len(entries), MaxEntries)
	case sum == 0:
		f.add("", "every weight is zero, and so no request would ever be sent: give one a weight above zero")
	}
}

func (f *faults) method(in *Entry) string {
	switch {
	case in.Method == "":
		return "GET"
	case slices.Contains(methods, in.Method):
		return in.Method
	case slices.Contains(methods, strings.ToUpper(in.Method)):
		f.add("method", "methods are written in capitals: %s", strings.ToUpper(in.Method))
	default:
		f.add("method", "%q is not a method that CloudFront takes: use one of %s", in.Method, strings.Join(methods, ", "))
	}
	return in.Method
}

func (f *faults) path(s *scope, path string) template {
	switch {
	case path == "":
		f.add("path", "it is empty: write / for the root")
	case path[0] != '/':
		f.add("path", "%q does not begin with a slash", path)
	}
	return f.urlPart(s, "path", path, inPath, pathChars)
}

func (f *faults) query(s *scope, written string, added []results.Header) template {
	t := f.urlPart(s, "path", written, inQuery, queryChars)
	plain := func(text string) (string, error) { return string(appendEscaped(nil, text, unreserved)), nil }
	for _, p := range added {
		if p.Name == "" {
			f.add("query", "a query parameter has an empty name")
		}
		if len(t) > 0 {
			t = t.addText("&")
		}
		name, _ := plain(p.Name)
		t = t.addText(name + "=")
		value, err := s.parse(p.Value, inHeader, plain)
		f.addError("query."+p.Name, err)
		for _, piece := range value {
			if piece.variable < 0 {
				t = t.addText(piece.text)
			} else {
				t = append(t, piece)
			}
		}
	}
	return t
}

func (f *faults) urlPart(s *scope, field, text string, where place, keep charset) template {
	if strings.Contains(text, "#") {
		f.add(field, "%q has a fragment, which is never sent: write %%23 for a number sign", text)
	}
	t, err := s.parse(text, where, func(text string) (string, error) { return encodeLiteral(text, keep) })
	f.addError(field, err)
	return t
}

func (f *faults) header(s *scope, in *Entry, h results.Header) template {
	field := "headers." + h.Name
	if why := ownHeaders[strings.ToLower(h.Name)]; why != "" {
		f.add(field, "the header %s cannot be set here: %s", h.Name, why)
	}
	if h.Name == "" || !tokenChars.only(h.Name) {
		f.add(field, "%q is not the name of a header", h.Name)
	}
	f.addError(field, headerText(h.Value))
	if strings.TrimSpace(h.Value) != h.Value {
		f.add(field, "the value begins or ends with a space, which is never sent")
	}
	t, err := s.parse(h.Value, inHeader, in.withEnv)
	f.addError(field, err)
	for _, p := range t {
		if p.variable < 0 || err != nil {
			continue
		}
		name := s.names[p.variable]
		for _, text := range texts(in.Vars[name]) {
			if err := headerText(text); err != nil {
				f.add("vars."+name, "used in the header %s: %w", h.Name, err)
				break
			}
		}
	}
	return t
}

// texts returns the texts that a variable draws from, nil for one of numbers.
func texts(v Var) []string {
	switch v := v.(type) {
	case List:
		return v
	case Weighted:
		return v.Values
	}
	return nil
}

// headerText reports characters that no header's value may hold.
func headerText(s string) error {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("%.40q holds a control character, which no header may", s)
		}
	}
	return nil
}

func asIs(text string) (string, error) { return text, nil }

// hits checks the wanted hit ratio, as far as an entry can have one at all.
func (f *faults) hits(in *Entry) {
	method := f.methodOrGet(in)
	switch {
	case in.Hits == 0:
	case !(in.Hits > 0 && in.Hits <= 1):
		f.add("cache.hits", "%v%% is no hit ratio: want more than 0%% and at most 100%%", 100*in.Hits)
	case in.Targets == nil && method != "GET" && method != "HEAD":
		f.add("cache.hits", "answers to %s are never hits: leave cache out", method)
	case in.Bypass:
		f.add("cache", "bypass makes each request a miss: keep one of bypass and hits")
	}
}

func (f *faults) body(s *scope, in *Entry) template {
	if len(in.Body) > 0 && !slices.Contains(bodyMethods, f.methodOrGet(in)) {
		f.add("body", "a %s request has no body: set method to POST, or leave the body out", f.methodOrGet(in))
	}
	t, err := s.parse(string(in.Body), inBody, asIs)
	f.addError("body", err)
	return t
}

func (f *faults) methodOrGet(in *Entry) string {
	if in.Method == "" {
		return "GET"
	}
	return strings.ToUpper(in.Method)
}

func (f *faults) vars(s *scope, in *Entry) {
	for i, name := range slices.Sorted(maps.Keys(in.Vars)) {
		field := "vars." + name
		switch v := in.Vars[name]; {
		case !variableName(name):
			f.add(field, "%q is not a name for a variable: use letters, digits, _ and -, a letter first", name)
		case v == nil:
			f.add(field, "it has no values: set one of zipf, uniform, sequence, list, file")
		case !s.used[i]:
			f.add(field, "{%s} is used nowhere in this request: use it or remove it", name)
		}
		f.variable(field, in.Vars[name])
	}
}

func (f *faults) variable(field string, v Var) {
	if v == nil {
		return
	}
	for _, fault := range v.check() {
		if fault.field != "" {
			fault.field = "." + fault.field
		}
		f.addError(field+fault.field, fault.err)
	}
}
