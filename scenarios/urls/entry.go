package urls

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"frontload/results"
)

// entry is an [Entry] made ready: names resolved, fixed parts encoded.
type entry struct {
	method      string
	prefix      string
	path, query template
	fixedTarget string // path and query when nothing in them varies
	bypass      bool

	header      []headerTemplate // nil when no value varies
	fixedHeader []results.Header // then these
	body        template         // nil when it does not vary
	fixedBody   []byte           // then this

	vars     []sampler
	sequence bool // one of vars counts

	targets     *Targets           // nil where the requests are not recorded ones
	shapeHeader [][]results.Header // by the shape of a recorded request
}

type headerTemplate struct {
	name  string
	value template
}

// maxTarget is the longest URL that CloudFront takes, in bytes. Source: the
// CloudFront Developer Guide, quotas.
const maxTarget = 8192

// compile makes entry i ready and adds its faults to f.
func compile(f *faults, i int, in *Entry) entry {
	f.entry = i
	f.hits(in)
	if in.Targets != nil {
		return compileTargets(f, in)
	}
	names := slices.Sorted(maps.Keys(in.Vars))
	s := &scope{names: names, used: make([]bool, len(names))}
	e := entry{method: f.method(in), bypass: in.Bypass}
	path, query, _ := strings.Cut(in.Path, "?")
	e.path = f.path(s, path)
	e.query = f.query(s, query, in.Query)
	e.prefix = prefix(e.path)
	if e.path.fixed() && e.query.fixed() {
		e.fixedTarget = string(e.appendTarget(nil, nil))
	}
	if n := len(e.appendFixed()); n > maxTarget {
		f.add("path", "the URL is %d bytes long, and CloudFront takes %d at most", n, maxTarget)
	}
	e.compileHeaders(f, s, in)
	e.compileBody(f, s, in)
	f.vars(s, in)
	for _, name := range names {
		if v := in.Vars[name]; v != nil {
			e.vars = append(e.vars, v.sampler())
			_, counts := v.(Sequence)
			e.sequence = e.sequence || counts
		}
	}
	return e
}

func (e *entry) compileHeaders(f *faults, s *scope, in *Entry) {
	varies := false
	for _, h := range in.Headers {
		t := f.header(s, in, h)
		e.header = append(e.header, headerTemplate{h.Name, t})
		varies = varies || !t.fixed()
	}
	if !varies {
		e.fixedHeader = e.fill(nil)
		e.header = nil
	}
}

func (e *entry) compileBody(f *faults, s *scope, in *Entry) {
	t := f.body(s, in)
	if t.fixed() {
		if len(in.Body) > 0 {
			e.fixedBody = t.append(nil, nil, inBody)
		}
		return
	}
	e.body = t
}

// fill returns the headers with the given values.
func (e *entry) fill(values []value) []results.Header {
	if len(e.header) == 0 {
		return nil
	}
	all := make([]results.Header, 0, len(e.header))
	for _, h := range e.header {
		all = append(all, results.Header{Name: h.name, Value: string(h.value.append(nil, values, inHeader))})
	}
	return all
}

// appendTarget appends the path and query of request n.
func (g *Generator) appendTarget(b []byte, e *entry, n uint64, bypass bool) []byte {
	if e.fixedTarget != "" {
		b = append(b, e.fixedTarget...)
	} else {
		b = e.appendTarget(b, g.values)
	}
	if !bypass {
		return b
	}
	return g.appendBypass(b, len(e.query) > 0, n)
}

// appendBypass appends the parameter that no other request has.
func (g *Generator) appendBypass(b []byte, query bool, n uint64) []byte {
	if query {
		b = append(b, '&')
	} else {
		b = append(b, '?')
	}
	b = append(b, BypassParameter+"="...)
	b = strconv.AppendUint(b, g.seed, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, n, 10)
}

func (e *entry) appendTarget(b []byte, values []value) []byte {
	b = e.path.append(b, values, inPath)
	if len(e.query) > 0 {
		b = append(b, '?')
		b = e.query.append(b, values, inQuery)
	}
	return b
}

// appendFixed returns the target's text without the variables' values.
func (e *entry) appendFixed() []byte {
	var b []byte
	for _, t := range []template{e.path, e.query} {
		for _, p := range t {
			b = append(b, p.text...)
		}
	}
	return b
}

// prefixSegments bounds how deep key prefixes go, so that a run has few.
const prefixSegments = 2

// prefix returns the key prefix of a path, as [Request] describes it.
func prefix(path template) string {
	if len(path) == 0 {
		return "/"
	}
	return pathPrefix(path[0].text) // a path begins with a slash, so its first piece is text
}

// pathPrefix returns the key prefix of a path with or without its query.
func pathPrefix(text string) string {
	if q := strings.IndexByte(text, '?'); q >= 0 {
		text = text[:q]
	}
	end := 0
	for range prefixSegments + 1 {
		next := strings.IndexByte(text[end:], '/')
		if next < 0 {
			break
		}
		end += next + 1
	}
	return text[:end]
}
